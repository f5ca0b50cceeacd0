/* channel_fixture.h: a channel of numbers for a scenario, and what holds of it at any time. */
#ifndef MODEL_CHANNEL_FIXTURE_H
#define MODEL_CHANNEL_FIXTURE_H

#include <weir/weir.h>

#include "channel/mpsc.h"
#include "model.h"
#include "runtime/depot.h"
#include "runtime/wait.h"

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));

static weir_sender tx;
static weir_receiver rx;

static inline struct weir__cell *cell(void) { return weir__cell_at((uint32_t)tx.bits); }

static inline void make(size_t capacity)
{
  MODEL_CHECK(weir_mpsc(capacity, &tx, &rx) == WEIR_OK);
  weir_message_number();
}

/* Whatever a thread makes once, it has made. */
static inline void warm_up(void)
{
  weir_promise p;
  weir_future f;
  struct number *m;
  MODEL_CHECK(weir_oneshot(&p, &f) == WEIR_OK);
  MODEL_CHECK(weir_promise_send(p, number, .n = 0) == WEIR_OK);
  MODEL_CHECK(weir_future_wait(f, WEIR_FOREVER, &m, number) == WEIR_OK);
  weir_free(m);
}

/* Q1 of mpsc.h, and M1 */
static inline void never_above_capacity(void)
{
  uint64_t places = cell()->places;
  uint32_t used = weir__used_of(places, cell()->popped);
  MODEL_CHECK(used <= cell()->capacity);
}

static inline void put(int64_t n) { MODEL_CHECK(weir_channel_send(tx, number, .n = n) == WEIR_OK); }

static inline int64_t next(void)
{
  struct number *m;
  MODEL_CHECK(weir_receive(rx, &m, number) == WEIR_OK);
  int64_t n = m->n;
  weir_free(m);
  return n;
}

/* What comes without waiting: a number above 0; or a code. */
static inline int64_t try_next(void)
{
  struct number *m;
  int rc = weir_try_receive(rx, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static inline bool somebody_waits(void)
{
  return atomic_load_explicit(&cell()->places, memory_order_relaxed) & WEIR__WAITERS;
}

/* Every message has had one end (L2). */
static inline void accounts_are_even(void)
{
  weir_accounts a;
  uint64_t queued;
  MODEL_CHECK(weir__accounts_balance(&a, &queued));
  MODEL_CHECK(queued == 0 && a.live == 0);
}

static inline void drop_both(void)
{
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
  accounts_are_even();
}

#endif
