/* Selective receive inside a handler. */
#include "unit/actor_fixture.h"

/* On an errand it selects what it is told to, and notes what it got; all else it handles in order. */
enum { SELECT_NUMBER, SELECT_SMALL, SELECT_GET, SELECT_GET_WITHOUT_ASKER, SELECT_SIGNAL, SELECT_CANCELLED };
struct errand {
  int32_t what;
  weir_duration within;
  uint64_t begun; /* a promise, kept when it begins; 0: none */
  bool ticks;     /* sets itself a timer with the number 77 first */
};
struct result {
  int32_t code;
  int64_t n;
};
WEIR_MESSAGE(result, WEIR_FIELD(code), WEIR_FIELD(n));
WEIR_REQUEST(errand, result, WEIR_FIELD(what), WEIR_FIELD(within), WEIR_FIELD(begun), WEIR_FIELD(ticks));

struct chooser {
  int64_t order; /* the numbers handled, as digits */
  int looked_at;
};

static char error_text[256];

static bool is_small(const void *message, void *arg)
{
  struct chooser *c = arg;
  c->looked_at++;
  return ((const struct number *)message)->n < 5;
}

static int select_number(const struct errand *m, struct result *reply, const weir_select_options *options)
{
  struct number *n;
  int rc = weir__select(m->within, weir_message_number(), &n, options);
  if (!rc) reply->n = n->n;
  weir_free(n);
  return rc;
}

static int select_get(const struct errand *m)
{
  struct get *g;
  weir_asker who;
  int rc = weir_select(m->within, &g, get, .asker = &who);
  weir_free(g);
  return rc ? rc : weir_answer(who, number, .n = 42);
}

/* A periodic timer has queued something, and is cancelled then. */
static int select_cancelled(const struct errand *m, struct result *reply)
{
  uint64_t before = accounts_created();
  weir_timer t = weir_send_every(weir_self(), WEIR_MILLIS(1), number, .n = 77);
  while (accounts_created() < before + 2) weir_sleep(WEIR_MILLIS(0.2)); /* its own, and the one that is queued */
  int rc = t.error ? t.error : weir_timer_cancel(t);
  return rc ? rc : select_number(m, reply, NULL);
}

static int chooser_errand(struct chooser *c, const struct errand *m, struct result *reply)
{
  struct signal *s = NULL;
  struct get *g = NULL;
  if (m->ticks && weir_send_after(weir_self(), WEIR_MILLIS(1), number, .n = 77).error) return WEIR_EINVAL;
  if (m->begun) news_tell(m->begun, 1);
  switch (m->what) {
  case SELECT_NUMBER:
    reply->code = select_number(m, reply, NULL);
    break;
  case SELECT_SMALL:
    reply->code = select_number(m, reply, &(weir_select_options){.when = is_small, .arg = c});
    break;
  case SELECT_GET:
    reply->code = select_get(m);
    break;
  case SELECT_CANCELLED:
    reply->code = select_cancelled(m, reply);
    break;
  case SELECT_GET_WITHOUT_ASKER:
    reply->code = weir_select(m->within, &g, get);
    break;
  default:
    reply->code = weir_select(m->within, &s, signal);
    weir_free(s);
    break;
  }
  snprintf(error_text, sizeof error_text, "%s", weir_error_text());
  return WEIR_OK;
}
static int chooser_number(struct chooser *c, const struct number *m)
{
  c->order = c->order * 10 + m->n;
  return WEIR_OK;
}
static int chooser_get(struct chooser *c, struct number *reply)
{
  reply->n = c->order;
  return WEIR_OK;
}
static int chooser_signal(struct chooser *c)
{
  (void)c;
  return WEIR_OK;
}
static int chooser_hold(struct chooser *c, const struct hold *m)
{
  (void)c;
  return gate_stand(m);
}
struct looks {
  WEIR_EMPTY;
};
WEIR_REQUEST(looks, number);
static int chooser_looks(struct chooser *c, struct number *reply)
{
  reply->n = c->looked_at;
  return WEIR_OK;
}
WEIR_ACTOR(chooser,
           WEIR_ON(errand, chooser_errand) WEIR_ON(number, chooser_number) WEIR_ON(get, chooser_get)
               WEIR_ON(signal, chooser_signal) WEIR_ON(hold, chooser_hold) WEIR_ON(looks, chooser_looks),
           .capacity = 8, .keeps_places = true);

static struct result result_of(weir_pending p)
{
  struct result none = {.code = WEIR_EINVAL}, *r;
  if (weir_await(p, &r, errand)) return none;
  none = *r;
  weir_free(r);
  return none;
}

