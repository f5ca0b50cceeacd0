# A place that comes back is not handed to who stands in line.
# rule: M3
# file: src/channel/mpsc.c
# scenario: permit_turns
# finds: all wait
s/return places & WEIR__CLOSED \? weir__mpsc_nudge\(cell\) : weir__mpsc_fill\(bucket, cell\);/return places \& WEIR__CLOSED ? weir__mpsc_nudge(cell) : 0;/
