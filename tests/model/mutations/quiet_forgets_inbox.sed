# A worker with something in its inbox passes for quiet.
# rule: R3
# file: src/runtime/runtime.c
# scenario: quiet_posted
# finds: not so
/^static bool workers_are_quiet\(/,/^}/ s/\|\| atomic_load_explicit\(&w->inbox, memory_order_seq_cst\) \|\|/||/
