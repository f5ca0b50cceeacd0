# The push into an inbox may pass the look whether its worker sleeps.
# rule: U2 (inbox of worker.h)
# file: src/runtime/worker.c
# scenario: park_post
# finds: all wait
s/&newest, work, memory_order_seq_cst, memory_order_relaxed/\&newest, work, memory_order_release, memory_order_relaxed/
