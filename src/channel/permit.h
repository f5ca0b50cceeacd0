/* permit.h: places that are held: taken in a mailbox or channel, and not filled yet.
 *
 *   FREE --open--> WANTED --there is room, or its turn in the line--> HELD --the last place used, given back--> FREE
 *                    |                                                 |
 *                    '--no place: closed by who opened it--> FREE      '--the mailbox is gone--> REVOKED --> FREE
 *
 * P1  `word` holds generation and state. All but FREE -> WANTED happens under the lock of the mailbox's bucket, and who
 *     sets FREE there gives the record back.
 * P2  HELD: it stands in the list of the bucket, so that who looks for the reasons of a wait finds the holders (W2),
 *     and its places are in the cell's `reserved` and in its tally.
 * P3  From WANTED to FREE it stands in its holder's list, under the lock that weir__bucket_lock_for(list) gives, unless
 *     the holder has ended: that empties the list, and gives back what was in it. That lock is never held together with
 *     the mailbox's.
 * P4  An actor's mailbox revokes its permits when it closes: what is sent with them could not be handled any more, and
 *     its end does not wait for them. Those of a channel deliver until its receiver is dropped. */
#ifndef WEIR__PERMIT_INTERNAL_H
#define WEIR__PERMIT_INTERNAL_H

#include <weir/permit.h>

#include "channel/line.h"
#include "channel/mpsc.h"

enum weir__holder_kind { WEIR__HELD_BY_THREAD, WEIR__HELD_BY_TASK, WEIR__HELD_BY_ACTOR };

/* Who holds a permit. A thread: also what is reserved in a libuv callback, by the worker's thread. */
struct weir__holder {
  enum weir__holder_kind kind;
  uint64_t name; /* of an actor the bits of its ref, of a task the address of its weir__work, of a thread that of its
                    weir__thread; to be compared, not followed */
};

struct weir__notice_record;

struct weir__permit {
  struct weir__permit *next, *previous; /* P2. First two words: see slots.h */
  _Atomic(uint64_t) word;               /* generation << 32 | state; P1. Release: what follows was written */
  uint32_t slot;                        /* written once */
  uint32_t places;                      /* wanted, or left; under the lock of the mailbox's bucket once it is out */
  struct weir__cell *_Atomic cell; /* the mailbox; by whoever opens it; relaxed: outside of the lock only to find it */
  int gone;                        /* what a send says when the mailbox is gone; by whoever opens it */
  struct weir__holder holder;      /* by whoever opens it */
  struct weir__notice_record *notice; /* who is told when it is granted; NULL: nobody. By whoever opens it */
  struct weir__permit *next_held, *previous_held; /* P3 */
  struct weir__permit **_Atomic
      list; /* P3; outside of the lock only to find it. NULL: in none: release, acquire, since it may be reused then */
};

/* ---- for who reserves ---- */

/* Reserves n places, the caller being the holder. `waits`: until the deadline. WEIR_OK (n = 0: an empty permit),
 * WEIR_EFULL, `gone`, WEIR_ERANGE, WEIR_ENOMEM, or why the wait ended; with a text. */
int weir__permit_reserve(struct weir__cell *cell, uint32_t generation, size_t n, bool waits, int64_t deadline_ns,
                         int gone, weir_permit *permit);

/* ---- for notices (notice.h) ---- */

/* For one place, wanted by a notice; this worker's thread is the holder. NULL: no memory. */
struct weir__permit *weir__permit_open_for(struct weir__notice_record *n, struct weir__cell *cell, int gone,
                                           uint64_t *name);
/* Takes the places that it wants, if they are there. */
enum weir__reserve weir__permit_take(struct weir__cell *cell, uint32_t generation, struct weir__permit *p);
/* WEIR_OK: it can be used; else why not. */
int weir__permit_look(uint64_t name);
/* Ends it, granted or not, if it still has that name. It stands in no line. */
void weir__permit_drop(struct weir__permit *p, uint64_t name);

/* ---- for the mailbox: its bucket's lock held ---- */

/* The places have been taken: from now on it is HELD. */
void weir__permit_grant(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__permit *p);
/* Revokes all of the cell's; how many places they had, which are the caller's to give back. */
uint32_t weir__permits_revoke(struct weir__bucket *bucket, struct weir__cell *cell);
/* Calls f for each permit of the cell that is HELD, until it returns false. */
void weir__permits_each(struct weir__bucket *bucket, const struct weir__cell *cell,
                        bool (*f)(const struct weir__permit *, void *), void *arg);

/* ---- for holders ---- */

/* Implemented by actor/permit.c: the list of the actor whose handler runs here. NULL: no memory. */
struct weir__permit **weir__actor_permits(void);

#endif