/* Begins an errand and waits until it is at work. */
static weir_pending on_errand(weir_ref to, struct errand e)
{
  weir_promise begun;
  weir_future has_begun;
  if (weir_oneshot(&begun, &has_begun)) abort();
  e.begun = begun.bits;
  weir_pending p = weir_ask_begin_value(to, WEIR_SECONDS(20), WEIR_AT(errand, &e));
  assert_int_equal(p.error, WEIR_OK);
  assert_int_equal(news_wait(has_begun), 1);
  return p;
}

static void the_oldest_of_its_type_is_taken_and_the_others_stay_in_order(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&chooser);
  gate_enter(&g, c);
  weir_pending p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_SIGNAL);
  weir_send(c, number, .n = 1);
  weir_send(c, signal);
  weir_send(c, number, .n = 2);
  weir_send(c, signal);
  weir_send(c, number, .n = 3);
  gate_open(&g);
  assert_int_equal(result_of(p).code, WEIR_OK);
  assert_int_equal(get_from(c), 123);
}

static void a_handler_waits_for_one_that_is_not_there_yet(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_NUMBER, .within = WEIR_SECONDS(20)});
  weir_send(c, signal);
  weir_send(c, number, .n = 9);
  struct result r = result_of(p);
  assert_int_equal(r.code, WEIR_OK);
  assert_int_equal(r.n, 9);
  assert_int_equal(get_from(c), 0);
}

static void a_predicate_chooses_and_sees_each_message_once(void **state)
{
  (void)state;
  struct number *n;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_SMALL, .within = WEIR_SECONDS(20)});
  for (int64_t i = 9; i > 4; i--) weir_send(c, number, .n = i);
  weir_send(c, number, .n = 4);
  assert_int_equal(result_of(p).n, 4);
  assert_int_equal(get_from(c), 98765);
  assert_int_equal(weir_ask(c, WEIR_SECONDS(20), &n, looks), WEIR_OK);
  assert_int_equal(n->n, 6);
  weir_free(n);
}

static void when_none_comes_the_time_is_over(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_NUMBER, .within = WEIR_MILLIS(2));
  assert_int_equal(result_of(p).code, WEIR_ETIMEDOUT);
  p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_NUMBER);
  assert_int_equal(result_of(p).code, WEIR_ETIMEDOUT);
  weir_send(c, number, .n = 5);
  assert_int_equal(get_from(c), 5);
}

static void a_request_is_taken_with_the_duty_to_answer(void **state)
{
  (void)state;
  struct number *n;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_GET, .within = WEIR_SECONDS(20)});
  assert_int_equal(weir_ask(c, WEIR_SECONDS(20), &n, get), WEIR_OK);
  assert_int_equal(n->n, 42);
  weir_free(n);
  assert_int_equal(result_of(p).code, WEIR_OK);
}

static void a_request_whose_asker_has_gone_is_withdrawn_and_not_taken(void **state)
{
  (void)state;
  struct gate g;
  struct number *n;
  weir_accounts before, after;
  weir_ref c = weir_spawn(&chooser);
  gate_enter(&g, c);
  weir_pending p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_GET, .within = WEIR_SECONDS(20));
  weir_pending gone = weir_ask_begin(c, WEIR_SECONDS(20), get);
  weir_pending stays = weir_ask_begin(c, WEIR_SECONDS(20), get);
  weir_accounts_read(&before);
  weir_cancel(&gone, 1);
  gate_open(&g);
  assert_int_equal(weir_await(stays, &n, get), WEIR_OK);
  assert_int_equal(n->n, 42);
  weir_free(n);
  assert_int_equal(result_of(p).code, WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.withdrawn - before.withdrawn, 1);
}

static void a_request_needs_somewhere_to_put_the_duty(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_GET_WITHOUT_ASKER);
  assert_int_equal(result_of(p).code, WEIR_EINVAL);
  assert_non_null(strstr(error_text, ".asker"));
}

static void a_plain_message_that_was_asked_counts_as_handled(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_SIGNAL, .within = WEIR_SECONDS(20)});
  assert_int_equal(weir_ask(c, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  assert_int_equal(result_of(p).code, WEIR_OK);
}

static void a_timer_of_its_own_is_found_ahead_of_the_others(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_NUMBER, .within = WEIR_SECONDS(20), .ticks = true});
  struct result r = result_of(p);
  assert_int_equal(r.code, WEIR_OK);
  assert_int_equal(r.n, 77);
}

static void what_a_timer_has_queued_that_was_cancelled_is_not_found(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_CANCELLED, .within = WEIR_MILLIS(3)});
  assert_int_equal(result_of(p).code, WEIR_ETIMEDOUT);
  assert_int_equal(get_from(c), 0);
}

/* ---- nothing can come ---- */

