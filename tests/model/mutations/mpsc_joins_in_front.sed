# Who joins a line takes a place that is free, though others stand there.
# rule: M3 (Q2 of mpsc.h)
# file: src/channel/mpsc.c
# scenario: mpsc_joins_behind
# finds: next() == 1
s/if \(weir__line_first\(bucket, cell\) \|\| !has_room\(cell, n\)\) return WEIR__FULL;/if (!has_room(cell, n)) return WEIR__FULL;/
