/* channel_fixture.h: a channel of numbers, both ends of it at hand. */
#ifndef WEIR_TESTS_CHANNEL_FIXTURE_H
#define WEIR_TESTS_CHANNEL_FIXTURE_H

#include "unit/line_fixture.h"

struct other {
  int64_t n;
};
WEIR_MESSAGE(other, WEIR_FIELD(n));

static weir_sender tx;
static weir_receiver rx;

static inline void make(size_t capacity) { assert_int_equal(weir_mpsc(capacity, &tx, &rx), WEIR_OK); }

static inline void drop_both(void)
{
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static inline void put(int64_t n) { assert_int_equal(weir_channel_send(tx, number, .n = n), WEIR_OK); }

/* The next number; a code where there is none. */
static inline int64_t next_within(weir_duration within)
{
  struct number *m;
  int rc = weir_receive_within(rx, within, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static inline int64_t next(void) { return next_within(WEIR_SECONDS(20)); }

/* What the task returned. */
static inline int join(weir_task *task)
{
  int result;
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  return result;
}

#endif
