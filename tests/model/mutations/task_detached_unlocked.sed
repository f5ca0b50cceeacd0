# A task is detached without the lock.
# rule: I1 of task.c
# file: src/runtime/task.c
# scenario: task_detached
# finds: a data race
/^void weir_task_detach/,/^}/ {
  /pthread_mutex_(un)?lock/d
}
