# Who drops a future does not wait until a value that is being sent is there.
# rule: F4 (I2 of wait.h)
# file: src/channel/oneshot.c
# scenario: oneshot_unwanted
# finds: thread
s/while \(!\(weir__wait_phase\(future.bits\) & WEIR__DONE\)\) sched_yield\(\);//
