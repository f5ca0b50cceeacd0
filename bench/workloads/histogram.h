/* histogram.h: counts by size: each value below 128 has a bucket of its own, from there on each power of two has 64, so
 * that a bucket is at most 1.6 % wide. Several threads may record at once. */
#ifndef WEIR_BENCH_HISTOGRAM_H
#define WEIR_BENCH_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

enum { HISTOGRAM_BUCKETS = 64 * 58 }; /* up to the largest int64_t */

struct histogram {
  _Atomic(uint64_t) count[HISTOGRAM_BUCKETS]; /* relaxed: read when all that record have been waited for */
};

static inline int histogram_bucket(uint64_t value)
{
  if (value < 128) return (int)value;
  int shift = 57 - __builtin_clzll(value); /* leaves the highest 7 bits */
  return shift * 64 + (int)(value >> shift);
}

/* The largest value of a bucket. */
static inline uint64_t histogram_top(int bucket)
{
  if (bucket < 128) return (uint64_t)bucket;
  int shift = bucket / 64 - 1;
  return (((uint64_t)bucket - (uint64_t)shift * 64 + 1) << shift) - 1;
}

static inline void histogram_add(struct histogram *h, uint64_t value)
{
  atomic_fetch_add_explicit(&h->count[histogram_bucket(value)], 1, memory_order_relaxed);
}

static inline uint64_t histogram_total(const struct histogram *h)
{
  uint64_t total = 0;
  for (int i = 0; i < HISTOGRAM_BUCKETS; i++) total += atomic_load_explicit(&h->count[i], memory_order_relaxed);
  return total;
}

/* The value that so large a part of all (0 to 1) does not exceed; 0 if there are none. */
static inline uint64_t histogram_at(const struct histogram *h, double part)
{
  uint64_t total = histogram_total(h), seen = 0, wanted = (uint64_t)(part * (double)total);
  int bucket = 0, last = 0;
  for (; bucket < HISTOGRAM_BUCKETS && (seen <= wanted && seen < total); bucket++) {
    seen += atomic_load_explicit(&h->count[bucket], memory_order_relaxed);
    last = bucket;
  }
  return total ? histogram_top(last) : 0;
}

#endif
