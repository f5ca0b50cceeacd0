# What a timer has queued is handled, whether it was cancelled or not.
# rule: M5, I5 of timer.c
# file: src/actor/timer.c
# scenario: timer_cancelled
# finds: got_count == before
s/  bool valid = t && t->state != CANCELLED;/  bool valid = true;/
