/* Channels whose hand-overs race with time, cancellation, closing and dropping: each message has the one outcome that
 * its sender was told. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

struct item {
  int32_t sender;
  int64_t n;
};
WEIR_MESSAGE(item, WEIR_FIELD(sender), WEIR_FIELD(n));

enum { TASKS = 6, THREADS = 2, SENDERS = TASKS + THREADS, MOST = 4000, NOT_TRIED = 1 };

struct sender {
  weir_sender tx;
  int32_t index;
  int64_t count;
  int (*send)(weir_sender *, const struct item *);
  weir_task *task; /* or … */
  pthread_t thread;
};

static struct sender senders[SENDERS];
static int results[SENDERS][MOST];      /* what each send returned */
static uint8_t received[SENDERS][MOST]; /* how often each message came */
static int64_t newest[SENDERS];         /* the last that came of each */
static weir_receiver rx;
static size_t capacity;
static _Atomic(int) senders_left;
static _Atomic(int64_t) wrong;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

static weir_duration micros(uint64_t us) { return (weir_duration){(int64_t)us * 1000}; }

/* ---- senders ---- */

static int send_patiently(weir_sender *tx, const struct item *m)
{
  return weir_channel_send_value(*tx, WEIR_AT(item, m));
}
static int send_soon(weir_sender *tx, const struct item *m)
{
  return weir_channel_send_within_value(*tx, micros(draw() % 200), WEIR_AT(item, m));
}
static int send_either_way(weir_sender *tx, const struct item *m)
{
  int rc = m->n % 3 ? WEIR_EFULL : weir_channel_try_send_value(*tx, WEIR_AT(item, m));
  return rc == WEIR_EFULL ? send_patiently(tx, m) : rc;
}
/* With a pause before it. */
static int send_now_and_then(weir_sender *tx, const struct item *m)
{
  spin((int64_t)(draw() % 50000));
  if (draw() % 4 == 0) weir_sleep(micros(draw() % 100));
  return send_patiently(tx, m);
}
/* Now and then as another sender of the channel. */
static int send_as_a_clone(weir_sender *tx, const struct item *m)
{
  weir_sender copy;
  if (draw() % 8 == 0) {
    expect(weir_sender_clone(*tx, &copy) == WEIR_OK, "a living sender can't be cloned", m->n);
    weir_sender_drop(*tx);
    *tx = copy;
  }
  return send_patiently(tx, m);
}

/* Until all are sent, or no more can be. */
static int send_all(struct sender *s)
{
  int rc = WEIR_OK;
  for (int64_t n = 0; n < s->count && rc != WEIR_ECLOSED && rc != WEIR_ECANCELED; n++) {
    struct item m = {s->index, n};
    results[s->index][n] = rc = s->send(&s->tx, &m);
  }
  atomic_fetch_sub(&senders_left, 1);
  weir_sender_drop(s->tx);
  return WEIR_OK;
}
static void *send_all_on_a_thread(void *s)
{
  send_all(s);
  return NULL;
}

/* A new channel, and its senders at work: tasks, then plain threads. */
static void begin(size_t places, int tasks, int threads, int64_t count, int (*send)(weir_sender *, const struct item *))
{
  weir_sender tx;
  capacity = places;
  memset(received, 0, sizeof received);
  for (int i = 0; i < SENDERS; i++) newest[i] = -1;
  for (int i = 0; i < SENDERS * MOST; i++) results[i / MOST][i % MOST] = NOT_TRIED;
  atomic_store(&wrong, 0);
  atomic_store(&senders_left, tasks + threads);
  assert_int_equal(weir_mpsc(places, &tx, &rx), WEIR_OK);
  for (int i = 0; i < tasks + threads; i++) {
    struct sender *s = &senders[i];
    *s = (struct sender){.index = i, .count = count, .send = send};
    assert_int_equal(weir_sender_clone(tx, &s->tx), WEIR_OK);
    if (i < tasks)
      assert_non_null(s->task = weir_task_start(NULL, send_all, s));
    else
      assert_int_equal(pthread_create(&s->thread, NULL, send_all_on_a_thread, s), 0);
  }
  weir_sender_drop(tx);
}

static void join_senders(int tasks, int threads)
{
  for (int i = 0; i < tasks; i++) assert_int_equal(weir_task_join(senders[i].task, WEIR_SECONDS(30), NULL), WEIR_OK);
  for (int i = tasks; i < tasks + threads; i++) pthread_join(senders[i].thread, NULL);
}

