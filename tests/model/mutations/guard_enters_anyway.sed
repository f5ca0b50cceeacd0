# The worker goes on though it is frozen.
# rule: M8 (G1 of guard.h)
# file: src/runtime/guard.h
# compile: tests/model/real/guard.c src/runtime/guard.c
# scenario: guard_turns
# finds: a data race
s/if \(!\(frozen & WEIR__FROZEN\)\) return true;/return true;/
