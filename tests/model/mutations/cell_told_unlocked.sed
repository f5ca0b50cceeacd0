# Who tells an actor to stop finds out whether it is the one that was meant, and tells it, without the lock.
# rule: C2
# file: src/actor/end.c
# scenario: cell_stop_and_reuse
# finds: !actor->work.flags
/^int weir__tell\(/,/^}/ {
  s/weir__bucket_lock\(cell\)/\&weir__buckets[(uintptr_t)cell \/ sizeof *cell % WEIR__BUCKETS]/
  /weir__bucket_unlock/d
}
