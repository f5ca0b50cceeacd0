/* guard.h: what a worker does to actors in its lines, while others may take them out of there.
 *
 * A message for an actor that stands in a line of the sender's own worker goes straight into the actor's list, without
 * an atomic operation (M8). But a thief may take the actor away at that moment; hence the two take turns by two flags:
 *
 *   the worker   touching = true; frozen?  no: goes on, touching = false      yes: touching = false, the shared way
 *   a thief      frozen = true;  touching? waits until it is false; takes; frozen = false
 *
 * G1  Neither side's store may pass its load. The worker's side runs at each send and the thief's seldom, so the thief
 *     pays for both: membarrier(2) makes each thread of the process order its accesses, and the worker's side needs to
 *     keep but the compiler from reordering. Where there is no such call, both sides are sequentially consistent; `frozen`
 *     says so, too: so the worker looks at one word.
 * G2  One thief at a time: `frozen` is taken by CAS.
 * G3  What the worker has done while touching is seen by the thief: touching = false, release; read, acquire; what the
 *     thief has done by the worker likewise, by `frozen`. */
#ifndef WEIR__GUARD_H
#define WEIR__GUARD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "platform/cpu.h"

struct weir__guard_flags {
  _Atomic(bool) touching;  /* G1, G3. By the worker */
  _Atomic(uint8_t) frozen; /* enum weir__frozen: G1, G2. By thieves, and by who ends a bias (channel/bias.h) */
  uint8_t thawed;          /* what it is when it is not FROZEN: 0, or SYMMETRIC. Written before its worker starts */
};
enum weir__frozen { WEIR__FROZEN = 1, WEIR__SYMMETRIC = 2 };

void weir__guard_init(struct weir__guard_flags *g);

/* The worker's. False: the shared way must be taken; there is nothing to leave. */
static inline bool weir__guard_enter(struct weir__guard_flags *g)
{
  atomic_store_explicit(&g->touching, true, memory_order_relaxed);
  atomic_signal_fence(memory_order_seq_cst);
  uint8_t frozen = atomic_load_explicit(&g->frozen, memory_order_seq_cst);
  if (WEIR__LIKELY(!frozen)) return true;
  if (frozen & WEIR__SYMMETRIC) {
    atomic_exchange_explicit(&g->touching, true, memory_order_seq_cst);
    frozen = atomic_load_explicit(&g->frozen, memory_order_seq_cst);
  }
  if (!(frozen & WEIR__FROZEN)) return true;
  atomic_store_explicit(&g->touching, false, memory_order_release);
  return false;
}

void weir__guard_wait(struct weir__guard_flags *g);
/* The same, where there is no other way: a thief lets go in a moment. */
static inline void weir__guard_enter_patiently(struct weir__guard_flags *g)
{
  if (WEIR__UNLIKELY(!weir__guard_enter(g))) weir__guard_wait(g);
}

static inline void weir__guard_leave(struct weir__guard_flags *g)
{
  atomic_store_explicit(&g->touching, false, memory_order_release);
}

/* A thief's. False: another one is at it. */
bool weir__guard_freeze(struct weir__guard_flags *g);
void weir__guard_thaw(struct weir__guard_flags *g);

#endif
