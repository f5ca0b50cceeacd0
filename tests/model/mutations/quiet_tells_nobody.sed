# The last worker that goes to sleep does not tell who waits for quiet.
# rule: R3
# file: src/runtime/runtime.c
# scenario: quiet_posted
# finds: all wait
/^void weir__runtime_park\(/,/^}/ s/pthread_cond_broadcast\(&rt->changed\);/(void) 0;/
