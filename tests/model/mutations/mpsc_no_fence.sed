# The receiver looks at WAITERS without a fence after it has raised `popped`.
# rule: M2
# file: src/channel/mpsc.c
# scenario: mpsc_one_place
# finds: all wait
/O4: the store and the load are one/,/return;/ s/memory_order_seq_cst/memory_order_relaxed/
