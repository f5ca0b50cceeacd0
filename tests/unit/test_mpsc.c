/* Bounded channels, step by step: capacity, order, both kinds of end, and what is said of each misuse. */
#include <pthread.h>

#include "channel/mpsc.h"
#include "memory.h"
#include "unit/callback_fixture.h"
#include "unit/channel_fixture.h"

/* Tasks that wait are in the line, or asleep, when so many messages have been made, or so many tasks have set out. */
static _Atomic(int) set_out;
static void wait_until_set_out(int count)
{
  while (atomic_load(&set_out) < count) weir_sleep(WEIR_MILLIS(0.1));
}

/* ---- sending and receiving ---- */

static void what_is_sent_is_received_in_order(void **state)
{
  (void)state;
  make(16);
  for (int64_t i = 0; i < 16; i++) put(i);
  assert_int_equal(weir_receiver_length(rx), 16);
  for (int64_t i = 0; i < 16; i++) assert_int_equal(next(), i);
  drop_both();
}

static void the_capacity_is_strict(void **state)
{
  (void)state;
  for (size_t capacity = 1; capacity <= 5; capacity++) {
    make(capacity);
    for (size_t i = 0; i < capacity; i++) assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK);
    uint64_t before = accounts_created();
    assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_EFULL);
    assert_int_equal(accounts_created(), before); /* no message was made */
    assert_int_equal(weir_channel_send_within(tx, WEIR_MILLIS(1), number, .n = 1), WEIR_ETIMEDOUT);
    assert_int_equal(weir_receiver_length(rx), capacity);
    assert_int_equal(next(), 1);
    assert_int_equal(weir_channel_try_send(tx, number, .n = 2), WEIR_OK);
    assert_int_equal(weir_channel_try_send(tx, number, .n = 2), WEIR_EFULL);
    drop_both();
  }
}

static void a_capacity_has_bounds(void **state)
{
  (void)state;
  static const size_t wrong[] = {0, ((size_t)1 << 24) + 1, SIZE_MAX};
  for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
    assert_int_equal(weir_mpsc(wrong[i], &tx, &rx), WEIR_ERANGE);
    assert_true(tx.bits == 0 && rx.bits == 0);
    assert_non_null(strstr(weir_error_text(), "16"));
  }
  make((size_t)1 << 24);
  put(1);
  assert_int_equal(next(), 1);
  drop_both();
}

static void nothing_there_is_said_at_once_or_after_a_time(void **state)
{
  (void)state;
  struct number *m = (struct number *)&m;
  make(4);
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_EMPTY_NOW);
  assert_null(m);
  assert_int_equal(weir_receive_within(rx, WEIR_MILLIS(1), &m, number), WEIR_ETIMEDOUT);
  assert_null(m);
  put(5);
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_OK);
  assert_int_equal(m->n, 5);
  weir_free(m);
  drop_both();
}

static void another_type_stays_where_it_is(void **state)
{
  (void)state;
  struct other *o;
  make(4);
  assert_null(weir_receiver_peek(rx));
  put(7);
  assert_true(weir_message_same(weir_receiver_peek(rx), weir_message_number()));
  assert_int_equal(weir_receive(rx, &o, other), WEIR_EPROTO);
  assert_string_equal(weir_error_text(), "the oldest message is a number, not a other");
  assert_int_equal(weir_try_receive(rx, &o, other), WEIR_EPROTO);
  assert_null(o);
  assert_int_equal(weir_receiver_length(rx), 1);
  assert_int_equal(next(), 7);
  drop_both();
}

/* ---- waiting: from tasks and from plain threads ---- */

static int receive_sum(int64_t *sum)
{
  struct number *m;
  int rc;
  atomic_fetch_add(&set_out, 1);
  while (!(rc = weir_receive(rx, &m, number))) {
    *sum += m->n;
    weir_free(m);
  }
  return rc;
}

