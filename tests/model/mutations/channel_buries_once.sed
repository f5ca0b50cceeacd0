# Who clears up behind a receiver does not look again once it has set the mark.
# rule: C4
# file: src/channel/channel.c
# scenario: mpsc_receiver_goes
# finds: thread 0
/^static void bury\(/,/^}/ s/\} while \(!weir__mpsc_idle\(cell, WEIR__CELL_IDLE\)\);/} while (false);/
