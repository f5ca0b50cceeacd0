# Who stops a runtime may overlook who has entered just before.
# rule: R1, R2 of runtime.h
# file: src/runtime/runtime.c
# scenario: hold_spawn
# finds: all wait
/^void weir__runtime_tell_all/,/^}/ s/memory_order_seq_cst\)\) sched_yield/memory_order_acquire)) sched_yield/
