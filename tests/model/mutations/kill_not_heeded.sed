# A handler that was killed goes on after its wait.
# rule: F3
# file: src/runtime/wait.h
# compile: src/actor/ask.c
# scenario: kill_who_waits
# finds: !gone_on || asked == WEIR_OK
s/if \(WEIR__UNLIKELY\(rc == WEIR_ECANCELED\)\) weir__heed_kill\(\);//
