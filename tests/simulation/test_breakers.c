/* A breaker under whatever order: what it lets through, and when. The handler is right about what it sees: nothing while
 * the breaker is open, one message at a time when its time is over; who asks gets one true outcome. */
#include "simulation_fixture.h"

#include <weir/supervisor.h>

enum { ASKERS = 4, ASKS = 12, FAILURES = 3, SICK = WEIR_EUSER(2) };
static const int64_t reset_ns = 50000000;

struct attempt {
  int64_t id;
};
struct outcome {
  int64_t id;
};
struct go_ahead {
  weir_ref whom;
};
WEIR_MESSAGE(outcome, WEIR_FIELD(id));
WEIR_REQUEST(attempt, outcome, WEIR_FIELD(id));
WEIR_MESSAGE(go_ahead, WEIR_FIELD(whom));

static weir_runtime *runtime;
/* The breaker as the handler must see it. */
static struct {
  int64_t opened_ns; /* -1: it is closed */
  int64_t trial_ns;  /* when a message was begun with while it was open */
  int failures;
  int begun, ok, refused, failed, timed_out, in_doubt, open, done;
  bool healthy;
} seen;
static int64_t opened, closed, turned_away; /* over all seeds */

static weir_duration millis(weir_runtime *rt, int64_t least, int64_t most)
{
  return WEIR__NS(between(rt, least, most) * 1000000);
}

static int64_t now(void) { return weir_simulation_elapsed(runtime).ns; }

static void went_wrong(void)
{
  if (++seen.failures < FAILURES && seen.opened_ns < 0) return;
  if (seen.opened_ns < 0) opened++;
  seen.opened_ns = now();
}

struct patient {
  int64_t n;
};
static int patient_try(struct patient *p, const struct attempt *m, struct outcome *reply)
{
  p->n++;
  seen.begun++;
  if (seen.opened_ns >= 0) {
    if (now() - seen.opened_ns < reset_ns) broken("handled while it is open", __LINE__);
    if (seen.trial_ns > seen.opened_ns && now() - seen.trial_ns < reset_ns)
      broken("two were let through at once", __LINE__);
    seen.trial_ns = now();
  }
  if (weir_simulation_draw(runtime, 2)) weir_sleep(millis(runtime, 1, 5));
  uint64_t fate = seen.healthy ? 0 : weir_simulation_draw(runtime, 4);
  if (fate) went_wrong();
  if (fate == 1) weir_fail(SICK, "too sick");
  if (fate) return weir_error(SICK, "sick");
  if (seen.opened_ns >= 0) closed++;
  seen.failures = 0;
  seen.opened_ns = -1;
  reply->id = m->id;
  return WEIR_OK;
}
WEIR_ACTOR(patient, WEIR_ON(attempt, patient_try), .capacity = 2);

struct asker {
  int64_t n;
};
static int asker_go(struct asker *a, const struct go_ahead *m)
{
  for (int i = 0; i < ASKS; i++) {
    struct outcome *o = NULL;
    a->n++;
    if (weir_simulation_draw(runtime, 3)) weir_sleep(millis(runtime, 1, 40));
    int rc = weir_ask(m->whom, millis(runtime, 2, 60), &o, attempt, .id = a->n);
    MUST((rc == WEIR_OK) == (o != NULL) && (!o || o->id == a->n));
    weir_free(o);
    if (rc == WEIR_OK)
      seen.ok++;
    else if (rc == SICK)
      seen.refused++;
    else if (rc == WEIR_EFAILED)
      seen.failed++;
    else if (rc == WEIR_ETIMEDOUT)
      seen.timed_out++;
    else if (rc == WEIR_EINDOUBT)
      seen.in_doubt++;
    else if (rc == WEIR_EOPEN)
      seen.open++, turned_away++;
    else
      return broken(weir_strerror(rc), __LINE__);
  }
  seen.done++;
  return WEIR_OK;
}
WEIR_ACTOR(asker, WEIR_ON(go_ahead, asker_go));

static void quiet(const weir_restart_event *e, void *arg)
{
  (void)e;
  (void)arg;
}

static int at_most_one_at_a_time(weir_runtime *rt)
{
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  seen.opened_ns = -1;
  weir_ref tree =
      weir_supervise(.max_restarts = 1000, .on_event = quiet,
                     .backoff = {.first = millis(rt, 0, 20), .most = WEIR_MILLIS(20)},
                     .children = WEIR_CHILDREN({&patient, .name = "patient",
                                                .breaker = {.failures = FAILURES, .reset = WEIR__NS(reset_ns)}}));
  int rc = weir_count_children(tree, WEIR_SECONDS(10), NULL);
  if (rc) return rc;
  weir_ref whom = weir_find("patient");
  for (int i = 0; i < ASKERS; i++) weir_send(weir_spawn(&asker), go_ahead, .whom = whom);
  while (seen.done < ASKERS && !*what_broke) {
    rc = weir_sleep(WEIR_MILLIS(10));
    if (rc) return rc;
  }
  weir_stats stats;
  rc = weir_stats_read(whom, &stats);
  if (rc) return rc;
  int outcomes = seen.ok + seen.refused + seen.failed + seen.timed_out + seen.in_doubt + seen.open;
  MUST(outcomes == ASKERS * ASKS);
  MUST(seen.begun >= seen.ok + seen.refused + seen.failed);
  MUST(seen.open == 0 || stats.opened > 0);
  MUST(stats.failures == 0 || stats.breaker != WEIR_BREAKER_CLOSED || stats.failures < FAILURES);
  /* It gets well, and within two times it takes everything again. */
  seen.healthy = true;
  for (int i = 0; i < 4; i++) {
    weir_sleep(WEIR__NS(reset_ns));
    rc = weir_ask(whom, WEIR_SECONDS(10), NULL, attempt, .id = 0);
    if (!rc) break;
    MUST(rc == WEIR_EOPEN);
  }
  MUST(rc == WEIR_OK);
  rc = weir_stats_read(whom, &stats);
  MUST(!rc && stats.breaker == WEIR_BREAKER_CLOSED && stats.failures == 0 && stats.length == 0);
  return WEIR_OK;
}

static void what_a_breaker_lets_through_over_many_seeds(void **state)
{
  (void)state;
  opened = closed = turned_away = 0;
  simulate(NULL, at_most_one_at_a_time);
  if (getenv("WEIR_SEED")) return;
  assert_true(opened > 100 && closed > 100 && turned_away > 100); /* it was about something */
}

static void what_a_breaker_lets_through_where_all_is_late(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.delay = {.one_in = 5}, .delay_most = WEIR_MILLIS(4)}, at_most_one_at_a_time);
}

int main(void)
{
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_a_breaker_lets_through_over_many_seeds),
                                     cmocka_unit_test(what_a_breaker_lets_through_where_all_is_late)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
