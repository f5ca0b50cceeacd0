/* overflow.h: what a full mailbox does with one message more (M7), and what is counted of it.
 *
 * REJECT and DROP_NEWEST make no message. They have no line but for those that must not be lost (an end in a topology).
 *
 * A DROP_OLDEST mailbox has two consumers: its owner, and whoever sends to it when it is full. So all that takes a
 * message out of it or looks into its lists is under the lock of its bucket, for as long as it lives:
 *
 * V1  Its WAITERS is always set while it is open: so nobody raises `reserved` without the lock (Q2), and each sender
 *     comes here. It has no line.
 * V2  Its owner collects, pops and goes idle under the lock; `popped` is raised under it, by whoever takes out.
 * V3  What is evicted is ended after unlocking: that may run destructors, and wake an asker. */
#ifndef WEIR__OVERFLOW_H
#define WEIR__OVERFLOW_H

#include "channel/line.h"
#include "channel/send.h"

static inline int weir__overflow_of(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->overflow, memory_order_relaxed);
}
/* Before it is opened. */
static inline void weir__set_overflow(struct weir__cell *cell, int overflow)
{
  atomic_store_explicit(&cell->overflow, (uint8_t)overflow, memory_order_relaxed);
  if (overflow == WEIR_DROP_OLDEST) cell->special |= WEIR__DROPS_OLDEST;
}
/* Does its mailbox make senders wait? Right for a cell whose generation was right before; else a lock tells later. */
static inline bool weir__makes_wait(const struct weir__cell *cell) { return weir__overflow_of(cell) <= WEIR_WAIT; }
static inline bool weir__drops_oldest(const struct weir__cell *cell)
{
  return weir__overflow_of(cell) == WEIR_DROP_OLDEST;
}

/* An end in a topology: whoever is downstream counts them. */
static inline bool weir__must_arrive(const struct weir__parcel *p)
{
  return p->message && p->message->kind == WEIR__EDGE_END;
}

/* There is no place. WEIR_OK: the parcel is gone: queued after all, or dropped. WEIR_EFULL: the sender is to wait, or,
 * by the policy or because it asks, turned away; `gone`, WEIR_ERANGE, WEIR_ENOMEM. On error the parcel is the
 * caller's. */
int weir__overflow(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone);
/* Lock held: makes room for n places in a DROP_OLDEST mailbox. True: they are taken. What had to go is put in front of
 * *victims, for weir__evicted(). */
bool weir__evict_for(struct weir__cell *cell, uint32_t n, struct weir__message **victims);
/* Lock not held. */
void weir__evicted(struct weir__message *victims);

/* Counts for its statistics what was turned away at once, and returns the code. */
int weir__turned_away_from(struct weir__cell *cell, uint32_t generation, int code);
/* The owner's: nobody handles the message that it popped last, so what was missed before that is told with the next. */
void weir__missed_again(struct weir__cell *cell);
/* Counts that it missed a message that nobody waits for. */
void weir__missed_one(struct weir__cell *cell, uint32_t generation);

#endif
