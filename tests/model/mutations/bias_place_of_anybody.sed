# Anybody takes a place in a mailbox that is one worker's.
# rule: M8 (B2 of bias.h)
# file: src/channel/mpsc.h
# compile: src/channel/send.c
# scenario: bias_shared
# finds: thread
/^static inline enum weir__reserve weir__mpsc_reserve\(/,/^}/ s/if \(WEIR__UNLIKELY\(places & WEIR__BIASED\)\) \{/if (0) {/
