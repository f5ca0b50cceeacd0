/* Inside an actor: stash, selective receive, timers of its own, answers given later, under senders that race. */
#include "simulation_fixture.h"

enum { CUSTOMERS = 4, ORDERS = 5 };

struct served {
  int64_t number;
};
struct order {
  int64_t customer, n;
};
struct tokens {
  int64_t count;
};
struct shop {
  weir_ref counter;
  int64_t customer;
  weir_duration within;
};
struct first {
  WEIR_EMPTY;
};
struct body {
  int64_t n;
};
struct last {
  int64_t bodies;
};
WEIR_MESSAGE(served, WEIR_FIELD(number));
WEIR_REQUEST(order, served, WEIR_FIELD(customer), WEIR_FIELD(n));
WEIR_MESSAGE(tokens, WEIR_FIELD(count));
WEIR_MESSAGE(shop, WEIR_FIELD(counter), WEIR_FIELD(customer), WEIR_FIELD(within));
WEIR_MESSAGE(first);
WEIR_MESSAGE(body, WEIR_FIELD(n));
WEIR_MESSAGE(last, WEIR_FIELD(bodies));

static weir_runtime *runtime;
static struct {
  int64_t next[CUSTOMERS], served, ok, late, full, bodies, sum, ends;
  int done;
} seen;

/* Serves while it has tokens; else puts aside. Tokens come by a timer of its own. */
struct counter {
  int64_t tokens, served;
};
static int counter_start(struct counter *c)
{
  (void)c;
  return weir_send_every(weir_self(), WEIR_MILLIS(3), tokens, .count = 2).error;
}
static int counter_order(struct counter *c, const struct order *m, struct served *reply)
{
  if (c->tokens == 0) return weir_stash();
  c->tokens--;
  MUST(m->n >= seen.next[m->customer]);
  seen.next[m->customer] = m->n + 1;
  reply->number = ++c->served;
  seen.served++;
  return WEIR_OK;
}
static int counter_tokens(struct counter *c, const struct tokens *m)
{
  c->tokens = m->count;
  return weir_unstash((size_t)m->count);
}
WEIR_ACTOR(counter,
           WEIR_ON_START(weir_none, counter_start) WEIR_ON(order, counter_order) WEIR_ON(tokens, counter_tokens),
           .capacity = 4, .keeps_places = true);

struct customer {
  char nothing;
};
static int customer_shop(struct customer *c, const struct shop *m)
{
  (void)c;
  for (int64_t i = 0; i < ORDERS; i++) {
    struct served *s = NULL;
    int rc = weir_ask(m->counter, m->within, &s, order, .customer = m->customer, .n = i);
    seen.ok += rc == WEIR_OK;
    seen.late += rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT;
    seen.full += rc == WEIR_EFULL; /* it can't put aside any more */
    if (rc == WEIR_OK) MUST(s && s->number > 0);
    MUST(rc == WEIR_OK || rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT || rc == WEIR_EFULL);
    weir_free(s);
  }
  seen.done++;
  return WEIR_OK;
}
WEIR_ACTOR(customer, WEIR_ON(shop, customer_shop));

static int await_all(int count)
{
  for (int i = 0; seen.done < count && i < 10000; i++) MUST(weir_sleep(WEIR_MILLIS(10)) == WEIR_OK);
  MUST(seen.done == count);
  return WEIR_OK;
}

static int stash(weir_runtime *rt)
{
  runtime = rt;
  memset(&seen, 0, sizeof seen);
  weir_ref c = weir_spawn(&counter);
  for (int i = 0; i < CUSTOMERS; i++)
    MUST(weir_send(weir_spawn(&customer), shop, .counter = c, .customer = i,
                   .within = {between(rt, 2, 30) * 1000000}) == WEIR_OK);
  MUST(await_all(CUSTOMERS) == WEIR_OK);
  MUST(seen.ok + seen.late + seen.full == CUSTOMERS * ORDERS);
  MUST(seen.served >= seen.ok && seen.served <= seen.ok + seen.late);
  return WEIR_OK;
}

/* Waits in its handler for the last, while bodies are queued before it; then handles them in their order. */
struct session {
  int64_t at;
};
static int session_first(struct session *s)
{
  struct last *l = NULL;
  int rc = weir_select(WEIR_SECONDS(100), &l, last);
  if (rc) return rc;
  MUST(seen.bodies == s->at); /* none was handled meanwhile */
  seen.ends += l->bodies;
  weir_free(l);
  return WEIR_OK;
}
static int session_body(struct session *s, const struct body *m)
{
  MUST(m->n == s->at);
  s->at++;
  seen.bodies++;
  return WEIR_OK;
}
static int session_last(struct session *s, const struct last *m) /* before the first */
{
  (void)s;
  seen.ends += m->bodies;
  return WEIR_OK;
}
WEIR_ACTOR(session, WEIR_ON(first, session_first) WEIR_ON(body, session_body) WEIR_ON(last, session_last),
           .capacity = 8, .keeps_places = true);

static weir_ref session_ref;
static int send_bodies(int64_t *count)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; !rc && i < *count; i++) rc = weir_send(session_ref, body, .n = i);
  if (!rc) rc = weir_send(session_ref, last, .bodies = *count);
  seen.done++;
  return rc;
}
static int send_first(void *nothing)
{
  (void)nothing;
  seen.done++;
  return weir_send(session_ref, first);
}

static int selects(weir_runtime *rt)
{
  int64_t count = between(rt, 0, 5);
  int results[2];
  memset(&seen, 0, sizeof seen);
  session_ref = weir_spawn(&session);
  weir_task *bodies = weir_task_start(rt, send_bodies, &count), *begins = weir_task_start(rt, send_first, NULL);
  MUST(weir_task_join(bodies, WEIR_FOREVER, &results[0]) == WEIR_OK && results[0] == WEIR_OK);
  MUST(weir_task_join(begins, WEIR_FOREVER, &results[1]) == WEIR_OK && results[1] == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(seen.ends == count);
  MUST(weir_send(session_ref, last, .bodies = 0) == WEIR_OK); /* if the first came last */
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  MUST(seen.bodies == count && seen.ends == count);
  return WEIR_OK;
}

static void orders_that_are_put_aside_end_once(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.delay = {.one_in = 20}}, stash);
}
static void a_select_leaves_the_order_of_the_others(void **state)
{
  (void)state;
  simulate(NULL, selects);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(orders_that_are_put_aside_end_once),
      cmocka_unit_test(a_select_leaves_the_order_of_the_others),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
