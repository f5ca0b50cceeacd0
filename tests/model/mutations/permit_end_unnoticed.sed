# The last place of a closed channel comes back without a look at who waits for the end.
# rule: C4
# file: src/channel/mpsc.c
# scenario: permit_last_place
# finds: all wait
s/return places & WEIR__CLOSED \? weir__mpsc_nudge\(cell\) : weir__mpsc_fill\(bucket, cell\);/return places \& WEIR__CLOSED ? 0 : weir__mpsc_fill(bucket, cell);/
