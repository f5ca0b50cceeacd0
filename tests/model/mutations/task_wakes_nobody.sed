# A task ends, and wakes nobody that joins it.
# rule: F6, I1 of task.c
# file: src/runtime/task.c
# scenario: task_joined
# finds: all wait
s/^  if \(t->joiner\) wake\(t->joiner\);//
