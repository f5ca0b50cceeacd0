# Who gave up joining a task is taken for one that still does.
# rule: F6
# file: src/runtime/task.c
# scenario: task_joined_in_time
# finds: weir_task_join(task, WEIR_FOREVER, NULL)
/^static int wait_for_end/,/^}/ s/^  t->joiner = 0;//
