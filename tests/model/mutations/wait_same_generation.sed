# A record that is used again has the generation that it had.
# rule: F4, C1 (I1 of wait.h)
# file: src/runtime/wait.h
# compile: src/runtime/wait.c src/channel/oneshot.c
# scenario: oneshot_stale
# finds: thread
s/uint32_t next = weir__wait_generation_of\(word\) \+ 1;/uint32_t next = weir__wait_generation_of(word);/
