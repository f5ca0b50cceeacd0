# The one that is chosen is told, whether its wait has ended meanwhile or not.
# rule: W1, G4 of deadlock.c
# file: src/runtime/wait.c
# scenario: deadlock_or_time
# finds: assertion weir__wait_phase_of
/^bool weir__wait_claim_seen/,/^}/ s/return false;/return w != NULL;/
