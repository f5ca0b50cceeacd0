/* Everybody at once meets an actor that fails in fits, while its breaker opens and closes: each call has one outcome, and all
 * that was turned away or given up is counted. */
#include <pthread.h>

#include "chance.h"
#include "unit/supervisor_fixture.h"

enum { MEETERS = 6, MOST = 8, SICK = WEIR_EUSER(5) };

static _Atomic(int64_t) sent, begun, open, odd, steps_left;
static _Atomic(int) health; /* of so many messages one is handled well; 0: all are */

struct item {
  bool sent; /* nobody waits for its answer */
};
WEIR_REQUEST(item, number, WEIR_FIELD(sent));

struct shaky {
  int64_t handled;
};
static int shaky_item(struct shaky *s, const struct item *m, struct number *reply)
{
  if (m->sent) atomic_fetch_add(&begun, 1);
  reply->n = ++s->handled;
  if (draw() % 16 == 0) weir_yield();
  int most = atomic_load(&health);
  if (!most || draw() % (uint64_t)most == 0) return WEIR_OK;
  if (draw() % 64 == 0) weir_fail(SICK, "down");
  return SICK;
}
WEIR_ACTOR(shaky, WEIR_ON(item, shaky_item), .capacity = MOST);

static weir_ref target;

static int note(int rc)
{
  if (rc == WEIR_EOPEN)
    atomic_fetch_add(&open, 1);
  else if (rc && rc != WEIR_EFULL && rc != WEIR_ETIMEDOUT && rc != WEIR_EINDOUBT && rc != SICK && rc != WEIR_EFAILED)
    atomic_fetch_add(&odd, 1);
  return rc;
}

static void note_sent(int rc)
{
  if (note(rc) == WEIR_OK) atomic_fetch_add(&sent, 1);
}

static void meet(void)
{
  weir_permit p;
  switch (draw() % 6) {
  case 0:
    note_sent(weir_send(target, item, .sent = true));
    break;
  case 1:
    note_sent(weir_try_send(target, item, .sent = true));
    break;
  case 2:
    note_sent(weir_send_within(target, WEIR_MILLIS(1), item, .sent = true));
    break;
  case 3:
    if (note(weir_reserve(target, WEIR_MILLIS(1), &p))) break;
    if (draw() % 2) note_sent(weir_permit_send(p, item, .sent = true));
    weir_permit_give_back(&p);
    break;
  case 4:
    note(weir_ask(target, WEIR_MILLIS(1), NULL, item, .sent = false));
    break;
  default:
    note(weir_ask(target, WEIR_SECONDS(60), NULL, item, .sent = false));
    break;
  }
  if (draw() % 8 == 0) weir_yield();
}

static void *thread_meets(void *arg)
{
  (void)arg;
  while (atomic_fetch_sub(&steps_left, 1) > 0) meet();
  return NULL;
}

static int task_meets(void *arg)
{
  thread_meets(arg);
  return WEIR_OK;
}

static void meet_all(void)
{
  pthread_t threads[MEETERS / 2];
  weir_task *tasks[MEETERS / 2];
  atomic_store(&sent, 0);
  atomic_store(&begun, 0);
  atomic_store(&open, 0);
  atomic_store(&odd, 0);
  atomic_store(&health, 4);
  atomic_store(&steps_left, count_or(60000, 6000));
  for (size_t i = 0; i < MEETERS / 2; i++) {
    tasks[i] = weir_task_start(runtime, task_meets, NULL);
    assert_int_equal(pthread_create(&threads[i], NULL, thread_meets, NULL), 0);
  }
  for (size_t i = 0; i < MEETERS / 2; i++) {
    pthread_join(threads[i], NULL);
    assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  }
}

/* It gets well, and takes everything again. */
static weir_stats get_well(void)
{
  weir_stats stats;
  atomic_store(&health, 0);
  for (;;) {
    int rc = weir_ask(target, WEIR_SECONDS(60), NULL, item, .sent = false);
    if (rc == WEIR_OK) break;
    note(rc);
    weir_sleep(WEIR_MILLIS(0.1));
  }
  do assert_int_equal(weir_stats_read(target, &stats), WEIR_OK);
  while (stats.length);
  return stats;
}

static void everybody_meets(int while_open)
{
  weir_ref tree =
      weir_supervise(.max_restarts = 1 << 20, .within = WEIR_SECONDS(100), .on_event = on_event,
                     .children = WEIR_CHILDREN(
                         {&shaky, .name = "shaky", .mailbox = WEIR_KEEP,
                          .breaker = {.failures = 5, .reset = WEIR_MILLIS(0.2), .while_open = while_open}}));
  assert_int_equal(started(tree), WEIR_OK);
  target = weir_find("shaky");
  meet_all();
  weir_stats stats = get_well();
  assert_int_equal(atomic_load(&odd), 0);
  assert_int_equal(stats.breaker, WEIR_BREAKER_CLOSED);
  assert_true(stats.opened > 0);
  assert_int_equal(stats.permits, 0);
  assert_int_equal(stats.waiting, 0);
  /* What was sent and not begun was given up, and counted as each that was told so. */
  assert_int_equal(stats.turned_away, atomic_load(&open) + atomic_load(&sent) - atomic_load(&begun));
}

static void who_meets_a_breaker_is_answered_whatever_it_does(void **state)
{
  (void)state;
  everybody_meets(WEIR_OPEN_REFUSES);
}

static void what_a_breaker_discards_is_counted(void **state)
{
  (void)state;
  everybody_meets(WEIR_OPEN_DISCARDS);
}

int main(void)
{
  const struct CMUnitTest tests[] = {WITH_FAMILY(who_meets_a_breaker_is_answered_whatever_it_does),
                                     WITH_FAMILY(what_a_breaker_discards_is_counted)};
  int failed = 0;
  chance_begin();
  for (int workers = 1; workers <= 2; workers++) {
    runtime_options.workers = workers;
    failed += cmocka_run_group_tests(tests, NULL, NULL);
  }
  return failed;
}
