/* Troubles that users of other systems met, by their numbers in docs/internals/cases.md. Those of one feature stand
 * with its tests; here are the others. */
#include <semaphore.h>
#include <weir/blocking.h>
#include <weir/permit.h>

#include "platform/clock.h"
#include "unit/channel_fixture.h"

/* Stands at gates, counts what else comes, and asks others. */
struct clerk {
  int64_t handled;
};
static int clerk_number(struct clerk *c, const struct number *m)
{
  c->handled += m->n;
  return WEIR_OK;
}
static int clerk_get(struct clerk *c, struct number *reply)
{
  reply->n = c->handled;
  return WEIR_OK;
}
static int clerk_hold(struct clerk *c, const struct hold *m)
{
  (void)c;
  return gate_stand(m);
}
WEIR_ACTOR(clerk, WEIR_ON(number, clerk_number) WEIR_ON(get, clerk_get) WEIR_ON(hold, clerk_hold), .capacity = 1);

static int send_number(weir_ref *to) { return weir_send(*to, number, .n = 1); }

/* ---- 10 ---- */

static void trouble_10_what_is_turned_away_is_counted_and_is_no_dead_letter(void **state)
{
  (void)state;
  enum { TIMES = 5 };
  weir_accounts before, after;
  struct gate g;
  weir_ref c = weir_spawn(&clerk);
  gate_enter(&g, c);
  weir_send(c, number, .n = 1);
  make(1);
  put(1);
  weir_accounts_read(&before);
  for (int i = 0; i < TIMES; i++) {
    assert_int_equal(weir_try_send(c, number, .n = 1), WEIR_EFULL);
    assert_int_equal(weir_channel_try_send(tx, number, .n = 1), WEIR_EFULL);
  }
  weir_accounts_read(&after);
  assert_int_equal(after.refused_full - before.refused_full, 2 * TIMES);
  assert_int_equal(after.dead, before.dead);
  assert_int_equal(after.created, before.created);
  gate_open(&g);
  assert_int_equal(get_from(c), 1);
  drop_both();
}

/* ---- 11 ---- */

