# Without membarrier, the worker's store may pass its load.
# rule: M8 (G1 of guard.h)
# file: src/runtime/guard.h
# compile: tests/model/real/guard.c src/runtime/guard.c
# scenario: guard_turns_symmetric
# finds: a data race
/atomic_exchange_explicit/ s/memory_order_seq_cst/memory_order_relaxed/
