# Who has put work into its queue looks at who sleeps without a fence between.
# rule: U3 (searching, parked of runtime.h)
# file: src/runtime/runtime.c
# scenario: park_queued
# finds: all wait
/^void weir__runtime_notify\(/,/^}/ s/atomic_thread_fence\(memory_order_seq_cst\);//
