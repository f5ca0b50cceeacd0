/* Stopping during load, at any moment: every message has one end (weir_runtime_stop() proves it), end clauses run once, and what
 * a drain had time for has been handled. */
#include "simulation_fixture.h"

enum { WORKERS = 3, ITEMS = 20 };

struct unit {
  int64_t n;
};
struct receipt {
  int64_t n;
};
struct check_in {
  int64_t n;
};
struct load {
  weir_ref to;
};
WEIR_MESSAGE(unit, WEIR_FIELD(n));
WEIR_MESSAGE(receipt, WEIR_FIELD(n));
WEIR_REQUEST(check_in, receipt, WEIR_FIELD(n));
WEIR_MESSAGE(load, WEIR_FIELD(to));

static struct {
  int64_t sent, handled, started, ended, deferred;
} seen;

static void count_deferred(void *arg)
{
  (void)arg;
  seen.deferred++;
}

struct keeper {
  char nothing;
};
static int keeper_start(struct keeper *k)
{
  (void)k;
  seen.started++;
  return weir_defer(count_deferred, NULL);
}
static int keeper_unit(struct keeper *k, const struct unit *m)
{
  (void)k;
  int rc = m->n % 3 == 0 ? weir_sleep(WEIR_MILLIS(2)) : WEIR_OK;
  if (!rc) seen.handled++;
  return rc;
}
static int keeper_check_in(struct keeper *k, const struct check_in *m, struct receipt *reply)
{
  (void)k;
  reply->n = m->n;
  return m->n % 2 ? weir_sleep(WEIR_MILLIS(1)) : WEIR_OK;
}
static void keeper_end(struct keeper *k)
{
  (void)k;
  weir_sleep(WEIR_MILLIS(3)); /* uncancelled */
  seen.ended++;
}
WEIR_ACTOR(keeper,
           WEIR_ON_START(weir_none, keeper_start) WEIR_ON(unit, keeper_unit) WEIR_ON(check_in, keeper_check_in)
               WEIR_ON_END(keeper_end),
           .capacity = 3);

struct loader {
  char nothing;
};
static int loader_load(struct loader *l, const struct load *m)
{
  (void)l;
  for (int64_t i = 0; i < ITEMS; i++) {
    int rc = weir_send(m->to, unit, .n = i);
    if (rc) return rc;
    seen.sent++;
    struct receipt *r = NULL;
    rc = weir_ask(m->to, WEIR_MILLIS(5), &r, check_in, .n = i);
    weir_free(r);
    if (rc && rc != WEIR_ETIMEDOUT && rc != WEIR_EINDOUBT) return rc;
  }
  return WEIR_OK;
}
WEIR_ACTOR(loader, WEIR_ON(load, loader_load));

static int begin_load(weir_runtime *rt)
{
  memset(&seen, 0, sizeof seen);
  for (int i = 0; i < WORKERS; i++) {
    weir_ref k = weir_spawn(&keeper);
    MUST(weir_send_every(k, WEIR_MILLIS(2), unit, .n = -3).error == WEIR_OK);
    MUST(weir_send(weir_spawn(&loader), load, .to = k) == WEIR_OK);
  }
  MUST(weir_sleep((weir_duration){between(rt, 0, 20) * 1000000}) == WEIR_OK);
  return WEIR_OK;
}

static int stop_at_once(weir_runtime *rt)
{
  MUST(begin_load(rt) == WEIR_OK);
  MUST(weir_runtime_stop(rt, WEIR_MILLIS(0)) == WEIR_OK);
  MUST(seen.started == seen.ended && seen.ended == seen.deferred);
  return WEIR_OK;
}

static int drain_all(weir_runtime *rt)
{
  MUST(begin_load(rt) == WEIR_OK);
  MUST(weir_runtime_stop(rt, WEIR_FOREVER) == WEIR_OK);
  MUST(seen.sent == WORKERS * ITEMS && seen.handled >= seen.sent);
  MUST(seen.started == WORKERS && seen.ended == WORKERS && seen.deferred == WORKERS);
  return WEIR_OK;
}

