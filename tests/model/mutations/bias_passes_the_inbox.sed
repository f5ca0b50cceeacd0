# The short way does not look into the inbox.
# rule: M8, L2 (B1 of bias.h)
# file: src/channel/bias.h
# compile: src/actor/send.c src/channel/send.c
# scenario: bias_behind_the_inbox
# finds: not so
s/if \(WEIR__UNLIKELY\(inbox > WEIR__CELL_IDLE\)\) weir__mpsc_collect\(cell\);//
