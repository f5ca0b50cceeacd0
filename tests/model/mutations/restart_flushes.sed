# A restart flushes the mailbox, whether it is told to or not.
# rule: L1
# file: src/actor/child.c
# scenario: restart_keeps_mailbox
# finds: got_count == 2
/^bool weir__down_turn/,/^}/ s/  if \(flush\) weir__dead/  weir__dead/
