/* Mailboxes that are their worker's own: when one becomes biased, and who ends that. */
#include "channel/bias.h"

#include <pthread.h>

#include "unit/actor_fixture.h"

struct feeder {
  int64_t fed;
};
struct feed {
  int64_t left;
};
WEIR_MESSAGE(feed, WEIR_FIELD(left));
static _Atomic(int) failures;
static int feeder_feed(struct feeder *f, const struct feed *m)
{
  f->fed++;
  if (m->left && weir_send(weir_self(), feed, .left = m->left - 1)) atomic_fetch_add(&failures, 1);
  return WEIR_OK;
}
static int feeder_count(struct feeder *f, struct number *reply)
{
  reply->n = f->fed;
  return WEIR_OK;
}
WEIR_ACTOR(feeder, WEIR_ON(feed, feeder_feed) WEIR_ON(get, feeder_count), .capacity = 8);
/* The same, but it keeps places: such a one waits for its inbox alone (M6). */
struct keeper {
  int64_t fed;
};
static int keeper_feed(struct keeper *k, const struct feed *m)
{
  k->fed++;
  if (m->left && weir_send(weir_self(), feed, .left = m->left - 1)) atomic_fetch_add(&failures, 1);
  return WEIR_OK;
}
WEIR_ACTOR(keeper, WEIR_ON(feed, keeper_feed), .capacity = 8, .keeps_places = true);

static struct weir__cell *cell_of(weir_ref ref) { return weir__cell_at(weir__slot_of(ref)); }

static bool rests(weir_ref ref) { return atomic_load(&cell_of(ref)->inbox) == WEIR__CELL_IDLE; }

static void wait_until_it_rests(weir_ref ref)
{
  while (!rests(ref)) weir_sleep(WEIR_MILLIS(0.1));
}

static void feed_and_rest(weir_ref ref, int64_t messages)
{
  assert_int_equal(weir_send(ref, feed, .left = messages - 1), WEIR_OK);
  wait_until_it_rests(ref);
}

static int count_of(weir_ref ref)
{
  struct number *n;
  if (weir_ask(ref, WEIR_SECONDS(20), &n, get)) return -1;
  int count = (int)n->n;
  weir_free(n);
  return count;
}

static void it_is_biased_after_so_many_from_its_own_worker(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&feeder);
  feed_and_rest(a, WEIR__WARM / 2);
  assert_false(weir__is_biased(cell_of(a)));
  feed_and_rest(a, 4 * WEIR__WARM);
  assert_true(weir__is_biased(cell_of(a)));
  assert_int_equal(count_of(a), WEIR__WARM / 2 + 4 * WEIR__WARM);
  weir_stop(a);
}

static void *send_one(void *ref)
{
  if (weir_try_send(*(weir_ref *)ref, feed, .left = 0)) atomic_fetch_add(&failures, 1);
  return NULL;
}

static void from_elsewhere(weir_ref a)
{
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, send_one, &a), 0);
  pthread_join(thread, NULL);
  wait_until_it_rests(a);
}

static void who_comes_from_elsewhere_ends_it_for_good(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&feeder);
  feed_and_rest(a, 4 * WEIR__WARM);
  assert_true(weir__is_biased(cell_of(a)));
  from_elsewhere(a);
  assert_false(weir__is_biased(cell_of(a)));
  feed_and_rest(a, 4 * WEIR__WARM);
  assert_false(weir__is_biased(cell_of(a)));
  assert_int_equal(count_of(a), 8 * WEIR__WARM + 1);
  assert_int_equal(atomic_load(&failures), 0);
  weir_stop(a);
}

static void a_permit_ends_it_and_its_place_counts(void **state)
{
  (void)state;
  weir_permit permit;
  weir_ref a = weir_spawn(&feeder);
  feed_and_rest(a, 4 * WEIR__WARM);
  assert_int_equal(weir_try_reserve_many(a, 8, &permit), WEIR_OK);
  assert_false(weir__is_biased(cell_of(a)));
  assert_int_equal(weir_try_send(a, feed, .left = 0), WEIR_EFULL);
  weir_permit_give_back(&permit);
  assert_int_equal(weir_try_send(a, feed, .left = 0), WEIR_OK);
  wait_until_it_rests(a);
  weir_stop(a);
}

static void one_that_keeps_places_never_is(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&keeper);
  feed_and_rest(a, 8 * WEIR__WARM);
  assert_false(weir__is_biased(cell_of(a)));
  weir_stop(a);
}

static void a_biased_one_is_stopped_and_its_ref_is_stale(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&feeder);
  feed_and_rest(a, 4 * WEIR__WARM);
  assert_int_equal(weir_stop(a), WEIR_OK);
  assert_int_equal(weir_try_send(a, feed, .left = 0), WEIR_EDEAD);
  while (weir_alive(a)) weir_sleep(WEIR_MILLIS(0.1));
}

