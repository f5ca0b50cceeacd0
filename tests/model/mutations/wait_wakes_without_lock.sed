# Who wakes a plain thread does not take its lock: it may be about to sleep.
# rule: M3 (I3 of wait.h)
# file: src/runtime/wait.c
# scenario: oneshot_value
# finds: all wait
/^static void wake_thread\(/,/^}/ {
  s/pthread_mutex_lock\(&t->lock\);//
  s/pthread_mutex_unlock\(&t->lock\);//
}
