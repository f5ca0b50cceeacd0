/* actor.h: an actor: a cell (channel/cell.h) that a worker runs by turns.
 *
 *   STARTS --start clause--> LIVES --stop, drained, exit, WEIR_STOP, weir_fail--> ENDS --end clause--> ZOMBIE --> free
 *      |                       '---- ends well, and leaves nothing behind: see weir__actor_end() ------------^
 *      '------------------------ a start that fails ------------------------^ (to ENDS)
 *
 * A1  Whoever runs the cell owns its phase, state, lists and extras: one thread at a time, handed on by the run queues.
 * A2  STARTS   scheduled by the spawn, before any message is looked at.
 *     ENDS     closed: nobody sends any more; the end clause runs, uncancelled.
 *     DOWN     the child of a supervisor, between two incarnations: see child.h.
 *     ZOMBIE   only dead-letters what comes from those that had a place (C4), until the last place is back and the last
 *              handle is closed. */
#ifndef WEIR__ACTOR_INTERNAL_H
#define WEIR__ACTOR_INTERNAL_H

#include <weir/ask.h>

#include "channel/cell.h"
#include "platform/trap.h"
#include "runtime/runtime.h"

enum weir__actor_phase { WEIR__STARTS, WEIR__LIVES, WEIR__ENDS, WEIR__ZOMBIE, WEIR__DOWN };

struct weir__name;
struct weir__handle;
struct weir__graph_node;
struct weir__wait;
struct weir__debt;
struct weir__kept;
struct weir__membership;
struct weir__scope;
struct weir__watch;
struct weir__outgoing;

/* What a bare actor does without (C6). The owner's (A1), but where it says otherwise. */
struct weir__extras {
  struct weir__name *name;           /* its entry in the registry; NULL: none */
  struct weir__message *config;      /* in force; lives as long as the state, or until another one is */
  struct weir__graph_node *node;     /* its edges, see edge.h; NULL: it is in no topology */
  struct weir__timer_record *timers; /* that it set; under the timers' lock */
  struct weir__wait *asks;           /* that it has begun, see pending.c */
  struct weir__scope *scope;         /* its memory and deferred calls, see runtime/scope.h; NULL: none */
  struct weir__message *papers;      /* of a child of a supervisor, see child.h, H1 */
  struct weir__rare *rare;           /* NULL: none of that. Made before the actor can be reached, or by the owner */
};
_Static_assert(sizeof(struct weir__extras) <= WEIR__SMALLEST, "C6: an actor with a name");

/* What few have, apart: so that the extras stay one line of memory (C6). */
struct weir__rare {
  struct weir__handle *handles;           /* libuv's, see uv.c */
  struct weir__debt *debts;               /* answers that it owes, see debt.c; under the lock of its bucket */
  struct weir__kept *kept;                /* its stash, see stash.h; NULL: it keeps no places */
  struct weir__membership *memberships;   /* of groups, see group.c */
  const struct weir_behaviour *behaviour; /* what it has become, while the cell's `became` is set */
  struct weir__notice_record *notices;    /* places that it asked for, see channel/notice.h */
  struct weir__permit *permits;           /* places that it holds elsewhere, see channel/permit.h, P3 */
  struct weir__watch *monitors;           /* that it has set, see link.c; under the lock there */
  struct weir__route *route;              /* whose instance it is, see relay.h; NULL: of none */
  struct weir__breaker *breaker;          /* see channel/breaker.h; NULL: none. Read under the lock, or by the owner */
  struct weir__message *next_config;      /* of its next start, see change.h; NULL: `config` */
  struct weir__message *before_config;    /* while it starts with another one: to go back to; NULL: to none */
  uint64_t changer;                       /* the wait of who gave it next_config; 0: nobody waits */
  struct weir__outgoing *outgoing;        /* X3 of change.h: the older version that a newer one takes over from */
  size_t memory;                          /* what it may hold; 0: no limit */
  uint32_t look_in;                       /* after so many messages what it holds is looked at anew. The owner's */
  bool goes_back;                         /* next_config is the one before, since the other one was no good */
};
struct weir__route;
struct weir__breaker;
/* Of an actor that nobody can reach yet: gives it a breaker, if one is wanted. */
int weir__breaker_make(struct weir__cell *cell, const weir_breaker *options);
/* Likewise: limits its memory, if that is wanted. */
int weir__memory_limit(struct weir__cell *cell, size_t bytes);
/* The owner's, of a LIMITED one, between messages: fails it if it holds too much. */
void weir__memory_look(struct weir__cell *cell);

