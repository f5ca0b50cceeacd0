# Who looks after it has published its wait may see where an edge led before.
# rule: W2
# file: src/runtime/wait.h
# compile: src/actor/deadlock.c
# scenario: deadlock_forwarded
# finds: all wait
/weir__edge_seen weir__wait_see\(/,/^}/ s/memory_order_seq_cst/memory_order_acquire/
