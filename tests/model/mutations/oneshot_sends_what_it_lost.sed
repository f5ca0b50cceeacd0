# A value that comes too late is not freed.
# rule: L2
# file: src/channel/oneshot.c
# scenario: oneshot_unwanted
# finds: a.live == 0
/if \(!weir__wait_claim\(promise.bits, WEIR__IDLE\)\) \{/,/\}/ s/weir__message_end\(m, WEIR__UNSENT\);//
