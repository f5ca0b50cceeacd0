/* Permits of channels, case by case (docs/internals/cases.md): who gets a place that is given back, what wakes a
 * receiver that sleeps on a closed channel; and a channel's places as a semaphore's. */
#include <pthread.h>
#include <weir/permit.h>

#include "unit/callback_fixture.h"
#include "unit/channel_fixture.h"

static int reserve(size_t n, weir_permit *p) { return weir_channel_reserve_many(tx, n, WEIR_FOREVER, p); }
static int try_reserve(size_t n, weir_permit *p) { return weir_channel_try_reserve_many(tx, n, p); }
static int send_on(weir_permit p, int64_t n) { return weir_permit_send(p, number, .n = n); }

/* ---- a task that waits for places, and says when it has them ---- */

struct reserver {
  size_t n;
  weir_permit permit;
  _Atomic(int) rc; /* NOT_YET until the reserve returns */
  weir_promise enough;
  weir_task *task;
};
enum { NOT_YET = 1 };

/* Holds what it got until it is told that it is enough. */
static int reserve_and_hold(struct reserver *r)
{
  weir_promise enough;
  weir_future told;
  struct signal *s;
  int rc = weir_oneshot(&enough, &told);
  if (rc) return rc;
  r->enough = enough;
  atomic_store(&r->rc, weir_channel_reserve_many(tx, r->n, WEIR_FOREVER, &r->permit));
  rc = weir_future_wait(told, WEIR_SECONDS(20), &s, signal);
  weir_free(s);
  return rc;
}

/* Stands in line when this returns. */
static void stand_in_line(struct reserver *r, size_t n)
{
  int before = line_length(tx.bits);
  *r = (struct reserver){.n = n, .rc = NOT_YET};
  r->task = weir_task_start(NULL, reserve_and_hold, r);
  assert_non_null(r->task);
  while (line_length(tx.bits) == before) weir_sleep(WEIR_MILLIS(0.1));
}

static int reserved(struct reserver *r)
{
  while (atomic_load(&r->rc) == NOT_YET) weir_sleep(WEIR_MILLIS(0.1));
  return atomic_load(&r->rc);
}

/* It ends, and what it holds is given back. */
static void let_go(struct reserver *r)
{
  reserved(r);
  assert_int_equal(weir_promise_send(r->enough, signal), WEIR_OK);
  assert_int_equal(join(r->task), WEIR_OK);
}

/* ---- a task that sleeps in a receive ---- */

static int receive_one(int64_t *n)
{
  *n = next();
  return WEIR_OK;
}

static weir_task *sleeping_receiver(int64_t *n)
{
  weir_task *task = weir_task_start(NULL, receive_one, n);
  assert_non_null(task);
  while (!weir__is_idle(atomic_load(&weir__cell_at((uint32_t)rx.bits)->inbox))) weir_sleep(WEIR_MILLIS(0.1));
  return task;
}

/* ---- places ---- */

static void what_is_sent_on_a_permit_and_without_one_comes_in_order(void **state)
{
  (void)state;
  weir_permit p;
  make(16);
  assert_int_equal(reserve(1, &p), WEIR_OK);
  assert_int_equal(send_on(p, 1), WEIR_OK);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 2), WEIR_OK);
  weir_sender_drop(tx);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void a_place_goes_to_the_line_when_it_is_received_or_given_back(void **state)
{
  (void)state;
  weir_permit first, second, late;
  struct reserver third, fourth;
  make(2);
  assert_int_equal(reserve(1, &first), WEIR_OK);
  assert_int_equal(reserve(1, &second), WEIR_OK);
  stand_in_line(&third, 1);
  stand_in_line(&fourth, 1);
  assert_int_equal(send_on(first, 1), WEIR_OK);
  assert_int_equal(atomic_load(&third.rc), NOT_YET); /* the place is full, not free */
  assert_int_equal(line_length(tx.bits), 2);
  assert_int_equal(next(), 1);
  assert_int_equal(reserved(&third), WEIR_OK);
  assert_int_equal(line_length(tx.bits), 1);
  weir_permit_give_back(&second);
  assert_int_equal(reserved(&fourth), WEIR_OK);
  assert_int_equal(try_reserve(1, &late), WEIR_EFULL);
  let_go(&third);
  let_go(&fourth);
  assert_int_equal(weir_sender_room(tx), 2);
  drop_both();
}