static int drain_for_a_while(weir_runtime *rt)
{
  weir_duration most = {between(rt, 1, 200) * 1000000};
  MUST(begin_load(rt) == WEIR_OK);
  int rc = weir_runtime_stop(rt, most);
  MUST(rc == WEIR_ETIMEDOUT || (rc == WEIR_OK && seen.sent == WORKERS * ITEMS));
  MUST(seen.started == seen.ended && seen.ended == seen.deferred);
  return WEIR_OK;
}

/* Single actors are stopped and drained under load: whoever sends to them learns it. */
static int stop_some(weir_runtime *rt)
{
  weir_ref keepers[WORKERS];
  memset(&seen, 0, sizeof seen);
  for (int i = 0; i < WORKERS; i++) {
    keepers[i] = weir_spawn(&keeper);
    MUST(weir_send(weir_spawn(&loader), load, .to = keepers[i]) == WEIR_OK);
  }
  for (int i = 0; i < WORKERS; i++) {
    MUST(weir_sleep((weir_duration){between(rt, 0, 5) * 1000000}) == WEIR_OK);
    MUST((between(rt, 0, 1) ? weir_stop(keepers[i]) : weir_drain(keepers[i])) == WEIR_OK);
    MUST(weir_send(keepers[i], unit, .n = 1) == WEIR_EDEAD);
  }
  MUST(weir_sleep(WEIR_SECONDS(10)) == WEIR_OK);
  for (int i = 0; i < WORKERS; i++) MUST(!weir_alive(keepers[i]));
  MUST(seen.started == seen.ended && seen.ended == seen.deferred);
  return WEIR_OK;
}

static void stopping_at_once_accounts_for_all(void **state)
{
  (void)state;
  simulate(NULL, stop_at_once);
}
static void draining_handles_all_that_was_sent(void **state)
{
  (void)state;
  simulate(NULL, drain_all);
}
static void draining_for_a_while_accounts_for_all(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.stall = {.one_in = 10}, .delay = {.one_in = 10}}, drain_for_a_while);
}
static void actors_that_stop_under_load_are_dead_to_their_senders(void **state)
{
  (void)state;
  simulate(NULL, stop_some);
}
static void failing_and_refusing_under_load_accounts_for_all(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.fail = {.one_in = 60}, .refuse = {.one_in = 10}, .delay = {.one_in = 20}},
           stop_at_once);
}
static void a_lack_of_memory_under_load_accounts_for_all(void **state)
{
  (void)state;
  const weir_simulation_options options = {.no_memory = {.one_in = 30}};
  struct scenario scenario = {stop_at_once};
  /* What the scenario does itself may fail, too; but nothing is lost. */
  for (uint64_t seed = 1; seed <= seeds(); seed++) {
    weir_runtime *rt;
    weir_accounts a;
    int rc = weir_simulation_start(seed, &options, &rt);
    assert_int_equal(rc, WEIR_OK);
    rc = run_scenario(rt, &scenario);
    if (rc && weir_runtime_here() == rt) assert_int_not_equal(weir_runtime_stop(rt, WEIR_MILLIS(0)), WEIR_EFAILED);
    weir_accounts_read(&a);
    if (a.live) print_error("seed %llu: %llu messages live\n", (unsigned long long)seed, (unsigned long long)a.live);
    assert_int_equal(a.live, 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(stopping_at_once_accounts_for_all),
      cmocka_unit_test(draining_handles_all_that_was_sent),
      cmocka_unit_test(draining_for_a_while_accounts_for_all),
      cmocka_unit_test(actors_that_stop_under_load_are_dead_to_their_senders),
      cmocka_unit_test(failing_and_refusing_under_load_accounts_for_all),
      cmocka_unit_test(a_lack_of_memory_under_load_accounts_for_all),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
