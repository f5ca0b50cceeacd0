/* Asks: answers, refusals, failures, and who may ask. */
#include <pthread.h>
#include <uv.h>
#include <weir/uv.h>

#include "unit/line_fixture.h"

/* ---- an actor that answers in each way ---- */

enum { NO_FUNDS = WEIR_EUSER(1) };

struct withdraw {
  int64_t cents;
};
WEIR_REQUEST(withdraw, number, WEIR_FIELD(cents));
struct question {
  const char *text;
};
struct answer {
  const char *text, *more, *none;
  weir_bytes bytes;
  int64_t n;
};
WEIR_MESSAGE(answer, WEIR_FIELD(text), WEIR_FIELD(more), WEIR_FIELD(none), WEIR_FIELD(bytes), WEIR_FIELD(n));
WEIR_REQUEST(question, answer, WEIR_FIELD(text));
struct explode {
  uint64_t begun; /* a promise: it has, and goes off once another message is queued; 0: at once */
};
WEIR_REQUEST(explode, number, WEIR_FIELD(begun));
struct unheard {
  WEIR_EMPTY;
};
WEIR_REQUEST(unheard, number);

struct teller {
  int64_t cents, handled;
};
static int teller_withdraw(struct teller *t, const struct withdraw *m, struct number *reply)
{
  reply->n = 12345; /* goes nowhere if it is refused */
  if (m->cents > 100) return weir_error(NO_FUNDS, "%lld of %d cents", (long long)m->cents, 100);
  if (m->cents < 0) return NO_FUNDS;
  reply->n = m->cents;
  t->handled++;
  return WEIR_OK;
}
static int teller_question(struct teller *t, const struct question *m, struct answer *reply)
{
  (void)t;
  reply->text = weir_format("%s, you said", m->text);
  reply->more = m->text; /* borrowed: it is copied when the handler returns */
  reply->bytes = (weir_bytes){"\0\1\2", 3, NULL};
  reply->n = 42;
  return WEIR_OK;
}
static int teller_number(struct teller *t, const struct number *m)
{
  t->handled++;
  return m->n < 0 ? weir_error(WEIR_ERANGE, "%lld is negative", (long long)m->n) : WEIR_OK;
}
static int teller_explode(struct teller *t, const struct explode *m, struct number *reply)
{
  (void)t;
  if (m->begun) {
    news_tell(m->begun, 1);
    wait_until_queued_here(1);
  }
  reply->n = 1;
  weir_fail(NO_FUNDS, "the vault is %s", "open");
}
static int teller_hold(struct teller *t, const struct hold *m)
{
  (void)t;
  return gate_stand(m);
}
static int teller_get(struct teller *t, struct number *reply)
{
  reply->n = t->handled;
  return WEIR_OK;
}
WEIR_ACTOR(teller,
           WEIR_ON(withdraw, teller_withdraw) WEIR_ON(question, teller_question) WEIR_ON(number, teller_number)
               WEIR_ON(explode, teller_explode) WEIR_ON(hold, teller_hold) WEIR_ON(get, teller_get),
           .capacity = 2);

/* ---- answers ---- */

static void a_request_is_answered(void **state)
{
  (void)state;
  struct number *left;
  assert_int_equal(weir_ask(weir_spawn(&teller), WEIR_SECONDS(20), &left, withdraw, .cents = 30), WEIR_OK);
  assert_int_equal(left->n, 30);
  weir_free(left);
}

static void an_answer_may_go_unread(void **state)
{
  (void)state;
  assert_int_equal(weir_ask(weir_spawn(&teller), WEIR_SECONDS(20), NULL, withdraw, .cents = 30), WEIR_OK);
}

static void a_refusal_brings_code_and_text_and_no_answer(void **state)
{
  (void)state;
  weir_ref t = weir_spawn(&teller);
  struct number *left = (struct number *)&left;
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), &left, withdraw, .cents = 101), NO_FUNDS);
  assert_null(left);
  assert_string_equal(weir_error_text(), "101 of 100 cents");
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), &left, withdraw, .cents = -1), NO_FUNDS);
  assert_string_equal(weir_error_text(), "");
  assert_int_equal(get_from(t), 0); /* it goes on */
}

static void a_plain_message_can_be_asked(void **state)
{
  (void)state;
  weir_ref t = weir_spawn(&teller);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, number, .n = -1), WEIR_ERANGE);
  assert_string_equal(weir_error_text(), "-1 is negative");
  assert_int_equal(get_from(t), 2);
}

static void texts_and_bytes_of_an_answer_are_copied(void **state)
{
  (void)state;
  char text[] = "hello";
  struct answer *a;
  weir_ref t = weir_spawn(&teller);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), &a, question, .text = text), WEIR_OK);
  memset(text, 0, sizeof text);
  weir_stop(t);
  wait_until_gone(t);
  assert_string_equal(a->text, "hello, you said");
  assert_string_equal(a->more, "hello");
  assert_null(a->none);
  assert_int_equal(a->bytes.size, 3);
  assert_memory_equal(a->bytes.data, "\0\1\2", 3);
  assert_int_equal(a->n, 42);
  weir_free(a);
}

