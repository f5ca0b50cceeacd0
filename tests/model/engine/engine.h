/* engine.h: the explorer's own: what it knows of a run, and of the runs before.
 *
 * All of it lies in one block of memory, apart from what is put back as it was between runs. No code of the engine is
 * instrumented. */
#ifndef MODEL_ENGINE_H
#define MODEL_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model.h"
#include "platform/context.h"

enum { TOUCHES = 4 };
enum { THREADS = MODEL_THREADS, OBJECTS = 2048, EVENTS = 8192, NODES = 8192, TLS_BYTES = 512, OUTCOMES = 4096 };

/* ---- what a thread knows ---- */

/* Of each thread how much of what it did (for races), of each object which of its values is the oldest that may still be
 * read. */
struct view {
  uint32_t clock[THREADS];
  uint32_t count; /* objects in `seen`; the others are at their first value */
  uint16_t seen[OBJECTS];
};

/* A value that an object had. */
struct entry {
  struct entry *previous;
  uint64_t value;
  const struct view *message; /* what an acquire of it brings; NULL: nothing */
  uint16_t index;
  uint8_t reads[THREADS]; /* how often each thread read it when it was not the newest */
};

/* Something that threads act on, by address: an atomic, a lock, a condition, a gate, a thread. */
struct object {
  const void *at;
  uint16_t number;
  uint8_t bytes;            /* of an atomic; 0: it is none */
  bool shared;              /* see O5 of order.c; else: */
  uint8_t readers, writers; /* threads, in this run */
  struct entry *newest;
  /* A lock, a gate. */
  int holder; /* -1: nobody */
  bool open;
  const struct view *handed; /* by who left or opened it */
  uint8_t waiters[THREADS];
  unsigned waiting;
  /* For the choice of orders to try: the last event that changed it, those that read it since, and what is before the
   * next one. */
  int changed_by, read_by[THREADS];
  uint16_t changed_clock[THREADS], all_clock[THREADS];
  /* For races with plain accesses. */
  uint32_t read_at[THREADS], written_at[THREADS];
};

/* ---- steps ---- */

enum kind {
  START,
  LOAD,
  STORE,
  CHANGE,  /* read-modify-write */
  COMPARE, /* compare-and-swap */
  FENCE,
  BARRIER, /* of membarrier, for one thread */
  LOCK,
  TRY_LOCK,
  UNLOCK,
  WAIT, /* joins those that wait on a condition or a word */
  WAKE,
  RESUME, /* was woken */
  EXPIRE, /* was not */
  OPEN,
  PASS,
  JOIN,
  PAUSE,
  MARK
};

struct touch {
  struct object *object;
  bool changes;
};

/* What a thread is about to do. */
struct step {
  enum kind kind;
  unsigned touches;
  unsigned whom; /* JOIN */
  struct touch touch[TOUCHES];
  const void *pc;
};

struct event {
  struct step step;
  uint8_t thread;
  bool enabler; /* it opened a gate that was shut, or left a lock: who passed or took that could not have come before */
  int node;     /* the choice that led to it; -1: there was none */
  uint16_t clock[THREADS];
};

enum state { ABSENT, READY, ENDED };

struct thread {
  enum state state;
  bool background;
  struct step next;
  bool woken;          /* RESUME */
  bool looked;         /* since it paused last */
  uint64_t pause_mark; /* changes by others when it looked first since then */
  bool fresh;          /* sees the newest values until somebody changes something: see may_run() */
  struct weir__context context;
  char *stack;
  void *(*entry)(void *);
  void *arg, *result;
  void *specific[4];
  char tls[TLS_BYTES];
  struct view now, acquired;    /* `acquired`: by relaxed loads, for a fence */
  const struct view *published; /* by the last release fence; NULL: none */
  uint16_t clock[THREADS];      /* which events are before what it does next */
  uint32_t events;
};

/* ---- the choices ---- */

enum choice { WHO, WHAT };

struct node {
  uint8_t kind, chosen, count;
  /* WHO: sets of threads. */
  uint8_t enabled, wanted, done, asleep;
  uint8_t before;      /* who ran before */
  uint8_t preemptions; /* before this choice */
};

