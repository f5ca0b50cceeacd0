# Who leaves the lock does not wake who sleeps.
# rule: C2 (O2 of lock.h)
# file: src/platform/lock.h
# compile: tests/model/real/lock.c
# scenario: lock_two
# finds: all wait
/^static inline void weir__lock_leave\(/,/^}/ s/weir__lock_wake\(lock\);/(void)lock;/
