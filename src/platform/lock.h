/* lock.h: a lock of one word, for what is held for a few dozen instructions: taking and leaving it is inline.
 *
 *   FREE <----> TAKEN ----somebody is about to sleep----> CONTENDED
 *     ^------------------- unlock: wakes one -----------------'
 *
 * Who finds it taken looks again for a while, since it is rarely held for longer, and then sleeps in the kernel.
 *
 * O1  taking: acquire; leaving: release. What was done under it is seen by who takes it next.
 * O2  Who sleeps has made the word CONTENDED, and the kernel compares before it lets it sleep: who leaves takes that
 *     away in the same operation in which it frees the lock, and so knows of the sleeper. Who has slept takes it as
 *     CONTENDED, since it does not know of others. */
#ifndef WEIR__LOCK_H
#define WEIR__LOCK_H

#include <stdatomic.h>
#include <stdint.h>

#include "platform/cpu.h"

struct weir__lock {
  _Atomic(uint32_t) word; /* enum weir__lock_word; 0 at first */
};
enum weir__lock_word { WEIR__LOCK_FREE, WEIR__LOCK_TAKEN, WEIR__LOCK_CONTENDED };

void weir__lock_wait(struct weir__lock *lock);
void weir__lock_wake(struct weir__lock *lock);

static inline void weir__lock_take(struct weir__lock *lock)
{
  uint32_t word = WEIR__LOCK_FREE;
  if (WEIR__UNLIKELY(!atomic_compare_exchange_strong_explicit(&lock->word, &word, WEIR__LOCK_TAKEN,
                                                              memory_order_acquire, memory_order_relaxed)))
    weir__lock_wait(lock);
}

static inline void weir__lock_leave(struct weir__lock *lock)
{
  if (WEIR__UNLIKELY(atomic_exchange_explicit(&lock->word, WEIR__LOCK_FREE, memory_order_release) ==
                     WEIR__LOCK_CONTENDED))
    weir__lock_wake(lock);
}

#endif
