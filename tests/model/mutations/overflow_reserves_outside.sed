# A mailbox that drops the oldest is reserved without the lock, too.
# rule: M7, V1 of overflow.h
# file: src/channel/cell.c
# scenario: overflow_oldest_of_two
# finds: a data race
s/\(drops_oldest \? WEIR__WAITERS : 0\)/(drops_oldest ? 0 : 0)/
