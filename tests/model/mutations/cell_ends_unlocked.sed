# The generation changes without the lock.
# rule: C2
# file: src/channel/cell.c
# scenario: cell_stop_and_reuse
# finds: !actor->work.flags
/^bool weir__cell_end_empty/,/^}/ {
  /weir__bucket_lock\(cell\)/d
  /weir__bucket_unlock/d
}