static void a_place_goes_past_those_that_gave_up(void **state)
{
  (void)state;
  struct reserver first, second;
  make(1);
  put(1);
  stand_in_line(&first, 1);
  stand_in_line(&second, 1);
  weir_task_cancel(first.task);
  assert_int_equal(reserved(&first), WEIR_ECANCELED);
  assert_int_equal(next(), 1);
  assert_int_equal(reserved(&second), WEIR_OK);
  assert_int_equal(first.permit.bits, 0);
  let_go(&second);
  join(first.task);
  weir_promise_drop(first.enough);
  weir_sender_drop(tx);
  assert_int_equal(next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

static void a_place_that_was_handed_over_is_not_for_newcomers(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  make(1);
  assert_int_equal(reserve(1, &p), WEIR_OK);
  assert_int_equal(send_on(p, 1), WEIR_OK);
  stand_in_line(&r, 1);
  assert_int_equal(next(), 1);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1337), WEIR_EFULL);
  assert_int_equal(reserved(&r), WEIR_OK);
  assert_int_equal(send_on(r.permit, 2), WEIR_OK); /* anybody may fill it */
  assert_int_equal(next(), 2);
  let_go(&r);
  drop_both();
}

static void a_refused_reserve_takes_nothing(void **state)
{
  (void)state;
  weir_permit p, q;
  make(1);
  assert_int_equal(try_reserve(1, &p), WEIR_OK);
  assert_int_equal(try_reserve(1, &q), WEIR_EFULL);
  assert_int_equal(send_on(p, 1), WEIR_OK);
  assert_int_equal(next(), 1);
  for (int i = 0; i < 2; i++) { /* given back, and there again */
    assert_int_equal(try_reserve(1, &p), WEIR_OK);
    weir_permit_give_back(&p);
  }
  drop_both();
}

static void any_part_of_a_permit_can_be_used_and_the_rest_given_back(void **state)
{
  (void)state;
  weir_permit p, q;
  for (size_t n = 1; n < 100; n += n < 20 ? 1 : 13)
    for (size_t k = 0; k < n; k += n < 20 ? 1 : 7) {
      make(n);
      assert_int_equal(try_reserve(n, &p), WEIR_OK);
      assert_int_equal(weir_permit_places(p), n);
      assert_int_equal(weir_sender_room(tx), 0);
      assert_int_equal(try_reserve(1, &q), WEIR_EFULL);
      for (size_t i = 0; i < k; i++) assert_int_equal(send_on(p, 0), WEIR_OK);
      weir_permit_give_back(&p);
      assert_int_equal(weir_sender_room(tx), n - k);
      assert_int_equal(try_reserve(1, &q), WEIR_OK);
      weir_permit_give_back(&q);
      assert_true(try_reserve(n - k + 1, &q) == (k ? WEIR_EFULL : WEIR_ERANGE));
      for (size_t i = 0; i < k; i++) assert_int_equal(next(), 0);
      assert_int_equal(weir_sender_room(tx), n);
      drop_both();
    }
}

static void all_places_that_are_given_back_go_to_one_who_needs_them_all(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  for (size_t n = 1; n < 100; n += 14) {
    make(n);
    assert_int_equal(reserve(n, &p), WEIR_OK);
    stand_in_line(&r, n);
    weir_permit_give_back(&p);
    assert_int_equal(reserved(&r), WEIR_OK);
    assert_int_equal(weir_permit_places(r.permit), n);
    let_go(&r);
    assert_int_equal(weir_sender_room(tx), n);
    drop_both();
  }
}

static void each_place_of_many_is_sent_and_received_in_turn(void **state)
{
  (void)state;
  weir_permit p;
  struct number *m;
  make(100);
  for (int tries = 0; tries < 2; tries++)
    for (size_t n = 0; n < 100; n++) {
      assert_int_equal(tries ? try_reserve(n, &p) : reserve(n, &p), WEIR_OK);
      for (size_t i = 0; i < n; i++) {
        assert_int_equal(send_on(p, (int64_t)i), WEIR_OK);
        assert_int_equal(next(), i);
      }
      assert_int_equal(weir_permit_places(p), 0);
      assert_int_equal(weir_try_receive(rx, &m, number), WEIR_EMPTY_NOW);
      weir_permit_give_back(&p);
    }
  assert_int_equal(weir_sender_room(tx), 100);
  drop_both();
}

static void no_places_can_be_had_of_any_channel_but_a_closed_one(void **state)
{
  (void)state;
  weir_permit p;
  make(1);
  for (int full = 0; full < 2; full++) {
    assert_int_equal(reserve(0, &p), WEIR_OK);
    assert_int_equal(send_on(p, 1), WEIR_EINVAL);
    weir_permit_give_back(&p);
    assert_int_equal(try_reserve(0, &p), WEIR_OK);
    assert_int_equal(weir_permit_places(p), 0);
    weir_permit_give_back(&p);
    if (!full) put(1);
  }
  weir_receiver_drop(rx);
  assert_int_equal(reserve(0, &p), WEIR_ECLOSED);
  assert_int_equal(try_reserve(0, &p), WEIR_ECLOSED);
  weir_sender_drop(tx);
}

