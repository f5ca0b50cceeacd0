# Who reads the leaves does not see what was made before them.
# rule: R1
# file: src/runtime/runtime.c
# scenario: lives_never_missed
# finds: thread
s/left \+= atomic_load_explicit\(&rt->workers\[i\]\.left, memory_order_acquire\);/left += atomic_load_explicit(\&rt->workers[i].left, memory_order_relaxed);/
