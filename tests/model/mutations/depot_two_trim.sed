# Two look through what is on a shelf at the same time.
# rule: M10, I2 of depot.c
# file: src/runtime/depot.c
# scenario: depot_trimmed_by_two
# finds: a data race
s/ && !s->trimming\) \{/) {/
