/* chance.h: random decisions for tests. The seed is printed; WEIR_TEST_SEED repeats the decisions, though not the
 * interleaving of threads. */
#ifndef WEIR_TESTS_CHANCE_H
#define WEIR_TESTS_CHANCE_H

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "platform/clock.h" /* for those that include this */

static _Atomic(uint64_t) chance_seed;

static inline uint64_t chance_mix(uint64_t x)
{
  x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
  x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
  return x ^ x >> 31;
}

/* The next decision: drawn from one sequence by all threads. */
static inline uint64_t draw(void) { return chance_mix(atomic_fetch_add(&chance_seed, UINT64_C(0x9e3779b97f4a7c15))); }

/* The next decision of a sequence of one's own: it is the same whatever other threads do. */
static inline uint64_t draw_from(uint64_t *sequence) { return chance_mix(*sequence += UINT64_C(0x9e3779b97f4a7c15)); }

/* With this seed, or the one that is given in the environment. */
static inline void chance_begin_with(uint64_t seed)
{
  const char *given = getenv("WEIR_TEST_SEED");
  uint64_t chosen = given ? strtoull(given, NULL, 0) : seed;
  printf("WEIR_TEST_SEED=%llu\n", (unsigned long long)chosen);
  atomic_store(&chance_seed, chosen);
}

/* The clock of weir, also in programs on the shared library, which hides its own. */
static inline int64_t chance_now_ns(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static inline void chance_begin(void) { chance_begin_with((uint64_t)chance_now_ns()); }

/* Computes for a while. */
static inline void spin(int64_t ns)
{
  for (int64_t until = chance_now_ns() + ns; chance_now_ns() < until;) continue;
}

#endif
