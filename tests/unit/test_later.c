/* Answers that are given later, and requests that are passed on. */
#include "unit/callback_fixture.h"

struct twice {
  int64_t n;
};
WEIR_REQUEST(twice, number, WEIR_FIELD(n));

static int64_t ask(weir_ref to, int64_t n)
{
  struct number *m;
  int rc = weir_ask(to, WEIR_SECONDS(20), &m, twice, .n = n);
  int64_t got = rc ? rc : m->n;
  weir_free(m);
  return got;
}

/* ---- a keeper of duties ---- */

enum { DUTIES = 32 };

struct keeper {
  weir_asker owed[DUTIES];
  int64_t n[DUTIES];
  int64_t count;
};
static _Atomic(int64_t) kept; /* duties that were taken, by all */
static int keep_duty(struct keeper *k, int64_t n)
{
  weir_asker asker = weir_answer_later();
  if (!asker.bits) return WEIR_OK; /* nobody asked */
  if (weir_answer_later().bits) return WEIR_EUSER(9);
  k->owed[k->count] = asker;
  k->n[k->count++] = n;
  atomic_fetch_add(&kept, 1);
  return WEIR_EUSER(8); /* no answer any more */
}
static int keeper_twice(struct keeper *k, const struct twice *m) { return keep_duty(k, m->n); }
static int keeper_signal(struct keeper *k) { return keep_duty(k, 0); }
/* Pays all, the newest first: in one of the ways that a test wants. */
enum { ANSWER, REFUSE, DONE, WRONG_TYPE, STOP, FAIL };
static int pay(weir_asker asker, int64_t n, int64_t how)
{
  switch (how) {
  case REFUSE:
    return weir_refuse(asker, WEIR_EUSER(3), "not today");
  case DONE:
    return weir_answer_done(asker);
  case WRONG_TYPE:
    if (weir_answer(asker, get) != WEIR_EPROTO || weir_refuse(asker, 5, NULL) != WEIR_EINVAL) return WEIR_EUSER(7);
    break;
  }
  return weir_answer(asker, number, .n = 2 * n);
}
static int keeper_number(struct keeper *k, const struct number *m)
{
  if (m->n == STOP) return WEIR_STOP;
  if (m->n == FAIL) weir_fail(WEIR_EUSER(4), "it broke");
  while (k->count) {
    int64_t i = --k->count;
    int rc = pay(k->owed[i], k->n[i], m->n);
    if (!rc && weir_answer(k->owed[i], number, .n = 1) != WEIR_EINVAL) rc = WEIR_EUSER(6); /* once */
    if (!rc && weir_asker_waits(k->owed[i])) rc = WEIR_EUSER(5);
    if (rc) return rc;
  }
  return WEIR_OK;
}
static int keeper_get(struct keeper *k, struct number *reply)
{
  reply->n = 0;
  for (int64_t i = 0; i < k->count; i++) reply->n += weir_asker_waits(k->owed[i]);
  return WEIR_OK;
}
WEIR_ACTOR(keeper, WEIR_ON(twice, keeper_twice) WEIR_ON(signal, keeper_signal) WEIR_ON(number, keeper_number)
                       WEIR_ON(get, keeper_get));

struct asking {
  weir_ref to;
  int64_t n, got;
  weir_duration within;
  weir_task *task;
};
/* Until it was begun: what is withdrawn before that is asked again. */
static int ask_in_task(struct asking *a)
{
  struct number *m;
  int rc;
  do rc = weir_ask(a->to, a->within, &m, twice, .n = a->n);
  while (rc == WEIR_ETIMEDOUT);
  a->got = rc ? rc : m->n;
  weir_free(m);
  return WEIR_OK;
}

/* `count` tasks whose questions are in the keeper's hands. */
static weir_ref questions(struct asking *asking, int count, weir_duration within)
{
  weir_ref k = weir_spawn(&keeper);
  atomic_store(&kept, 0);
  for (int i = 0; i < count; i++) {
    asking[i] = (struct asking){.to = k, .n = i, .within = within};
    asking[i].task = weir_task_start(NULL, ask_in_task, &asking[i]);
  }
  while (atomic_load(&kept) < count) weir_sleep(WEIR_MILLIS(0.1));
  return k;
}

