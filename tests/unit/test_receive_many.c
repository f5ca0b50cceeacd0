/* Several messages taken from a channel at once. */
#include "unit/channel_fixture.h"

enum { MOST = 16 };
static struct number *got[MOST];
static size_t count;

static int many(size_t most) { return weir_receive_many(rx, WEIR_SECONDS(20), got, most, &count, number); }

/* What was got is these, from `first` on; and is freed. */
static void got_numbers(int64_t first, size_t how_many)
{
  assert_int_equal(count, how_many);
  for (size_t i = 0; i < how_many; i++) {
    assert_int_equal(got[i]->n, first + (int64_t)i);
    weir_free(got[i]);
  }
}

static int send_and_drop(int64_t *how_many)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; i < *how_many && !rc; i++) rc = weir_channel_send(tx, number, .n = i);
  weir_sender_drop(tx);
  return rc;
}

static void what_is_there_comes_in_order_until_the_end(void **state)
{
  (void)state;
  int64_t how_many = 4, next_n = 0;
  make(2);
  weir_task *task = weir_task_start(NULL, send_and_drop, &how_many);
  while (next_n < how_many) {
    assert_int_equal(many(3), WEIR_OK);
    assert_in_range(count, 1, 3);
    got_numbers(next_n, count);
    next_n += (int64_t)count;
  }
  assert_int_equal(many(3), WEIR_ECLOSED);
  assert_int_equal(count, 0);
  assert_int_equal(join(task), WEIR_OK);
  weir_receiver_drop(rx);
}

static void no_more_come_than_are_asked_for(void **state)
{
  (void)state;
  int64_t one = 1;
  make(100);
  for (int64_t i = 0; i < 10; i++) put(i);
  assert_int_equal(many(9), WEIR_OK);
  got_numbers(0, 9);
  assert_int_equal(weir_receiver_length(rx), 1);
  assert_int_equal(many(9), WEIR_OK); /* does not wait for nine */
  got_numbers(9, 1);
  weir_task *task = weir_task_start(NULL, send_and_drop, &one);
  assert_int_equal(many(9), WEIR_OK);
  got_numbers(0, 1);
  assert_int_equal(many(9), WEIR_ECLOSED);
  assert_int_equal(join(task), WEIR_OK);
  weir_receiver_drop(rx);
}

static void none_are_taken_at_once_if_none_are_asked_for(void **state)
{
  (void)state;
  make(4);
  assert_int_equal(many(0), WEIR_OK);
  assert_int_equal(count, 0);
  put(1);
  assert_int_equal(many(0), WEIR_OK);
  assert_int_equal(count, 0);
  assert_int_equal(weir_receive_many(rx, WEIR_FOREVER, (struct number **)NULL, 0, &count, number), WEIR_OK);
  assert_int_equal(next(), 1);
  drop_both();
}

static void the_end_leaves_the_rest_of_the_array_alone(void **state)
{
  (void)state;
  struct number other = {.n = 7};
  make(1);
  weir_receiver_close(rx);
  got[0] = got[1] = &other;
  count = 9;
  assert_int_equal(many(2), WEIR_ECLOSED);
  assert_int_equal(count, 0);
  assert_null(got[0]);
  assert_true(got[1] == &other);
  drop_both();
}

static void another_type_ends_the_row_and_stays(void **state)
{
  (void)state;
  struct other *o;
  make(8);
  put(0);
  put(1);
  assert_int_equal(weir_channel_send(tx, other, .n = 5), WEIR_OK);
  put(2);
  assert_int_equal(many(8), WEIR_OK);
  got_numbers(0, 2);
  assert_int_equal(many(8), WEIR_EPROTO);
  assert_int_equal(count, 0);
  assert_int_equal(weir_receive(rx, &o, other), WEIR_OK);
  weir_free(o);
  assert_int_equal(many(8), WEIR_OK);
  got_numbers(2, 1);
  drop_both();
}

static void where_nothing_comes_time_ends_it(void **state)
{
  (void)state;
  make(1);
  assert_int_equal(weir_receive_many(rx, WEIR_MILLIS(1), got, 2, &count, number), WEIR_ETIMEDOUT);
  assert_int_equal(count, 0);
  put(0);
  assert_int_equal(weir_receive_many(rx, WEIR_MILLIS(0), got, 2, &count, number), WEIR_OK);
  got_numbers(0, 1);
  weir_receiver gone = rx;
  drop_both();
  assert_int_equal(weir_receive_many(gone, WEIR_MILLIS(0), got, 2, &count, number), WEIR_EINVAL);
  assert_int_equal(count, 0);
}

/* Those that wait for a place are served while they are taken: they come in the same row. */
static void places_go_to_the_line_meanwhile(void **state)
{
  (void)state;
  int64_t how_many = 3;
  make(1);
  put(-1);
  weir_task *task = weir_task_start(NULL, send_and_drop, &how_many);
  while (line_length(tx.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(many(2), WEIR_OK);
  got_numbers(-1, 2);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(join(task), WEIR_OK);
  weir_receiver_drop(rx);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_is_there_comes_in_order_until_the_end),
      ON_RUNTIME(no_more_come_than_are_asked_for),
      ON_RUNTIME(none_are_taken_at_once_if_none_are_asked_for),
      ON_RUNTIME(the_end_leaves_the_rest_of_the_array_alone),
      ON_RUNTIME(another_type_ends_the_row_and_stays),
      ON_RUNTIME(where_nothing_comes_time_ends_it),
      ON_RUNTIME(places_go_to_the_line_meanwhile),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
