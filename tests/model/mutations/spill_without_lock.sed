# Who takes from a spill does not lock it.
# rule: S1 of spill.h
# file: src/runtime/spill.c
# scenario: queue_spill
# finds: race
/^static unsigned take_both\(/,/^}/ {
  s/weir__lock_take\(&spill->lock\);//
  s/weir__lock_leave\(&spill->lock\);//
}
