# Who waits looks before it publishes that.
# rule: W1
# file: src/runtime/wait.c
# scenario: deadlock_two_ask_slowly
# finds: all wait
s/^  atomic_store_explicit\(strand->waiting, weir__wait_shown.*/  if (has_edge(w)) weir__deadlock_look(weir__wait_name(w));\n&/
s/else if \(has_edge\(w\)\)/else if (false)/
