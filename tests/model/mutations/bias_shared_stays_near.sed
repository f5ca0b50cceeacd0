# At rest it stays in the lines of the worker that has it no more.
# rule: M8 (B2 of bias.h)
# file: src/channel/bias.c
# scenario: bias_shared
# finds: a data race
/^static void share\(/,/^}/ s/weir__work_is_far\(&cell->work\);/{}/
