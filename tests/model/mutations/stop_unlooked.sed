# Who begins to wait does not look whether it was told to stop.
# rule: F6
# file: src/runtime/wait.c
# scenario: task_cancelled
# finds: all wait
/^static void publish/,/^}/ s/if \(weir__told_to_stop\(strand\)\)/if (false)/
