# Tasks are looked at without their lock.
# rule: W2, G5 of deadlock.c
# file: src/actor/deadlock.c
# scenario: deadlock_child_ends
# finds: a data race
/^static void look_closely/,/^}/ {
  /weir__tasks_(un)?lock/d
}
