/* run_queue.h: a worker's queue of work that others may steal.
 *
 * A ring of RUN_QUEUE_SIZE places. The owner puts in at the tail; owner and thieves take out at the head.
 *
 * Q1  tail is written by the owner alone; head grows by CAS, by whoever took what it passed. Both only grow (mod 2^32).
 * Q2  tail - head <= size: the owner looks at head before it puts in, and head only grows.
 * Q3  A place is overwritten only after head has passed it: so whoever read a place and then moved head past it by a
 * CAS that succeeded read what the owner had put there.
 *
 * O1  put: the place (relaxed), then tail (release); take: tail (acquire), then the place. Publishes the work.
 * O2  take: CAS(head), release; put: head (acquire). The place was read before it is overwritten (Q3). */
#ifndef WEIR__RUN_QUEUE_H
#define WEIR__RUN_QUEUE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform/cpu.h"
#include "runtime/work.h"

enum { WEIR__RUN_QUEUE_SIZE = 256 };

struct weir__run_queue {
  _Atomic(uint32_t) head;                                    /* Q1, O2 */
  _Atomic(uint32_t) tail;                                    /* Q1, O1 */
  _Atomic(struct weir__work *) places[WEIR__RUN_QUEUE_SIZE]; /* Q3; relaxed under O1, O2 */
};

/* Owner. False: full. */
static inline bool weir__run_queue_put(struct weir__run_queue *q, struct weir__work *work)
{
  uint32_t tail = atomic_load_explicit(&q->tail, memory_order_relaxed);
  uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
  if (tail - head >= WEIR__RUN_QUEUE_SIZE) return false;
  atomic_store_explicit(&q->places[tail % WEIR__RUN_QUEUE_SIZE], work, memory_order_relaxed);
  atomic_store_explicit(&q->tail, tail + 1, memory_order_release);
  return true;
}

/* Anybody. Takes up to `most`, and at most half (rounded up) of what is there; returns how many. */
static inline uint32_t weir__run_queue_take(struct weir__run_queue *q, struct weir__work **out, uint32_t most)
{
  uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
  for (;;) {
    uint32_t there = atomic_load_explicit(&q->tail, memory_order_acquire) - head;
    uint32_t count = there - there / 2;
    if (there == 0 || there > WEIR__RUN_QUEUE_SIZE) return 0; /* the latter: head is old */
    if (count > most) count = most;
    for (uint32_t i = 0; i < count; i++)
      out[i] = atomic_load_explicit(&q->places[(head + i) % WEIR__RUN_QUEUE_SIZE], memory_order_relaxed);
    if (atomic_compare_exchange_weak_explicit(&q->head, &head, head + count, memory_order_acq_rel,
                                              memory_order_acquire))
      return count;
  }
}

/* Anybody. The first; NULL: there is none. */
static inline struct weir__work *weir__run_queue_take_first(struct weir__run_queue *q)
{
  uint32_t head = atomic_load_explicit(&q->head, memory_order_acquire);
  for (;;) {
    uint32_t there = atomic_load_explicit(&q->tail, memory_order_acquire) - head;
    if (there == 0 || there > WEIR__RUN_QUEUE_SIZE) return NULL; /* the latter: head is old */
    struct weir__work *work = atomic_load_explicit(&q->places[head % WEIR__RUN_QUEUE_SIZE], memory_order_relaxed);
    if (atomic_compare_exchange_weak_explicit(&q->head, &head, head + 1, memory_order_acq_rel, memory_order_acquire))
      return work;
  }
}

/* Owner. The place that the next one gets; has all been taken that was put in before it? */
static inline uint32_t weir__run_queue_end(struct weir__run_queue *q)
{
  return atomic_load_explicit(&q->tail, memory_order_relaxed);
}

static inline bool weir__run_queue_is_past(struct weir__run_queue *q, uint32_t place)
{
  return (int32_t)(atomic_load_explicit(&q->head, memory_order_relaxed) - place) >= 0;
}

/* Anybody; a hint unless the caller knows better. */
static inline uint32_t weir__run_queue_length(struct weir__run_queue *q)
{
  uint32_t head = atomic_load_explicit(&q->head, memory_order_seq_cst);
  return atomic_load_explicit(&q->tail, memory_order_seq_cst) - head;
}

#endif