static int64_t result_of(struct asking *a)
{
  assert_int_equal(weir_task_join(a->task, WEIR_SECONDS(20), NULL), WEIR_OK);
  return a->got;
}

static void answers_come_later_in_any_order(void **state)
{
  (void)state;
  struct asking asking[DUTIES];
  weir_ref k = questions(asking, DUTIES, WEIR_SECONDS(20));
  assert_int_equal(get_from(k), DUTIES);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = ANSWER), WEIR_OK);
  for (int i = 0; i < DUTIES; i++) assert_int_equal(result_of(&asking[i]), 2 * i);
}

static void a_request_is_refused_later(void **state)
{
  (void)state;
  struct asking asking[1];
  weir_ref k = questions(asking, 1, WEIR_SECONDS(20));
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = REFUSE), WEIR_OK);
  assert_int_equal(result_of(&asking[0]), WEIR_EUSER(3));
}

/* Whoever wants a content is not left with WEIR_OK and a null pointer. */
static void who_wants_a_content_does_not_get_nothing(void **state)
{
  (void)state;
  struct asking asking[1];
  struct number *m;
  weir_ref k = questions(asking, 1, WEIR_SECONDS(20));
  weir_pending wants = weir_ask_begin(k, WEIR_SECONDS(20), twice, .n = 1);
  weir_pending does_not = weir_ask_begin(k, WEIR_SECONDS(20), twice, .n = 1);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = DONE), WEIR_OK);
  assert_int_equal(result_of(&asking[0]), WEIR_EPROTO);
  assert_int_equal(weir_await(wants, &m, twice), WEIR_EPROTO);
  assert_null(m);
  assert_non_null(strstr(weir_error_text(), "answered a twice without a number"));
  assert_int_equal(weir_await(does_not, NULL, twice), WEIR_OK);
}

static void an_answer_has_the_type_of_its_request(void **state)
{
  (void)state;
  struct asking asking[1];
  weir_ref k = questions(asking, 1, WEIR_SECONDS(20));
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = WRONG_TYPE), WEIR_OK);
  assert_int_equal(result_of(&asking[0]), 0);
}

static int ask_signal(weir_ref *to) { return weir_ask(*to, WEIR_SECONDS(20), NULL, signal); }

static void a_plain_message_that_was_asked_is_answered_by_done(void **state)
{
  (void)state;
  int rc;
  weir_ref k = weir_spawn(&keeper);
  atomic_store(&kept, 0);
  weir_task *task = weir_task_start(NULL, ask_signal, &k);
  while (atomic_load(&kept) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = DONE), WEIR_OK);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, WEIR_OK);
}

static void who_is_owed_an_answer_learns_of_the_end_at_once(void **state)
{
  (void)state;
  for (int64_t how = STOP; how <= FAIL; how++) {
    struct asking asking[3];
    weir_ref k = questions(asking, 3, WEIR_SECONDS(3600));
    weir_send(k, number, .n = how);
    for (int i = 0; i < 3; i++) assert_int_equal(result_of(&asking[i]), WEIR_EFAILED);
  }
}

/* ---- a duty that moves ---- */

struct duty {
  uint64_t bits;
};
WEIR_MESSAGE(duty, WEIR_FIELD(bits));
struct settle {
  int64_t how;
};
WEIR_MESSAGE(settle, WEIR_FIELD(how));
struct heir {
  weir_asker owed;
};
static int heir_takes(struct heir *h, const struct duty *m)
{
  weir_asker old = {m->bits};
  h->owed = weir_asker_take_over(old);
  if (!h->owed.bits) return WEIR_EUSER(1);
  /* The old value is stale now, the new one is not. */
  if (weir_asker_waits(old) || weir_answer(old, number, .n = 1) != WEIR_EINVAL) return WEIR_EUSER(2);
  if (weir_asker_take_over(old).bits) return WEIR_EUSER(3);
  return weir_asker_waits(h->owed) ? WEIR_OK : WEIR_EUSER(4);
}
static int heir_settles(struct heir *h, const struct settle *m)
{
  return m->how == STOP ? WEIR_STOP : weir_answer(h->owed, number, .n = 42);
}
WEIR_ACTOR(heir, WEIR_ON(duty, heir_takes) WEIR_ON(settle, heir_settles));

