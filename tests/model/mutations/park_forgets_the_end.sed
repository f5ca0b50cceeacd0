# Who goes to sleep does not look whether its runtime has ended.
# rule: R1
# file: src/runtime/worker.c
# scenario: park_stop
# finds: all wait
s/^      atomic_load_explicit\(&rt->state, memory_order_seq_cst\) == WEIR__STOPPED\)$/      false)/
