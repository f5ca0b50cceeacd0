/* Who waits for a place in a channel: first come first served, nobody overtakes, and who gives up leaves no trace. */
#include "unit/channel_fixture.h"

enum { LINE = 40, CROWD = 1000 };

/* A task that sends one number, within a time. */
struct waiter {
  int64_t n;
  weir_duration within;
  _Atomic(int) rc; /* 1: not sent yet */
  weir_task *task;
};
static struct waiter waiters[CROWD];

static int wait_and_send(struct waiter *w)
{
  w->rc = weir_channel_send_within(tx, w->within, number, .n = w->n);
  return WEIR_OK;
}

/* When this returns it stands in line, or has stood there. */
static void stand_in_line(struct waiter *w, int64_t n, weir_duration within)
{
  w->n = n;
  w->within = within;
  atomic_store(&w->rc, 1);
  w->task = weir_task_start(NULL, wait_and_send, w);
  assert_non_null(w->task);
  while (!stands_in_line(tx.bits, n) && atomic_load(&w->rc) == 1) weir_sleep(WEIR_MILLIS(0.1));
}

static int result_of(struct waiter *w)
{
  assert_int_equal(weir_task_join(w->task, WEIR_SECONDS(20), NULL), WEIR_OK);
  return w->rc;
}

static void make_full(size_t capacity)
{
  make(capacity);
  for (size_t i = 0; i < capacity; i++) put(-1);
}

static void those_that_wait_are_served_in_their_order(void **state)
{
  (void)state;
  for (size_t capacity = 1; capacity <= 4; capacity += 3) {
    make_full(capacity);
    for (int i = 0; i < LINE; i++) stand_in_line(&waiters[i], i, WEIR_FOREVER);
    for (size_t i = 0; i < capacity; i++) assert_int_equal(next(), -1);
    for (int i = 0; i < LINE; i++) assert_int_equal(next(), i);
    for (int i = 0; i < LINE; i++) assert_int_equal(result_of(&waiters[i]), WEIR_OK);
    drop_both();
  }
}

/* The place that a receive frees is given to the line before the receive returns. */
static void a_place_that_comes_free_is_not_for_newcomers(void **state)
{
  (void)state;
  make_full(2);
  stand_in_line(&waiters[0], 0, WEIR_FOREVER);
  stand_in_line(&waiters[1], 1, WEIR_FOREVER);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(next(), -1);
    assert_int_equal(weir_receiver_length(rx), 2);
    assert_int_equal(weir_channel_try_send(tx, number, .n = 99), WEIR_EFULL);
  }
  assert_int_equal(next(), 0);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 99), WEIR_OK); /* nobody waits any more */
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 99);
  for (int i = 0; i < 2; i++) assert_int_equal(result_of(&waiters[i]), WEIR_OK);
  drop_both();
}

static void who_gives_up_leaves_the_others_in_order(void **state)
{
  (void)state;
  make_full(1);
  for (int i = 0; i < LINE; i++) {
    stand_in_line(&waiters[i], i, i % 3 == 1 ? WEIR_MILLIS(1) : WEIR_FOREVER);
  }
  for (int i = 2; i < LINE; i += 3) weir_task_cancel(waiters[i].task);
  for (int i = 0; i < LINE; i++) {
    if (i % 3 == 1) assert_int_equal(result_of(&waiters[i]), WEIR_ETIMEDOUT);
    if (i % 3 == 2) assert_int_equal(result_of(&waiters[i]), WEIR_ECANCELED);
  }
  assert_int_equal(next(), -1);
  for (int i = 0; i < LINE; i += 3) assert_int_equal(next(), i);
  for (int i = 0; i < LINE; i += 3) assert_int_equal(result_of(&waiters[i]), WEIR_OK);
  assert_int_equal(weir_receiver_length(rx), 0);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK); /* the line is known to be empty */
  drop_both();
}

static void who_gives_up_alone_leaves_room_for_newcomers(void **state)
{
  (void)state;
  make_full(1);
  stand_in_line(&waiters[0], 0, WEIR_MILLIS(1));
  assert_int_equal(result_of(&waiters[0]), WEIR_ETIMEDOUT);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_EFULL);
  assert_int_equal(next(), -1);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK);
  assert_int_equal(next(), 1);
  drop_both();
}

/* The last sender to be dropped may stand in line itself: what it sends is not lost. */
static int send_and_drop(struct waiter *w)
{
  w->rc = weir_channel_send(tx, number, .n = w->n);
  weir_sender_drop(tx);
  return WEIR_OK;
}

static void the_end_comes_after_those_in_line(void **state)
{
  (void)state;
  make_full(1);
  struct waiter *w = &waiters[0];
  w->n = 5;
  w->task = weir_task_start(NULL, send_and_drop, w);
  while (!stands_in_line(tx.bits, 5)) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(next(), -1);
  assert_int_equal(next(), 5);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(result_of(w), WEIR_OK);
  weir_receiver_drop(rx);
}

/* A crowd at a channel of one place: each is served once, and no queue is ever longer than one. */
static void a_crowd_is_served_once_each(void **state)
{
  (void)state;
  static bool served[CROWD];
  memset(served, 0, sizeof served);
  make_full(1);
  for (int i = 0; i < CROWD; i++) {
    waiters[i].n = i;
    waiters[i].within = WEIR_FOREVER;
    waiters[i].task = weir_task_start(NULL, wait_and_send, &waiters[i]);
    assert_non_null(waiters[i].task);
  }
  while (line_length(tx.bits) < CROWD) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(next(), -1);
  for (int i = 0; i < CROWD; i++) {
    assert_true(weir_receiver_length(rx) <= 1);
    int64_t n = next();
    assert_in_range(n, 0, CROWD - 1);
    assert_false(served[n]);
    served[n] = true;
  }
  for (int i = 0; i < CROWD; i++) assert_int_equal(result_of(&waiters[i]), WEIR_OK);
  assert_int_equal(weir_receiver_length(rx), 0);
  drop_both();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(those_that_wait_are_served_in_their_order), ON_RUNTIME(a_place_that_comes_free_is_not_for_newcomers),
      ON_RUNTIME(who_gives_up_leaves_the_others_in_order),   ON_RUNTIME(who_gives_up_alone_leaves_room_for_newcomers),
      ON_RUNTIME(the_end_comes_after_those_in_line),         ON_RUNTIME(a_crowd_is_served_once_each),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