static void trouble_11_senders_that_wait_leave_their_workers_to_others(void **state)
{
  (void)state;
  enum { SENDERS = 32 }; /* more than any runtime here has threads */
  weir_task *tasks[SENDERS];
  struct gate g;
  weir_ref full = weir_spawn(&clerk), other = weir_spawn(&clerk);
  gate_enter(&g, full);
  weir_send(full, number, .n = 1);
  for (int i = 0; i < SENDERS; i++) tasks[i] = weir_task_start(NULL, send_number, &full);
  while (line_length(full.bits) < SENDERS) weir_sleep(WEIR_MILLIS(0.1));
  for (int i = 0; i < 100; i++) assert_int_equal(weir_send(other, number, .n = 1), WEIR_OK);
  assert_int_equal(get_from(other), 100);
  assert_int_equal(line_length(full.bits), SENDERS);
  gate_open(&g);
  for (int i = 0; i < SENDERS; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
  assert_int_equal(get_from(full), SENDERS + 1);
}

/* ---- 13 ---- */

/* Takes a place of another mailbox, and forgets it. */
struct forgetful {
  weir_permit permit;
};
struct take_place {
  weir_ref of;
};
WEIR_MESSAGE(take_place, WEIR_FIELD(of));
static int forgetful_take(struct forgetful *f, const struct take_place *m)
{
  return weir_reserve(m->of, WEIR_FOREVER, &f->permit);
}
static int forgetful_fails(struct forgetful *f)
{
  (void)f;
  weir_fail(WEIR_EUSER(1), "with a place in hand");
}
WEIR_ACTOR(forgetful, WEIR_ON(take_place, forgetful_take) WEIR_ON(signal, forgetful_fails));

static void trouble_13_pressure_ends_with_who_made_it(void **state)
{
  (void)state;
  for (int fails = 0; fails < 2; fails++) {
    weir_ref to = weir_spawn(&clerk), f = weir_spawn(&forgetful);
    assert_int_equal(weir_ask(f, WEIR_SECONDS(20), NULL, take_place, .of = to), WEIR_OK);
    weir_task *waits = weir_task_start(NULL, send_number, &to);
    while (line_length(to.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
    assert_int_equal(fails ? weir_send(f, signal) : weir_stop(f), WEIR_OK);
    assert_int_equal(join(waits), WEIR_OK);
    assert_int_equal(get_from(to), 1);
  }
}

static void trouble_13_a_drain_ends_after_those_that_waited_to_send(void **state)
{
  (void)state;
  enum { SENDERS = 20 };
  weir_accounts before, after;
  weir_task *tasks[SENDERS];
  struct gate g;
  weir_ref to = weir_spawn(&clerk);
  gate_enter(&g, to);
  weir_accounts_read(&before);
  weir_send(to, number, .n = 1);
  for (int i = 0; i < SENDERS; i++) tasks[i] = weir_task_start(NULL, send_number, &to);
  while (line_length(to.bits) < SENDERS) weir_sleep(WEIR_MILLIS(0.1));
  for (int i = 0; i < SENDERS; i++) weir_task_detach(tasks[i]);
  gate_open(&g);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(20)), WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.handled - before.handled, SENDERS + 2); /* and the hold */
  assert_int_equal(after.dead, before.dead);
}

/* ---- 20 ---- */

/* Asks `to` to stand at a gate, and gives itself all the time in the world. */
struct errand {
  weir_ref to;
  uint64_t begun, go;
};
WEIR_MESSAGE(errand, WEIR_FIELD(to), WEIR_FIELD(begun), WEIR_FIELD(go));

static _Atomic(int) errand_result;

struct patient {
  int64_t errands;
};
static int patient_errand(struct patient *p, const struct errand *m)
{
  int rc = weir_ask(m->to, WEIR_FOREVER, NULL, hold, .begun = m->begun, .go = m->go);
  p->errands++;
  atomic_store(&errand_result, rc);
  return rc;
}
static int patient_get(struct patient *p, struct number *reply)
{
  reply->n = p->errands;
  return WEIR_OK;
}
WEIR_ACTOR(patient, WEIR_ON(errand, patient_errand) WEIR_ON(get, patient_get), .capacity = 4);

static void trouble_20_no_ask_outlasts_the_time_of_the_one_that_it_serves(void **state)
{
  (void)state;
  weir_ref c = weir_spawn(&clerk), p = weir_spawn(&patient);
  struct gate g = gate_make();
  int64_t begin = weir__now_ns();
  atomic_store(&errand_result, WEIR_OK);
  int rc = weir_ask(p, WEIR_MILLIS(20), NULL, errand, .to = c, .begun = g.hold.begun, .go = g.hold.go);
  assert_true(rc == WEIR_EINDOUBT || rc == WEIR_ETIMEDOUT);
  assert_true(weir__now_ns() - begin >= 20000000);
  if (rc == WEIR_EINDOUBT) {
    assert_int_equal(get_from(p), 1); /* it goes on, though nobody has opened the gate */
    assert_true(atomic_load(&errand_result) == WEIR_EINDOUBT || atomic_load(&errand_result) == WEIR_ETIMEDOUT);
  }
  gate_open(&g);
  if (atomic_load(&errand_result) != WEIR_EINDOUBT) { /* nobody came to the gate */
    weir_future_drop(g.begun);
    weir_promise_drop((weir_promise){g.hold.begun});
    weir_future_drop((weir_future){g.hold.go});
  } else {
    assert_int_equal(gate_begun(&g), WEIR_OK);
  }
  assert_int_equal(get_from(c), 0);
}

/* ---- 21 ---- */

/* Answers when it may. */
struct wait_then_answer {
  uint64_t begun, go;
};
WEIR_REQUEST(wait_then_answer, number, WEIR_FIELD(begun), WEIR_FIELD(go));
struct slow {
  WEIR_EMPTY;
};
static int slow_answer(struct slow *s, const struct wait_then_answer *m, struct number *reply)
{
  (void)s;
  reply->n = 7;
  return gate_stand(&(struct hold){m->begun, m->go});
}
WEIR_ACTOR(slow, WEIR_ON(wait_then_answer, slow_answer));

/* Asks again and again, each time until a handler has begun, and does not wait for the answer. */
struct ask_in_vain {
  weir_ref to;
  uint64_t begun, go;
};
WEIR_MESSAGE(ask_in_vain, WEIR_FIELD(to), WEIR_FIELD(begun), WEIR_FIELD(go));

struct impatient {
  int64_t answers;
};
static int impatient_ask(struct impatient *a, const struct ask_in_vain *m)
{
  int rc = WEIR_ETIMEDOUT;
  struct number *answer;
  (void)a;
  for (double ms = 5; rc == WEIR_ETIMEDOUT; ms *= 2)
    rc = weir_ask(m->to, WEIR_MILLIS(ms), &answer, wait_then_answer, .begun = m->begun, .go = m->go);
  return rc == WEIR_EINDOUBT && !answer ? WEIR_OK : WEIR_EPROTO;
}
static int impatient_number(struct impatient *a)
{
  a->answers++;
  return WEIR_OK;
}
static int impatient_get(struct impatient *a, struct number *reply)
{
  reply->n = a->answers;
  return WEIR_OK;
}
WEIR_ACTOR(impatient,
           WEIR_ON(ask_in_vain, impatient_ask) WEIR_ON(number, impatient_number) WEIR_ON(get, impatient_get));

static void trouble_21_a_late_answer_comes_to_nobodys_mailbox(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&slow), a = weir_spawn(&impatient);
  for (int i = 0; i < 3; i++) {
    weir_accounts before, after;
    struct gate g = gate_make();
    weir_accounts_read(&before);
    assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, ask_in_vain, .to = s, .begun = g.hold.begun, .go = g.hold.go),
                     WEIR_OK);
    assert_int_equal(gate_begun(&g), WEIR_OK);
    gate_open(&g);
    do weir_accounts_read(&after);
    while (after.live > before.live && weir_sleep(WEIR_MILLIS(0.1)) == WEIR_OK); /* until it has been answered */
    assert_int_equal(get_from(a), 0);
  }
}

