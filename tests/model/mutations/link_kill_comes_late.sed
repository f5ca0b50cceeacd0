# A kill after an exit does nothing.
# rule: M5
# file: src/actor/end.c
# scenario: link_kill_wins
# finds: WEIR_EKILLED
s/bool counts = flags & WEIR__KILLED \? !\(before & WEIR__KILLED\) : !\(before/bool counts = !(before/
