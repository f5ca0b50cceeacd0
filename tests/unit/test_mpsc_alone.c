/* Bounded channels among plain threads, in a process without any runtime. */
#include <pthread.h>

#include "channel/mpsc.h"
#include "channel/send.h"
#include "unit/channel_fixture.h"

enum { LINE = 20, PLACE_BYTES = 64 << 10 };

struct blob {
  weir_bytes bytes;
};
WEIR_MESSAGE(blob, WEIR_FIELD(bytes));

/* ---- one thread ---- */

static void a_thread_sends_and_receives_without_a_runtime(void **state)
{
  (void)state;
  assert_null(weir_runtime_here());
  make(16);
  for (int64_t i = 0; i < 16; i++) put(i);
  assert_int_equal(weir_receiver_length(rx), 16);
  for (int64_t i = 0; i < 16; i++) assert_int_equal(next(), i);
  drop_both();
}

static void a_full_channel_refuses_or_lets_time_pass(void **state)
{
  (void)state;
  weir_accounts before, after;
  make(2);
  put(1);
  put(2);
  weir_accounts_read(&before);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 3), WEIR_EFULL);
  assert_int_equal(weir_channel_send_within(tx, WEIR_MILLIS(1), number, .n = 4), WEIR_ETIMEDOUT);
  assert_int_equal(weir_channel_send_within(tx, WEIR_MILLIS(0), number, .n = 5), WEIR_ETIMEDOUT);
  weir_accounts_read(&after);
  assert_int_equal(after.created - before.created, 2); /* none by try_send */
  assert_int_equal(after.unsent - before.unsent, 2);
  assert_int_equal(next(), 1);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 6), WEIR_OK);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), 6); /* nothing of what was given up */
  assert_int_equal(next_within(WEIR_MILLIS(1)), WEIR_ETIMEDOUT);
  drop_both();
}

static void another_type_stays_where_it_is(void **state)
{
  (void)state;
  struct other *o;
  make(1);
  put(7);
  assert_true(weir_message_same(weir_receiver_peek(rx), weir_message_number()));
  assert_int_equal(weir_receive(rx, &o, other), WEIR_EPROTO);
  assert_null(o);
  assert_int_equal(next(), 7);
  drop_both();
}

static void a_large_message_takes_a_place_for_each_64_kib(void **state)
{
  (void)state;
  static char data[4 * PLACE_BYTES];
  struct blob *m;
  weir_bytes three_places = {data, 2 * PLACE_BYTES + 1, NULL}, five_places = {data, sizeof data, NULL};
  make(4);
  assert_int_equal(weir_channel_send(tx, blob, .bytes = five_places), WEIR_ERANGE); /* would never fit */
  assert_int_equal(weir_channel_send(tx, blob, .bytes = three_places), WEIR_OK);
  assert_int_equal(weir_channel_try_send(tx, blob, .bytes = three_places), WEIR_EFULL);
  put(1); /* the last place */
  assert_int_equal(weir_channel_try_send(tx, number, .n = 2), WEIR_EFULL);
  assert_int_equal(weir_receive(rx, &m, blob), WEIR_OK);
  assert_int_equal(m->bytes.size, three_places.size);
  weir_free(m);
  assert_int_equal(next(), 1);
  drop_both();
}

/* The bytes, too. */
static void a_dropped_receiver_frees_what_is_queued(void **state)
{
  (void)state;
  weir_accounts before, after;
  make(4);
  put(1);
  assert_int_equal(weir_channel_send(tx, blob, .bytes = {"some bytes", 10, NULL}), WEIR_OK);
  weir_accounts_read(&before);
  weir_receiver_drop(rx);
  weir_accounts_read(&after);
  assert_int_equal(before.live - after.live, 2);
  assert_int_equal(weir_channel_send(tx, number, .n = 2), WEIR_ECLOSED);
  weir_sender_drop(tx);
}

/* ---- several threads ---- */

/* A thread that sends one number. */
struct sending {
  int64_t n;
  weir_duration within;
  int rc;
  pthread_t thread;
};
static struct sending sendings[LINE];

static void *send_one(void *sending)
{
  struct sending *s = sending;
  s->rc = weir_channel_send_within(tx, s->within, number, .n = s->n);
  return NULL;
}

/* Until it stands in line, or has stood there. */
static void stand_in_line(struct sending *s, int64_t n, weir_duration within)
{
  uint64_t created = accounts_created();
  *s = (struct sending){.n = n, .within = within, .rc = 1};
  assert_int_equal(pthread_create(&s->thread, NULL, send_one, s), 0);
  wait_until_created(created + 1);
  while (within.ns == INT64_MAX && !stands_in_line(tx.bits, n)) weir_sleep(WEIR_MILLIS(0.1));
}

static int result_of(struct sending *s)
{
  pthread_join(s->thread, NULL);
  return s->rc;
}

