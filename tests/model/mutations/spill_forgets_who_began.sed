# What has begun takes the place of what stood in line already.
# rule: S4 of spill.h
# file: src/runtime/spill.c
# scenario: queue_spill_begun
# finds: not so
s/join\(&spill->begun, begun\);//
