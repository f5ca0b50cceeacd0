# One batch too many: one of the two is forgotten instead of joined.
# rule: S2 of spill.h
# file: src/runtime/spill.c
# scenario: queue_spill_full
# finds: not so
s/join\(&oldest, second\);//
