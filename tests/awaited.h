/* awaited.h: a number that rises, and threads that wait for it. They look for a moment, so as to go on together with who
 * raises it, and then sleep: where others want the processor a loop of yields takes a slice of theirs each time. */
#ifndef WEIR_TESTS_AWAITED_H
#define WEIR_TESTS_AWAITED_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "chance.h"

struct awaited {
  _Atomic(int64_t) value; /* written under the lock */
  pthread_mutex_t lock;
  pthread_cond_t risen;
};
#define AWAITED                                                                                                        \
  {                                                                                                                    \
    .lock = PTHREAD_MUTEX_INITIALIZER, .risen = PTHREAD_COND_INITIALIZER                                               \
  }

enum { AWAITED_LOOKS_NS = 20000 };

static inline void awaited_set(struct awaited *a, int64_t value)
{
  pthread_mutex_lock(&a->lock);
  atomic_store(&a->value, value);
  pthread_cond_broadcast(&a->risen);
  pthread_mutex_unlock(&a->lock);
}

static inline void awaited_add(struct awaited *a, int64_t more)
{
  pthread_mutex_lock(&a->lock);
  atomic_fetch_add(&a->value, more);
  pthread_cond_broadcast(&a->risen);
  pthread_mutex_unlock(&a->lock);
}

/* Until it is `least` or more; what it is then. */
static inline int64_t awaited_reaches(struct awaited *a, int64_t least)
{
  int64_t until = chance_now_ns() + AWAITED_LOOKS_NS;
  while (atomic_load(&a->value) < least && chance_now_ns() < until) continue;
  if (atomic_load(&a->value) < least) {
    pthread_mutex_lock(&a->lock);
    while (atomic_load(&a->value) < least) pthread_cond_wait(&a->risen, &a->lock);
    pthread_mutex_unlock(&a->lock);
  }
  return atomic_load(&a->value);
}

#endif
