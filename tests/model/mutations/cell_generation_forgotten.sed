# A slab that was given back begins with the first generation.
# rule: C3
# file: src/channel/cell.c
# scenario: cell_send_and_give_back
# finds: told ==
s/slab->generation = slab->newest;/slab->generation = 1;/
