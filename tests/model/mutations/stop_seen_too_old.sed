# Who tells to stop may see an old wait.
# rule: F6
# file: src/runtime/wait.c
# scenario: task_cancelled
# finds: all wait
/^void weir__wait_cancel/,/^}/ s/memory_order_seq_cst\);/memory_order_relaxed);/
