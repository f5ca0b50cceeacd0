/* lock.c: src/platform/lock.h as one step each. */
#include "platform/lock.h"

#include "engine/engine.h"

void model_lock_take(struct weir__lock *lock) { lock_take(lock, __builtin_return_address(0)); }
void model_lock_leave(struct weir__lock *lock) { lock_leave(lock, __builtin_return_address(0)); }

/* For scenarios. */
void model_lock(void *at);
void model_lock(void *at) { lock_take(at, __builtin_return_address(0)); }
bool model_try_lock(void *at);
bool model_try_lock(void *at) { return lock_try(at, __builtin_return_address(0)); }
void model_unlock(void *at);
void model_unlock(void *at) { lock_leave(at, __builtin_return_address(0)); }
