/* breaker.h: the breaker of an actor (weir_breaker): who fails at one message after the other gets none for a while.
 *
 *           `failures` in a row                     `reset` is over: one message is let through
 *   CLOSED ---------------------> OPEN ------------------------------------------------------> HALF_OPEN
 *      ^                           ^ '-- all others are turned away; so it is there, too ----------' | |
 *      |                           '------------------------- it fails ------------------------------' |
 *      '------------------------------------ it is handled well -----------------------------------------'
 *
 * K1  A cell that has one is marked GUARDED from its spawn to its end, and SHUT while it is not CLOSED. SHUT keeps WAITERS
 *     set, as V1 of overflow.h does: so nobody raises `reserved` without the lock, and each sender comes here. Nobody stands in
 *     line meanwhile but an end in a topology, which always comes through.
 * K2  All of it is changed under the lock of the cell's bucket. CLOSED is left and come to by the owner alone, and the count of
 *     failures is its own: it may read both without the lock.
 * K3  No timer: that its time is over is seen by who comes next.
 * K4  Messages that got in before it opened, or on a permit, are given up by the owner when it comes to them; also while it is
 *     DOWN (actor/child.h). */
#ifndef WEIR__BREAKER_H
#define WEIR__BREAKER_H

#include <weir/mailbox.h>

#include "channel/line.h"
#include "channel/send.h"

struct weir__breaker {
  weir_breaker options;   /* written once */
  _Atomic(uint8_t) state; /* WEIR_BREAKER_CLOSED, …; K2: relaxed */
  bool in_hand;           /* the owner's: what its handler has in hand counts */
  uint64_t failures;      /* in a row; K2 */
  int64_t since_ns;       /* OPEN: since when; HALF_OPEN: when a message was last let through */
  uint64_t opened, turned_away;
};

/* An option is out of its bounds: WEIR_EINVAL, with a text. `who` is its actor. */
int weir__breaker_check(const char *who, const weir_breaker *options);

/* That of a GUARDED cell; NULL: it has ended. Lock held, or the owner's. Implemented by actors. */
struct weir__breaker *weir__breaker_of(const struct weir__cell *cell);
/* Nobody can reach the cell yet. */
void weir__breaker_begin(struct weir__cell *cell, struct weir__breaker *b, const weir_breaker *options);

static inline bool weir__is_guarded(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__GUARDED;
}
/* A hint without the lock. */
static inline bool weir__is_shut(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__SHUT;
}

/* ---- senders' ---- */

/* There was no place in a GUARDED mailbox, by what was read without the lock: takes n places if there are, after all, or
 * if one message is to be let through. `must`: for one that must arrive. */
enum weir__reserve weir__breaker_reserve(struct weir__cell *cell, uint32_t generation, uint32_t n, bool must);
/* Lock held, the mailbox not biased. */
enum weir__reserve weir__breaker_reserve_locked(struct weir__cell *cell, uint32_t generation, uint32_t n, bool must);
/* It was TURNED_AWAY: what is its sender told? WEIR_EOPEN, or WEIR_OK: the parcel is gone. */
int weir__breaker_refuses(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p);
/* A message is discarded that was not made. Implemented by actors. */
void weir__breaker_discarded(struct weir__cell *cell, uint32_t generation, const weir_message *type);

/* Lock held: fills in what its statistics say of a breaker. */
void weir__breaker_look(const struct weir__cell *cell, weir_stats *stats);

/* ---- the owner's ---- */

static inline bool weir__breaker_is_open(const struct weir__cell *cell)
{
  if (WEIR__LIKELY(!weir__is_shut(cell))) return false;
  return atomic_load_explicit(&weir__breaker_of(cell)->state, memory_order_relaxed) == WEIR_BREAKER_OPEN;
}

/* What follows: of a GUARDED cell. */

/* May it handle the next message? */
bool weir__breaker_admits(struct weir__cell *cell);
/* What it has in hand from now on counts, or does not. */
void weir__breaker_in_hand(struct weir__cell *cell, bool counts);
/* What it had in hand was not begun, after all. */
void weir__breaker_was_withdrawn(struct weir__cell *cell);
/* What it had in hand was handled, with that code. */
void weir__breaker_hears(struct weir__cell *cell, int code);
/* It has failed, at whatever. */
void weir__breaker_failed(struct weir__cell *cell);
/* A message that was queued was given up. */
void weir__breaker_gave_up(struct weir__cell *cell);

#endif
