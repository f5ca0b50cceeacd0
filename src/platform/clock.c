/* clock.c: see clock.h. */
#include "platform/clock.h"

#include <pthread.h>
#include <time.h>

static int64_t read_clock(clockid_t which)
{
  struct timespec t;
  clock_gettime(which, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

#ifdef CLOCK_MONOTONIC_COARSE
#define COARSE CLOCK_MONOTONIC_COARSE
#else
#define COARSE CLOCK_MONOTONIC
#endif

static int64_t step;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void find_step(void)
{
  struct timespec t;
  step = clock_getres(COARSE, &t) == 0 ? (int64_t)t.tv_sec * 1000000000 + t.tv_nsec : 10000000;
}

int64_t weir__now_ns(void) { return read_clock(CLOCK_MONOTONIC); }
int64_t weir__now_coarse_ns(void) { return read_clock(COARSE); }

int64_t weir__coarse_step_ns(void)
{
  pthread_once(&once, find_step);
  return step;
}
