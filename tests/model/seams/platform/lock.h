/* lock.h, for the model: a lock whose taking and leaving is one step each. The lock itself (real/lock.c) defines
 * MODEL_REAL_LOCK. */
#ifdef MODEL_REAL_LOCK
#include_next "platform/lock.h"
#else
#ifndef MODEL_SEAMS_LOCK_H
#define MODEL_SEAMS_LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "platform/cpu.h"

struct weir__lock {
  uint32_t word; /* has an address */
};

void model_lock_take(struct weir__lock *lock);
void model_lock_leave(struct weir__lock *lock);
static inline void weir__lock_take(struct weir__lock *lock) { model_lock_take(lock); }
static inline void weir__lock_leave(struct weir__lock *lock) { model_lock_leave(lock); }

#endif
#endif
