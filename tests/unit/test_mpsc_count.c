/* Bounded channels, counted: how long they are after each step, and what is left of what nobody received. */
#include "runtime/wait.h"
#include "unit/channel_fixture.h"

enum { MANY = 100 };

static size_t length(void) { return weir_receiver_length(rx); }

static int64_t try_next(void)
{
  struct number *m;
  int rc = weir_try_receive(rx, &m, number);
  int64_t n = rc ? rc : m->n;
  weir_free(m);
  return n;
}

static int try_put(int64_t n) { return weir_channel_try_send(tx, number, .n = n); }

/* ---- how long ---- */

static void an_empty_channel_has_length_0_with_senders_and_without(void **state)
{
  (void)state;
  make(MANY);
  assert_int_equal(length(), 0);
  weir_sender_drop(tx);
  assert_int_equal(length(), 0);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(length(), 0);
  weir_receiver_drop(rx);
}

static void the_length_follows_each_send_and_each_receive(void **state)
{
  (void)state;
  make(MANY);
  for (int64_t i = 0; i < MANY; i++) {
    put(i);
    assert_int_equal(length(), i + 1);
  }
  weir_sender_drop(tx); /* the end is no message */
  assert_int_equal(length(), MANY);
  for (int64_t i = 0; i < MANY; i++) {
    assert_int_equal(next(), i);
    assert_int_equal(length(), MANY - 1 - i);
  }
  assert_int_equal(next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void a_channel_that_is_tried_empty_has_length_0(void **state)
{
  (void)state;
  make(10);
  for (int64_t i = 0; i < 10; i++) put(i);
  while (try_next() >= 0) assert_true(length() < 10);
  assert_int_equal(length(), 0);
  drop_both();
}

static void an_end_leaves_the_length_as_it_is(void **state)
{
  (void)state;
  enum { CLOSE, DROP };
  static const int orders[][2] = {{CLOSE, CLOSE}, {CLOSE, DROP}, {DROP, CLOSE}};
  for (size_t i = 0; i < sizeof orders / sizeof orders[0]; i++) {
    make(MANY);
    put(1);
    for (int step = 0; step < 2; step++) {
      if (orders[i][step] == CLOSE)
        weir_receiver_close(rx);
      else
        weir_sender_drop(tx);
      assert_int_equal(length(), 1);
    }
    assert_int_equal(next(), 1);
    assert_int_equal(length(), 0);
    drop_both();
  }
}

/* Others keep messages in blocks of 32, and were wrong where a block ends. */
static void one_message_at_a_time_leaves_the_channel_empty_each_time(void **state)
{
  (void)state;
  make(33);
  for (int64_t i = 1; i < 257; i++) {
    put(i);
    assert_int_equal(length(), 1);
    assert_int_equal(next(), i);
    assert_int_equal(length(), 0);
  }
  drop_both();
}

static void each_number_of_messages_comes_whole_and_in_order(void **state)
{
  (void)state;
  for (int64_t count = 0; count < MANY; count++) {
    make(MANY);
    for (int64_t i = 0; i < count; i++) put(i);
    for (int64_t i = 0; i < count; i++) assert_int_equal(try_next(), i);
    assert_int_equal(try_next(), WEIR_EMPTY_NOW);
    weir_sender_drop(tx);
    assert_int_equal(try_next(), WEIR_ECLOSED);
    weir_receiver_drop(rx);
  }
}

/* ---- trying, on and on ---- */

static void each_place_that_a_receive_frees_can_be_taken_once(void **state)
{
  (void)state;
  make(5);
  for (int64_t i = 0; i < 5; i++) assert_int_equal(try_put(i), WEIR_OK);
  assert_int_equal(try_put(5), WEIR_EFULL);
  for (int64_t i = 0; i < 5; i++) assert_int_equal(try_next(), i);
  assert_int_equal(try_next(), WEIR_EMPTY_NOW);

  for (int64_t i = 0; i < 4; i++) assert_int_equal(try_put(i), WEIR_OK);
  assert_int_equal(try_next(), 0);
  for (int64_t i = 4; i < 6; i++) assert_int_equal(try_put(i), WEIR_OK);
  assert_int_equal(try_put(6), WEIR_EFULL);
  for (int64_t i = 1; i < 6; i++) assert_int_equal(try_next(), i);
  assert_int_equal(try_next(), WEIR_EMPTY_NOW);

  for (int64_t i = 0; i < 3; i++) assert_int_equal(try_put(i), WEIR_OK);
  weir_sender_drop(tx);
  for (int64_t i = 0; i < 3; i++) assert_int_equal(try_next(), i);
  assert_int_equal(try_next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void a_message_that_is_refused_leaves_no_trace(void **state)
{
  (void)state;
  for (int tries = 0; tries < 2; tries++) { /* received by waiting, and by trying */
    make(1);
    assert_int_equal(try_put(1), WEIR_OK);
    assert_int_equal(try_put(2), WEIR_EFULL);
    assert_int_equal(tries ? try_next() : next(), 1);
    assert_int_equal(try_put(3), WEIR_OK);
    weir_sender_drop(tx);
    assert_int_equal(tries ? try_next() : next(), 3);
    assert_int_equal(tries ? try_next() : next(), WEIR_ECLOSED);
    weir_receiver_drop(rx);
  }
}

static void patience_ends_on_a_full_channel_and_is_not_needed_on_a_closed_one(void **state)
{
  (void)state;
  make(5);
  for (int64_t i = 0; i < 5; i++)
    assert_int_equal(weir_channel_send_within(tx, WEIR_SECONDS(1), number, .n = i), WEIR_OK);
  assert_int_equal(weir_channel_send_within(tx, WEIR_MILLIS(2), number, .n = 5), WEIR_ETIMEDOUT);
  assert_int_equal(length(), 5);
  weir_receiver_drop(rx);
  assert_int_equal(weir_channel_send_within(tx, WEIR_SECONDS(60), number, .n = 6), WEIR_ECLOSED);
  weir_sender_drop(tx);
}

/* ---- the end, tried and waited for ---- */

static void trying_tells_nothing_now_from_nothing_any_more(void **state)
{
  (void)state;
  for (int closes = 0; closes < 2; closes++) {
    make(5);
    assert_int_equal(try_next(), WEIR_EMPTY_NOW);
    if (closes)
      weir_receiver_close(rx);
    else
      weir_sender_drop(tx);
    assert_int_equal(try_next(), WEIR_ECLOSED);
    drop_both();
  }
}

static void where_nothing_can_come_nobody_waits(void **state)
{
  (void)state;
  for (int closes = 0; closes < 2; closes++) {
    make(10);
    if (closes)
      weir_receiver_close(rx);
    else
      weir_sender_drop(tx);
    assert_int_equal(next_within(WEIR_FOREVER), WEIR_ECLOSED);
    assert_int_equal(weir_channel_send(tx, number, .n = 1), WEIR_ECLOSED);
    drop_both();
  }
}

/* ---- what nobody received ---- */

static uint64_t live(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  return a.live;
}

static void a_receiver_that_goes_frees_what_is_queued_and_all_later_sends_fail(void **state)
{
  (void)state;
  uint64_t before = live();
  make(MANY);
  assert_int_equal(try_put(1), WEIR_OK);
  assert_int_equal(live(), before + 1);
  weir_receiver_drop(rx);
  assert_int_equal(live(), before);
  assert_int_equal(try_put(2), WEIR_ECLOSED);
  assert_int_equal(weir_channel_send(tx, number, .n = 3), WEIR_ECLOSED);
  assert_int_equal(weir_channel_send_within(tx, WEIR_SECONDS(1), number, .n = 4), WEIR_ECLOSED);
  assert_int_equal(live(), before);
  weir_sender_drop(tx);
}

static void what_nobody_received_is_freed_with_the_channel(void **state)
{
  (void)state;
  for (int sender_first = 0; sender_first < 2; sender_first++) {
    uint64_t before = live();
    make(MANY);
    for (int64_t i = 0; i < 40; i++) put(i);
    assert_int_equal(live(), before + 40);
    if (sender_first) weir_sender_drop(tx);
    weir_receiver_drop(rx);
    weir_sender_drop(tx);
    assert_int_equal(live(), before);
  }
}

/* ---- a receiver's wait ---- */

static int receive_until_cancelled(int *rc)
{
  struct number *m;
  *rc = weir_receive(rx, &m, number);
  weir_free(m);
  return WEIR_OK;
}

/* The name of the wait on which the receiver sleeps, as the idle mark has it. */
static uint64_t sleeping_wait(void)
{
  uintptr_t mark;
  while (!weir__is_idle(mark = atomic_load(&weir__cell_at((uint32_t)rx.bits)->inbox))) weir_sleep(WEIR_MILLIS(0.1));
  return (uint64_t)(mark >> 25) << 32 | (mark >> 1 & 0xffffff);
}

static void a_receiver_that_gave_up_has_left_nothing_to_wake(void **state)
{
  (void)state;
  int rc = 1;
  make(1);
  weir_task *task = weir_task_start(NULL, receive_until_cancelled, &rc);
  uint64_t wait = sleeping_wait();
  assert_int_not_equal(weir__wait_phase(wait), 0);
  weir_task_cancel(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(rc, WEIR_ECANCELED);
  assert_int_equal(weir__wait_phase(wait), 0);
  assert_false(weir__is_idle(atomic_load(&weir__cell_at((uint32_t)rx.bits)->inbox)));
  drop_both();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(an_empty_channel_has_length_0_with_senders_and_without),
      ON_RUNTIME(the_length_follows_each_send_and_each_receive),
      ON_RUNTIME(a_channel_that_is_tried_empty_has_length_0),
      ON_RUNTIME(an_end_leaves_the_length_as_it_is),
      ON_RUNTIME(one_message_at_a_time_leaves_the_channel_empty_each_time),
      ON_RUNTIME(each_number_of_messages_comes_whole_and_in_order),
      ON_RUNTIME(each_place_that_a_receive_frees_can_be_taken_once),
      ON_RUNTIME(a_message_that_is_refused_leaves_no_trace),
      ON_RUNTIME(patience_ends_on_a_full_channel_and_is_not_needed_on_a_closed_one),
      ON_RUNTIME(trying_tells_nothing_now_from_nothing_any_more),
      ON_RUNTIME(where_nothing_can_come_nobody_waits),
      ON_RUNTIME(a_receiver_that_goes_frees_what_is_queued_and_all_later_sends_fail),
      ON_RUNTIME(what_nobody_received_is_freed_with_the_channel),
      ON_RUNTIME(a_receiver_that_gave_up_has_left_nothing_to_wake),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