static void a_request_that_is_sent_is_handled_and_its_answer_dropped(void **state)
{
  (void)state;
  weir_ref t = weir_spawn(&teller);
  assert_int_equal(weir_send(t, withdraw, .cents = 30), WEIR_OK);
  assert_int_equal(get_from(t), 1);
}

/* ---- no answer ---- */

static void a_failure_is_told_apart_from_a_refusal(void **state)
{
  (void)state;
  weir_ref t = weir_spawn(&teller);
  struct number *n;
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), &n, explode), WEIR_EFAILED);
  assert_null(n);
  assert_non_null(strstr(weir_error_text(), "the vault is open"));
  wait_until_gone(t);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, get), WEIR_EDEAD);
}

static void a_request_without_clause_is_refused(void **state)
{
  (void)state;
  weir_ref t = weir_spawn(&teller);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, unheard), WEIR_EPROTO);
  assert_string_equal(weir_error_text(), "teller has no clause for unheard");
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, signal), WEIR_EPROTO);
  assert_int_equal(get_from(t), 0);
}

struct asking {
  weir_ref whom;
  weir_promise begun; /* it asks for an explosion, which tells that it has begun; none: for the number */
  int rc;
  char text[128];
};
static int ask_without_limit(struct asking *a)
{
  a->rc = a->begun.bits ? weir_ask(a->whom, WEIR_FOREVER, NULL, explode, .begun = a->begun.bits)
                        : weir_ask(a->whom, WEIR_FOREVER, NULL, get);
  snprintf(a->text, sizeof a->text, "%s", weir_error_text());
  return WEIR_OK;
}

/* Starts a task that asks; its request is made when this returns, and on its way. */
static weir_task *start_asking(struct asking *a)
{
  uint64_t created = accounts_created();
  weir_task *task = weir_task_start(NULL, ask_without_limit, a);
  assert_non_null(task);
  wait_until_created(created + 1);
  return task;
}

static void join(weir_task *task) { assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), NULL), WEIR_OK); }

static void an_ask_that_is_queued_when_its_actor_stops_learns_it_at_once(void **state)
{
  (void)state;
  struct gate g;
  struct asking asking[3] = {{.whom = weir_spawn(&teller)}};
  weir_task *tasks[3];
  gate_enter(&g, asking[0].whom);
  for (int i = 0; i < 3; i++) { /* room for two, one stands in line */
    asking[i].whom = asking[0].whom;
    tasks[i] = start_asking(&asking[i]);
  }
  assert_int_equal(weir_stop(asking[0].whom), WEIR_OK);
  for (int i = 0; i < 3; i++) {
    join(tasks[i]);
    assert_int_equal(asking[i].rc, WEIR_EDEAD);
  }
  weir_promise_drop(g.go);
}

static void an_ask_that_is_queued_when_its_actor_fails_learns_it_at_once(void **state)
{
  (void)state;
  weir_future has_begun;
  struct asking first = {.whom = weir_spawn(&teller)}, second = {.whom = first.whom};
  assert_int_equal(weir_oneshot(&first.begun, &has_begun), WEIR_OK);
  weir_task *a = start_asking(&first);
  assert_int_equal(news_wait(has_begun), 1);
  weir_task *b = start_asking(&second);
  join(a);
  join(b);
  assert_int_equal(first.rc, WEIR_EFAILED);
  assert_int_equal(second.rc, WEIR_EFAILED);
  assert_non_null(strstr(second.text, "the vault is open"));
}

static void an_ask_waits_for_a_place_in_a_full_mailbox(void **state)
{
  (void)state;
  struct gate g;
  struct asking asking[6] = {{.whom = weir_spawn(&teller)}};
  weir_task *tasks[6];
  gate_enter(&g, asking[0].whom);
  for (int i = 0; i < 6; i++) {
    asking[i].whom = asking[0].whom;
    tasks[i] = start_asking(&asking[i]);
  }
  gate_open(&g);
  for (int i = 0; i < 6; i++) {
    join(tasks[i]);
    assert_int_equal(asking[i].rc, WEIR_OK);
  }
}

/* ---- who may ask ---- */

struct go_between {
  WEIR_EMPTY;
};
static int go_between_identity(struct go_between *g, const struct number *m)
{
  (void)g, (void)m;
  return weir_ask(weir_find("teller"), WEIR_SECONDS(20), NULL, withdraw, .cents = m->n);
}
WEIR_ACTOR(go_between, WEIR_ON(number, go_between_identity));

