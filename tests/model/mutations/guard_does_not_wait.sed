# The thief does not wait until the worker lets go.
# rule: M8 (G1 of guard.h)
# file: src/runtime/guard.c
# scenario: guard_turns
# finds: a data race
/^bool weir__guard_freeze\(/,/^}/ s/wait_until_it_is_let_go\(g\);//
