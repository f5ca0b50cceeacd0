# It goes to rest while its bias may be taken away.
# rule: M8 (B4 of bias.h)
# file: src/channel/bias.h
# compile: src/actor/turn.c
# scenario: bias_shared_while_it_runs
# finds: thread
/^static inline bool weir__biased_rest\(/,/^}/ { s/weir__guard_enter_patiently\(&w->guard\);//; s/weir__guard_leave\(&w->guard\);//; }