/* The extras, made if need be, to put something in. NULL: no memory. */
struct weir__extras *weir__extras(struct weir__cell *cell);
/* Likewise what is rare. */
struct weir__rare *weir__rare(struct weir__cell *cell);
/* NULL: it has none of that. The owner's. */
static inline struct weir__rare *weir__rare_of(const struct weir__cell *cell)
{
  return cell->extras ? cell->extras->rare : NULL;
}
/* The configuration, if any, is given up with them. */
void weir__extras_free(struct weir__extras *extras);
/* Room for a state that is too large for the cell, zeroed; NULL: no memory. And back. */
void *weir__state_make(size_t bytes);
void weir__state_free(struct weir__cell *cell, size_t bytes);
/* Its name, or its type's. */
const char *weir__actor_name(const struct weir__cell *cell);

/* The worker that it is bound to, or the blocking pool, has it no more. */
void weir__leave_home(struct weir_runtime *rt, uint16_t home);

/* Goes through a type's clauses, without running any. */
struct weir__probe {
  bool starts, ends;             /* has a start clause, an end clause … */
  const weir_message *config;    /* … the start clause takes this */
  const weir_message *change;    /* … and the clause for a change of it; NULL: there is none */
  const weir_message **messages; /* NULL: not wanted; else has `room` for the messages that have a clause … */
  size_t room, count;            /* … of which there are so many */
  int version;                   /* in: has it an upgrade clause for that version? … */
  size_t old_bytes;              /* … this is the size of its state; 0: it has none */
  const weir_message *takes;     /* in: has it a clause for this message? … */
  const weir_message *found;     /* … this is how that clause calls it; NULL: it has none */
};
/* What was seen of a type's clauses: gone through once for each dispatch function, and kept in a table: see
 * clauses.c. */
typedef int weir__dispatch_function(weir__call *);
struct weir__clauses {
  bool starts, ends;
  const weir_message *config;
};
struct weir__clauses_seen {
  _Atomic(bool) claimed;
  _Atomic(weir__dispatch_function *) dispatch; /* K1 */
  struct weir__clauses clauses;                /* K1 */
};
enum { WEIR__CLAUSES_PLACES = 256 };
extern struct weir__clauses_seen weir__clauses_seen[WEIR__CLAUSES_PLACES];
static inline struct weir__clauses_seen *weir__clauses_place(weir__dispatch_function *dispatch, unsigned attempt)
{
  return &weir__clauses_seen[((uintptr_t)dispatch / 16 + attempt) % WEIR__CLAUSES_PLACES];
}
struct weir__clauses weir__clauses_look(weir__dispatch_function *dispatch);
static inline struct weir__clauses weir__clauses_of(const weir_actor *type)
{
  struct weir__clauses_seen *place = weir__clauses_place(type->dispatch, 0);
  bool is_it = atomic_load_explicit(&place->dispatch, memory_order_acquire) == type->dispatch;
  return WEIR__LIKELY(is_it) ? place->clauses : weir__clauses_look(type->dispatch);
}

struct weir__parcel;
struct weir__wired;
weir_ref weir__spawn_actor(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired);
/* A child of the supervisor that runs here. `papers` (actor/child.h): owned. */
weir_ref weir__spawn_child(const weir_actor *type, const weir_spawn_options *options, struct weir__message *papers);

/* ---- clauses (become.c) ---- */

/* Hands a message to the clauses that the actor has now. */
int weir__dispatch_as(const struct weir__cell *cell, weir__call *call);
WEIR__ENTRY static inline int weir__dispatch(const struct weir__cell *cell, weir__call *call)
{
  return WEIR__LIKELY(!cell->became) ? cell->type->dispatch(call) : weir__dispatch_as(cell, call);
}
/* How the clause that it has now for this message calls it: its own table of the same type. NULL: it has none. */
const weir_message *weir__clause_for(const struct weir__cell *cell, const weir_message *type);
/* What it has become; NULL: nothing else. */
const char *weir__behaves_as(const struct weir__cell *cell);

/* ---- the turn (turn.c) ---- */

/* Handles one value with the actor's clauses: a message, or a record of a batch. The code that its handler returned;
 * WEIR_EPROTO (with a text) when there is no clause. */
int weir__handle(struct weir__cell *cell, const weir_message *type, const void *value, void *reply);
/* Takes a message in hand: its asker can't withdraw it any more. False: it has, or there is no memory for the answer; the
 * message is done with. */
bool weir__take_in_hand(struct weir__cell *cell, struct weir__message *m);
/* What was in the handler's hand: answers its asker, ends the message. */
void weir__settle(struct weir__cell *cell, int code);
/* Ends a message that nobody handles: its asker learns it, who listens to lost messages too. */
void weir__dead_letter(struct weir__cell *cell, struct weir__message *m, int code, const char *text);

/* ---- the end (end.c) ---- */

