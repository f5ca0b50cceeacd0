/* world.h: a random world of actors on real threads: it is worked, disturbed and ended, and what weir promises is
 * checked on the way.
 *
 *   plan.c      draws a world from a seed: nodes, what each is and to whom it leads, homes (runtimes), how it ends
 *   voice.c     says things, and checks how that went
 *   dweller.c   the actors: what they check of each message, and what they do with it
 *   deeds.c     … in detail
 *   round.c     brings a world up, works it, disturbs it, ends it, and checks what is left
 *   watch.c     ends the process when nothing goes on any more, and says who waits for what
 *
 * A node is a place in the plan. Who lives there is a life: an actor, or the instances of a route. A life that has
 * ended is followed by another one in the same node.
 *
 * What is checked:
 *   V1  What one says to another comes in that order, and once (`seq`), whatever call it went by.
 *   V2  Nothing is lost on the way to a mailbox that makes its senders wait or refuses (`solid`: how many were sent for
 *       certain before); what a mailbox dropped its owner is told (weir_missed()).
 *   V3  Cause before effect: who hears of something that was sent to it before has it already (`cause`).
 *   V4  No mailbox holds more than its capacity: by our own count, and by its statistics.
 *   V5  Codes: none that can't be in such a world, and no deadlock where all wait in one direction (phantoms).
 *   V6  Texts and bytes come whole, answers belong to their questions, no time is over too early.
 *   V7  What is stashed comes back in its order, ahead of what is queued.
 *   V8  Who is supervised and fails comes again in the same place: V1 to V3 hold through that.
 *   V9  At the end each message has one end, no buffer is left, what was sent for certain was handled. */
#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/weir.h>

#include "chance.h"

enum { NODES_MOST = 4000, LIVES_MOST = 16384, OUTS_MOST = 6, HOMES_MOST = 3, GROUPS = 4, SPEAKERS_MOST = 8 };
enum { TEXT_MOST = 200000 };

enum trade { ROAMER, PINNED, POOLED, KEEPER, TRADES };
enum ending {
  CALM,  /* all that was begun is finished, then the runtimes drain */
  HASTE, /* they drain under load, for a short time */
  HALT   /* they are stopped under load */
};

enum kind { ANY_KIND, IN_PEACE, ONE_WAY, IN_CIRCLES, UNDER_LOAD };

/* What kind of a round. */
struct round_plan {
  uint64_t seed;
  enum kind kind;
  uint32_t nodes;
  int64_t steps; /* of those that put work in */
  bool acyclic;  /* all wait in one direction */
  bool deaths;   /* actors are stopped, drained, refuse to start, fail */
  bool closures; /* a runtime is stopped meanwhile */
  enum ending ending;
};

struct node {
  /* The plan's, written before anybody runs. */
  enum trade trade;
  uint32_t capacity, instances; /* instances 0: one actor and no route */
  int overflow, route;
  uint32_t home;
  uint32_t outs, out[OUTS_MOST];
  bool supervised; /* who lives there comes again when it fails */
  /* Who lives there now; 0: nobody. Written by who disturbs, with the life behind it: release, acquire. */
  _Atomic(uint32_t) life;
};

struct life {
  uint32_t node; /* this and the next: before the node names it */
  weir_ref ref;
  bool route, lossy, broadcast, supervised;
  struct dweller *memory; /* what its last incarnation had heard. Its own; at the end the round's */
  /* Counts; whoever: relaxed. */
  _Atomic(int64_t) sent;           /* jobs that somebody was told WEIR_OK of */
  _Atomic(int64_t) heard;          /* jobs that came */
  _Atomic(uint32_t) capacity_most; /* that it ever had */
  _Atomic(bool) disturbed;         /* it was to end before the world does, or failed for good */
  _Atomic(bool) torn;              /* it was told to end, and may come again: what was queued then is lost */
  _Atomic(int64_t) begun, done;    /* handlers; see handler_begins() */
};

struct home {
  weir_runtime *rt; /* NULL: it is closed. Who disturbs writes, and spawns */
  weir_ref tree;    /* its supervisor */
  weir_runtime_options options;
};

/* Sums over all rounds, by anybody: relaxed. */
struct sums {
  _Atomic(int64_t) rounds, actors, said, asked, answered, refused, forwarded, deadlocks, phantoms, lock_of_select,
      deaths, closures, timers, stashed, permits, published, tasks, late, restarts, wrong;
};

