/* lock.c: see lock.h. */
#include "platform/lock.h"

#include <errno.h>
#include <sched.h>

#ifdef __linux__
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

enum { LOOKS = 64 };

/* Until the word may have changed. */
static void sleep_on(struct weir__lock *lock)
{
#ifdef __linux__
  int before = errno; /* of a program that takes such a lock without knowing */
  syscall(SYS_futex, &lock->word, FUTEX_WAIT_PRIVATE, WEIR__LOCK_CONTENDED, NULL, NULL, 0);
  errno = before;
#else
  sched_yield();
#endif
}

void weir__lock_wake(struct weir__lock *lock)
{
#ifdef __linux__
  syscall(SYS_futex, &lock->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
#else
  (void)lock;
#endif
}

static int take_if_free(struct weir__lock *lock)
{
  uint32_t word = atomic_load_explicit(&lock->word, memory_order_relaxed);
  return word == WEIR__LOCK_FREE && atomic_compare_exchange_weak_explicit(&lock->word, &word, WEIR__LOCK_TAKEN,
                                                                          memory_order_acquire, memory_order_relaxed);
}

void weir__lock_wait(struct weir__lock *lock)
{
  for (int i = 0; i < LOOKS; i++) {
    if (take_if_free(lock)) return;
    weir__cpu_pause();
  }
  while (atomic_exchange_explicit(&lock->word, WEIR__LOCK_CONTENDED, memory_order_acquire) != WEIR__LOCK_FREE)
    sleep_on(lock);
}
