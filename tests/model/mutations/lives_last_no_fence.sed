# Who leaves looks at the others without a fence between.
# rule: R1
# file: src/runtime/runtime.c
# scenario: lives_last_two
# finds: all wait
/^void weir__runtime_left\(/,/^}/ s/atomic_thread_fence\(memory_order_seq_cst\);//