/* Leaves its duty to the heir, and waits there until it has it. */
static weir_ref heir_of_all;
struct testator {
  WEIR_EMPTY;
};
static int testator_twice(struct testator *t)
{
  (void)t;
  weir_asker asker = weir_answer_later();
  int rc = weir_ask(heir_of_all, WEIR_SECONDS(20), NULL, duty, .bits = asker.bits);
  if (rc) weir_refuse(asker, rc, "it was not taken over");
  return WEIR_OK;
}
static int testator_signal(struct testator *t)
{
  (void)t;
  return WEIR_OK;
}
WEIR_ACTOR(testator, WEIR_ON(twice, testator_twice) WEIR_ON(signal, testator_signal));

/* What the asker is told in the end, by an heir that settles so. */
static int64_t inherited(int64_t how, bool testator_stops)
{
  struct number *m;
  weir_pending p;
  heir_of_all = weir_spawn(&heir);
  weir_ref t = weir_spawn(&testator);
  p = weir_ask_begin(t, WEIR_SECONDS(20), twice, .n = 1);
  /* Until the testator has nothing in hand any more: it has left its duty. */
  int rc = weir_ask(t, WEIR_SECONDS(20), NULL, signal);
  if (rc) return rc;
  if (testator_stops) wait_until_gone(t);
  weir_send(heir_of_all, settle, .how = how);
  rc = weir_await(p, &m, twice);
  int64_t got = rc ? rc : m->n;
  weir_free(m);
  weir_stop(heir_of_all);
  weir_stop(t);
  return got;
}
static void a_duty_that_was_taken_over_is_its_new_owners(void **state)
{
  (void)state;
  assert_int_equal(inherited(ANSWER, false), 42);
  assert_int_equal(inherited(ANSWER, true), 42); /* the end of the first owner is nobody's loss */
  assert_int_equal(inherited(STOP, false), WEIR_EFAILED);
}

/* Once its duty is another one's it may wait for who waits for the answer: that is no deadlock. */
static weir_ref who_asks;
struct trusting {
  WEIR_EMPTY;
};
static int trusting_twice(struct trusting *t)
{
  (void)t;
  weir_asker asker = weir_answer_later();
  int rc = weir_ask(heir_of_all, WEIR_SECONDS(20), NULL, duty, .bits = asker.bits);
  if (rc) return rc;
  weir_timer settled = weir_send_after(heir_of_all, WEIR_MILLIS(20), settle, .how = ANSWER);
  if (settled.error) return settled.error;
  rc = weir_ask(who_asks, WEIR_SECONDS(20), NULL, get);
  if (rc) weir_fail(rc, "%s", weir_error_text());
  return WEIR_OK;
}
static int trusting_signal(struct trusting *t)
{
  (void)t;
  return WEIR_OK;
}
WEIR_ACTOR(trusting, WEIR_ON(twice, trusting_twice) WEIR_ON(signal, trusting_signal));
struct client {
  int64_t got;
};
static int client_hold(struct client *c, const struct duty *m)
{
  c->got = ask((weir_ref){m->bits}, 1);
  return WEIR_OK;
}
static int client_get(struct client *c, struct number *reply)
{
  reply->n = c->got;
  return WEIR_OK;
}
WEIR_ACTOR(client, WEIR_ON(duty, client_hold) WEIR_ON(get, client_get));

static void who_has_left_its_duty_may_wait_for_the_asker(void **state)
{
  (void)state;
  heir_of_all = weir_spawn(&heir);
  who_asks = weir_spawn(&client);
  weir_ref t = weir_spawn(&trusting);
  assert_int_equal(weir_ask(who_asks, WEIR_SECONDS(20), NULL, duty, .bits = t.bits), WEIR_OK);
  assert_int_equal(get_from(who_asks), 42);
  assert_int_equal(weir_ask(t, WEIR_SECONDS(20), NULL, signal), WEIR_OK); /* it lives: it saw no deadlock */
}