/* ---- 30 ---- */

static int wait_for_it(sem_t *s)
{
  while (sem_wait(s)) continue;
  return WEIR_OK;
}
static int block_on_the_pool(sem_t *s) { return weir_run_blocking(wait_for_it, s); }

static void trouble_30_what_blocks_on_the_pool_freezes_nobody(void **state)
{
  (void)state;
  enum { BLOCKED = 12 }; /* more than any runtime here has workers */
  weir_task *tasks[BLOCKED];
  sem_t s;
  weir_ref other = weir_spawn(&clerk);
  assert_int_equal(sem_init(&s, 0, 0), 0);
  for (int i = 0; i < BLOCKED; i++) assert_non_null(tasks[i] = weir_task_start(NULL, block_on_the_pool, &s));
  for (int64_t i = 1; i <= 100; i++) {
    assert_int_equal(weir_send(other, number, .n = 1), WEIR_OK);
    assert_int_equal(get_from(other), i);
  }
  for (int i = 0; i < BLOCKED; i++) assert_int_equal(sem_post(&s), 0);
  for (int i = 0; i < BLOCKED; i++) assert_int_equal(join(tasks[i]), WEIR_OK);
  sem_destroy(&s);
}

/* ---- 31 ---- */

struct asking {
  weir_ref to;
  struct gate gate;
  int rc;
};
static int ask_to_stand(struct asking *a)
{
  a->rc = weir_ask_value(a->to, WEIR_FOREVER, NULL, WEIR_AT(hold, &a->gate.hold));
  return WEIR_OK;
}
static int ask_behind(struct asking *a)
{
  a->rc = weir_ask(a->to, WEIR_FOREVER, NULL, get);
  return WEIR_OK;
}

