# A child is started without a look whether its parent was cancelled.
# rule: F6
# file: src/runtime/task.c
# scenario: task_cancelled_with_child
# finds: all wait
/^static void begin\(/,/^}/ s/^  if \(t->parent && \(atomic_load_explicit\(&t->parent->work.flags.*cancel\(t\);//