/* ---- a thief comes between a place and its message ---- */

struct recorder {
  int64_t last;
};
static int recorder_take(struct recorder *r, const struct number *m)
{
  if (m->n != r->last + 1) atomic_fetch_add(&failures, 1);
  r->last = m->n;
  return WEIR_OK;
}
static int recorder_last(struct recorder *r, struct number *reply)
{
  reply->n = r->last;
  return WEIR_OK;
}
WEIR_ACTOR(recorder, WEIR_ON(number, recorder_take) WEIR_ON(get, recorder_last));

struct meddler {
  weir_ref recorder;
};
struct meddle {
  weir_ref recorder;
};
WEIR_MESSAGE(meddle, WEIR_FIELD(recorder));
/* What send does for the message `n`, with the worker frozen just after the place was got. */
static void send_frozen(weir_ref to, int64_t n)
{
  struct weir__worker *w = weir__worker_here();
  struct weir__cell *cell = cell_of(to);
  struct number value = {n};
  bool got = weir__reserve_one(w, cell, weir__generation_of(to));
  struct weir__message *m = weir__message_make(weir_message_number(), &value, sizeof value);
  if (!got || !m || !weir__guard_freeze(&w->guard)) atomic_fetch_add(&failures, 1);
  weir__push(w, cell, m);
  weir__guard_thaw(&w->guard);
}
static int meddler_meddle(struct meddler *x, const struct meddle *m)
{
  (void)x;
  for (int64_t n = 1; n <= 4 * WEIR__WARM; n++)
    if (weir_send(m->recorder, number, .n = n)) atomic_fetch_add(&failures, 1);
  weir_yield(); /* it rests, biased */
  if (!weir__is_biased(cell_of(m->recorder))) atomic_fetch_add(&failures, 1);
  send_frozen(m->recorder, 4 * WEIR__WARM + 1);
  if (weir_send(m->recorder, number, .n = 4 * WEIR__WARM + 2)) atomic_fetch_add(&failures, 1);
  send_frozen(m->recorder, 4 * WEIR__WARM + 3);
  return weir_send(m->recorder, number, .n = 4 * WEIR__WARM + 4);
}
WEIR_ACTOR(meddler, WEIR_ON(meddle, meddler_meddle));

static void order_is_kept_when_a_thief_comes_between(void **state)
{
  (void)state;
  if (!on_current_thread()) return; /* elsewhere it may be moved to another worker by then */
  struct number *last;
  weir_ref r = weir_spawn(&recorder, .capacity = 1024), m = weir_spawn(&meddler);
  assert_int_equal(weir_send(m, meddle, .recorder = r), WEIR_OK);
  wait_until_it_rests(m);
  wait_until_it_rests(r);
  assert_int_equal(weir_ask(r, WEIR_SECONDS(20), &last, get), WEIR_OK);
  assert_int_equal(last->n, 4 * WEIR__WARM + 4);
  assert_int_equal(atomic_load(&failures), 0);
  weir_free(last);
  weir_stop(r);
  weir_stop(m);
}

/* ---- cells are used again ---- */

struct mayfly {
  WEIR_EMPTY;
};
static int mayfly_end(struct mayfly *m)
{
  (void)m;
  return WEIR_STOP;
}
WEIR_ACTOR(mayfly, WEIR_ON(number, mayfly_end));

static int spawn_again_and_again(void *unused)
{
  (void)unused;
  for (int i = 0; i < 20; i++) {
    weir_ref a = weir_spawn(&mayfly);
    if (atomic_load(&cell_of(a)->work.near) || weir__warmth(cell_of(a))) atomic_fetch_add(&failures, 1);
    if (weir_send(a, number, .n = i)) atomic_fetch_add(&failures, 1);
    while (weir_alive(a)) weir_sleep(WEIR_MILLIS(0.1));
  }
  return WEIR_OK;
}

static void a_fresh_one_is_in_nobodys_lines(void **state)
{
  (void)state;
  weir_task *t = weir_task_start(NULL, spawn_again_and_again, NULL);
  assert_non_null(t);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(atomic_load(&failures), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_fresh_one_is_in_nobodys_lines),
      ON_RUNTIME(it_is_biased_after_so_many_from_its_own_worker),
      ON_RUNTIME(who_comes_from_elsewhere_ends_it_for_good),
      ON_RUNTIME(a_permit_ends_it_and_its_place_counts),
      ON_RUNTIME(one_that_keeps_places_never_is),
      ON_RUNTIME(a_biased_one_is_stopped_and_its_ref_is_stale),
      ON_RUNTIME(order_is_kept_when_a_thief_comes_between),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
