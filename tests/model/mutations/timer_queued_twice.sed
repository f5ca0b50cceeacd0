# A tick of an own timer is queued, whether the one before was taken or not.
# rule: M5, I3 of timer.c
# file: src/actor/timer.c
# scenario: timer_queued_once
# finds: <= 1
s/^  if \(queued\) return WEIR_OK;/  (void)queued;/