struct engine {
  const model_scenario *scenario;
  /* Of all runs. */
  struct node nodes[NODES];
  int depth;     /* of the choices that the next run repeats */
  bool reduce;   /* only one of those orders that come to the same */
  bool spurious; /* see model_scenario */
  unsigned bound, old_reads;
  uint64_t runs, cut, steps, most; /* `most` runs */
  char *outcomes[OUTCOMES];
  unsigned outcome_count;
  bool listing; /* the steps are shown */
  unsigned seed;
  /* Of this run. */
  bool quiet; /* not explored: setup, finish, invariant */
  bool launching, failed, over, spurious_done, is_cut;
  bool learned; /* the run is void, since an object that was taken for one thread's is shared */
  char failure[512];
  int at; /* choices made */
  unsigned current, thread_count;
  uint8_t asleep, preemptions;
  struct thread threads[THREADS];
  struct weir__context main;
  struct event events[EVENTS];
  int event_count, node;
  struct object objects[OBJECTS];
  unsigned object_count;
  struct object *order; /* of all sequentially consistent operations */
  struct view order_view;
  uint64_t changes; /* so far */
  uint64_t changes_by[THREADS];
  int64_t now_ns;
  void (*destructors[4])(void *);
  unsigned keys;
};

extern struct engine *engine;
extern const struct model_scenario *model_scenarios;
#define OF_ENGINE __attribute__((section("model_engine")))

static inline struct thread *thread_here(void) { return &engine->threads[engine->current]; }

/* explore.c */
/* A choice among n, the first one the usual one. */
unsigned choose_what(unsigned n);
/* Says what the thread is about to do; returns when it is to do it. Not when quiet. */
void step_begin(struct step step);
/* It was done: with what it touched in truth. */
void step_end(struct step step);
/* The thread can't go on but by `step`, which may be disabled as yet. */
bool explore(void);
bool replay(const char *schedule);
void schedule_text(char *text, size_t bytes);
bool may_run(unsigned thread);
void fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));

/* threads.c */
void run_once(void);
unsigned thread_make(void *(*entry)(void *), void *arg);
void leave_run(void) __attribute__((noreturn));
void switch_thread(unsigned to);
void threads_init(void);
bool in_tls(const void *at);

/* order.c */
uint64_t ordered_load(void *at, unsigned bytes, int order, const void *pc);
void ordered_store(void *at, unsigned bytes, uint64_t value, int order, const void *pc);
/* Pages become zero: each of the atomics there by a step of its own, the rest plainly. */
void ordered_clear(void *at, size_t bytes, const void *pc);
uint64_t ordered_change(void *at, unsigned bytes, uint64_t (*f)(uint64_t, uint64_t), uint64_t arg, int order,
                        const void *pc);
uint64_t ordered_compare(void *at, unsigned bytes, uint64_t expected, uint64_t value, int order, int else_order,
                         bool weak, bool *done, const void *pc);
void ordered_fence(int order, const void *pc);
void ordered_barrier(const void *pc);
void view_join(struct view *to, const struct view *from);
const struct view *view_keep(const struct view *v);
struct object *object_at(const void *at, unsigned bytes);
void order_reset(void);
void order_forget(void);
/* O5: what runs have learned to be shared; a run that learns something is void. */
bool is_learned(const void *at);
void learn(const void *at);

/* races.c */
void plain_access(const void *at, size_t bytes, bool writes, const void *pc);
/* Whatever of this has been touched in this run is written. */
void plain_clear(const void *at, size_t bytes, const void *pc);
void atomic_access(struct object *o, bool writes, const void *pc);
void note_atomic(struct object *o);
void races_init(void);
void races_reset(void);

/* arena.c */
void *scratch(size_t bytes); /* until the run ends */
void *map(size_t bytes);
void arena_init(void);
void arena_reset(void);
void touch_pages(const void *at, size_t bytes);
bool is_given_back(const void *at);
bool in_arena(const void *at);
bool in_stacks(const void *at, unsigned *owner);

/* locks.c: all that threads wait for */
void lock_take(void *lock, const void *pc);
bool lock_try(void *lock, const void *pc);
void lock_leave(void *lock, const void *pc);
void condition_wait(void *condition, void *lock, const void *pc);
bool condition_wait_timed(void *condition, void *lock, const void *pc);
void condition_wake(void *condition, bool all, const void *pc);
bool word_wait(uint32_t *word, uint32_t value, const void *pc);
void word_wake(uint32_t *word, unsigned most, const void *pc);
void thread_join(unsigned thread, const void *pc);

/* report.c */
void list_step(const struct step *step, const char *format, ...) __attribute__((format(printf, 2, 3)));
void list_all(void);
void list_clear(void);

#endif
