/* stash.h: messages that keep their places (M6): for actors whose type says `.keeps_places`.
 *
 *            pop                 weir_stash             weir_unstash
 *   QUEUED ------> IN HAND --------------------> STASHED ------------> QUEUED (first)
 *                     |                              |
 *                     '- the handler ends: the place  '- the actor ends: QUEUED, and dead-lettered from there
 *                        goes back
 *
 * K1  A place that was popped and has not gone back belongs to the message in hand (`hand`) or to one in the stash
 *     (`stash_places` in all). The owner's (A1), like the lists.
 * K2  An actor that ends keeps no places any more: its cell's flag is taken back, so what is popped then gives its
 *     place back at once, as with all others. */
#ifndef WEIR__STASH_INTERNAL_H
#define WEIR__STASH_INTERNAL_H

#include "actor/actor.h"

struct weir__kept {
  struct weir__message *stash, **stash_end; /* oldest first */
  size_t stash_count;
  uint32_t stash_places, hand; /* K1 */
};

/* Of an actor that is being made. WEIR_OK or WEIR_ENOMEM. */
int weir__kept_make(struct weir__cell *cell);
/* A message was popped to be handled. */
void weir__place_in_hand(struct weir__cell *cell, const struct weir__message *m);
/* Its handler has ended. */
void weir__place_back(struct weir__cell *cell);
/* The places that those have that are in hand or stashed: nothing that is queued. */
uint32_t weir__places_kept(const struct weir__cell *cell);
/* An incarnation ends: what is stashed is queued again, and keeps its places; that in hand goes back. */
void weir__kept_put_back(struct weir__cell *cell);
/* The message in hand is queued again, as the first, and keeps its place. */
void weir__hand_to_queue(struct weir__cell *cell, struct weir__message *m);
/* The actor ends: K2, and what is stashed is queued again. */
void weir__kept_end(struct weir__cell *cell);

/* Is this the handler of an actor that keeps places? Else a text, which begins with `what`. */
struct weir__kept *weir__kept_here(const char *what);

#endif
