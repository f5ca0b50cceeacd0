# A task to which an answer may have been left is taken for one that can run, whatever it waits for.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_left_to_one_that_waits
# finds: all wait
/^static void found_task/,/^}/ s/found->f\(node_of\(weir__task_waiting\(task\), NULL\), found->arg\);/found->f(RUNS, found->arg);/
