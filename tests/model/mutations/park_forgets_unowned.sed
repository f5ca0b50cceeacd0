# Who goes to sleep does not look at what is nobody's once more.
# rule: U3
# file: src/runtime/worker.c
# scenario: park_inject
# finds: all wait
s/^      atomic_load_explicit\(&rt->unowned, memory_order_seq_cst\) \|\|$//