static void more_than_there_can_ever_be_is_refused_at_once(void **state)
{
  (void)state;
  static const size_t counts[] = {2, ((size_t)1 << 24) + 1, (size_t)1 << 32, SIZE_MAX};
  weir_permit p;
  make(1);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    assert_int_equal(reserve(counts[i], &p), WEIR_ERANGE);
    assert_int_equal(try_reserve(counts[i], &p), WEIR_ERANGE);
    assert_int_equal(p.bits, 0);
  }
  assert_int_equal(weir_sender_room(tx), 1);
  drop_both();
}

static void room_is_what_is_neither_reserved_nor_queued(void **state)
{
  (void)state;
  weir_permit p;
  make(10);
  assert_int_equal(weir_sender_room(tx), 10);
  assert_int_equal(reserve(1, &p), WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 9);
  put(1);
  assert_int_equal(weir_sender_room(tx), 8);
  assert_int_equal(next(), 1);
  weir_permit_give_back(&p);
  assert_int_equal(weir_sender_room(tx), 10);
  drop_both();
}

/* ---- closed ---- */

static void a_dropped_receiver_refuses_each_kind_of_reserve(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_permit p;
  make(100);
  weir_accounts_read(&before);
  assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_OK);
  weir_receiver_drop(rx);
  weir_accounts_read(&after);
  assert_int_equal(after.live, before.live);
  assert_int_equal(weir_channel_reserve(tx, WEIR_FOREVER, &p), WEIR_ECLOSED);
  assert_int_equal(weir_channel_try_reserve(tx, &p), WEIR_ECLOSED);
  assert_int_equal(reserve(10, &p), WEIR_ECLOSED);
  assert_int_equal(try_reserve(10, &p), WEIR_ECLOSED);
  weir_sender_drop(tx);
}

/* Each way in which the last place of a closed channel can come back. */
static void the_last_permit_wakes_a_receiver_that_sleeps_on_a_closed_channel(void **state)
{
  (void)state;
  enum { GIVEN_BACK, SENT, SEVERAL_GIVEN_BACK, ITS_TASK_ENDS, WAYS };
  for (int way = 0; way < WAYS; way++) {
    weir_permit p = {0};
    struct reserver holder;
    int64_t got = 0;
    make(100);
    if (way == ITS_TASK_ENDS) {
      weir_permit all;
      assert_int_equal(reserve(100, &all), WEIR_OK);
      stand_in_line(&holder, 1);
      weir_permit_give_back(&all);
      assert_int_equal(reserved(&holder), WEIR_OK);
    } else {
      assert_int_equal(reserve(way == SEVERAL_GIVEN_BACK ? 3 : 1, &p), WEIR_OK);
    }
    weir_receiver_close(rx);
    weir_task *receiver = sleeping_receiver(&got);
    if (way == ITS_TASK_ENDS) let_go(&holder);
    if (way == SENT) assert_int_equal(send_on(p, 123), WEIR_OK);
    weir_permit_give_back(&p);
    join(receiver);
    assert_int_equal(got, way == SENT ? 123 : WEIR_ECLOSED);
    assert_int_equal(next(), WEIR_ECLOSED);
    drop_both();
  }
}

/* The same where the senders have gone, and only a permit is left. */
static void a_permit_outlives_the_senders(void **state)
{
  (void)state;
  for (int sends = 0; sends < 2; sends++) {
    weir_permit p;
    int64_t got = 0;
    make(2);
    assert_int_equal(reserve(1, &p), WEIR_OK);
    weir_sender_drop(tx);
    weir_task *receiver = sleeping_receiver(&got);
    if (sends) assert_int_equal(send_on(p, 5), WEIR_OK);
    weir_permit_give_back(&p);
    join(receiver);
    assert_int_equal(got, sends ? 5 : WEIR_ECLOSED);
    weir_receiver_drop(rx);
  }
}

