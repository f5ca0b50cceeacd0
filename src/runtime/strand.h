/* strand.h: who runs on a fiber, or on a thread of the blocking pool: set at the begin of a turn, taken back at its
 * end. */
#ifndef WEIR__STRAND_H
#define WEIR__STRAND_H

#include <assert.h>

#include "runtime/wait.h"
#include "runtime/worker.h"

/* F6. Less than the queue of a worker holds at once, if each message wakes somebody, and than mailboxes of a usual size. */
enum { WEIR__SEND_BUDGET = 240 };

/* What was noted while the message before was in hand. */
void weir__strand_forget_notes(struct weir__strand *s);
static inline void weir__strand_forget(struct weir__strand *s)
{
  if (WEIR__UNLIKELY(s->notes)) weir__strand_forget_notes(s);
}

/* So each turn leaves it to the next one. */
static inline bool weir__strand_is_at_rest(const struct weir__strand *s)
{
  return !s->before_wait && !s->asker && !s->reply;
}

/* From here on `self` runs upon this strand. What was noted there between turns is forgotten with its first message. */
static inline void weir__strand_begin(struct weir__strand *s, struct weir__work *self, _Atomic(uint64_t) *waiting)
{
  assert(weir__strand_is_at_rest(s));
  s->self = self;
  s->waiting = waiting;
  s->deadline = INT64_MAX;
  s->heeds = WEIR__CANCELLED;
}

/* Who runs upon this strand, for the watchdog; what it takes in hand is shown by weir__strand_takes(). */
static inline void weir__strand_shows(struct weir__strand *s, uint64_t runs)
{
  s->runs = runs;
  if (s->worker) atomic_store_explicit(&s->worker->running, runs, memory_order_relaxed);
}

/* The type of the message in hand; NULL: none is. */
static inline void weir__strand_takes(struct weir__strand *s, const struct weir_message *type)
{
  s->request = type;
  if (s->worker) atomic_store_explicit(&s->worker->handling, type, memory_order_relaxed); /* else the blocking pool's */
}

/* A message is taken in hand. */
static inline void weir__strand_message(struct weir__strand *s, uint64_t asker, int64_t deadline)
{
  s->asker = asker;
  s->deadline = deadline;
  weir__strand_forget(s);
}

/* Its turn is over: the scheduling loop has the fiber again. */
static inline void weir__strand_rest(struct weir__strand *s)
{
  weir__strand_forget(s);
  s->self = NULL;
  s->waiting = NULL;
  s->before_wait = NULL;
}

#endif