static void trouble_31_who_asks_learns_at_once_that_its_callee_went_away(void **state)
{
  (void)state;
  weir_ref to = weir_spawn(&clerk);
  struct asking in_hand = {.to = to, .gate = gate_make()}, queued = {.to = to}, in_line = {.to = to};
  weir_task *first = weir_task_start(NULL, ask_to_stand, &in_hand);
  assert_int_equal(gate_begun(&in_hand.gate), WEIR_OK);
  uint64_t before = accounts_created();
  weir_task *second = weir_task_start(NULL, ask_behind, &queued);
  wait_until_created(before + 1);
  weir_task *third = weir_task_start(NULL, ask_behind, &in_line);
  while (line_length(to.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_stop(to), WEIR_OK);
  join(first);
  join(second);
  join(third);
  assert_int_equal(in_hand.rc, WEIR_EFAILED); /* it was begun … */
  assert_int_equal(queued.rc, WEIR_EDEAD);    /* … these were not: safe to repeat */
  assert_int_equal(in_line.rc, WEIR_EDEAD);
  weir_promise_drop(in_hand.gate.go);
}

/* ---- 33 ---- */

struct urgent {
  uint64_t told; /* a promise: its end clause ran */
  int64_t rang;
};
struct arm {
  uint64_t told;
};
WEIR_MESSAGE(arm, WEIR_FIELD(told));
/* Sets itself a timer that is due at once, and waits until it must have rung. */
static int urgent_arm(struct urgent *u, const struct arm *m)
{
  u->told = m->told;
  weir_timer t = weir_send_after(weir_self(), WEIR_MILLIS(1), signal);
  return t.error;
}
static int urgent_hold(struct urgent *u, const struct hold *m)
{
  (void)u;
  return gate_stand(m);
}
static int urgent_signal(struct urgent *u)
{
  u->rang++;
  return WEIR_OK;
}
static int urgent_number(struct urgent *u, const struct number *m)
{
  u->rang += 100 * m->n;
  return WEIR_OK;
}
static int urgent_get(struct urgent *u, struct number *reply)
{
  reply->n = u->rang;
  return WEIR_OK;
}
static void urgent_end(struct urgent *u)
{
  if (u->told) news_tell(u->told, u->rang);
}
WEIR_ACTOR(urgent,
           WEIR_ON(arm, urgent_arm) WEIR_ON(hold, urgent_hold) WEIR_ON(signal, urgent_signal)
               WEIR_ON(number, urgent_number) WEIR_ON(get, urgent_get) WEIR_ON_END(urgent_end),
           .capacity = 1);

/* What goes ahead does not count against the bound, and does not wait behind it. */
static void trouble_33_a_stop_takes_no_place_and_goes_ahead_of_a_full_mailbox(void **state)
{
  (void)state;
  weir_promise told;
  weir_future end;
  struct gate g;
  weir_ref u = weir_spawn(&urgent);
  assert_int_equal(weir_oneshot(&told, &end), WEIR_OK);
  assert_int_equal(weir_ask(u, WEIR_SECONDS(20), NULL, arm, .told = told.bits), WEIR_OK);
  while (get_from(u) < 1) weir_sleep(WEIR_MILLIS(0.1)); /* its timer is over */
  gate_enter(&g, u);
  weir_send(u, number, .n = 1);
  weir_task *waits = weir_task_start(NULL, send_number, &u);
  while (line_length(u.bits) < 1) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_stop(u), WEIR_OK);
  assert_int_equal(join(waits), WEIR_EDEAD);
  assert_int_equal(news_wait(end), 1); /* its handler was told, and no number was handled before the end */
  weir_promise_drop(g.go);
}

