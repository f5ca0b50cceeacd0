# A child that was to end for good starts again.
# rule: L1, H3 of child.h
# file: src/actor/child.c
# scenario: restart_or_end
# finds: weir__generation_of(ref) != weir__generation_in(actor->places)
/^static bool begin_anew/,/^}/ s/bool again = !\(flags & WEIR__FOR_GOOD\);/bool again = true;/
