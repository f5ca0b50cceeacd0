# The owner of a mailbox that drops the oldest goes to rest without a look, under the lock, at its lists.
# rule: M7, V2 of overflow.h
# file: src/channel/mpsc.c
# scenario: overflow_oldest_and_rest
# finds: got_count + dropped() == sent
s/  if \(WEIR__LIKELY\(!weir__drops_oldest\(cell\)\)\) return set_idle\(cell, idle\);/  return set_idle(cell, idle);/