static void trouble_33_an_own_timer_takes_no_place_of_a_full_mailbox(void **state)
{
  (void)state;
  struct gate g;
  weir_ref u = weir_spawn(&urgent);
  assert_int_equal(weir_ask(u, WEIR_SECONDS(20), NULL, arm), WEIR_OK);
  gate_enter(&g, u);
  weir_send(u, number, .n = 1);
  assert_int_equal(weir_try_send(u, number, .n = 1), WEIR_EFULL);
  gate_open(&g);
  while (get_from(u) != 101) weir_sleep(WEIR_MILLIS(0.1));
}

/* ---- 34 ---- */

struct sending {
  struct number value;
  int rc;
};
static int send_it(struct sending *s)
{
  s->rc = weir_channel_send_value(tx, WEIR_AT(number, &s->value));
  return WEIR_OK;
}

static void trouble_34_a_send_that_is_cancelled_leaves_the_value_to_its_sender(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct sending s = {.value = {2}};
  make(1);
  put(1);
  weir_accounts_read(&before);
  weir_task *task = weir_task_start(NULL, send_it, &s);
  while (!stands_in_line(tx.bits, 2)) weir_sleep(WEIR_MILLIS(0.1));
  weir_task_cancel(task);
  assert_int_equal(join(task), WEIR_OK);
  assert_int_equal(s.rc, WEIR_ECANCELED);
  weir_accounts_read(&after);
  assert_int_equal(after.unsent - before.unsent, 1);
  assert_int_equal(s.value.n, 2);
  assert_int_equal(next(), 1);
  assert_int_equal(weir_channel_send_value(tx, WEIR_AT(number, &s.value)), WEIR_OK); /* again: it comes once */
  weir_sender_drop(tx);
  assert_int_equal(next(), 2);
  assert_int_equal(next(), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

/* ---- 35 ---- */

/* The shortest of several: whoever else uses the processor only lengthens one. */
static int64_t cost_of_length(void)
{
  enum { ROUNDS = 20, CALLS = 200 };
  int64_t least = INT64_MAX;
  size_t all = 0;
  for (int i = 0; i < ROUNDS; i++) {
    int64_t begin = weir__now_ns();
    for (int j = 0; j < CALLS; j++) all += weir_receiver_length(rx);
    int64_t ns = weir__now_ns() - begin;
    if (ns < least) least = ns;
  }
  assert_true(all > 0);
  return least;
}

static void trouble_35_the_length_costs_the_same_however_much_is_queued(void **state)
{
  (void)state;
  int64_t many = count_or(100000, 20000);
  make((size_t)many);
  put(0);
  int64_t of_one = cost_of_length();
  for (int64_t i = 1; i < many; i++) put(i);
  assert_int_equal(weir_receiver_length(rx), many);
  int64_t of_many = cost_of_length();
  assert_true(of_many < 100 * of_one + 100000); /* counting them would cost `many` times as much */
  drop_both();
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(trouble_10_what_is_turned_away_is_counted_and_is_no_dead_letter),
      ON_RUNTIME(trouble_11_senders_that_wait_leave_their_workers_to_others),
      ON_RUNTIME(trouble_13_pressure_ends_with_who_made_it),
      ON_RUNTIME(trouble_13_a_drain_ends_after_those_that_waited_to_send),
      ON_RUNTIME(trouble_20_no_ask_outlasts_the_time_of_the_one_that_it_serves),
      ON_RUNTIME(trouble_21_a_late_answer_comes_to_nobodys_mailbox),
      ON_RUNTIME(trouble_30_what_blocks_on_the_pool_freezes_nobody),
      ON_RUNTIME(trouble_31_who_asks_learns_at_once_that_its_callee_went_away),
      ON_RUNTIME(trouble_33_a_stop_takes_no_place_and_goes_ahead_of_a_full_mailbox),
      ON_RUNTIME(trouble_33_an_own_timer_takes_no_place_of_a_full_mailbox),
      ON_RUNTIME(trouble_34_a_send_that_is_cancelled_leaves_the_value_to_its_sender),
      ON_RUNTIME(trouble_35_the_length_costs_the_same_however_much_is_queued),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
