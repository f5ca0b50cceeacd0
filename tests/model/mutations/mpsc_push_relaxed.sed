# A push does not release what is in the message.
# rule: M4 (O2 of mpsc.h)
# file: src/channel/mpsc.h
# compile: src/channel/send.c
# scenario: mpsc_wake
# finds: a data race
/static inline uintptr_t weir__mpsc_push\(/,/^}/ s/memory_order_acq_rel/memory_order_relaxed/
