# Who finds no room sets WAITERS, but does not look again.
# rule: M2
# file: src/channel/mpsc.c
# scenario: mpsc_one_place
# finds: all wait
s/if \(weir__line_first\(bucket, cell\) \|\| !has_room\(cell, n\)\) return WEIR__FULL;/if (true) return WEIR__FULL;/