static void an_actor_asks_and_its_refusal_goes_upstream(void **state)
{
  (void)state;
  weir_spawn(&teller, .name = "teller");
  weir_ref g = weir_spawn(&go_between);
  assert_int_equal(weir_ask(g, WEIR_SECONDS(20), NULL, number, .n = 100), WEIR_OK);
  assert_int_equal(weir_ask(g, WEIR_SECONDS(20), NULL, number, .n = 200), NO_FUNDS);
  assert_string_equal(weir_error_text(), "200 of 100 cents");
}

struct outsider {
  weir_ref whom;
  weir_promise done;
};
static void *ask_on_a_thread(void *outsider)
{
  struct outsider *o = outsider;
  int64_t sum = 0;
  for (int i = 0; i < 100; i++) sum += weir_ask(o->whom, WEIR_SECONDS(20), NULL, withdraw, .cents = 1) == WEIR_OK;
  news_tell(o->done.bits, sum);
  return NULL;
}

static void a_plain_thread_asks(void **state)
{
  (void)state;
  pthread_t thread;
  weir_future done;
  struct outsider o = {.whom = weir_spawn(&teller)};
  assert_int_equal(weir_oneshot(&o.done, &done), WEIR_OK);
  assert_int_equal(pthread_create(&thread, NULL, ask_on_a_thread, &o), 0);
  assert_int_equal(news_wait(done), 100);
  pthread_join(thread, NULL);
}

static int asked_in_callback, sent_in_callback;

static void on_timer(uv_timer_t *timer)
{
  asked_in_callback = weir_ask(weir_uv_owner(timer), WEIR_SECONDS(20), NULL, get);
  sent_in_callback = weir_try_send(weir_uv_owner(timer), number, .n = 1);
}
struct ticking {
  uint64_t ticked;
};
static int ticking_watch(struct ticking *t, const struct hold *m)
{
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  t->ticked = m->begun;
  uv_timer_init(weir_loop(), timer);
  return uv_timer_start(timer, on_timer, 1, 0);
}
static int ticking_number(struct ticking *t, const struct number *m)
{
  news_tell(t->ticked, m->n);
  return WEIR_OK;
}
WEIR_ACTOR(ticking, WEIR_ON(hold, ticking_watch) WEIR_ON(number, ticking_number));

static void a_callback_may_not_ask(void **state)
{
  (void)state;
  weir_promise promise;
  weir_future ticked;
  assert_int_equal(weir_oneshot(&promise, &ticked), WEIR_OK);
  weir_send(weir_spawn(&ticking), hold, .begun = promise.bits);
  assert_int_equal(news_wait(ticked), 1);
  assert_int_equal(asked_in_callback, WEIR_EWOULDBLOCK);
  assert_int_equal(sent_in_callback, WEIR_OK);
}

struct many {
  weir_ref teller, go_between;
  int64_t rounds;
};
static int ask_many(struct many *m)
{
  for (int64_t i = 0; i < m->rounds; i++) {
    if (weir_ask(m->teller, WEIR_SECONDS(20), NULL, number, .n = 1) != WEIR_OK) return WEIR_EINVAL;
    if (weir_ask(m->teller, WEIR_SECONDS(20), NULL, number, .n = -1) != WEIR_ERANGE) return WEIR_EINVAL;
    if (weir_ask(m->go_between, WEIR_SECONDS(20), NULL, number, .n = 1) != WEIR_OK) return WEIR_EINVAL;
  }
  return WEIR_OK;
}

/* A hundred thousand on all runtimes; the accounts and the sanitizers see what is left. */
static void many_asks_leave_nothing(void **state)
{
  (void)state;
  int rc;
  struct many m = {.teller = weir_spawn(&teller), .go_between = weir_spawn(&go_between), .rounds = count_or(8500, 300)};
  weir_spawn(&teller, .name = "teller");
  weir_task *task = weir_task_start(NULL, ask_many, &m);
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(60), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(get_from(m.teller), 2 * m.rounds);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_request_is_answered),
      ON_RUNTIME(an_answer_may_go_unread),
      ON_RUNTIME(a_refusal_brings_code_and_text_and_no_answer),
      ON_RUNTIME(a_plain_message_can_be_asked),
      ON_RUNTIME(texts_and_bytes_of_an_answer_are_copied),
      ON_RUNTIME(a_request_that_is_sent_is_handled_and_its_answer_dropped),
      ON_RUNTIME(a_failure_is_told_apart_from_a_refusal),
      ON_RUNTIME(a_request_without_clause_is_refused),
      ON_RUNTIME(an_ask_that_is_queued_when_its_actor_stops_learns_it_at_once),
      ON_RUNTIME(an_ask_that_is_queued_when_its_actor_fails_learns_it_at_once),
      ON_RUNTIME(an_ask_waits_for_a_place_in_a_full_mailbox),
      ON_RUNTIME(an_actor_asks_and_its_refusal_goes_upstream),
      ON_RUNTIME(a_plain_thread_asks),
      ON_RUNTIME(a_callback_may_not_ask),
      ON_RUNTIME(many_asks_leave_nothing),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
