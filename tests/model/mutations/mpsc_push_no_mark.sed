# Who pushes on an idle mark does not wake.
# rule: M4 (Q4 of mpsc.h)
# file: src/channel/mpsc.h
# compile: src/channel/send.c
# scenario: mpsc_wake
# finds: all wait
s/return weir__is_idle\(newest\) \? newest : 0;/return 0;/
