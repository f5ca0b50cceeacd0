/* guard.c: see guard.h. */
#include "runtime/guard.h"

#include <pthread.h>
#include <sched.h>
#if defined(__linux__)
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "platform/sanitizer.h"

#if defined(__linux__)
static bool membarrier(int command) { return syscall(__NR_membarrier, command, 0, 0) == 0; }
/* ThreadSanitizer knows nothing of it. */
static bool register_process(void) { return !WEIR__TSAN && membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED); }
static void order_all_threads(void) { membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED); }
#else
static bool register_process(void) { return false; }
static void order_all_threads(void) {}
#endif

static bool process_is_registered;
static void init(void) { process_is_registered = register_process(); }

void weir__guard_init(struct weir__guard_flags *g)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, init);
  g->thawed = process_is_registered ? 0 : WEIR__SYMMETRIC;
  atomic_store_explicit(&g->frozen, g->thawed, memory_order_relaxed); /* its worker starts later */
}

void weir__guard_wait(struct weir__guard_flags *g)
{
  while (!weir__guard_enter(g)) do
      sched_yield(); /* without touching: the thief waits for that */
    while (atomic_load_explicit(&g->frozen, memory_order_relaxed) & WEIR__FROZEN); /* a hint: entering tells */
}

/* The worker touches for some nanoseconds, unless it has lost its core just then. */
static void wait_until_it_is_let_go(struct weir__guard_flags *g)
{
  for (int i = 0; atomic_load_explicit(&g->touching, memory_order_seq_cst); i++)
    if (i < 1000)
      weir__cpu_pause();
    else
      sched_yield();
}

bool weir__guard_freeze(struct weir__guard_flags *g)
{
  uint8_t frozen = g->thawed, now = frozen | WEIR__FROZEN;
  if (!atomic_compare_exchange_strong_explicit(&g->frozen, &frozen, now, memory_order_seq_cst, memory_order_relaxed))
    return false;
  if (!g->thawed) order_all_threads();
  wait_until_it_is_let_go(g);
  return true;
}

void weir__guard_thaw(struct weir__guard_flags *g)
{
  atomic_store_explicit(&g->frozen, g->thawed, memory_order_release);
}
