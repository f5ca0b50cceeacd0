# A timer that finds a full mailbox does not stay armed.
# rule: M5
# file: src/actor/timer.c
# scenario: timer_of_a_full_mailbox
# finds: got_count == 2
s/bool again = rc == WEIR_EFULL \|\| rc == WEIR_ENOMEM;/bool again = false;/
