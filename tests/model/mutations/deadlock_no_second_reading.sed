# What seems stuck is not read once more.
# rule: W1, G3 of deadlock.c
# file: src/actor/deadlock.c
# scenario: deadlock_that_never_was
# finds: weir_send(refs[0]
s/ \|\| !is_confirmed\(\)\) return v;/) return v;/
