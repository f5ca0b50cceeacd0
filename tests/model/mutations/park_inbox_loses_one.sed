# Who pushes into an inbox does not compare: another's push is lost.
# rule: U2
# file: src/runtime/worker.c
# scenario: park_post_two
# finds: done == 0
s/while \(!atomic_compare_exchange_weak_explicit\(&w->inbox, &newest, work, memory_order_seq_cst, memory_order_relaxed\)\);/while (0);\n  atomic_store(\&w->inbox, work);/
