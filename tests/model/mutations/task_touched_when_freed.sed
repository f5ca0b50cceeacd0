# A task looks at itself when who has joined it may have freed it.
# rule: F6, I1 of task.c
# file: src/runtime/task.c
# scenario: task_joined
# finds: a data race
s/^  if \(detached\) free\(t\);/  (void)detached; if (t->detached) free(t);/