static void a_receiver_that_waits_is_woken_by_each_message_and_by_the_end(void **state)
{
  (void)state;
  int64_t sum = 0;
  make(2);
  atomic_store(&set_out, 0);
  weir_task *task = weir_task_start(NULL, receive_sum, &sum);
  wait_until_set_out(1);
  for (int64_t i = 1; i <= 100; i++) put(i); /* by this thread, which blocks when it is full */
  weir_sender_drop(tx);
  assert_int_equal(join(task), WEIR_ECLOSED);
  assert_int_equal(sum, 5050);
  weir_receiver_drop(rx);
}

static int send_sum(int64_t *sum)
{
  int rc = WEIR_OK;
  for (int64_t i = 1; i <= 100 && !rc; i++) {
    rc = weir_channel_send(tx, number, .n = i);
    if (!rc) *sum += i;
  }
  weir_sender_drop(tx);
  return rc;
}

static void a_sender_that_waits_goes_on_when_there_is_a_place(void **state)
{
  (void)state;
  int64_t sent = 0, got = 0, n;
  make(1);
  weir_task *task = weir_task_start(NULL, send_sum, &sent);
  while ((n = next()) > 0) got += n;
  assert_int_equal(n, WEIR_ECLOSED);
  assert_int_equal(join(task), WEIR_OK);
  assert_true(sent == 5050 && got == 5050);
  weir_receiver_drop(rx);
}

static void *send_sum_on_a_thread(void *sum) { return (void *)(intptr_t)send_sum(sum); /* NOLINT: a number */ }

/* Needs no runtime for itself. */
static void plain_threads_use_a_channel_among_themselves(void **state)
{
  (void)state;
  int64_t sent = 0, got = 0, n;
  pthread_t thread;
  void *rc;
  make(1);
  assert_int_equal(pthread_create(&thread, NULL, send_sum_on_a_thread, &sent), 0);
  while ((n = next()) > 0) got += n;
  assert_int_equal(n, WEIR_ECLOSED);
  pthread_join(thread, &rc);
  assert_true(!rc && sent == 5050 && got == 5050);
  weir_receiver_drop(rx);
}

static int receive_one(int *rc)
{
  struct number *m;
  atomic_fetch_add(&set_out, 1);
  *rc = weir_receive(rx, &m, number);
  weir_free(m);
  return WEIR_OK;
}

static void one_receives_at_a_time(void **state)
{
  (void)state;
  struct number *m;
  int first = 1;
  make(1);
  weir_task *task = weir_task_start(NULL, receive_one, &first);
  while (!weir__is_idle(atomic_load(&weir__cell_at((uint32_t)rx.bits)->inbox))) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_EBUSY);
  assert_int_equal(weir_receive(rx, &m, number), WEIR_EBUSY);
  assert_null(weir_receiver_peek(rx));
  put(1);
  assert_int_equal(join(task), WEIR_OK);
  assert_int_equal(first, WEIR_OK);
  drop_both();
}

static void a_cancelled_receiver_loses_nothing(void **state)
{
  (void)state;
  int rc = 1;
  make(1);
  atomic_store(&set_out, 0);
  weir_task *task = weir_task_start(NULL, receive_one, &rc);
  wait_until_set_out(1);
  weir_task_cancel(task);
  assert_int_equal(join(task), WEIR_OK);
  assert_int_equal(rc, WEIR_ECANCELED);
  put(3);
  assert_int_equal(next(), 3);
  drop_both();
}

/* ---- the ends ---- */

