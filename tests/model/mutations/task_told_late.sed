# Who cancels looks whether the task waits, and then says that it is cancelled.
# rule: F6
# file: src/runtime/task.c
# scenario: task_cancelled
# finds: all wait
/^static void cancel\(struct weir_task/,/^}/ {
  s/^  weir__wait_cancel\(&t->waiting\);//
  s/^  atomic_fetch_or_explicit/  weir__wait_cancel(\&t->waiting);\n&/
}
