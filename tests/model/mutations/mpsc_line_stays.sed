# Who gives up its wait leaves the line as it is: those behind are not looked at.
# rule: M3
# file: src/channel/mpsc.c
# scenario: mpsc_time_before_another
# finds: all wait
s/uintptr_t wake = was_in \? weir__mpsc_fill\(bucket, cell\) : 0;/uintptr_t wake = 0;/
