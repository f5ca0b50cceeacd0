/* Senders, permits, all overflow policies, and a capacity that changes, on one mailbox at once: the capacity is never
 * exceeded, each sender's messages come in their order, and each message is handled or counted as dropped. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { SENDERS = 6, MOST = 16 };

static _Atomic(int64_t) ok, turned_away, wrong, steps_left;
static _Atomic(bool) capacity_changes;
static int64_t last_of[SENDERS]; /* by the sink alone */

struct item {
  int32_t sender;
  int64_t n;
};
WEIR_MESSAGE(item, WEIR_FIELD(sender), WEIR_FIELD(n));

struct sink {
  int64_t count;
};
static int sink_item(struct sink *s, const struct item *m)
{
  if (m->n <= last_of[m->sender]) atomic_fetch_add(&wrong, 1);
  last_of[m->sender] = m->n;
  s->count++;
  return m->n % 64 == 0 ? weir_yield() : WEIR_OK;
}
static int sink_get(struct sink *s, struct number *reply)
{
  reply->n = s->count;
  return WEIR_OK;
}
WEIR_ACTOR(sink, WEIR_ON(item, sink_item) WEIR_ON(get, sink_get), .capacity = MOST);

static weir_ref target;

static void note(int rc)
{
  if (rc == WEIR_OK)
    atomic_fetch_add(&ok, 1);
  else if (rc == WEIR_EFULL || rc == WEIR_ETIMEDOUT || rc == WEIR_ERANGE)
    atomic_fetch_add(&turned_away, 1);
  else
    atomic_fetch_add(&wrong, 1);
}

/* Some of the places that it has reserved are given back unused. */
static void send_reserved(int32_t sender, int64_t *n)
{
  weir_permit p;
  size_t places = 1 + draw() % 3;
  int rc =
      draw() % 2 ? weir_reserve_many(target, places, WEIR_MILLIS(1), &p) : weir_try_reserve_many(target, places, &p);
  if (rc) {
    note(rc);
    return;
  }
  for (size_t i = 0; i < places && draw() % 4; i++) note(weir_permit_send(p, item, .sender = sender, .n = ++*n));
  weir_permit_give_back(&p);
}

static void one_step(int32_t sender, int64_t *n)
{
  switch (draw() % 4) {
  case 0:
    note(weir_send(target, item, .sender = sender, .n = ++*n));
    break;
  case 1:
    note(weir_try_send(target, item, .sender = sender, .n = ++*n));
    break;
  case 2:
    note(weir_send_within(target, WEIR_MILLIS(1), item, .sender = sender, .n = ++*n));
    break;
  default:
    send_reserved(sender, n);
    break;
  }
}

static void look(void)
{
  weir_stats s;
  if (weir_stats_read(target, &s)) {
    atomic_fetch_add(&wrong, 1);
    return;
  }
  if (s.length + s.permits > MOST) atomic_fetch_add(&wrong, 1);
}

static int send_much(int32_t *sender)
{
  int64_t n = 0;
  while (atomic_fetch_sub(&steps_left, 1) > 0) {
    one_step(*sender, &n);
    if (draw() % 16 == 0) look();
    if (atomic_load(&capacity_changes) && draw() % 32 == 0) weir_set_capacity(target, 3 + draw() % (MOST - 2));
  }
  return WEIR_OK;
}

static void *send_much_on_a_thread(void *sender)
{
  send_much(sender);
  return NULL;
}

static void work_on(int overflow, bool changes)
{
  static int32_t numbers[SENDERS] = {0, 1, 2, 3, 4, 5};
  weir_task *tasks[SENDERS - 1];
  pthread_t thread;
  weir_stats s;
  atomic_store(&ok, 0);
  atomic_store(&turned_away, 0);
  atomic_store(&wrong, 0);
  atomic_store(&capacity_changes, changes);
  atomic_store(&steps_left, count_or(30000, 1500));
  memset(last_of, 0, sizeof last_of);
  target = weir_spawn(&sink, .overflow = overflow);
  for (int i = 0; i < SENDERS - 1; i++) assert_non_null(tasks[i] = weir_task_start(NULL, send_much, &numbers[i]));
  assert_int_equal(pthread_create(&thread, NULL, send_much_on_a_thread, &numbers[SENDERS - 1]), 0);
  for (int i = 0; i < SENDERS - 1; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  do {
    weir_sleep(WEIR_MILLIS(0.2));
    assert_int_equal(weir_stats_read(target, &s), WEIR_OK);
  } while (atomic_load(&steps_left) > -SENDERS || s.length ||
           s.permits); /* the thread, too, has seen that none is left */
  pthread_join(thread, NULL);
  assert_int_equal(weir_set_capacity(target, MOST), WEIR_OK);
  int64_t handled = get_from(target);
  assert_int_equal(weir_stats_read(target, &s), WEIR_OK);
  assert_int_equal(atomic_load(&wrong), 0);
  assert_int_equal(handled + (int64_t)s.dropped, atomic_load(&ok));
  assert_int_equal(s.handled, handled + 1);
  assert_true(s.high_water <= MOST);
}

static void waiting(void **state)
{
  (void)state;
  work_on(WEIR_WAIT, false);
}
static void waiting_while_the_capacity_changes(void **state)
{
  (void)state;
  work_on(WEIR_WAIT, true);
}
static void rejecting(void **state)
{
  (void)state;
  work_on(WEIR_REJECT, true);
}
static void dropping_the_newest(void **state)
{
  (void)state;
  work_on(WEIR_DROP_NEWEST, true);
}
static void dropping_the_oldest(void **state)
{
  (void)state;
  work_on(WEIR_DROP_OLDEST, true);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(waiting),
      ON_RUNTIME(waiting_while_the_capacity_changes),
      ON_RUNTIME(rejecting),
      ON_RUNTIME(dropping_the_newest),
      ON_RUNTIME(dropping_the_oldest),
  };
  chance_begin();
  return RUN_ON_EACH_RUNTIME(tests);
}
