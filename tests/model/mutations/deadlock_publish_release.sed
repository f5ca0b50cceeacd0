# Who waits publishes that, and looks then, but with a store that the look may pass.
# rule: W1
# file: src/runtime/wait.c
# scenario: deadlock_two_ask_slowly
# finds: all wait
s/(atomic_store_explicit\(strand->waiting, weir__wait_shown\(.*, )memory_order_seq_cst\);/\1memory_order_release);/