/* On the cell's fiber: ends the actor. `text` (borrowed): what is known beyond the code; NULL: nothing. */
void weir__actor_end(struct weir__cell *cell, int code, const char *text);
/* What follows the end clause. `why`: "" where it ended well. */
void weir__actor_end_rest(struct weir__cell *cell, int code, const char *why);
/* Of one that is DOWN: it ends for good. */
void weir__actor_end_down(struct weir__cell *cell);
/* All that is queued is lost. */
void weir__dead_letter_queue(struct weir__cell *cell, int code, const char *text);
/* The zombie's turn. */
void weir__zombie_turn(struct weir__cell *cell);
/* Likewise, of one that was told to stop, for the reason that it was told. */
void weir__actor_end_told(struct weir__cell *cell);
/* Fails the actor that runs here, with the error that was noted last: its handler's fiber is given up. */
WEIR_NORETURN void weir__fail_as_noted(void);
/* Tells an actor to stop or drain. */
int weir__tell(weir_ref ref, uint32_t flags);
/* Likewise, for a reason, unless it has been told to already; KILLED among the flags wins all the same. The lock of its
 * bucket is held, and it is the actor that is meant. With VICTIM its mailbox stays open. Returns what is to be woken. */
struct weir__bucket;
uintptr_t weir__tell_exit(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t flags, int code);
/* A reason that is no failure. WEIR_RESTART: of one that is started anew because it said so (change.h). */
static inline bool weir__ended_well(int code)
{
  return code == WEIR_OK || code == WEIR_ESHUTDOWN || code == WEIR_RESTART;
}

/* ---- registry.c ---- */

int weir__name_add(struct weir_runtime *rt, const char *name, struct weir__cell *cell, struct weir__name **entry);
/* Nobody finds it any more, and its text is there until it is freed; both at once. */
void weir__name_unlist(struct weir_runtime *rt, struct weir__name *entry);
void weir__name_free(struct weir__name *entry);
void weir__name_remove(struct weir_runtime *rt, struct weir__name *entry);
const char *weir__name_text(const struct weir__name *entry);

/* ---- group.c ---- */

/* The actor ends: it leaves its groups. */
void weir__groups_end(struct weir__cell *cell);

/* ---- timer.c ---- */

/* The actor ends: its timers do. */
void weir__timers_end(struct weir__cell *cell);
/* A message of its own timer (0: one that comes once) was taken out of the mailbox: the next may be queued. False: that
 * timer was cancelled, and the message is not to be handled. */
bool weir__timer_taken(uint64_t name);
/* Has the actor set a timer to itself that sends such a message? */
bool weir__timers_may_bring(struct weir__cell *cell, const weir_message *type);

/* ---- uv.c ---- */

/* On a worker: it is bound to that one from now on. */
void weir__stay_here(struct weir__cell *cell);
/* The actor ends: its handles are closed; their last close callback schedules it once more. */
void weir__handles_close(struct weir__cell *cell);

/* ---- send.c ---- */

/* A message is to be sent that may wait: now and then others go first (F6). WEIR_OK, or WEIR_ENOMEM. */
int weir__spend_budget(void);
/* Sends to an actor, which is no relay. Owns the parcel. That it was refused is told by the caller. */
int weir__send_to_actor(weir_ref to, struct weir__parcel *p, bool waits, int64_t deadline_ns);

/* ---- ask.c ---- */

/* Asks with a parcel, of one actor, no route; what comes back is not wanted. Owns the parcel. */
int weir__ask_parcel(weir_ref to, struct weir__parcel *p, weir_duration within);
/* As weir_ask_value(), of a request that has a share of bytes: it alone has that while its asker waits, who may be killed. */
int weir__ask_giving(weir_ref to, weir_duration within, void *out, weir_value request, weir_bytes share);
/* When an ask that is made now is over: L3, never later than the request in hand. */
int64_t weir__ask_deadline(weir_duration within);
/* The answer of a wait that is DONE; closes it. */
int weir__take_answer(weir_ref to, struct weir__wait *w, const weir_message *request, void *out);

/* Answers who asked, unless that one has given up. Owns `message`; `text` is borrowed. */
void weir__answer(uint64_t asker, int code, struct weir__message *message, const char *text);
/* A request that no handler will begin. False: nobody waits for its answer any more. */
bool weir__answer_unbegun(uint64_t asker, int code, const char *text);

/* ---- pending.c, debt.c ---- */

/* The actor ends: what it has asked is given up; whom it owes an answer learns that none will come. */
void weir__asks_end(struct weir__cell *cell);
void weir__debts_end(struct weir__cell *cell, const char *failure);
/* The actor that runs here owes an answer from now on. All zeros (with a text): no memory. */
weir_asker weir__owe(struct weir__cell *cell, uint64_t asker, const weir_message *request);

#endif
