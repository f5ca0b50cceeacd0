# A fiber that waits passes for nothing.
# rule: R3
# file: src/runtime/runtime.c
# scenario: quiet_suspended
# finds: thread
/^static bool workers_are_quiet\(/,/^}/ s/\|\| atomic_load_explicit\(&w->suspended, memory_order_acquire\)\)/)/