/* A permit is a place, and no sender: no new sender can be made from a copy while it is out. */
static void a_permit_is_no_sender(void **state)
{
  (void)state;
  weir_permit p;
  weir_sender clone, copy;
  make(1);
  copy = tx;
  assert_int_equal(reserve(1, &p), WEIR_OK);
  weir_sender_drop(tx);
  assert_int_equal(weir_sender_clone(copy, &clone), WEIR_ECLOSED);
  assert_int_equal(send_on(p, 1), WEIR_OK);
  assert_int_equal(next(), 1);
  assert_int_equal(next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

/* One of two places is held, and another one waits for two when the channel is closed: that one holds nothing. */
static void who_waits_for_several_places_keeps_nobody_from_the_end(void **state)
{
  (void)state;
  for (int cancelled = 0; cancelled < 2; cancelled++) {
    weir_permit p;
    struct reserver r;
    int64_t got = 0;
    make(2);
    assert_int_equal(reserve(1, &p), WEIR_OK);
    stand_in_line(&r, 2);
    if (cancelled) weir_task_cancel(r.task);
    if (cancelled) assert_int_equal(reserved(&r), WEIR_ECANCELED);
    weir_receiver_close(rx);
    weir_task *receiver = sleeping_receiver(&got); /* the first permit is out */
    assert_int_equal(reserved(&r), cancelled ? WEIR_ECANCELED : WEIR_ECLOSED);
    weir_permit_give_back(&p);
    join(receiver);
    assert_int_equal(got, WEIR_ECLOSED);
    weir_promise_drop(r.enough);
    join(r.task);
    drop_both();
  }
}

/* The place was handed to one who waited, and who may not have run since, when the channel is closed: it has its place,
 * by which the receiver is kept until it is given back. */
static void who_was_given_a_place_before_the_close_has_it(void **state)
{
  (void)state;
  for (int cancelled = 0; cancelled < 2; cancelled++) {
    weir_permit p;
    struct reserver r;
    int64_t got = 0;
    make(1);
    assert_int_equal(reserve(1, &p), WEIR_OK);
    stand_in_line(&r, 1);
    weir_permit_give_back(&p);
    weir_receiver_close(rx);
    if (cancelled) weir_task_cancel(r.task);
    weir_task *receiver = weir_task_start(NULL, receive_one, &got);
    assert_int_equal(reserved(&r), WEIR_OK);
    weir_promise_drop(r.enough);
    join(r.task); /* it ends, without having sent */
    join(receiver);
    assert_int_equal(got, WEIR_ECLOSED);
    drop_both();
  }
}

/* ---- a channel's places as a semaphore's ---- */

static void a_semaphore_is_taken_and_comes_back(void **state)
{
  (void)state;
  weir_permit first, second;
  make(1);
  assert_int_equal(try_reserve(1, &first), WEIR_OK);
  assert_int_equal(try_reserve(1, &second), WEIR_EFULL);
  weir_permit_give_back(&first);
  assert_int_equal(try_reserve(1, &second), WEIR_OK);
  weir_permit_give_back(&second);
  drop_both();
}

static void a_semaphore_is_waited_for(void **state)
{
  (void)state;
  weir_permit p;
  struct reserver r;
  make(1);
  assert_int_equal(try_reserve(1, &p), WEIR_OK);
  stand_in_line(&r, 1);
  weir_permit_give_back(&p);
  assert_int_equal(reserved(&r), WEIR_OK);
  let_go(&r);
  drop_both();
}

static int take_and_end(void *unused)
{
  weir_permit p;
  (void)unused;
  int rc = reserve(1, &p);
  return rc ? rc : weir_yield();
}

static void a_thousand_take_five_places_and_five_are_left(void **state)
{
  (void)state;
  enum { TASKS = 1000, PLACES = 5 };
  static weir_task *tasks[TASKS];
  weir_permit p[PLACES], more;
  make(PLACES);
  for (int i = 0; i < TASKS; i++) assert_non_null(tasks[i] = weir_task_start(NULL, take_and_end, NULL));
  for (int i = 0; i < TASKS; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
  for (int i = 0; i < PLACES; i++) assert_int_equal(try_reserve(1, &p[i]), WEIR_OK);
  assert_int_equal(try_reserve(1, &more), WEIR_EFULL);
  for (int i = 0; i < PLACES; i++) weir_permit_give_back(&p[i]);
  drop_both();
}

static void the_largest_semaphore_has_all_its_places(void **state)
{
  (void)state;
  enum { MOST = 1 << 24 };
  weir_permit all, more;
  make(MOST);
  assert_int_equal(weir_sender_room(tx), MOST);
  assert_int_equal(reserve(MOST - 1, &all), WEIR_OK);
  assert_int_equal(reserve(1, &more), WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 0);
  weir_permit_give_back(&more);
  weir_permit_give_back(&all);
  assert_int_equal(weir_sender_room(tx), MOST);
  drop_both();
}

/* On a plain thread. */
static void *take_on_a_thread(void *rc)
{
  weir_permit one, three;
  int *r = rc;
  *r = reserve(1, &one);
  if (!*r) weir_permit_give_back(&one);
  if (!*r) *r = reserve(3, &three);
  if (!*r && weir_sender_room(tx) != 2) *r = WEIR_ERANGE;
  if (!*r) weir_permit_give_back(&three);
  if (!*r && weir_sender_room(tx) != 5) *r = WEIR_ERANGE;
  return NULL;
}

static void a_plain_thread_takes_one_place_or_several(void **state)
{
  (void)state;
  pthread_t thread;
  int rc = NOT_YET;
  make(5);
  assert_int_equal(pthread_create(&thread, NULL, take_on_a_thread, &rc), 0);
  pthread_join(thread, NULL);
  assert_int_equal(rc, WEIR_OK);
  weir_receiver_close(rx);
  assert_int_equal(pthread_create(&thread, NULL, take_on_a_thread, &rc), 0);
  pthread_join(thread, NULL);
  assert_int_equal(rc, WEIR_ECLOSED);
  drop_both();
}

static void *wait_on_a_thread(void *rc)
{
  weir_permit p;
  *(int *)rc = reserve(1, &p);
  return NULL;
}

static void a_plain_thread_blocks_until_a_place_is_given_back(void **state)
{
  (void)state;
  pthread_t thread;
  weir_permit p;
  int rc = NOT_YET;
  make(1);
  assert_int_equal(reserve(1, &p), WEIR_OK);
  assert_int_equal(pthread_create(&thread, NULL, wait_on_a_thread, &rc), 0);
  while (line_length(tx.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
  weir_permit_give_back(&p);
  pthread_join(thread, NULL);
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(weir_sender_room(tx), 1); /* the thread has ended */
  drop_both();
}

static struct {
  int room, full, many;
} seen;

static void reserve_in_a_callback(void)
{
  weir_permit p, q;
  seen.room = weir_channel_reserve(tx, WEIR_FOREVER, &p);
  seen.full = weir_channel_reserve(tx, WEIR_FOREVER, &q);
  seen.many = weir_channel_reserve_many(tx, 1, WEIR_FOREVER, &q);
  weir_permit_give_back(&p);
}

static void a_callback_never_waits_for_a_place(void **state)
{
  (void)state;
  make(1);
  run_in_callback(reserve_in_a_callback);
  assert_int_equal(seen.room, WEIR_OK);
  assert_int_equal(seen.full, WEIR_EWOULDBLOCK);
  assert_int_equal(seen.many, WEIR_EWOULDBLOCK);
  drop_both();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_is_sent_on_a_permit_and_without_one_comes_in_order),
      ON_RUNTIME(a_place_goes_to_the_line_when_it_is_received_or_given_back),
      ON_RUNTIME(a_place_goes_past_those_that_gave_up),
      ON_RUNTIME(a_place_that_was_handed_over_is_not_for_newcomers),
      ON_RUNTIME(a_refused_reserve_takes_nothing),
      ON_RUNTIME(any_part_of_a_permit_can_be_used_and_the_rest_given_back),
      ON_RUNTIME(all_places_that_are_given_back_go_to_one_who_needs_them_all),
      ON_RUNTIME(each_place_of_many_is_sent_and_received_in_turn),
      ON_RUNTIME(no_places_can_be_had_of_any_channel_but_a_closed_one),
      ON_RUNTIME(more_than_there_can_ever_be_is_refused_at_once),
      ON_RUNTIME(room_is_what_is_neither_reserved_nor_queued),
      ON_RUNTIME(a_dropped_receiver_refuses_each_kind_of_reserve),
      ON_RUNTIME(the_last_permit_wakes_a_receiver_that_sleeps_on_a_closed_channel),
      ON_RUNTIME(a_permit_outlives_the_senders),
      ON_RUNTIME(a_permit_is_no_sender),
      ON_RUNTIME(who_waits_for_several_places_keeps_nobody_from_the_end),
      ON_RUNTIME(who_was_given_a_place_before_the_close_has_it),
      ON_RUNTIME(a_semaphore_is_taken_and_comes_back),
      ON_RUNTIME(a_semaphore_is_waited_for),
      ON_RUNTIME(a_thousand_take_five_places_and_five_are_left),
      ON_RUNTIME(the_largest_semaphore_has_all_its_places),
      ON_RUNTIME(a_plain_thread_takes_one_place_or_several),
      ON_RUNTIME(a_plain_thread_blocks_until_a_place_is_given_back),
      ON_RUNTIME(a_callback_never_waits_for_a_place),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
