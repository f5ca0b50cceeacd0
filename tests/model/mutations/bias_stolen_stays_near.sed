# What was stolen is not said to be so before the victim may touch it again.
# rule: M8 (B1 of bias.h)
# file: src/channel/bias.c
# scenario: bias_two_or_steal
# finds: a data race
/^void weir__actor_was_stolen\(/,/^}/ s/weir__work_is_near\(work, thief\);/(void)thief;/