/* ---- the receiver ---- */

static int take_one(weir_duration within)
{
  struct item *m;
  int rc = weir_receive_within(rx, within, &m, item);
  expect((rc == WEIR_OK) == (m != NULL), "a message, or an error", rc);
  if (rc) return rc;
  received[m->sender][m->n]++;
  expect(m->n > newest[m->sender], "out of order", m->n);
  newest[m->sender] = m->n;
  weir_free(m);
  size_t length = weir_receiver_length(rx);
  expect(length <= capacity, "length", (int64_t)length);
  return rc;
}

static int drain(void *unused)
{
  int rc;
  (void)unused;
  while ((rc = take_one(WEIR_SECONDS(20))) == WEIR_OK) continue;
  return rc;
}

/* At about the rate at which patience ends. */
static int drain_slowly(void)
{
  int rc;
  while ((rc = take_one(WEIR_SECONDS(20))) == WEIR_OK) {
    spin((int64_t)(draw() % 40000));
    if (draw() % 16 == 0) weir_sleep(micros(draw() % 300));
  }
  return rc;
}

/* ---- the verdict ---- */

static int64_t count_results(int code)
{
  int64_t count = 0;
  for (int i = 0; i < SENDERS * MOST; i++) count += results[i / MOST][i % MOST] == code;
  return count;
}

