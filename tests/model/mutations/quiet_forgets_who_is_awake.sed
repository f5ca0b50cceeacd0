# A worker that is awake passes for quiet.
# rule: R3
# file: src/runtime/runtime.c
# scenario: quiet_passed_on
# finds: thread
/^static bool workers_are_quiet\(/,/^}/ s/!rt->is_parked\[i\] \|\|//
