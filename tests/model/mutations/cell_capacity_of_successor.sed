# A message is too large for a mailbox that is another one by now.
# rule: C1, C3
# file: src/channel/send.c
# scenario: cell_send_and_give_back
# finds: told ==
s/ && !weir__mpsc_is_too_large\(cell, generation, places\)/ \&\& false/
