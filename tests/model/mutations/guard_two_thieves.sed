# A thief does not ask whether another one is at it.
# rule: M8 (G2 of guard.h)
# file: src/runtime/guard.c
# scenario: guard_thieves
# finds: a data race
s/^    return false;$/    (void)frozen;/
