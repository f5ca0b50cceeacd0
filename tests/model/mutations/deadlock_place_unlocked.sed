# Who holds places is looked at without the lock of the mailbox.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_place_comes_back
# finds: a data race
/^static void each_of_place/,/^}/ {
  s/weir__bucket_lock\(cell\)/\&weir__buckets[(uintptr_t)cell \/ sizeof *cell % WEIR__BUCKETS]/
  /weir__bucket_unlock/d
}
