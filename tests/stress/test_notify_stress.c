/* Notices that are asked for, taken back, served and turned away by many at once, while their actors and runtimes end:
 * each is called once at most, never after its actor, and no place is lost. */
#include <pthread.h>
#include <sched.h>
#include <weir/notify.h>

#include "chance.h"
#include "unit/channel_fixture.h"

enum { PLACES = 3, WALKERS = 8, SENDERS = 3, NOTICES = 6 };

static _Atomic(bool) stops; /* the runtime does: what was told is dropped then */
static _Atomic(int64_t) wrong, called, cancelled, turned_away, sent;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

/* ---- who asks for notices: handlers and callbacks touch its state, and nothing else at the same time ---- */

struct walker {
  struct asked_for {
    struct walker *of;
    weir_notice notice;
    bool out;
  } notices[NOTICES];
  bool ended;
};

static void on_room(void *arg, weir_permit permit, int status)
{
  struct asked_for *a = arg;
  expect(!a->of->ended, "called after the end", status);
  expect(a->out, "called twice, or after it was taken back", status);
  a->out = false;
  atomic_fetch_add(status ? &turned_away : &called, 1);
  expect(!status || permit.bits == 0, "a permit in spite of an error", status);
  if (status || draw() % 3 == 0) return;
  int rc = weir_permit_send(permit, number, .n = 1);
  if (!rc) atomic_fetch_add(&sent, 1);
  expect(rc == WEIR_OK || rc == WEIR_ECLOSED, "send on a permit", rc);
  if (draw() % 2) return;
  a->out = true;
  rc = weir_channel_notify_writable(tx, on_room, a, &a->notice);
  if (rc) a->out = false;
  expect(rc == WEIR_OK || rc == WEIR_ECLOSED, "asked again", rc);
}

static int walker_signal(struct walker *w)
{
  struct asked_for *a = &w->notices[draw() % NOTICES];
  if (a->out && draw() % 2) {
    int rc = weir_notice_cancel(a->notice);
    expect(rc == WEIR_OK || (rc == WEIR_EDEAD && atomic_load(&stops)), "taken back", rc);
    a->out = false;
    atomic_fetch_add(&cancelled, 1);
  } else if (!a->out) {
    *a = (struct asked_for){.of = w, .out = true};
    int rc = weir_channel_notify_writable(tx, on_room, a, &a->notice);
    if (rc) a->out = false;
    expect(rc == WEIR_OK || rc == WEIR_ECLOSED, "asked", rc);
  }
  if (draw() % 16 == 0) return weir_yield() ? WEIR_STOP : WEIR_OK;
  return WEIR_OK;
}
static void walker_end(struct walker *w) { w->ended = true; }
WEIR_ACTOR(walker, WEIR_ON_END(walker_end) WEIR_ON(signal, walker_signal));

/* ---- the others ---- */

static _Atomic(bool) enough;

static int send_now_and_then(void *unused)
{
  (void)unused;
  while (!atomic_load(&enough)) {
    int rc = draw() % 2 ? weir_channel_send_within(tx, (weir_duration){(int64_t)(draw() % 200) * 1000}, number, .n = 1)
                        : weir_channel_try_send(tx, number, .n = 1);
    if (!rc) atomic_fetch_add(&sent, 1);
    if (rc == WEIR_ECLOSED || rc == WEIR_ECANCELED || rc == WEIR_EDEADLOCK) return WEIR_OK;
    weir_yield();
  }
  return WEIR_OK;
}

static _Atomic(bool) slow;

/* A plain thread, so that places are handed over from outside of the runtime. */
static void *receive(void *count)
{
  int64_t n, *received = count;
  while ((n = next_within(WEIR_MILLIS(1))) != WEIR_ECLOSED) {
    if (n != 1 && atomic_load(&enough)) break;
    if (n == 1) ++*received;
    if (atomic_load(&slow)) weir_sleep(WEIR_MILLIS(0.05));
  }
  return NULL;
}

static int64_t received;
static pthread_t receiver;

static void begin(void)
{
  atomic_store(&enough, false);
  atomic_store(&stops, false);
  sent = received = 0;
  make(PLACES);
  assert_int_equal(pthread_create(&receiver, NULL, receive, &received), 0);
}