struct world {
  struct round_plan plan;
  struct node nodes[NODES_MOST];
  struct life lives[LIVES_MOST]; /* 0: nobody's */
  _Atomic(uint32_t) lives_used;
  struct home homes[HOMES_MOST];
  uint32_t home_count;
  _Atomic(int64_t) steps_left;
  _Atomic(bool) closing;  /* nothing new is begun */
  _Atomic(int64_t) owed;  /* answers that somebody has to give */
  _Atomic(int64_t) tasks; /* that were started and have not ended */
  _Atomic(int64_t) deferred, called;
  _Atomic(uint32_t) streams; /* numbers for who speaks */
  _Atomic(int64_t) nonces;
  _Atomic(int64_t) beats;      /* something went on; relaxed */
  _Atomic(const char *) phase; /* for who watches */
  struct sums sums;
};
extern struct world world;
extern char world_text[TEXT_MOST + 1]; /* what texts are made of */

/* Something that weir does not allow has happened: says it, and the round has failed. */
void world_wrong(const char *format, ...) WEIR_PRINTF(1, 2);
static inline void count_one(_Atomic(int64_t) *sum) { atomic_fetch_add_explicit(sum, 1, memory_order_relaxed); }
static inline bool world_closing(void) { return atomic_load_explicit(&world.closing, memory_order_seq_cst); }
static inline struct life *life_of(uint32_t life) { return &world.lives[life]; }

/* A handler is at work: it begins nothing new if the world was closing before, and who closes it and then finds that all
 * are done knows that nothing new will come. That needs one order of these and `closing`; but for ThreadSanitizer, to
 * which that would look as if the test itself put the handlers of an actor in order, which is weir's to do. */
#if defined(__SANITIZE_THREAD__)
#define AT_WORK_ORDER memory_order_relaxed
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define AT_WORK_ORDER memory_order_relaxed
#endif
#endif
#ifndef AT_WORK_ORDER
#define AT_WORK_ORDER memory_order_seq_cst
#endif
static inline void handler_begins(struct life *l) { atomic_fetch_add_explicit(&l->begun, 1, AT_WORK_ORDER); }
static inline void handler_done(struct life *l) { atomic_fetch_add_explicit(&l->done, 1, AT_WORK_ORDER); }

/* ---- what is said ---- */

/* Who says it to whom, and as which one of all that it says to that one. */
struct stamp {
  uint32_t stream; /* 0: in no order (tasks, timers, callbacks) */
  uint32_t to;     /* the life that it was sent to */
  int64_t seq;     /* of questions, too; where stream is 0, its name */
  int64_t solid;   /* jobs that were sent for certain before, by the same to the same */
};
WEIR_MESSAGE(stamp, WEIR_FIELD(stream), WEIR_FIELD(to), WEIR_FIELD(seq), WEIR_FIELD(solid));

struct job {
  struct stamp stamp, cause; /* the cause was sent before this, perhaps by somebody else to somebody else */
  int64_t key, fuel;         /* how many may follow from it */
  const char *text;          /* the last `length` of world_text */
  int64_t length;
  weir_bytes blob; /* all of one value */
};
WEIR_MESSAGE(job, WEIR_NESTED(stamp, stamp), WEIR_NESTED(cause, stamp), WEIR_FIELD(key, .key = true), WEIR_FIELD(fuel),
             WEIR_FIELD(text), WEIR_FIELD(length), WEIR_FIELD(blob));

struct answer {
  int64_t nonce;
};
WEIR_MESSAGE(answer, WEIR_FIELD(nonce));
struct question {
  struct stamp stamp;
  int64_t key, fuel, nonce;
};
WEIR_REQUEST(question, answer, WEIR_NESTED(stamp, stamp), WEIR_FIELD(key, .key = true), WEIR_FIELD(fuel),
             WEIR_FIELD(nonce));

/* To be taken by selective receive. */
struct nudge {
  int64_t key;
};
WEIR_MESSAGE(nudge, WEIR_FIELD(key, .key = true));
/* By a timer, not before its time. */
struct tick {
  int64_t due_ns;
  int64_t key;
};
WEIR_MESSAGE(tick, WEIR_FIELD(due_ns), WEIR_FIELD(key, .key = true));
/* To a group. */
struct news {
  uint32_t speaker, group;
  int64_t seq;
};
WEIR_MESSAGE(news, WEIR_FIELD(speaker), WEIR_FIELD(group), WEIR_FIELD(seq));
/* A duty to answer that is left to somebody. */
struct duty {
  uint64_t asker;
  int64_t nonce;
  int64_t key;
};
WEIR_MESSAGE(duty, WEIR_FIELD(asker), WEIR_FIELD(nonce), WEIR_FIELD(key, .key = true));
/* Where an actor lives. */
struct abode {
  uint32_t life, node;
};
WEIR_MESSAGE(abode, WEIR_FIELD(life), WEIR_FIELD(node));

