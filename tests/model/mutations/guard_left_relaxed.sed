# What the worker has done is not released.
# rule: M8 (G3 of guard.h)
# file: src/runtime/guard.h
# compile: tests/model/real/guard.c src/runtime/guard.c
# scenario: guard_turns
# finds: a data race
/^static inline void weir__guard_leave\(/,/^}/ s/memory_order_release/memory_order_relaxed/
