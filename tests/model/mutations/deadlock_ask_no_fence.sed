# An ask publishes that it waits, and looks at the one asked without a fence between.
# rule: W1
# file: src/actor/ask.c
# scenario: deadlock_two_ask
# finds: all wait
/^    weir__fence_after_change\(\);$/d
s/atomic_thread_fence\(memory_order_seq_cst\);/(void)0;/