static void after_the_last_sender_what_is_queued_is_drained(void **state)
{
  (void)state;
  weir_sender second, third;
  make(4);
  assert_int_equal(weir_sender_clone(tx, &second), WEIR_OK);
  assert_int_equal(weir_sender_clone(second, &third), WEIR_OK);
  weir_sender_drop(tx);
  weir_sender_drop(third);
  assert_int_equal(weir_channel_send(second, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_channel_send(second, number, .n = 2), WEIR_OK);
  weir_sender_drop(second);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(next(), WEIR_ECLOSED);
  assert_int_equal(weir_sender_clone(tx, &second), WEIR_ECLOSED);
  assert_int_equal(weir_channel_send(tx, number, .n = 3), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void a_closed_receiver_drains_and_admits_nothing(void **state)
{
  (void)state;
  weir_sender copy;
  make(4);
  put(1);
  put(2);
  weir_receiver_close(rx);
  weir_receiver_close(rx);
  assert_int_equal(weir_channel_send(tx, number, .n = 3), WEIR_ECLOSED);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 3), WEIR_ECLOSED);
  assert_int_equal(weir_channel_send_within(tx, WEIR_SECONDS(1), number, .n = 3), WEIR_ECLOSED);
  assert_int_equal(weir_sender_clone(tx, &copy), WEIR_ECLOSED);
  assert_int_equal(copy.bits, 0);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), WEIR_ECLOSED);
  drop_both();
}

static void a_dropped_receiver_frees_what_is_queued(void **state)
{
  (void)state;
  weir_accounts before, after;
  make(4);
  put(1);
  put(2);
  weir_accounts_read(&before);
  weir_receiver_drop(rx);
  weir_accounts_read(&after);
  assert_int_equal(after.dead + after.freed - before.dead - before.freed, 2);
  assert_int_equal(weir_channel_send(tx, number, .n = 3), WEIR_ECLOSED);
  weir_sender_drop(tx);
}

static int send_and_tell(int *rc)
{
  atomic_fetch_add(&set_out, 1);
  *rc = weir_channel_send(tx, number, .n = 9);
  return WEIR_OK;
}

static void those_that_wait_for_a_place_learn_of_the_end_at_once(void **state)
{
  (void)state;
  for (int drops = 0; drops < 2; drops++) {
    int rc[3] = {1, 1, 1};
    weir_task *tasks[3];
    make(1);
    put(1);
    uint64_t before = accounts_created();
    for (int i = 0; i < 3; i++) tasks[i] = weir_task_start(NULL, send_and_tell, &rc[i]);
    wait_until_created(before + 3);
    if (drops)
      weir_receiver_drop(rx);
    else
      weir_receiver_close(rx);
    for (int i = 0; i < 3; i++) {
      assert_int_equal(join(tasks[i]), WEIR_OK);
      assert_int_equal(rc[i], WEIR_ECLOSED);
    }
    if (!drops) assert_int_equal(next(), 1);
    drop_both();
  }
}

static void a_stale_end_is_nobodys(void **state)
{
  (void)state;
  struct number *m;
  make(1);
  weir_sender old_tx = tx;
  weir_receiver old_rx = rx;
  drop_both();
  for (int i = 0; i < 3; i++) {
    make(1);
    assert_int_equal(weir_channel_send(old_tx, number, .n = 1), WEIR_ECLOSED);
    assert_int_equal(weir_try_receive(old_rx, &m, number), WEIR_EINVAL);
    assert_int_equal(weir_receive(old_rx, &m, number), WEIR_EINVAL);
    weir_sender_drop(old_tx);
    weir_receiver_close(old_rx);
    weir_receiver_drop(old_rx);
    assert_int_equal(weir_receiver_length(old_rx), 0);
    put(1); /* the new one is untouched */
    assert_int_equal(next(), 1);
    drop_both();
  }
  assert_int_equal(weir_channel_send((weir_sender){0}, number, .n = 1), WEIR_ECLOSED);
  assert_int_equal(weir_try_receive((weir_receiver){0}, &m, number), WEIR_EINVAL);
  assert_int_equal(weir_channel_send((weir_sender){UINT64_MAX}, number, .n = 1), WEIR_ECLOSED);
}

/* A sender that was held up still has a place: the cell lives on, its receiver does not. */
static void a_dropped_receiver_is_gone_while_a_place_is_out(void **state)
{
  (void)state;
  struct number *m;
  make(2);
  struct weir__cell *cell = weir__cell_at((uint32_t)tx.bits);
  assert_int_equal(weir__mpsc_reserve(cell, (uint32_t)(tx.bits >> 32), 1), WEIR__GOT);
  weir_receiver_drop(rx);
  weir_receiver_drop(rx);
  assert_int_equal(weir_try_receive(rx, &m, number), WEIR_EINVAL);
  assert_int_equal(weir_receive(rx, &m, number), WEIR_EINVAL);
  weir__cell_wake(cell, weir__mpsc_give_back(cell, 1)); /* the last place: the cell is freed */
  assert_int_equal(weir_receiver_length(rx), 0);
  drop_both();
}

