# A child that goes to rest does not look whether an order has come meanwhile.
# rule: L1, H3 of child.h
# file: src/actor/child.c
# scenario: restart_keeps_mailbox
# finds: all wait
/^static void go_to_rest/,/^}/ s/^  if \(flags_of\(cell\) & \(WEIR__RESTART \| WEIR__FOR_GOOD\)\).*$//
