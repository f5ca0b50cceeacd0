# The short way does not ask whether a thief is there.
# rule: M8 (B1 of bias.h)
# file: src/channel/bias.h
# compile: src/actor/send.c src/channel/send.c
# scenario: bias_put_or_steal
# finds: a data race
/^static inline enum weir__short_way weir__push_near\(/,/^}/ { s/if \(!weir__guard_enter\(&w->guard\)\) return way;//; s/weir__guard_leave\(&w->guard\);//; }
