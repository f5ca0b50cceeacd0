/* Permits that are taken, used, given back, waited for in vain and cancelled by many at once: never more than there are
 * places, and in the end all of them are there. */
#include <pthread.h>
#include <weir/permit.h>

#include "awaited.h"
#include "chance.h"
#include "unit/channel_fixture.h"

enum { PLACES = 10, TASKS = 6, THREADS = 2 };

static _Atomic(int64_t) wrong;
static _Atomic(int) held; /* places, by all */
static _Atomic(int64_t) taken, late, refused, cancelled;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

static weir_duration micros(uint64_t us) { return (weir_duration){(int64_t)us * 1000}; }

/* What the takers do. */
static struct {
  int64_t times;
  bool hurry; /* they wait for so long only, sometimes */
  bool send;  /* they fill some of their places */
  bool pass;  /* another thread gives the permit back */
} job;

/* ---- permits that go to another thread, to be given back there ---- */

static _Atomic(uint64_t) passed[4];     /* 0: free */
static struct awaited passes = AWAITED; /* how many, so far */
static _Atomic(bool) enough;

static void give_back_elsewhere(weir_permit p)
{
  uint64_t nothing = 0;
  if (atomic_compare_exchange_strong(&passed[draw() % 4], &nothing, p.bits))
    awaited_add(&passes, 1);
  else
    weir_permit_give_back(&p);
}

static void *give_back_what_was_passed(void *unused)
{
  (void)unused;
  int64_t seen = 0;
  for (bool last = false; !last;) {
    seen = awaited_reaches(&passes, seen + 1);
    last = atomic_load(&enough);
    for (int i = 0; i < 4; i++) {
      weir_permit p = {atomic_exchange(&passed[i], 0)};
      weir_permit_give_back(&p);
    }
  }
  return NULL;
}

static pthread_t giver;

static void end_giver(void)
{
  atomic_store(&enough, true);
  awaited_add(&passes, 1);
  pthread_join(giver, NULL);
}

/* ---- takers ---- */

/* `held` goes down before the places do. */
static void use(weir_permit p, size_t n)
{
  int now = atomic_fetch_add(&held, (int)n) + (int)n;
  expect(now <= PLACES, "places held", now);
  if (draw() % 2) spin((int64_t)(draw() % 2000));
  if (draw() % 8 == 0) weir_yield();
  atomic_fetch_sub(&held, (int)n);
  size_t sends = job.send ? draw() % (n + 1) : 0;
  for (size_t i = 0; i < sends; i++) {
    int rc = weir_permit_send(p, number, .n = 1);
    expect(rc == WEIR_OK, "send on a permit", rc);
  }
  expect(weir_permit_places(p) == n - sends, "places left", (int64_t)sends);
  if (job.pass)
    give_back_elsewhere(p);
  else
    weir_permit_give_back(&p);
}

static int take(void)
{
  static const size_t counts[] = {4, 10, 8, 1};
  weir_permit p;
  size_t n = counts[draw() % 4];
  weir_duration within = job.hurry && draw() % 2 ? micros(draw() % 100) : WEIR_FOREVER;
  int rc = draw() % 4 ? weir_channel_reserve_many(tx, n, within, &p) : weir_channel_try_reserve_many(tx, n, &p);
  atomic_fetch_add(rc == WEIR_OK          ? &taken
                   : rc == WEIR_ETIMEDOUT ? &late
                   : rc == WEIR_ECANCELED ? &cancelled
                                          : &refused,
                   1);
  expect(rc == WEIR_OK || p.bits == 0, "a permit in spite of an error", rc);
  if (rc == WEIR_OK) use(p, n);
  return rc;
}

static int take_again_and_again(void *unused)
{
  int rc = WEIR_OK;
  (void)unused;
  for (int64_t i = 0; i < job.times && rc != WEIR_ECLOSED && rc != WEIR_ECANCELED; i++) rc = take();
  return WEIR_OK;
}

static void *take_on_a_thread(void *unused)
{
  take_again_and_again(unused);
  return NULL;
}

static weir_task *tasks[TASKS];
static pthread_t threads[THREADS];

