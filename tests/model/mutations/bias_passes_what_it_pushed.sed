# Its worker does not look for what it had to push into the inbox.
# rule: M8, L2 (B6 of bias.h)
# file: src/channel/bias.h
# compile: src/actor/send.c src/channel/send.c
# scenario: bias_frozen_with_a_place
# finds: not so
s/weir__mpsc_collect\(cell\); \/\* B6 \*\//{}/
