# The thief does not pay for the worker's side.
# rule: M8 (G1 of guard.h)
# file: src/runtime/guard.c
# scenario: guard_turns
# finds: a data race
s/if \(!g->thawed\) order_all_threads\(\);//
