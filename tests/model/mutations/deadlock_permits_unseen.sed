# Those that hold places in a full mailbox are not asked whether they can run.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_place_comes_back
# finds: ask(0)
/^  weir__permits_each\(bucket, cell, found_permit, found\);$/d
