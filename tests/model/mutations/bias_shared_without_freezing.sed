# Who ends a bias does not ask whether its worker is at it.
# rule: M8 (B4 of bias.h)
# file: src/channel/bias.c
# scenario: bias_shared
# finds: not so
/^static void share_others\(/,/^}/ { s/if \(!weir__guard_freeze\(&w->guard\)\) \{/if (0) {/; s/weir__guard_thaw\(&w->guard\);//; }
