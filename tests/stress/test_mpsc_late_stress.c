/* Channels and threads that are held up anywhere in a call: what they saw, or left to be done, is old when they go
 * on. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <time.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { THREADS = 4 };

static pthread_t threads[THREADS];
static _Atomic(bool) at_work[THREADS]; /* may be held up */
static _Atomic(bool) enough;
static _Atomic(int64_t) wrong;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

/* ---- holding threads up ---- */

/* In whatever the thread is at. */
static void stand_still(int unused)
{
  (void)unused;
  int was = errno;
  nanosleep(&(struct timespec){.tv_nsec = 100000}, NULL);
  errno = was;
}

static void *hold_up(void *unused)
{
  (void)unused;
  while (!atomic_load(&enough)) {
    int i = (int)(draw() % THREADS);
    if (atomic_load(&at_work[i])) pthread_kill(threads[i], SIGUSR1);
    spin((int64_t)(draw() % 60000));
    if (draw() % 4 == 0) sched_yield();
  }
  return NULL;
}

static pthread_t holder;

static void begin(void *(*f)(void *))
{
  chance_begin();
  atomic_store(&wrong, 0);
  atomic_store(&enough, false);
  sigaction(SIGUSR1, &(struct sigaction){.sa_handler = stand_still, .sa_flags = SA_RESTART}, NULL);
  for (intptr_t i = 0; i < THREADS; i++) {
    assert_int_equal(pthread_create(&threads[i], NULL, f, (void *)i), 0);
    atomic_store(&at_work[i], true);
  }
  assert_int_equal(pthread_create(&holder, NULL, hold_up, NULL), 0);
}

/* The threads are about to end, or told to by `enough`. */
static void end(void)
{
  atomic_store(&enough, true);
  pthread_join(holder, NULL);
  for (int i = 0; i < THREADS; i++) {
    atomic_store(&at_work[i], false);
    pthread_join(threads[i], NULL);
  }
}

/* ---- looking ---- */

enum { CAPACITY = 64, ROOM = 1 << 20 };
static weir_sender tx;
static weir_receiver rx;

static void *watch_length(void *unused)
{
  (void)unused;
  while (!atomic_load(&enough)) {
    size_t length = weir_receiver_length(rx);
    expect(length <= CAPACITY, "length", (int64_t)length);
  }
  return NULL;
}

static int send_all(int64_t *count)
{
  int rc = WEIR_OK;
  for (int64_t n = 0; n < *count && !rc; n++) rc = weir_channel_send(tx, number, .n = n);
  weir_sender_drop(tx);
  return rc;
}

static int drain(weir_receiver from)
{
  for (;;) {
    struct number *m;
    int rc = weir_receive_within(from, WEIR_SECONDS(20), &m, number);
    weir_free(m);
    if (rc) return rc;
  }
}

static void the_length_is_never_above_the_capacity(void **state)
{
  (void)state;
  int64_t count = count_or(50000, 5000);
  int rc;
  assert_int_equal(weir_mpsc(CAPACITY, &tx, &rx), WEIR_OK);
  weir_task *task = weir_task_start(NULL, send_all, &count);
  begin(watch_length);
  assert_int_equal(drain(rx), WEIR_ECLOSED);
  end();
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
  weir_receiver_drop(rx);
  assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- trying ---- */

/* All of them together never send as many as there are places. */
static void *try_to_send(void *unused)
{
  (void)unused;
  for (int64_t n = count_or(ROOM / THREADS / 8, 5000); n; n--) {
    int rc = weir_channel_try_send(tx, number, .n = n);
    expect(rc == WEIR_OK, "try_send", rc);
  }
  weir_sender_drop(tx);
  return NULL;
}

static void nobody_is_turned_away_where_there_is_room(void **state)
{
  (void)state;
  assert_int_equal(weir_mpsc(ROOM, &tx, &rx), WEIR_OK);
  for (int i = 1; i < THREADS; i++) assert_int_equal(weir_sender_clone(tx, &tx), WEIR_OK);
  begin(try_to_send);
  assert_int_equal(drain(rx), WEIR_ECLOSED);
  end();
  weir_receiver_drop(rx);
  assert_int_equal(atomic_load(&wrong), 0);
}

/* ---- returning ---- */

/* Each thread sends one message to each channel that it is given. */
static _Atomic(uint64_t) given[THREADS]; /* a sender; 0: none; UINT64_MAX: no more will come */
static void *send_one_each(void *index)
{
  for (;;) {
    uint64_t bits;
    while (!(bits = atomic_exchange(&given[(intptr_t)index], 0))) sched_yield();
    if (bits == UINT64_MAX) return NULL;
    int rc = weir_channel_send((weir_sender){bits}, number, .n = (intptr_t)index);
    expect(rc == WEIR_OK, "send", rc);
    weir_sender_drop((weir_sender){bits});
  }
}

static void give(int index, uint64_t bits)
{
  while (atomic_load(&given[index])) sched_yield();
  atomic_store(&given[index], bits);
}

static void receive_from_each(weir_receiver from)
{
  int came = 0, rc = WEIR_OK;
  while (came < THREADS && (rc == WEIR_OK || rc == WEIR_ETIMEDOUT)) {
    struct number *m;
    rc = weir_receive_within(from, (weir_duration){(int64_t)(draw() % 20000)}, &m, number);
    came += rc == WEIR_OK;
    weir_free(m);
  }
  expect(came == THREADS, "receive", rc);
}

/* What was given back twice would be given out twice: channels that all live at once are told apart by a message. */
static void channels_are_apart(void)
{
  enum { MANY = 3000 };
  static weir_receiver from[MANY];
  static weir_sender to[MANY];
  for (int i = 0; i < MANY; i++) {
    expect(weir_mpsc(1, &to[i], &from[i]) == WEIR_OK, "mpsc", i);
    expect(weir_channel_try_send(to[i], number, .n = i) == WEIR_OK, "the first message of a channel", i);
  }
  for (int i = 0; i < MANY; i++) {
    struct number *m;
    expect(weir_try_receive(from[i], &m, number) == WEIR_OK && m->n == i, "a message of this channel", i);
    weir_free(m);
    weir_sender_drop(to[i]);
    weir_receiver_drop(from[i]);
  }
}

/* The receiver goes as soon as it has all: its senders may still be on their way out of the send. */
static void a_receiver_may_go_while_its_senders_return(void **state)
{
  (void)state;
  begin(send_one_each);
  for (int64_t round = 0; round < count_or(1000, 300) && !atomic_load(&wrong); round++) {
    weir_sender to[THREADS];
    weir_receiver from;
    int rc = weir_mpsc(1 + draw() % 2, &to[0], &from);
    for (int i = 1; i < THREADS && !rc; i++) rc = weir_sender_clone(to[0], &to[i]);
    expect(rc == WEIR_OK, "mpsc", rc);
    for (int i = 0; i < THREADS; i++) give(i, to[i].bits);
    receive_from_each(from);
    weir_receiver_drop(from);
  }
  for (int i = 0; i < THREADS; i++) give(i, UINT64_MAX);
  end();
  channels_are_apart();
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(the_length_is_never_above_the_capacity),
      ON_RUNTIME(nobody_is_turned_away_where_there_is_room),
      ON_RUNTIME(a_receiver_may_go_while_its_senders_return),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
