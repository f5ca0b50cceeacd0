# A task that joins its children is taken for one that can run.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_of_a_child
# finds: all wait
s/weir__task_children\(w->task, found_child, &found\);/f(RUNS, arg);/
s/^  else if \(!waits_for_all\(n\)\)$/  else/
