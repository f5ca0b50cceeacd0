/* weir/mailbox.h: a mailbox seen and changed from outside: statistics, and its capacity while it lives.
 *
 * What a full mailbox does is said where an actor is declared or spawned: `.overflow = WEIR_REJECT` and the like, see
 * weir/actor.h. Guide: docs/guide/backpressure.md. */
#ifndef WEIR_MAILBOX_H
#define WEIR_MAILBOX_H

#include <weir/actor.h>
#include <weir/mpsc.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a breaker is (weir_breaker). */
enum {
  WEIR_BREAKER_NONE = 0,
  WEIR_BREAKER_CLOSED,
  WEIR_BREAKER_OPEN,
  WEIR_BREAKER_HALF_OPEN /* its time is over: one message is let through, or was */
};

/** What is counted of an actor from its spawn on. */
typedef struct weir_stats {
  uint64_t length;     /* messages in its mailbox now, queued or on their way in; in places */
  uint64_t capacity;   /* places of its mailbox */
  uint64_t permits;    /* places that others have reserved and not filled */
  uint64_t waiting;    /* senders that stand in line for a place */
  uint64_t high_water; /* the most places that were ever taken */
  uint64_t handled;    /* messages that its handlers took with WEIR_OK or WEIR_STOP */
  uint64_t dropped;    /* by its overflow policy; of a group's messages those that found no place, too */
  uint64_t refused;    /* senders that were turned away at once: WEIR_EFULL */
  uint64_t blocked_ns; /* how long its own handlers have waited for places elsewhere */
  int breaker;         /* WEIR_BREAKER_CLOSED, …; what follows is 0 without one */
  uint64_t failures;   /* in a row, until now */
  uint64_t opened;     /* how often it has opened */
  uint64_t
      turned_away; /* senders and askers that met it open, and those that stood in line or were queued when it opened */
} weir_stats;

/**
 * Reads an actor's statistics. It costs the same however much is queued, and does not hold the actor up.
 *
 * @param stats  Receives them. All zeros on error.
 *
 * Threads  Any. Does not wait. The figures are of about the same moment; length, capacity and permits of exactly one.
 * Errors   WEIR_EDEAD  no such actor any more (or the ref's own error)
 *          WEIR_EINVAL an output of a topology, or a route
 */
WEIR_API int weir_stats_read(weir_ref ref, weir_stats *stats);

/** In a handler: how many messages for this actor were dropped, by its overflow policy or by a group that it is in,
 * since the message that was handled before the one in hand was taken out of the mailbox. 0 elsewhere. Does not wait. */
WEIR_API uint64_t weir_missed(void);

/**
 * Changes the capacity of an actor's mailbox, or of a channel.
 *
 * When it grows, those that stand in line are served first. It may become smaller than what is queued: nothing new is
 * let in until that fits. Who waits for more places than there are then gets WEIR_ERANGE. A send that is under way
 * meanwhile on another thread may still go by the old capacity.
 *
 * @param capacity  1 to 16,777,216.
 *
 * Threads  Any. Does not wait.
 * Errors   WEIR_ERANGE  capacity
 *          WEIR_EDEAD   no such actor any more (or the ref's own error); WEIR_ECLOSED no such channel any more
 *          WEIR_EINVAL  an output of a topology, or a route
 */
WEIR_API int weir_set_capacity(weir_ref ref, size_t capacity);
WEIR_API int weir_receiver_set_capacity(weir_receiver rx, size_t capacity);

#ifdef __cplusplus
}
#endif
#endif