static void end(void)
{
  atomic_store(&enough, true);
  pthread_join(receiver, NULL);
  assert_int_equal(atomic_load(&wrong), 0);
}

static void nothing_is_lost_and_nothing_is_out(void)
{
  struct number *m;
  while (weir_try_receive(rx, &m, number) == WEIR_OK) weir_free(m), received++;
  assert_int_equal(received, atomic_load(&sent));
  assert_int_equal(weir_sender_room(tx), PLACES);
  assert_int_equal(line_length(tx.bits), 0);
  drop_both();
}

static weir_ref walkers[WALKERS];

static void walk(int64_t steps)
{
  for (int64_t i = 0; i < steps; i++) {
    weir_ref *w = &walkers[draw() % WALKERS];
    if (draw() % 64 == 0) {
      weir_stop(*w);
      *w = weir_spawn(&walker);
    }
    int rc = weir_send(*w, signal);
    expect(rc == WEIR_OK, "to a walker", rc);
  }
}

static void race_with_senders_and_ends(void)
{
  weir_task *senders[SENDERS];
  begin();
  for (int i = 0; i < WALKERS; i++) walkers[i] = weir_spawn(&walker);
  for (int i = 0; i < SENDERS; i++) assert_non_null(senders[i] = weir_task_start(NULL, send_now_and_then, NULL));
  walk(count_or(20000, 2000));
  atomic_store(&enough, true);
  for (int i = 0; i < SENDERS; i++) join(senders[i]);
  for (int i = 0; i < WALKERS; i++) {
    weir_stop(walkers[i]);
    wait_until_gone(walkers[i]);
  }
  end();
  /* Those that were told last give their places back when their workers come to them. */
  while (weir_sender_room(tx) + weir_receiver_length(rx) < PLACES) weir_sleep(WEIR_MILLIS(0.1));
  nothing_is_lost_and_nothing_is_out();
}

static void notices_race_with_senders_and_ends(void **state)
{
  (void)state;
  called = cancelled = 0;
  do race_with_senders_and_ends();
  while (!atomic_load(&called) || !atomic_load(&cancelled)); /* until both were seen */
}

static void notices_race_with_a_close(void **state)
{
  (void)state;
  turned_away = 0;
  for (int64_t i = 0; i < count_or(100, 20) || !atomic_load(&turned_away); i++) { /* until that, too, was seen */
    atomic_store(&slow, i % 4 != 0);
    begin();
    for (int k = 0; k < WALKERS; k++) walkers[k] = weir_spawn(&walker);
    walk((int64_t)(draw() % 200));
    for (int tries = 0; i % 4 && line_length(tx.bits) == 0 && tries < 1000; tries++) {
      walk(1);
      weir_sleep(WEIR_MILLIS(0.01));
    }
    if (draw() % 2)
      weir_receiver_close(rx);
    else
      weir_sender_drop(tx);
    walk((int64_t)(draw() % 20));
    if (i % 4 == 1) weir_sleep(WEIR_MILLIS(1)); /* time to be told */
    for (int k = 0; k < WALKERS; k++) {
      weir_stop(walkers[k]);
      wait_until_gone(walkers[k]);
    }
    end();
    drop_both();
  }
  atomic_store(&slow, false);
}

static void notices_race_with_a_runtime_that_stops(void **state)
{
  (void)state;
  for (int64_t i = 0; i < count_or(60, 10); i++) {
    if (!runtime) assert_int_equal(weir_runtime_start(&runtime_options, &runtime), WEIR_OK);
    begin();
    for (int k = 0; k < WALKERS; k++) walkers[k] = weir_spawn(&walker);
    for (int k = 0; k < SENDERS; k++) weir_task_detach(weir_task_start(NULL, send_now_and_then, NULL));
    walk((int64_t)(draw() % 400));
    atomic_store(&stops, true);
    assert_int_equal(runtime_stopped((weir_duration){0}), WEIR_OK);
    end();
    nothing_is_lost_and_nothing_is_out();
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(notices_race_with_senders_and_ends),
      ON_RUNTIME(notices_race_with_a_close),
      ON_RUNTIME(notices_race_with_a_runtime_that_stops),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
