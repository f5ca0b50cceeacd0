# Who selects in a full mailbox does not see that somebody holds a place in it.
# rule: M6
# file: src/actor/select.c
# scenario: keep_select_and_permit
# finds: WEIR_OK
s/^  if \(used != s->skipped \+ weir__places_kept\(cell\)\) return WEIR_OK;.*$//
