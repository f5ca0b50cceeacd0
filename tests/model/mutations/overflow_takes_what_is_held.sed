# A message is pushed where there is no place, and none that may go.
# rule: M7
# file: src/channel/mpsc.c
# scenario: overflow_oldest_and_permit
# finds: used <= actor->capacity
/^bool weir__mpsc_take_room/,/^}/ s/if \(!has_room\(cell, n\)\) return false;/if (!has_room(cell, n) \&\& (cell->queued || cell->inbox > 1)) return false;/
