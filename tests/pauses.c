/* pauses.c: with the preset `pauses` every function of the library begins and ends with a call into this file
 * (-finstrument-functions, also those that are inlined), and once in a while the thread stands still there: as if the kernel
 * had taken its processor away just then, which happens so seldom that a window of a few instructions is hardly ever met.
 *
 * Each thread draws for itself. The first pauses come close together, later ones seldom, so that a test is slowed down by a bounded
 * time in each thread. Not in src/platform: that is entered by signals, and while stacks are switched. */
#include <errno.h>
#include <stdint.h>
#include <time.h>

enum { EARLY = 500, EARLY_EVERY = 60, LATE_EVERY = 50000, LONGEST_US = 2000 };

void __cyg_profile_func_enter(void *function, void *caller);
void __cyg_profile_func_exit(void *function, void *caller);

static _Thread_local uint64_t sequence;
static _Thread_local uint32_t until_next, pauses;

/* xorshift; `sequence` is never 0. */
static uint64_t draw_next(void)
{
  sequence ^= sequence << 13;
  sequence ^= sequence >> 7;
  return sequence ^= sequence << 17;
}

static uint32_t draw_distance(void)
{
  return 1 + (uint32_t)(draw_next() % (2 * (uint64_t)(pauses < EARLY ? EARLY_EVERY : LATE_EVERY)));
}

static void begin(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  sequence = (uint64_t)now.tv_nsec * UINT64_C(0x9e3779b97f4a7c15) ^ (uintptr_t)&sequence ^ 1;
  until_next = draw_distance();
}

/* Mostly short: a multiple of a switch between threads; one in eight long enough for whole turns of others. */
static void pause_here(void)
{
  uint64_t n = draw_next();
  uint64_t us = n % 8 ? n % 100 : n % LONGEST_US;
  struct timespec time = {.tv_nsec = (long)us * 1000};
  int was = errno; /* whoever begins here may be about to look at it */
  nanosleep(&time, NULL);
  errno = was;
  pauses++;
  until_next = draw_distance();
}

static void perhaps_pause(void)
{
  if (!sequence) begin();
  if (!--until_next) pause_here();
}

void __cyg_profile_func_enter(void *function, void *caller)
{
  (void)function, (void)caller;
  perhaps_pause();
}

void __cyg_profile_func_exit(void *function, void *caller)
{
  (void)function, (void)caller;
  perhaps_pause();
}
