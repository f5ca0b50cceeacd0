# A batch is taken from the shelf without its lock.
# rule: M10, I2 of depot.c
# file: src/runtime/depot.c
# scenario: depot_freed_elsewhere
# finds: a data race
/^static struct weir__block \*take_batch/,/^}/ {
  /pthread_mutex_(un)?lock/d
}
