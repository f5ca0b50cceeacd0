# Who reserves does not look at WAITERS.
# rule: M2 (Q2 of mpsc.h)
# file: src/channel/mpsc.h
# compile: src/channel/send.c
# scenario: mpsc_no_overtaking
# finds: used <= cell()->capacity
s/if \(\(places & WEIR__WAITERS\) \|\| weir__used\(cell, places\) \+ n > capacity\)/if (weir__used(cell, places) + n > capacity)/
