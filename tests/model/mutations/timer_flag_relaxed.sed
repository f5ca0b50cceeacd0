# Who sees that a timer has come may not find its message yet.
# rule: M5
# file: src/actor/timer.c
# scenario: timer_goes_ahead
# finds: ticks_got == 2
s/(WEIR__TIMER_CAME, memory_order_)release/\1relaxed/
