/* lock.h: the lock of src/platform, step by step. */
#ifndef MODEL_REAL_LOCK_H
#define MODEL_REAL_LOCK_H

#include <stdint.h>

void real_lock_take(uint32_t *word);
void real_lock_leave(uint32_t *word);

#endif
