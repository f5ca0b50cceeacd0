# It becomes one worker's while somebody has a place.
# rule: M8 (B3 of bias.h)
# file: src/channel/bias.c
# scenario: bias_set
# finds: thread
s/ && weir__used\(cell, places\) == 0 &&/ \&\&/
