# What was done under the lock is not released with it.
# rule: C2 (O1 of lock.h)
# file: src/platform/lock.h
# compile: tests/model/real/lock.c
# scenario: lock_two
# finds: a data race
s/memory_order_release/memory_order_relaxed/
