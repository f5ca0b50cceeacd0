/* lock.c: src/platform/lock.h as one step each. */
#include "platform/lock.h"

#include "engine/engine.h"

void model_lock_take(struct weir__lock *lock) { lock_take(lock, __builtin_return_address(0)); }
void model_lock_leave(struct weir__lock *lock) { lock_leave(lock, __builtin_return_address(0)); }
