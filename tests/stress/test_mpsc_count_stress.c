/* The length of a channel while others send to it and let go of it; and channels whose places are a semaphore's. */
#include <pthread.h>

#include "awaited.h"
#include "chance.h"
#include "unit/channel_fixture.h"

enum { THREADS = 3, PLACES = 2 };

static _Atomic(int64_t) wrong;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

/* ---- two threads, round by round ---- */

static struct {
  struct awaited round; /* that both may begin; NO_MORE */
  struct awaited done;  /* the last one that the other has ended */
  void (*f)(void);
} other = {.round = AWAITED, .done = AWAITED};
#define NO_MORE INT64_MAX

static void *run_rounds(void *unused)
{
  (void)unused;
  for (int64_t i = 1;; i++) {
    if (awaited_reaches(&other.round, i) == NO_MORE) return NULL;
    spin((int64_t)(draw() % 400));
    other.f();
    awaited_set(&other.done, i);
  }
}

/* A new channel of that capacity and so many messages, and then f() here and there at once, again and again. */
static void in_rounds(int64_t rounds, size_t capacity, int64_t queued, void (*here)(void), void (*there)(void))
{
  pthread_t thread;
  atomic_store(&wrong, 0);
  awaited_set(&other.round, 0);
  awaited_set(&other.done, 0);
  other.f = there;
  assert_int_equal(pthread_create(&thread, NULL, run_rounds, NULL), 0);
  for (int64_t i = 1; i <= rounds; i++) {
    make(capacity);
    for (int64_t n = 0; n < queued; n++) put(n);
    awaited_set(&other.round, i);
    spin((int64_t)(draw() % 400));
    here();
    awaited_reaches(&other.done, i);
    drop_both();
  }
  awaited_set(&other.round, NO_MORE);
  pthread_join(thread, NULL);
  assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- what was sent is there ---- */

static void send_one(void)
{
  int rc = weir_channel_send(tx, number, .n = 1);
  expect(rc == WEIR_OK, "send", rc);
}

static void send_one_and_look(void)
{
  send_one();
  size_t length = weir_receiver_length(rx);
  expect(length == 1 || length == 2, "length after a send", (int64_t)length);
}

static void what_was_sent_is_counted_at_once(void **state)
{
  (void)state;
  in_rounds(count_or(30000, 1000), 10, 0, send_one_and_look, send_one);
}

/* ---- an end is no message ---- */

static int64_t queued;

static void look(void)
{
  int64_t length = (int64_t)weir_receiver_length(rx);
  expect(length == queued, "length while the last sender goes", length);
}

static void drop_sender(void) { weir_sender_drop(tx); }

static void the_length_stays_while_the_last_sender_goes(void **state)
{
  (void)state;
  static const int64_t counts[] = {0, 1, 31, 32, 33};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
    queued = counts[i];
    in_rounds(count_or(6000, 300), (size_t)queued + 1, queued, drop_sender, look);
  }
}

/* ---- a channel's places as a semaphore ---- */

static struct {
  weir_sender take;
  weir_receiver give; /* one at a time: */
  pthread_mutex_t lock;
} semaphore = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void take_place(void)
{
  int rc = weir_channel_send(semaphore.take, signal);
  expect(rc == WEIR_OK, "take", rc);
}

static void give_place(void)
{
  struct signal *s;
  pthread_mutex_lock(&semaphore.lock);
  int rc = weir_try_receive(semaphore.give, &s, signal);
  pthread_mutex_unlock(&semaphore.lock);
  expect(rc == WEIR_OK, "give", rc);
  weir_free(s);
}

static pthread_mutex_t receiver_lock = PTHREAD_MUTEX_INITIALIZER;

/* There is a message for each place of the semaphore: whoever has a place finds one, and then room to put it back. */
static void take_and_put_back(int64_t n)
{
  struct number *m;
  take_place();
  expect(weir_receiver_length(semaphore.give) <= PLACES, "places", n);
  pthread_mutex_lock(&receiver_lock);
  int rc = weir_try_receive(rx, &m, number);
  pthread_mutex_unlock(&receiver_lock);
  expect(rc == WEIR_OK, "a message that must be there", rc);
  weir_free(m);
  if (draw() % 4 == 0) spin((int64_t)(draw() % 1000));
  rc = weir_channel_try_send(tx, number, .n = n);
  expect(rc == WEIR_OK, "a place that must be there", rc);
  give_place();
}

static void *take_and_put_back_again(void *times)
{
  for (int64_t i = 0; i < *(int64_t *)times; i++) take_and_put_back(i);
  return NULL;
}

static int take_and_put_back_in_a_task(int64_t *times)
{
  take_and_put_back_again(times);
  return WEIR_OK;
}

static void whoever_has_a_place_finds_a_message_and_room(void **state)
{
  (void)state;
  pthread_t threads[THREADS];
  weir_task *tasks[THREADS];
  int64_t times = count_or(6000, 300);
  atomic_store(&wrong, 0);
  make(PLACES);
  assert_int_equal(weir_mpsc(PLACES, &semaphore.take, &semaphore.give), WEIR_OK);
  for (int64_t i = 0; i < PLACES; i++) put(i);
  for (int i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, take_and_put_back_again, &times), 0);
    assert_non_null(tasks[i] = weir_task_start(NULL, take_and_put_back_in_a_task, &times));
  }
  /* On the current thread the tasks go on only while they are joined, and the threads may wait for what they have. */
  for (int i = 0; i < THREADS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  for (int i = 0; i < THREADS; i++) pthread_join(threads[i], NULL);
  assert_int_equal(weir_receiver_length(rx), PLACES);
  assert_int_equal(weir_receiver_length(semaphore.give), 0);
  drop_both();
  weir_sender_drop(semaphore.take);
  weir_receiver_drop(semaphore.give);
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_was_sent_is_counted_at_once),
      ON_RUNTIME(the_length_stays_while_the_last_sender_goes),
      ON_RUNTIME(whoever_has_a_place_finds_a_message_and_room),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