/* What was OK came once, whatever else was said, never; where `lossy`, what was OK may be lost. */
static void compare(bool lossy)
{
  for (int i = 0; i < SENDERS; i++)
    for (int n = 0; n < MOST; n++) {
      int times = received[i][n];
      if (results[i][n] == WEIR_OK)
        expect(times == 1 || (lossy && times == 0), "sent, and not received once", n);
      else
        expect(times == 0, "not sent, and received", n);
    }
  assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- 1: load ---- */

static void each_message_comes_once_and_in_order(void **state)
{
  (void)state;
  static const size_t capacities[] = {1, 2, 64};
  for (int i = 0; i < 6; i++) { /* the receiver is this thread, or a task */
    int rc;
    begin(capacities[i / 2], TASKS, THREADS, count_or(1500, 200), send_either_way);
    if (i % 2)
      assert_int_equal(weir_task_join(weir_task_start(NULL, drain, NULL), WEIR_SECONDS(60), &rc), WEIR_OK);
    else
      rc = drain(NULL);
    join_senders(TASKS, THREADS);
    assert_int_equal(rc, WEIR_ECLOSED);
    assert_int_equal(count_results(WEIR_OK), SENDERS * count_or(1500, 200));
    compare(false);
    weir_receiver_drop(rx);
  }
}

/* ---- 2: time ---- */

static void time_races_with_the_hand_over_of_a_place(void **state)
{
  (void)state;
  int64_t sent = 0, late = 0;
  for (size_t places = 1; places <= 4 || !sent || !late;
       places = places == 1 ? 4 : places + 1) { /* until both were seen */
    begin(places, TASKS, THREADS, count_or(350, 100), send_soon);
    assert_int_equal(drain_slowly(), WEIR_ECLOSED);
    join_senders(TASKS, THREADS);
    compare(false);
    weir_receiver_drop(rx);
    assert_int_equal(count_results(WEIR_OK) + count_results(WEIR_ETIMEDOUT), SENDERS * count_or(350, 100));
    sent += count_results(WEIR_OK);
    late += count_results(WEIR_ETIMEDOUT);
  }
}

/* ---- 3: cancellation ---- */

static void *cancel_tasks(void *unused)
{
  (void)unused;
  for (int i = 0; i < TASKS; i++) {
    spin((int64_t)(draw() % 200000));
    weir_task_cancel(senders[i].task);
  }
  return NULL;
}

static void a_cancel_races_with_the_hand_over_of_a_place(void **state)
{
  (void)state;
  int64_t sent = 0, cancelled = 0;
  for (int64_t i = 0; i < count_or(60, 10) || !sent || !cancelled; i++) { /* until both were seen */
    pthread_t canceller;
    begin(1 + draw() % 2, TASKS, 0, MOST, send_patiently);
    assert_int_equal(pthread_create(&canceller, NULL, cancel_tasks, NULL), 0);
    assert_int_equal(drain(NULL), WEIR_ECLOSED);
    pthread_join(canceller, NULL);
    join_senders(TASKS, 0);
    compare(false);
    weir_receiver_drop(rx);
    sent += count_results(WEIR_OK);
    cancelled += count_results(WEIR_ECANCELED);
  }
}

/* ---- 4: receivers in a hurry ---- */

static int drain_hastily(int64_t *late)
{
  for (;;) {
    int rc = take_one(micros(draw() % 200));
    if (rc != WEIR_OK && rc != WEIR_ETIMEDOUT) return rc;
    *late += rc == WEIR_ETIMEDOUT;
  }
}

static void the_end_of_a_receive_loses_nothing(void **state)
{
  (void)state;
  int64_t late = 0;
  for (int i = 0; i < 4 || !late; i++) { /* until that, too, was seen */
    int rc, tasks = i / 2 ? TASKS : 1;
    begin(4, tasks, THREADS, count_or(350, 100), send_now_and_then);
    if (i % 2) {
      weir_task *task = weir_task_start(NULL, drain_hastily, &late);
      assert_int_equal(weir_task_join(task, WEIR_SECONDS(60), &rc), WEIR_OK);
    } else {
      rc = drain_hastily(&late);
    }
    join_senders(tasks, THREADS);
    assert_int_equal(rc, WEIR_ECLOSED);
    assert_int_equal(count_results(WEIR_OK), (tasks + THREADS) * count_or(350, 100));
    compare(false);
    weir_receiver_drop(rx);
  }
}

/* ---- 5: closing ---- */

static void *close_at_some_time(void *unused)
{
  (void)unused;
  spin((int64_t)(draw() % 300000));
  weir_receiver_close(rx);
  return NULL;
}

/* The receiver closes after some messages, or goes; or another thread closes meanwhile. */
static void whoever_was_told_ok_is_heard_after_a_close(void **state)
{
  (void)state;
  static const size_t capacities[] = {1, 2, 64};
  int64_t refused = 0;
  for (int64_t i = 0; i < count_or(100, 12) || !refused; i++) { /* until that, too, was seen */
    pthread_t closer;
    bool by_another = i % 3 == 0, goes = i % 3 == 1;
    begin(capacities[draw() % 3], TASKS, THREADS, MOST, send_patiently);
    if (by_another)
      assert_int_equal(pthread_create(&closer, NULL, close_at_some_time, NULL), 0);
    else
      for (uint64_t left = draw() % 300; left; left--) expect(take_one(WEIR_SECONDS(20)) == WEIR_OK, "receive", 0);
    if (!by_another && !goes) weir_receiver_close(rx);
    if (!goes) assert_int_equal(drain(NULL), WEIR_ECLOSED);
    if (by_another) pthread_join(closer, NULL);
    weir_receiver_drop(rx);
    join_senders(TASKS, THREADS);
    compare(goes);
    assert_int_equal(count_results(WEIR_OK) + count_results(WEIR_ECLOSED) + count_results(NOT_TRIED), SENDERS * MOST);
    refused += count_results(WEIR_ECLOSED);
  }
}

/* ---- 6: senders that go ---- */

static void the_end_comes_after_all_that_was_sent(void **state)
{
  (void)state;
  for (int64_t i = 0; i < count_or(150, 20); i++) {
    int64_t all = 0;
    begin(1 + draw() % 8, TASKS, THREADS, (int64_t)(draw() % 64), send_as_a_clone);
    for (int s = 0; s < SENDERS; s++) all += senders[s].count;
    if (draw() % 2) spin((int64_t)(draw() % 200000)); /* some are gone before anything is received */
    assert_int_equal(drain(NULL), WEIR_ECLOSED);
    assert_int_equal(atomic_load(&senders_left), 0);
    join_senders(TASKS, THREADS);
    assert_int_equal(count_results(WEIR_OK), all);
    compare(false);
    weir_receiver_drop(rx);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(each_message_comes_once_and_in_order),         ON_RUNTIME(time_races_with_the_hand_over_of_a_place),
      ON_RUNTIME(a_cancel_races_with_the_hand_over_of_a_place), ON_RUNTIME(the_end_of_a_receive_loses_nothing),
      ON_RUNTIME(whoever_was_told_ok_is_heard_after_a_close),   ON_RUNTIME(the_end_comes_after_all_that_was_sent),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
