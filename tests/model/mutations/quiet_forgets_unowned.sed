# What is nobody's passes for nothing.
# rule: R3
# file: src/runtime/runtime.c
# scenario: quiet_injected
# finds: not so
/^static bool workers_are_quiet\(/,/^}/ s/if \(atomic_load_explicit\(&rt->unowned, memory_order_seq_cst\)\) return false;//
