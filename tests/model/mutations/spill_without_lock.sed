# Who takes from another's spill does not lock it.
# rule: S1 of spill.h
# file: src/runtime/spill.c
# scenario: queue_spill
# finds: race
/^unsigned weir__spill_take_oldest\(/,/^}/ {
  s/weir__lock_take\(&spill->lock\);//
  s/weir__lock_leave\(&spill->lock\);//
}
