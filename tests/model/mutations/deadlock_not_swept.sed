# Old waits are not looked at again.
# rule: W2
# file: src/actor/deadlock.c
# scenario: deadlock_swept
# finds: all wait
s/if \(is_due\(w, /if (false \&\& is_due(w, /
