/* Overflow policies, permits and live capacities under senders that race: what is counted adds up, what is reserved is there,
 * and what is kept comes in its order. */
#include "simulation_fixture.h"

enum { SENDERS = 3, ITEMS = 10 };

struct parcel {
  int64_t from, n;
};
struct deliver {
  int64_t from, count;
  weir_ref to;
  bool tries;
};
WEIR_MESSAGE(parcel, WEIR_FIELD(from), WEIR_FIELD(n));
WEIR_MESSAGE(deliver, WEIR_FIELD(from), WEIR_FIELD(count), WEIR_FIELD(to), WEIR_FIELD(tries));

static weir_runtime *runtime;
static struct {
  int64_t last[SENDERS], handled, ok, full, missed, given_back, reserved;
  int done;
} seen;

struct box {
  char nothing;
};
static int box_parcel(struct box *b, const struct parcel *m)
{
  (void)b;
  MUST(m->n > seen.last[m->from]); /* in order, some perhaps left out */
  seen.last[m->from] = m->n;
  seen.handled++;
  seen.missed += (int64_t)weir_missed();
  return m->n % 4 == 0 ? weir_sleep(WEIR_MILLIS(1)) : WEIR_OK;
}
WEIR_ACTOR(box, WEIR_ON(parcel, box_parcel));

struct postman {
  char nothing;
};
static int postman_deliver(struct postman *p, const struct deliver *m)
{
  (void)p;
  for (int64_t i = 1; i <= m->count; i++) {
    int rc = m->tries ? weir_try_send(m->to, parcel, .from = m->from, .n = i)
                      : weir_send(m->to, parcel, .from = m->from, .n = i);
    seen.ok += rc == WEIR_OK;
    seen.full += rc == WEIR_EFULL;
    MUST(rc == WEIR_OK || rc == WEIR_EFULL);
    if (weir_simulation_draw(runtime, 3) == 0) MUST(weir_yield() == WEIR_OK);
  }
  seen.done++;
  return WEIR_OK;
}
WEIR_ACTOR(postman, WEIR_ON(deliver, postman_deliver));

static int await_all(int count)
{
  for (int i = 0; seen.done < count && i < 10000; i++) MUST(weir_sleep(WEIR_MILLIS(10)) == WEIR_OK);
  MUST(seen.done == count);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  return WEIR_OK;
}

static int policy(weir_runtime *rt)
{
  static const int policies[] = {WEIR_WAIT, WEIR_REJECT, WEIR_DROP_NEWEST, WEIR_DROP_OLDEST};
  int64_t which = between(rt, 0, 3), capacity = between(rt, 1, 4);
  bool tries = between(rt, 0, 1);
  weir_stats stats;
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref b = weir_spawn(&box, .capacity = (size_t)capacity, .overflow = policies[which]);
  for (int i = 0; i < SENDERS; i++)
    MUST(weir_send(weir_spawn(&postman), deliver, .from = i, .count = ITEMS, .to = b, .tries = tries) == WEIR_OK);
  MUST(await_all(SENDERS) == WEIR_OK);
  MUST(weir_stats_read(b, &stats) == WEIR_OK);
  MUST(seen.ok + seen.full == SENDERS * ITEMS);
  MUST(stats.high_water <= (uint64_t)capacity && stats.length == 0);
  MUST((int64_t)stats.handled == seen.handled && (int64_t)stats.refused == seen.full);
  MUST(seen.handled + (int64_t)stats.dropped == seen.ok);
  MUST(seen.missed <= (int64_t)stats.dropped);
  if (which <= 1) MUST(stats.dropped == 0);
  if (which >= 2 || (which == 0 && !tries)) MUST(seen.full == 0);
  return WEIR_OK;
}

/* Reserves, works, fills or gives back: a permit's send never finds the mailbox full. */
struct careful {
  char nothing;
};
static int careful_deliver(struct careful *c, const struct deliver *m)
{
  (void)c;
  for (int64_t i = 1; i <= m->count; i++) {
    weir_permit permit;
    size_t places = 1 + (size_t)weir_simulation_draw(runtime, 2);
    int rc = weir_reserve_many(m->to, places, WEIR_MILLIS(20), &permit);
    if (rc == WEIR_ETIMEDOUT) continue;
    MUST(rc == WEIR_OK && weir_permit_places(permit) == places);
    seen.reserved++;
    if (weir_simulation_draw(runtime, 2)) MUST(weir_sleep(WEIR_MILLIS(1)) == WEIR_OK);
    if (weir_simulation_draw(runtime, 4)) {
      MUST(weir_permit_send(permit, parcel, .from = m->from, .n = i) == WEIR_OK);
      seen.ok++;
    }
    if (weir_simulation_draw(runtime, 8) == 0) break; /* what is left goes back when the handler's actor ends */
    weir_permit_give_back(&permit);
    seen.given_back++;
  }
  seen.done++;
  return WEIR_STOP;
}
WEIR_ACTOR(careful, WEIR_ON(deliver, careful_deliver));

static int permits(weir_runtime *rt)
{
  weir_stats stats;
  int64_t capacity = between(rt, 2, 4);
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref b = weir_spawn(&box, .capacity = (size_t)capacity);
  for (int i = 0; i < SENDERS; i++)
    MUST(weir_send(weir_spawn(&careful), deliver, .from = i, .count = ITEMS, .to = b) == WEIR_OK);
  MUST(await_all(SENDERS) == WEIR_OK);
  MUST(weir_stats_read(b, &stats) == WEIR_OK);
  MUST(stats.permits == 0 && stats.length == 0 && stats.waiting == 0 && stats.high_water <= (uint64_t)capacity);
  MUST(seen.handled == seen.ok && weir_room(b) == (size_t)capacity);
  return WEIR_OK;
}

/* The capacity changes while senders stand in line. */
static int live_capacity(weir_runtime *rt)
{
  weir_stats stats;
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref b = weir_spawn(&box, .capacity = 2);
  for (int i = 0; i < SENDERS; i++)
    MUST(weir_send(weir_spawn(&postman), deliver, .from = i, .count = ITEMS, .to = b) == WEIR_OK);
  for (int i = 0; i < 5; i++) {
    MUST(weir_sleep((weir_duration){between(rt, 0, 2) * 1000000}) == WEIR_OK);
    MUST(weir_set_capacity(b, (size_t)between(rt, 1, 6)) == WEIR_OK);
  }
  MUST(await_all(SENDERS) == WEIR_OK);
  MUST(weir_stats_read(b, &stats) == WEIR_OK);
  MUST(seen.ok == SENDERS * ITEMS && seen.handled == seen.ok && stats.length == 0 && stats.waiting == 0);
  MUST(stats.high_water <= 6);
  return WEIR_OK;
}

static void what_a_policy_counts_adds_up(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.delay = {.one_in = 20}}, policy);
}
static void a_reserved_place_is_there(void **state)
{
  (void)state;
  simulate(NULL, permits);
}
static void a_capacity_that_changes_loses_nothing(void **state)
{
  (void)state;
  simulate(NULL, live_capacity);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_a_policy_counts_adds_up),
      cmocka_unit_test(a_reserved_place_is_there),
      cmocka_unit_test(a_capacity_that_changes_loses_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
