# What is put into a queue is not published.
# rule: O1 of run_queue.h
# file: src/runtime/run_queue.h
# compile: tests/model/real/run_queue.c
# scenario: queue_basic
# finds: race
s/atomic_store_explicit\(&q->tail, tail \+ 1, memory_order_release\);/atomic_store_explicit(\&q->tail, tail + 1, memory_order_relaxed);/