static void begin(void)
{
  atomic_store(&wrong, 0);
  atomic_store(&held, 0);
  atomic_store(&enough, false);
  awaited_set(&passes, 0);
  taken = late = refused = cancelled = 0;
  make(PLACES);
  assert_int_equal(pthread_create(&giver, NULL, give_back_what_was_passed, NULL), 0);
  for (int i = 0; i < TASKS; i++) assert_non_null(tasks[i] = weir_task_start(NULL, take_again_and_again, NULL));
  for (int i = 0; i < THREADS; i++) assert_int_equal(pthread_create(&threads[i], NULL, take_on_a_thread, NULL), 0);
}

static void end(void)
{
  for (int i = 0; i < TASKS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  end_giver();
  assert_int_equal(atomic_load(&wrong), 0);
}

static void all_places_are_there(void)
{
  assert_int_equal(weir_sender_room(tx), PLACES);
  weir_permit all;
  assert_int_equal(weir_channel_try_reserve_many(tx, PLACES, &all), WEIR_OK);
  weir_permit_give_back(&all);
}

static void no_more_is_held_than_there_is_and_nothing_is_lost(void **state)
{
  (void)state;
  for (int pass = 0; pass < 2; pass++) {
    job.times = count_or(2000, 100);
    job.hurry = job.send = false;
    job.pass = pass;
    begin();
    end();
    assert_true(atomic_load(&taken) > 0);
    all_places_are_there();
    drop_both();
  }
}

static void time_races_with_the_hand_over_of_places(void **state)
{
  (void)state;
  job.times = count_or(1500, 100);
  job.hurry = job.pass = true;
  job.send = false;
  int64_t all_taken = 0, all_late = 0;
  while (!all_taken || !all_late) { /* until the race has gone both ways: nothing forces it to */
    begin();
    end();
    all_places_are_there();
    drop_both();
    all_taken += atomic_load(&taken);
    all_late += atomic_load(&late);
  }
}

static void a_cancel_races_with_the_hand_over_of_places(void **state)
{
  (void)state;
  int64_t all = 0;
  job.times = 1 << 20;
  job.hurry = job.send = job.pass = false;
  for (int64_t i = 0; i < count_or(30, 5) || !all; i++) { /* until somebody was told to stop while it waited */
    begin();
    for (int t = 0; t < TASKS; t++) {
      spin((int64_t)(draw() % 100000));
      weir_task_cancel(tasks[t]);
    }
    for (int t = 0; t < TASKS; t++) assert_int_equal(weir_task_join(tasks[t], WEIR_SECONDS(60), NULL), WEIR_OK);
    weir_receiver_close(rx); /* the threads' end */
    for (int t = 0; t < THREADS; t++) pthread_join(threads[t], NULL);
    end_giver();
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(next(), WEIR_ECLOSED); /* no place is out, or it would wait for it */
    drop_both();
    all += atomic_load(&cancelled);
  }
}

static int64_t received;
static int drain(void *unused)
{
  int64_t n;
  (void)unused;
  while ((n = next()) == 1) received++;
  return (int)n;
}

/* What is held at the close can be sent; the receiver sees the end after the last place came back. */
static void a_close_races_with_permits(void **state)
{
  (void)state;
  int64_t all = 0;
  job.times = 1 << 20;
  job.hurry = false;
  job.send = job.pass = true;
  for (int64_t i = 0; i < count_or(60, 8) || !all; i++) { /* until something was sent */
    int rc;
    received = 0;
    begin();
    weir_task *drainer = weir_task_start(NULL, drain, NULL);
    if (draw() % 2) weir_sleep(micros(draw() % 1000));
    weir_receiver_close(rx);
    end();
    assert_int_equal(weir_task_join(drainer, WEIR_SECONDS(60), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_ECLOSED);
    assert_int_equal(weir_receiver_length(rx), 0);
    drop_both();
    all += received;
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(no_more_is_held_than_there_is_and_nothing_is_lost),
      ON_RUNTIME(time_races_with_the_hand_over_of_places),
      ON_RUNTIME(a_cancel_races_with_the_hand_over_of_places),
      ON_RUNTIME(a_close_races_with_permits),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