/* ---- voices ---- */

/* From one who speaks to one life. */
struct lane {
  uint32_t life;
  int64_t seq, solid;
};
/* One who speaks; used by one at a time. */
struct voice {
  uint32_t stream; /* 0: it keeps no order */
  uint64_t luck;
  struct stamp last; /* the last job that it said for certain */
  bool in_actor;     /* else a plain thread or a task … */
  bool may_be_told_to_stop;
  bool hurried; /* it has inherited a time limit: what it asks may time out early */
};
void voice_begin(struct voice *v, uint64_t luck);
static inline uint64_t luck(struct voice *v, uint64_t most) { return draw_from(&v->luck) % most; }
weir_duration some_time(struct voice *v); /* short, or for ever */

/* What may come of a call, beside WEIR_OK. */
enum {
  MAY_BE_FULL = 1,
  MAY_TIME_OUT = 2,
  MAY_BE_REFUSED = 4,
  MAY_BE_TOO_LARGE = 8,
  MAY_BE_A_ROUTE = 16, /* … of a kind that can't be used so */
};
/* V5. `may`: what may be in any world; what else may be follows from the plan. */
void voice_expect(struct voice *v, int rc, unsigned may, const char *what);

/* Says a job to a node. `fuel`: how many may follow. */
int voice_send(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel, const struct stamp *cause);
/* The same on a place that is reserved first; `meanwhile` is done before it is used. */
void voice_send_reserved(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel,
                         void (*meanwhile)(struct voice *, void *), void *arg);
void voice_ask(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel);
void voice_ask_several(struct voice *v, struct lane *const *lanes, const uint32_t *nodes, int count, int64_t fuel);
void voice_set_timer(struct voice *v, uint32_t node);
void voice_nudge(struct voice *v, uint32_t node);
void voice_publish(struct voice *v, uint32_t speaker, int64_t *seqs);
/* The ref of who lives there now, and its life; NULL: nobody. */
struct life *life_at(uint32_t node);
/* A job for that life, with the next number of this lane. */
struct job voice_job(struct voice *v, struct lane *lane, struct life *to, int64_t fuel, const struct stamp *cause);
/* What came of it: WEIR_OK: it was sent for certain. */
void voice_said(struct voice *v, struct lane *lane, struct life *to, const struct stamp *stamp, int rc);
struct lane *lane_to(struct lane *lane, const struct life *life);
const char *world_group(uint64_t which);

/* ---- dwellers ---- */

enum { OWED_MOST = 4, STASH_MOST = 128 };
struct heard {
  uint32_t stream;
  int64_t seq, solid;
};
struct dweller {
  struct voice voice;
  uint32_t life, node;
  struct lane lanes[OUTS_MOST];
  struct heard *heard; /* by stream: a table of `room`, a power of two */
  uint32_t room, streams;
  int64_t gaps, missed; /* V2: jobs that did not come, and what weir said was dropped */
  struct {
    weir_asker asker;
    int64_t nonce;
  } owed[OWED_MOST];
  int owing;
  weir_timer beat; /* a periodic one; error WEIR_EDEAD: none */
  int beats_left;
  int64_t beat_due_ns;
  struct stamp *aside, *back; /* V7: what is stashed, and what comes back first. A keeper's */
  bool *aside_asks, *back_asks;
  int asides, backs;
  bool shut;
  struct stamp *sent_on; /* jobs and questions that were said to it and that it forwarded: they may come round */
  uint32_t sent_on_count, sent_on_room;
  int64_t news[SPEAKERS_MOST][GROUPS];
  weir_bytes kept;
};
extern weir_actor world_trades[TRADES];
void dwellers_begin(void); /* fills them in */
/* Frees what a supervised life has left. */
void dweller_forget(struct life *l);

/* What one does that has got a job or a question with fuel. */
void do_deed(struct dweller *d, int64_t fuel, const struct stamp *cause);
/* One of those that it leads to; NULL: none. */
struct lane *any_out(struct dweller *d, uint32_t *node);
/* A keeper sets all aside from the next message on, until a timer comes. */
void close_shop(struct dweller *d);
/* Fails the actor: returns only where nobody is to die. */
void fail_now_and_then(struct dweller *d);
void ends_before_the_world(struct dweller *d);

/* ---- rounds ---- */

struct round_plan plan_draw(uint64_t seed, enum kind kind, bool slow);
void plan_nodes(void);
/* False: something was wrong. */
bool round_run(const struct round_plan *plan);

void watch_begin(void);
void watch_end(void);

#endif