static void outside_of_a_handler_no_duty_is_taken_over(void **state)
{
  (void)state;
  assert_int_equal(weir_asker_take_over((weir_asker){1}).bits, 0);
  assert_non_null(strstr(weir_error_text(), "handler"));
}

static void an_asker_that_is_gone_is_no_error(void **state)
{
  (void)state;
  struct asking asking[2];
  weir_ref k = questions(asking, 2, WEIR_MILLIS(2));
  for (int i = 0; i < 2; i++) assert_int_equal(result_of(&asking[i]), WEIR_EINDOUBT);
  assert_int_equal(get_from(k), 0);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = ANSWER), WEIR_OK);
}

static void where_nobody_asked_there_is_nothing_to_answer(void **state)
{
  (void)state;
  weir_ref k = weir_spawn(&keeper);
  assert_int_equal(weir_send(k, twice, .n = 1), WEIR_OK);
  assert_int_equal(get_from(k), 0);
  assert_int_equal(weir_answer_later().bits, 0);
  assert_int_equal(weir_answer((weir_asker){0}, number, .n = 1), WEIR_EINVAL);
  assert_int_equal(weir_answer_done((weir_asker){UINT64_MAX}), WEIR_EINVAL);
  assert_int_equal(weir_refuse((weir_asker){0}, WEIR_EUSER(1), "x"), WEIR_EINVAL);
  assert_false(weir_asker_waits((weir_asker){0}));
}

/* ---- passing on ---- */

struct target {
  weir_ref to;
};
WEIR_MESSAGE(target, WEIR_FIELD(to));

struct passer {
  weir_ref to;
};
static _Atomic(int) passed;
static int passer_start(struct passer *p, const struct target *t)
{
  p->to = t->to;
  return WEIR_OK;
}
static int passer_twice(struct passer *p)
{
  int rc = weir_forward(p->to);
  if (weir_forward(p->to) != WEIR_EINVAL) return WEIR_EUSER(9); /* it is gone */
  atomic_store(&passed, rc);
  return rc;
}
static int passer_hold(struct passer *p, const struct hold *h)
{
  (void)p;
  return gate_stand(h);
}
WEIR_ACTOR(passer,
           WEIR_ON_START(target, passer_start) WEIR_ON(twice, passer_twice) WEIR_ON(signal, passer_twice)
               WEIR_ON(hold, passer_hold),
           .capacity = 4);

struct doubler {
  WEIR_EMPTY;
};
static _Atomic(int64_t) came;
static int doubler_twice(struct doubler *d, const struct twice *m, struct number *reply)
{
  (void)d;
  atomic_fetch_add(&came, 1);
  reply->n = 2 * m->n;
  return m->n < 0 ? weir_error(WEIR_EUSER(1), "negative") : WEIR_OK;
}
static int doubler_signal(struct doubler *d)
{
  (void)d;
  atomic_fetch_add(&came, 1);
  return WEIR_OK;
}
static int doubler_hold(struct doubler *d, const struct hold *h)
{
  (void)d;
  return gate_stand(h);
}
WEIR_ACTOR(doubler, WEIR_ON(twice, doubler_twice) WEIR_ON(signal, doubler_signal) WEIR_ON(hold, doubler_hold),
           .capacity = 1);

static weir_ref passer_to(weir_ref to) { return weir_spawn(&passer, .config = WEIR_VALUE(target, .to = to)); }

static void a_request_goes_through_a_chain_and_its_answer_straight_back(void **state)
{
  (void)state;
  weir_ref end = weir_spawn(&doubler), chain = end;
  for (int i = 0; i < 10; i++) chain = passer_to(chain);
  for (int64_t n = 0; n < 100; n++) assert_int_equal(ask(chain, n), 2 * n);
  assert_int_equal(ask(chain, -1), WEIR_EUSER(1));
  assert_string_equal(weir_error_text(), "negative");
}