static void threads_are_served_in_the_order_of_their_line(void **state)
{
  (void)state;
  make(1);
  put(-1);
  for (int i = 0; i < LINE; i++) stand_in_line(&sendings[i], i, i % 3 == 1 ? WEIR_MILLIS(1) : WEIR_FOREVER);
  for (int i = 1; i < LINE; i += 3) assert_int_equal(result_of(&sendings[i]), WEIR_ETIMEDOUT);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 99), WEIR_EFULL);
  assert_int_equal(next(), -1);
  for (int i = 0; i < LINE; i++) {
    if (i % 3 == 1) continue;
    assert_int_equal(weir_channel_try_send(tx, number, .n = 99), WEIR_EFULL); /* the place has gone to the line */
    assert_int_equal(next(), i);
    assert_int_equal(result_of(&sendings[i]), WEIR_OK);
  }
  assert_int_equal(weir_receiver_length(rx), 0);
  drop_both();
}

static void threads_in_line_learn_of_the_end(void **state)
{
  (void)state;
  for (int drops = 0; drops < 2; drops++) {
    make(1);
    put(-1);
    for (int i = 0; i < LINE; i++) stand_in_line(&sendings[i], i, WEIR_FOREVER);
    if (drops)
      weir_receiver_drop(rx);
    else
      weir_receiver_close(rx);
    for (int i = 0; i < LINE; i++) assert_int_equal(result_of(&sendings[i]), WEIR_ECLOSED);
    if (!drops) assert_int_equal(next(), -1);
    if (!drops) assert_int_equal(next(), WEIR_ECLOSED);
    drop_both();
  }
}

static void *receive_one(void *n)
{
  *(int64_t *)n = next();
  return NULL;
}

static void wait_until_it_sleeps(void)
{
  struct weir__cell *cell = weir__cell_at((uint32_t)rx.bits);
  while (!weir__is_idle(atomic_load(&cell->inbox))) weir_sleep(WEIR_MILLIS(0.1));
}

static void a_thread_that_receives_is_woken_by_a_message_or_the_end(void **state)
{
  (void)state;
  enum { MESSAGE, LAST_SENDER, CLOSE, WAYS };
  for (int way = 0; way < WAYS; way++) {
    pthread_t thread;
    int64_t n = 0;
    make(1);
    assert_int_equal(pthread_create(&thread, NULL, receive_one, &n), 0);
    wait_until_it_sleeps();
    assert_int_equal(next(), WEIR_EBUSY); /* one receives at a time */
    if (way == MESSAGE) put(3);
    if (way == LAST_SENDER) weir_sender_drop(tx);
    if (way == CLOSE) weir_receiver_close(rx);
    pthread_join(thread, NULL);
    assert_int_equal(n, way == MESSAGE ? 3 : WEIR_ECLOSED);
    drop_both();
  }
}

/* ---- who was held up ---- */

static void *receive_shortly(void *n)
{
  *(int64_t *)n = next_within(WEIR_MILLIS(500));
  return NULL;
}

/* A sender is held up between its push and the wake that it owes. Meanwhile the receiver's time is over: it finds the
 * message, and goes. */
static void a_late_wake_leaves_a_free_cell_alone(void **state)
{
  (void)state;
  pthread_t thread;
  int64_t n = 0;
  struct number value = {1};
  struct weir__parcel parcel;
  make(1);
  struct weir__cell *cell = weir__cell_at((uint32_t)tx.bits);
  assert_int_equal(pthread_create(&thread, NULL, receive_shortly, &n), 0);
  wait_until_it_sleeps();
  assert_int_equal(weir__parcel_of_value(&parcel, WEIR_AT(number, &value)), WEIR_OK);
  assert_int_equal(weir__mpsc_reserve(cell, (uint32_t)(tx.bits >> 32), 1), WEIR__GOT);
  weir__count_entry(cell);
  uintptr_t idle = weir__mpsc_push(cell, weir__parcel_message(&parcel));
  assert_true(idle > WEIR__CELL_IDLE);
  pthread_join(thread, NULL);
  assert_int_equal(n, 1);
  drop_both();
  uint64_t places = atomic_load(&cell->places);
  weir__cell_wake(cell, idle);
  assert_true(atomic_load(&cell->places) == places); /* it was not given back once more */
}

static int even_accounts(void **state)
{
  (void)state;
  return accounts_are_even();
}
#define ALONE(test) cmocka_unit_test_teardown(test, even_accounts)

int main(void)
{
  const struct CMUnitTest tests[] = {
      ALONE(a_thread_sends_and_receives_without_a_runtime),
      ALONE(a_full_channel_refuses_or_lets_time_pass),
      ALONE(another_type_stays_where_it_is),
      ALONE(a_large_message_takes_a_place_for_each_64_kib),
      ALONE(a_dropped_receiver_frees_what_is_queued),
      ALONE(threads_are_served_in_the_order_of_their_line),
      ALONE(threads_in_line_learn_of_the_end),
      ALONE(a_thread_that_receives_is_woken_by_a_message_or_the_end),
      ALONE(a_late_wake_leaves_a_free_cell_alone), /* the last: where it fails, no cell can be trusted any more */
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
