# What the thief has done is not released.
# rule: M8 (G3 of guard.h)
# file: src/runtime/guard.c
# scenario: guard_turns
# finds: a data race
/^void weir__guard_thaw\(/,/^}/ s/memory_order_release/memory_order_relaxed/
