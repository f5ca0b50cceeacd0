# A timer comes to who has the slot then.
# rule: C2
# file: src/actor/timer.c
# scenario: timer_and_reuse
# finds: !actor->work.flags
s/bool lives = weir__generation_in\(places\) == weir__generation_of\(to\) && /bool lives = /
