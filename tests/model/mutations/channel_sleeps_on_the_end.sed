# Who has set its idle mark does not look whether the channel has ended meanwhile.
# rule: M4 (Q4 of mpsc.h)
# file: src/channel/channel.c
# scenario: mpsc_senders_go
# finds: all wait
s/if \(idle && drained\(cell\) && weir__mpsc_nudge\(cell\)\) idle = false;//
