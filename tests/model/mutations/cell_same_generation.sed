# A slot is used again with the generation that it had.
# rule: C1
# file: src/channel/cell.c
# scenario: cell_send_and_reuse
# finds: told ==
/^bool weir__cell_end_empty/,/^}/ s/closed_with\(places, generation \+ 1\)/closed_with(places, generation)/
