/* Asks with times: what each outcome says is true. WEIR_OK: handled once; WEIR_ETIMEDOUT: never handled, and not before
 * the time was over; WEIR_EINDOUBT: begun. */
#include "simulation_fixture.h"

enum { ASKERS = 4, ASKS = 4, IDS = ASKERS * ASKS };

struct answer {
  int64_t id;
};
struct work_on {
  int64_t id;
  weir_duration takes;
};
struct ask_away {
  int64_t first;
  weir_ref whom;
  weir_duration within;
};
WEIR_MESSAGE(answer, WEIR_FIELD(id));
WEIR_REQUEST(work_on, answer, WEIR_FIELD(id), WEIR_FIELD(takes));
WEIR_MESSAGE(ask_away, WEIR_FIELD(first), WEIR_FIELD(whom), WEIR_FIELD(within));

static weir_runtime *runtime;
static struct {
  int begun[IDS], ended[IDS], outcome[IDS];
  bool asked[IDS];
  int done;
} seen;
static int64_t ok, timed_out, in_doubt; /* over all seeds */

struct server {
  char nothing;
};
static int server_work(struct server *s, const struct work_on *m, struct answer *reply)
{
  (void)s;
  seen.begun[m->id]++;
  if (m->takes.ns) {
    int rc = weir_sleep(m->takes);
    if (rc) return rc;
  }
  seen.ended[m->id]++;
  reply->id = m->id;
  return WEIR_OK;
}
WEIR_ACTOR(server, WEIR_ON(work_on, server_work), .capacity = 2);

/* Sends the request on to whom it asks itself, within what is left of the asker's time. */
struct relay {
  weir_ref whom;
};
struct relay_to {
  weir_ref whom;
};
WEIR_MESSAGE(relay_to, WEIR_FIELD(whom));
static int relay_start(struct relay *r, const struct relay_to *m)
{
  r->whom = m->whom;
  return WEIR_OK;
}
static int relay_work(struct relay *r, const struct work_on *m, struct answer *reply)
{
  (void)m, (void)reply;
  return weir_forward(r->whom);
}
WEIR_ACTOR(relay, WEIR_ON_START(relay_to, relay_start) WEIR_ON(work_on, relay_work), .capacity = 2);

struct asker {
  char nothing;
};
static int ask_one(const struct ask_away *m, int64_t id)
{
  struct answer *a = NULL;
  int64_t from = weir_simulation_elapsed(runtime).ns;
  weir_duration takes = {(int64_t)weir_simulation_draw(runtime, 3) * 2000000};
  seen.asked[id] = true;
  int rc = seen.outcome[id] = weir_ask(m->whom, m->within, &a, work_on, .id = id, .takes = takes);
  int64_t took = weir_simulation_elapsed(runtime).ns - from;
  if (rc == WEIR_OK) MUST(a && a->id == id && seen.ended[id] == 1);
  if (rc != WEIR_OK) MUST(!a);
  if (rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT) MUST(took >= m->within.ns);
  if (rc == WEIR_ETIMEDOUT) MUST(seen.begun[id] == 0);
  MUST(rc == WEIR_OK || rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT);
  ok += rc == WEIR_OK;
  timed_out += rc == WEIR_ETIMEDOUT;
  in_doubt += rc == WEIR_EINDOUBT;
  weir_free(a);
  return WEIR_OK;
}
static int asker_ask(struct asker *a, const struct ask_away *m)
{
  (void)a;
  int rc = WEIR_OK;
  for (int64_t i = 0; !rc && i < ASKS; i++) rc = ask_one(m, m->first + i);
  seen.done++;
  return rc;
}
WEIR_ACTOR(asker, WEIR_ON(ask_away, asker_ask));

static int settle_all(void)
{
  for (int i = 0; seen.done < ASKERS && i < 10000; i++) MUST(weir_sleep(WEIR_MILLIS(10)) == WEIR_OK);
  MUST(seen.done == ASKERS);
  MUST(weir_sleep(WEIR_SECONDS(10)) == WEIR_OK); /* what was in doubt has ended by now */
  for (int i = 0; i < IDS; i++) {
    MUST(seen.asked[i] && seen.begun[i] <= 1);
    if (seen.outcome[i] == WEIR_ETIMEDOUT) MUST(seen.begun[i] == 0);
    if (seen.outcome[i] == WEIR_OK) MUST(seen.ended[i] == 1);
  }
  return WEIR_OK;
}

static int asks(weir_runtime *rt)
{
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref s = weir_spawn(&server);
  if (between(rt, 0, 1)) s = weir_spawn(&relay, .config = WEIR_VALUE(relay_to, .whom = s));
  for (int i = 0; i < ASKERS; i++)
    MUST(weir_send(weir_spawn(&asker), ask_away, .first = i * ASKS, .whom = s,
                   .within = {between(rt, 1, 5) * 1000000}) == WEIR_OK);
  return settle_all();
}

/* Several asks at once, some of which are cancelled. */
struct fan {
  char nothing;
};
static int fan_out(struct fan *f, const struct ask_away *m)
{
  (void)f;
  weir_pending p[ASKS];
  for (int64_t i = 0; i < ASKS; i++) {
    seen.asked[m->first + i] = true;
    p[i] = weir_ask_begin(m->whom, m->within, work_on, .id = m->first + i, .takes = WEIR_MILLIS(1));
  }
  for (int64_t i = 0; i < ASKS; i++) {
    struct answer *a = NULL;
    int64_t id = m->first + i;
    if (weir_simulation_draw(runtime, 4) == 0) {
      weir_cancel(&p[i], 1);
      seen.outcome[id] = WEIR_ECANCELED;
      continue;
    }
    int rc = seen.outcome[id] = weir_await(p[i], &a, work_on);
    if (rc == WEIR_OK) MUST(a && a->id == id && seen.ended[id] == 1);
    if (rc == WEIR_ETIMEDOUT) MUST(!a && seen.begun[id] == 0);
    MUST(rc == WEIR_OK || rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT);
    weir_free(a);
  }
  seen.done++;
  return WEIR_OK;
}
WEIR_ACTOR(fan, WEIR_ON(ask_away, fan_out));

static int fans(weir_runtime *rt)
{
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref s = weir_spawn(&server);
  for (int i = 0; i < ASKERS; i++)
    MUST(weir_send(weir_spawn(&fan), ask_away, .first = i * ASKS, .whom = s, .within = {between(rt, 1, 9) * 1000000}) ==
         WEIR_OK);
  return settle_all();
}

static void outcomes_of_asks_are_true(void **state)
{
  (void)state;
  simulate(NULL, asks);
  if (!getenv("WEIR_SEED")) assert_true(ok && timed_out && in_doubt);
}

static void outcomes_of_asks_are_true_when_handlers_stall(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.stall = {.one_in = 5}, .stall_most = WEIR_MILLIS(4), .delay = {.one_in = 9}},
           asks);
}

static void outcomes_of_several_asks_at_once_are_true(void **state)
{
  (void)state;
  simulate(NULL, fans);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(outcomes_of_asks_are_true),
      cmocka_unit_test(outcomes_of_asks_are_true_when_handlers_stall),
      cmocka_unit_test(outcomes_of_several_asks_at_once_are_true),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