/* ---- in a callback of libuv ---- */

static struct {
  int send_room, try_full, send_full, receive_empty, try_empty, receive_there;
  int64_t got;
} seen;

static void try_everything(void)
{
  struct number *m = NULL;
  seen.receive_empty = weir_receive(rx, &m, number);
  seen.try_empty = weir_try_receive(rx, &m, number);
  seen.send_room = weir_channel_send(tx, number, .n = 4); /* there is a place: need not wait */
  seen.try_full = weir_channel_try_send(tx, number, .n = 5);
  seen.send_full = weir_channel_send(tx, number, .n = 5);
  seen.receive_there = weir_receive(rx, &m, number);
  seen.got = m ? m->n : -1;
  weir_free(m);
}

static void a_callback_never_waits(void **state)
{
  (void)state;
  make(1);
  run_in_callback(try_everything);
  assert_int_equal(seen.send_room, WEIR_OK);
  assert_int_equal(seen.got, 4);
  assert_int_equal(seen.receive_empty, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.try_empty, WEIR_EMPTY_NOW);
  assert_int_equal(seen.try_full, WEIR_EFULL);
  assert_int_equal(seen.send_full, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.receive_there, WEIR_OK);
  drop_both();
}

static void an_empty_channel_takes_no_memory_for_its_capacity(void **state)
{
  (void)state;
  enum { COUNT = 500 };
  static weir_sender many_tx[COUNT];
  static weir_receiver many_rx[COUNT];
  for (int i = 0; i < COUNT; i++) assert_int_equal(weir_mpsc(1, &many_tx[i], &many_rx[i]), WEIR_OK);
  for (int i = 0; i < COUNT; i++) weir_receiver_drop(many_rx[i]), weir_sender_drop(many_tx[i]);
  long before = resident_bytes();
  for (int i = 0; i < COUNT; i++) assert_int_equal(weir_mpsc(16777216, &many_tx[i], &many_rx[i]), WEIR_OK);
  long took = resident_bytes() - before;
  for (int i = 0; i < COUNT; i++) weir_receiver_drop(many_rx[i]), weir_sender_drop(many_tx[i]);
  assert_true(took < 8 << 20); /* a byte for each thousand places would be as much */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(an_empty_channel_takes_no_memory_for_its_capacity),
      ON_RUNTIME(what_is_sent_is_received_in_order),
      ON_RUNTIME(the_capacity_is_strict),
      ON_RUNTIME(a_capacity_has_bounds),
      ON_RUNTIME(nothing_there_is_said_at_once_or_after_a_time),
      ON_RUNTIME(another_type_stays_where_it_is),
      ON_RUNTIME(a_receiver_that_waits_is_woken_by_each_message_and_by_the_end),
      ON_RUNTIME(a_sender_that_waits_goes_on_when_there_is_a_place),
      ON_RUNTIME(plain_threads_use_a_channel_among_themselves),
      ON_RUNTIME(one_receives_at_a_time),
      ON_RUNTIME(a_cancelled_receiver_loses_nothing),
      ON_RUNTIME(after_the_last_sender_what_is_queued_is_drained),
      ON_RUNTIME(a_closed_receiver_drains_and_admits_nothing),
      ON_RUNTIME(a_dropped_receiver_frees_what_is_queued),
      ON_RUNTIME(those_that_wait_for_a_place_learn_of_the_end_at_once),
      ON_RUNTIME(a_stale_end_is_nobodys),
      ON_RUNTIME(a_dropped_receiver_is_gone_while_a_place_is_out),
      ON_RUNTIME(a_callback_never_waits),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
