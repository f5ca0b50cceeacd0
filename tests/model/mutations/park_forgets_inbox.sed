# Who goes to sleep does not look into its inbox once more.
# rule: U2
# file: src/runtime/worker.c
# scenario: park_post
# finds: all wait
s/if \(atomic_load_explicit\(&w->inbox, memory_order_seq_cst\) \|\| atomic_load_explicit\(&w->driven/if (atomic_load_explicit(\&w->driven/
