# An answer that is owed is taken for one that its actor alone can give, though it may have been left to a task.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_left_to_a_task
# finds: == WEIR_OK
/^static bool may_have_left_it/,/^}/ s/return seen->owed && .*/return seen \&\& !cell;/
