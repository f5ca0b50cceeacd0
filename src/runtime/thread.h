/* thread.h: what each OS thread that uses weir keeps for itself: caches, counters, a place to block.
 *
 * A context is made at a thread's first call and goes to a free list when the thread ends: contexts are type-stable,
 * since whoever wakes a thread may still hold its lock when the thread is gone already. */
#ifndef WEIR__THREAD_H
#define WEIR__THREAD_H

#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>

#include <weir/runtime.h>

#include "platform/cpu.h"

struct weir__permit;
struct weir__simulation;
struct weir__worker;
struct weir__strand;

/* The ends of messages, and what else is counted for weir_accounts (L2). */
enum weir__count {
  WEIR__CREATED,
  WEIR__HANDLED,
  WEIR__RECEIVED,
  WEIR__WITHDRAWN,
  WEIR__DEAD,
  WEIR__FREED,
  WEIR__UNSENT,
  WEIR__EVICTED,
  WEIR__REFUSED_FULL,
  WEIR__REFUSED_DEAD,
  WEIR__REFUSED_OPEN, /* by a breaker, whatever the sender was told */
  WEIR__DROPPED,      /* before a message was made, by the policy of a full mailbox */
  WEIR__ENTERED,      /* queued in a channel or a oneshot, which no runtime owns … */
  WEIR__LEFT,         /* … and taken out again: the difference is what is live when no runtime is left */
  WEIR__BUFFERS_MADE,
  WEIR__BUFFERS_FREED,
  WEIR__COUNTS
};

/* Blocks of one size that this thread may hand out. Owner only. */
struct weir__cache {
  void *head; /* linked through the first word */
  unsigned count;
};
enum {
  WEIR__CLASSES = 12,    /* up to 128 KiB: a message of one place, and its envelope */
  WEIR__CACHE_MOST = 255 /* blocks of the smallest class that a cache holds when it is not about to leave a batch */
};

/* The last error and its text, of whoever runs: a fiber or a plain thread. */
struct weir__error {
  int code;
  char text[236];
};

/* Texts made by weir_format(), and shares of bytes left by weir_bytes_leave(). */
struct weir__text {
  struct weir__text *next;
  struct weir_buffer *left; /* a share of it; NULL: a text */
  char text[];
};

struct weir__thread {
  struct weir__worker *worker;  /* that this thread runs; NULL: a plain thread. Owner only. */
  struct weir__strand *strand;  /* who runs here: the worker's fiber, or, on a thread of a blocking pool, whose job it
                                   does; NULL: a plain thread, a libuv callback. Owner only */
  struct weir_runtime *pool_of; /* of a thread of a blocking pool: whose that is. Owner only */
  struct weir__simulation *simulation; /* that this thread runs; NULL: none. Owner only */
  struct weir__cache *aside; /* a simulation's thread: where its blocks are, while `messages` shows none; else NULL.
                                Owner only */
  struct weir__cache messages[WEIR__CLASSES];
  struct weir__cache waits;
  struct weir__cache debts;               /* see actor/debt.c */
  struct weir__cache permits;             /* see channel/permit.c */
  struct weir__cache notices;             /* see channel/notice.c */
  struct weir__permit *permits_held;      /* that this thread reserved; see channel/permit.h, P3 */
  struct weir__slab *slab;                /* cells are taken from here; see channel/cell.c. Owner only. */
  unsigned cells_freed;                   /* owner only: since slabs were looked through for those without cells */
  _Atomic(uint64_t) counts[WEIR__COUNTS]; /* written by the owner with plain adds, read by anybody: relaxed, since a
                                             sum is exact only when the writers are at rest (L2) */
  struct weir__error error;               /* owner only; fibers have their own */
  struct weir__text *texts;               /* owner only: the last few of weir_format() */
  unsigned text_count;
  pthread_mutex_t lock; /* for blocking: guards nothing but the sleep on `woken` */
  pthread_cond_t woken;
  struct weir__thread *next;      /* in the list of all; written once */
  struct weir__thread *next_free; /* under the lock of that list */
};

extern _Thread_local struct weir__thread *weir__thread_here __attribute__((tls_model("initial-exec")));
struct weir__thread *weir__thread_make(void);
/* For a thread of our own: its context is had before it is started (NULL: no memory), is that thread's from begin to
 * end, or is given back if there is no thread for it. */
struct weir__thread *weir__thread_reserve(void);
void weir__thread_give_back(struct weir__thread *t);
void weir__thread_begin(struct weir__thread *t);
void weir__thread_end(struct weir__thread *t);

/* Implemented by channel/cell.c: this thread takes no more cells; slabs without a living one go back. */
void weir__cell_thread_ends(struct weir__thread *t);

/* Implemented by channel/permit.c: a holder ends: gives back what is in its list; gives a thread's cache of records back. */
void weir__permits_end(struct weir__permit **list);
void weir__permits_return_all(struct weir__thread *t);

/* Implemented by channel/notice.c: gives a thread's cache of records back. */
void weir__notices_return_all(struct weir__thread *t);

/* Implemented by actor/debt.c: gives a thread's cache of records back. */
void weir__debts_return_all(struct weir__thread *t);
/* Implemented by channel/cell.c: this thread goes to sleep; if it has freed many cells, slabs without a living one go back. */
void weir__cell_thread_rests(struct weir__thread *t);

/* This thread's context; NULL: no memory. */
static inline struct weir__thread *weir__thread(void)
{
  struct weir__thread *t = weir__thread_here;
  return WEIR__LIKELY(t != NULL) ? t : weir__thread_make();
}

/* The worker that this thread runs, NULL on a plain thread. */
static inline struct weir__worker *weir__worker_here(void)
{
  struct weir__thread *t = weir__thread_here;
  return t ? t->worker : NULL;
}

/* On the thread of `t`. */
static inline void weir__count_at(struct weir__thread *t, enum weir__count which) { weir__count_up(&t->counts[which]); }
void weir__count_slowly(enum weir__count which);
static inline void weir__count(enum weir__count which)
{
  struct weir__thread *t = weir__thread_here;
  if (WEIR__LIKELY(t != NULL))
    weir__count_at(t, which);
  else
    weir__count_slowly(which);
}

/* L2: has each message that was made an end, but for the `queued` in channels? The writers are at rest. */
bool weir__accounts_balance(weir_accounts *accounts, uint64_t *queued);

/* The error slot of whoever runs here; NULL: no memory. */
struct weir__error *weir__error_here(void);
/* Notes code and text; returns the code. */
int weir__errorv(int code, const char *format, va_list args);
/* Notes the error of a call that no sound program makes, and returns its code. In debug builds of the library a line on
 * standard error tells it, too: WEIR_MISUSE=quiet in the environment keeps it from that, WEIR_MISUSE=abort ends the
 * process there, for a debugger. */
int weir__misuse(int code, const char *format, ...) WEIR_PRINTF(2, 3);
/* Takes over a text that came with an answer. `text` is borrowed; NULL: none. */
int weir__error_with(int code, const char *text);
/* The text that was noted for `code` here, NULL if none. */
const char *weir__error_text_of(int code);

/* Frees a list of texts, and gives the shares in it back. */
void weir__texts_free(struct weir__text *texts);
/* Leaves a share of a buffer to whoever runs here. False: no memory to note it. */
bool weir__text_leave(struct weir_buffer *buffer);

#endif