static void a_plain_message_is_passed_on_too(void **state)
{
  (void)state;
  atomic_store(&came, 0);
  weir_ref p = passer_to(weir_spawn(&doubler));
  for (int i = 0; i < 10; i++) assert_int_equal(weir_send(p, signal), WEIR_OK);
  assert_int_equal(weir_ask(p, WEIR_SECONDS(20), NULL, signal), WEIR_OK);
  assert_int_equal(atomic_load(&came), 11);
}

static void what_can_not_be_passed_on_is_told_to_the_asker(void **state)
{
  (void)state;
  weir_ref gone = weir_spawn(&doubler);
  weir_stop(gone);
  wait_until_gone(gone);
  weir_ref p = passer_to(gone);
  assert_int_equal(ask(p, 1), WEIR_EDEAD);
  assert_true(weir_alive(p));
  assert_int_equal(ask(passer_to((weir_ref){0}), 1), WEIR_EDEAD);
}

/* It was begun once, and begins anew: what is passed on and waits has not begun. */
static void what_is_passed_on_and_waits_is_withdrawn_when_time_is_over(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = weir_spawn(&doubler);
  gate_enter(&g, d);
  atomic_store(&came, 0);
  weir_ref p = passer_to(d);
  assert_int_equal(weir_ask(p, WEIR_MILLIS(5), NULL, twice, .n = 1), WEIR_ETIMEDOUT);
  assert_int_equal(weir_ask(p, WEIR_MILLIS(5), NULL, twice, .n = 1), WEIR_ETIMEDOUT); /* this one waits for a place */
  gate_open(&g);
  assert_int_equal(ask(p, 4), 8);
  assert_int_equal(atomic_load(&came), 1);
}

static void a_stop_of_who_passes_on_is_told_to_the_asker(void **state)
{
  (void)state;
  struct gate g;
  weir_ref d = weir_spawn(&doubler);
  gate_enter(&g, d);
  assert_int_equal(weir_send(d, signal), WEIR_OK); /* the one place */
  weir_ref p = passer_to(d);
  uint64_t before = accounts_created();
  struct asking a = {.to = p, .n = 1, .within = WEIR_SECONDS(3600)};
  a.task = weir_task_start(NULL, ask_in_task, &a);
  wait_until_created(before + 1);
  while (weir_try_send(p, signal) == WEIR_OK)
    weir_sleep(WEIR_MILLIS(0.1)); /* it is at work, and its mailbox fills up */
  weir_stop(p);
  int64_t got = result_of(&a);
  assert_true(got == WEIR_EFAILED || got == WEIR_EDEAD); /* the latter: it was stopped before it began */
  gate_open(&g);
}

static void outside_of_a_handler_there_is_nothing_to_pass_on(void **state)
{
  (void)state;
  assert_int_equal(weir_forward(weir_spawn(&doubler)), WEIR_EINVAL);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(answers_come_later_in_any_order),
      ON_RUNTIME(a_request_is_refused_later),
      ON_RUNTIME(who_wants_a_content_does_not_get_nothing),
      ON_RUNTIME(an_answer_has_the_type_of_its_request),
      ON_RUNTIME(a_plain_message_that_was_asked_is_answered_by_done),
      ON_RUNTIME(who_is_owed_an_answer_learns_of_the_end_at_once),
      ON_RUNTIME(a_duty_that_was_taken_over_is_its_new_owners),
      ON_RUNTIME(who_has_left_its_duty_may_wait_for_the_asker),
      ON_RUNTIME(outside_of_a_handler_no_duty_is_taken_over),
      ON_RUNTIME(an_asker_that_is_gone_is_no_error),
      ON_RUNTIME(where_nobody_asked_there_is_nothing_to_answer),
      ON_RUNTIME(a_request_goes_through_a_chain_and_its_answer_straight_back),
      ON_RUNTIME(a_plain_message_is_passed_on_too),
      ON_RUNTIME(what_can_not_be_passed_on_is_told_to_the_asker),
      ON_RUNTIME(what_is_passed_on_and_waits_is_withdrawn_when_time_is_over),
      ON_RUNTIME(a_stop_of_who_passes_on_is_told_to_the_asker),
      ON_RUNTIME(outside_of_a_handler_there_is_nothing_to_pass_on),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