static void a_mailbox_full_of_what_was_skipped_is_a_deadlock_at_once(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser, .name = "chooser");
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_SIGNAL, .within = WEIR_FOREVER});
  for (int64_t n = 1; n <= 7; n++) assert_int_equal(weir_send(c, number, .n = n), WEIR_OK); /* the errand has the 8th */
  assert_int_equal(result_of(p).code, WEIR_EDEADLOCK);
  assert_non_null(strstr(error_text, "chooser waits for a signal"));
  assert_int_equal(get_from(c), 1234567);
}

static void who_stands_in_line_does_not_come_to_help(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&chooser);
  gate_enter(&g, c);
  weir_pending p = weir_ask_begin(c, WEIR_SECONDS(20), errand, .what = SELECT_SIGNAL, .within = WEIR_FOREVER);
  for (int64_t n = 1; n <= 6; n++) assert_int_equal(weir_send(c, number, .n = n), WEIR_OK);
  assert_int_equal(weir_try_send(c, signal), WEIR_EFULL); /* the hold has the eighth place */
  gate_open(&g);
  assert_int_equal(weir_send(c, number, .n = 7), WEIR_OK);
  assert_int_equal(result_of(p).code, WEIR_EDEADLOCK);
  assert_int_equal(get_from(c), 1234567);
}

static void a_timer_that_may_bring_it_is_waited_for(void **state)
{
  (void)state;
  struct gate g;
  weir_ref c = weir_spawn(&chooser);
  gate_enter(&g, c);
  struct errand e = {.what = SELECT_NUMBER, .within = WEIR_SECONDS(20), .ticks = true};
  weir_pending p = weir_ask_begin_value(c, WEIR_SECONDS(20), WEIR_AT(errand, &e));
  for (int i = 0; i < 6; i++) assert_int_equal(weir_send(c, signal), WEIR_OK);
  gate_open(&g);
  assert_int_equal(weir_send(c, signal), WEIR_OK);
  assert_int_equal(result_of(p).n, 77);
}

static void an_actor_that_drains_does_not_wait_for_what_can_not_come(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_SIGNAL, .within = WEIR_FOREVER});
  weir_drain(c);
  assert_int_equal(result_of(p).code, WEIR_EDEAD);
}

static void who_is_told_to_stop_waits_no_longer(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&chooser);
  weir_pending p = on_errand(c, (struct errand){.what = SELECT_SIGNAL, .within = WEIR_FOREVER});
  weir_stop(c);
  assert_int_equal(result_of(p).code, WEIR_ECANCELED);
}

/* ---- wrong uses ---- */

struct no_keeper {
  int code;
};
static int no_keeper_signal(struct no_keeper *k)
{
  struct number *n;
  k->code = weir_select(WEIR_SECONDS(1), &n, number);
  return n ? WEIR_EINVAL : WEIR_OK;
}
static int no_keeper_get(struct no_keeper *k, struct number *reply)
{
  reply->n = k->code;
  return WEIR_OK;
}
WEIR_ACTOR(no_keeper, WEIR_ON(signal, no_keeper_signal) WEIR_ON(get, no_keeper_get));

static void it_is_for_handlers_of_types_that_keep_places(void **state)
{
  (void)state;
  struct number *n;
  assert_int_equal(weir_select(WEIR_SECONDS(1), &n, number), WEIR_EINVAL);
  assert_null(n);
  weir_ref k = weir_spawn(&no_keeper);
  weir_send(k, signal);
  assert_int_equal(get_from(k), WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(the_oldest_of_its_type_is_taken_and_the_others_stay_in_order),
      ON_RUNTIME(a_handler_waits_for_one_that_is_not_there_yet),
      ON_RUNTIME(a_predicate_chooses_and_sees_each_message_once),
      ON_RUNTIME(when_none_comes_the_time_is_over),
      ON_RUNTIME(a_request_is_taken_with_the_duty_to_answer),
      ON_RUNTIME(a_request_whose_asker_has_gone_is_withdrawn_and_not_taken),
      ON_RUNTIME(a_request_needs_somewhere_to_put_the_duty),
      ON_RUNTIME(a_plain_message_that_was_asked_counts_as_handled),
      ON_RUNTIME(a_timer_of_its_own_is_found_ahead_of_the_others),
      ON_RUNTIME(what_a_timer_has_queued_that_was_cancelled_is_not_found),
      ON_RUNTIME(a_mailbox_full_of_what_was_skipped_is_a_deadlock_at_once),
      ON_RUNTIME(who_stands_in_line_does_not_come_to_help),
      ON_RUNTIME(a_timer_that_may_bring_it_is_waited_for),
      ON_RUNTIME(an_actor_that_drains_does_not_wait_for_what_can_not_come),
      ON_RUNTIME(who_is_told_to_stop_waits_no_longer),
      ON_RUNTIME(it_is_for_handlers_of_types_that_keep_places),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
