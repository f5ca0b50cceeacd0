# Who cancels a timer that is ringing does not wait.
# rule: M5, I4 of timer.c
# file: src/actor/timer.c
# scenario: timer_cancelled
# finds: weir_timer_cancel(timers[0]) == WEIR_OK
s/while \(\(t = find\(name\)\) && t->state == RINGING\) \{/if ((t = find(name)) \&\& false) {/
