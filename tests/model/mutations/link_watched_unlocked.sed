# Who comes to watch looks whether it is too late, and enters itself, without the lock.
# rule: M5, L2 of link.c
# file: src/actor/link.c
# scenario: link_watched_at_the_end
# finds: got_count == 2
/^static bool watch\(/,/^}/ {
  s/weir__bucket_lock\(r->watched\)/\&weir__buckets[(uintptr_t)r->watched \/ sizeof *r->watched % WEIR__BUCKETS]/
  /weir__bucket_unlock/d
}
