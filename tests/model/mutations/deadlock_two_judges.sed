# Two look for a circle at the same time.
# rule: W1, G3 of deadlock.c
# file: src/actor/deadlock.c
# scenario: deadlock_two_ask_slowly
# finds: a data race
/^static void look_closely/,/^}/ {
  /pthread_mutex_(un)?lock/d
  /weir__tasks_(un)?lock/d
}
