# The owner of a mailbox that drops the oldest sorts its inbox without the lock.
# rule: M7, V2 of overflow.h
# file: src/channel/mpsc.c
# scenario: overflow_oldest
# finds: a data race
/^void weir__mpsc_collect/,/^}/ {
  /weir__bucket_lock/d
  /weir__bucket_unlock/d
}
