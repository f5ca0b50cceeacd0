# The owner puts into the last place that is not free.
# rule: Q2 of run_queue.h
# file: src/runtime/run_queue.h
# compile: tests/model/real/run_queue.c
# scenario: queue_full
# finds: not so
s/if \(tail - head >= WEIR__RUN_QUEUE_SIZE\) return false;/if (tail - head > WEIR__RUN_QUEUE_SIZE) return false;/
