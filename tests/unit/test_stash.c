/* Messages that are set aside, put back, and keep their places (M6). */
#include "unit/actor_fixture.h"

/* Sets numbers and gets aside while it is shut; notes the order in which it handles them. */
struct gatekeeper {
  bool open;
  size_t let_through; /* so many, and then it is shut */
  int64_t order;      /* the numbers handled, as digits */
};
struct stored {
  int64_t n;
};
struct count_stash {
  WEIR_EMPTY;
};
struct what_order {
  WEIR_EMPTY;
};
struct unlock {
  size_t count;
};
WEIR_MESSAGE(stored, WEIR_FIELD(n));
WEIR_REQUEST(count_stash, stored);
WEIR_REQUEST(what_order, stored);
WEIR_MESSAGE(unlock, WEIR_FIELD(count));

static _Atomic(int64_t) stash_code;
static _Atomic(uint64_t) end_news; /* a promise: the order at the end */

static int keeper_number(struct gatekeeper *g, const struct number *m)
{
  if (!g->open) {
    int rc = weir_stash();
    atomic_store(&stash_code, rc);
    return rc;
  }
  g->order = g->order * 10 + m->n;
  if (g->let_through && --g->let_through == 0) g->open = false;
  return WEIR_OK;
}
static int keeper_get(struct gatekeeper *g, struct number *reply)
{
  if (!g->open) return weir_stash();
  reply->n = g->order;
  return WEIR_OK;
}
static int keeper_order(struct gatekeeper *g, struct stored *reply)
{
  reply->n = g->order;
  return WEIR_OK;
}
static int keeper_count(struct gatekeeper *g, struct stored *reply)
{
  (void)g;
  reply->n = (int64_t)weir_stashed();
  return WEIR_OK;
}
static int keeper_signal(struct gatekeeper *g)
{
  g->open = true;
  return weir_unstash(SIZE_MAX);
}
/* Lets so many through, and is shut again behind them. */
static int keeper_unlock(struct gatekeeper *g, const struct unlock *m)
{
  g->let_through = m->count;
  g->open = g->let_through > 0;
  return weir_unstash(m->count);
}
static int keeper_hold(struct gatekeeper *g, const struct hold *m)
{
  (void)g;
  return gate_stand(m);
}
static void keeper_end(struct gatekeeper *g)
{
  uint64_t promise = atomic_exchange(&end_news, 0);
  if (promise) news_tell(promise, g->order);
}
WEIR_ACTOR(gatekeeper,
           WEIR_ON(number, keeper_number) WEIR_ON(get, keeper_get) WEIR_ON(count_stash, keeper_count)
               WEIR_ON(what_order, keeper_order) WEIR_ON(signal, keeper_signal) WEIR_ON(unlock, keeper_unlock)
                   WEIR_ON(hold, keeper_hold) WEIR_ON_END(keeper_end),
           .capacity = 4, .keeps_places = true);

static int64_t stashed_by(weir_ref keeper)
{
  struct stored *s;
  if (weir_ask(keeper, WEIR_SECONDS(20), &s, count_stash)) return -1;
  int64_t n = s->n;
  weir_free(s);
  return n;
}

static int64_t order_of(weir_ref keeper)
{
  struct stored *s;
  if (weir_ask(keeper, WEIR_SECONDS(20), &s, what_order)) return -1;
  int64_t n = s->n;
  weir_free(s);
  return n;
}

static void send_numbers(weir_ref to, int64_t first, int64_t last)
{
  for (int64_t n = first; n <= last; n++) assert_int_equal(weir_send(to, number, .n = n), WEIR_OK);
}

static void what_was_stashed_comes_back_first_and_in_order(void **state)
{
  (void)state;
  struct gate g;
  weir_ref k = weir_spawn(&gatekeeper, .capacity = 16);
  send_numbers(k, 1, 3);
  assert_int_equal(stashed_by(k), 3);
  gate_enter(&g, k);
  weir_send(k, signal);
  send_numbers(k, 4, 5); /* behind it: queued when the stash comes back */
  gate_open(&g);
  assert_int_equal(get_from(k), 12345);
  assert_int_equal(stashed_by(k), 0);
}

static void the_oldest_come_back_and_the_rest_stays(void **state)
{
  (void)state;
  weir_ref k = weir_spawn(&gatekeeper, .capacity = 16);
  send_numbers(k, 1, 4);
  weir_send(k, unlock, .count = 2);
  assert_int_equal(order_of(k), 12);
  assert_int_equal(stashed_by(k), 2);
  weir_send(k, unlock, .count = 1);
  assert_int_equal(order_of(k), 123);
  weir_send(k, unlock, .count = 0);
  assert_int_equal(order_of(k), 123);
  weir_send(k, signal);
  assert_int_equal(order_of(k), 1234);
}

static void a_stashed_message_keeps_its_place(void **state)
{
  (void)state;
  struct gate g;
  weir_ref k = weir_spawn(&gatekeeper);
  send_numbers(k, 1, 3);
  assert_int_equal(stashed_by(k), 3);
  gate_enter(&g, k); /* its own place is the fourth */
  assert_int_equal(weir_try_send(k, number, .n = 4), WEIR_EFULL);
  gate_open(&g);
  assert_int_equal(weir_send(k, signal), WEIR_OK);
  assert_int_equal(get_from(k), 123);
  gate_enter(&g, k);
  send_numbers(k, 4, 6); /* their places are back */
  gate_open(&g);
  assert_int_equal(get_from(k), 123456);
}

/* M6: not when it is popped, but when its handler ends. */
static void the_message_in_hand_keeps_its_place(void **state)
{
  (void)state;
  struct gate g;
  weir_ref k = weir_spawn(&gatekeeper, .capacity = 1);
  gate_enter(&g, k);
  assert_int_equal(weir_try_send(k, signal), WEIR_EFULL);
  gate_open(&g);
  assert_int_equal(weir_send(k, signal), WEIR_OK);
  assert_int_equal(get_from(k), 0);
}

static void a_stash_never_takes_the_last_place(void **state)
{
  (void)state;
  weir_ref k = weir_spawn(&gatekeeper);
  send_numbers(k, 1, 3);
  assert_int_equal(stashed_by(k), 3);
  int rc = weir_ask(k, WEIR_SECONDS(20), NULL, number, .n = 4);
  assert_int_equal(rc, WEIR_EFULL);
  assert_non_null(strstr(weir_error_text(), "all its 4 places"));
  assert_int_equal(stashed_by(k), 3);
  weir_send(k, signal);
  assert_int_equal(get_from(k), 123);
  k = weir_spawn(&gatekeeper, .capacity = 1);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, number), WEIR_EFULL);
}

/* ---- the duty to answer ---- */

static void a_stashed_request_is_answered_when_it_comes_back(void **state)
{
  (void)state;
  struct number *n;
  weir_ref k = weir_spawn(&gatekeeper);
  weir_pending p = weir_ask_begin(k, WEIR_SECONDS(20), get);
  send_numbers(k, 7, 7);
  assert_int_equal(stashed_by(k), 2);
  weir_send(k, signal);
  assert_int_equal(weir_await(p, &n, get), WEIR_OK);
  assert_int_equal(n->n, 0); /* ahead of the 7 */
  weir_free(n);
}

static void a_stashed_request_has_not_begun_and_is_withdrawn(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_ref k = weir_spawn(&gatekeeper);
  weir_accounts_read(&before);
  assert_int_equal(weir_ask(k, WEIR_MILLIS(5), NULL, get), WEIR_ETIMEDOUT);
  weir_send(k, signal);
  assert_int_equal(get_from(k), 0);
  weir_accounts_read(&after);
  assert_int_equal(after.withdrawn - before.withdrawn, 1);
}

static void those_whose_askers_have_gone_make_room_in_a_full_stash(void **state)
{
  (void)state;
  weir_pending p[3];
  weir_ref k = weir_spawn(&gatekeeper);
  for (int i = 0; i < 3; i++) p[i] = weir_ask_begin(k, WEIR_SECONDS(20), get);
  assert_int_equal(stashed_by(k), 3);
  weir_cancel(p, 2);
  send_numbers(k, 1, 2);
  assert_int_equal(stashed_by(k), 3);
  weir_send(k, signal);
  struct number *n;
  assert_int_equal(weir_await(p[2], &n, get), WEIR_OK);
  weir_free(n);
  assert_int_equal(get_from(k), 12);
}

/* ---- the end ---- */

static void when_the_actor_stops_the_stash_becomes_dead_letters_and_askers_learn_it(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_ref k = weir_spawn(&gatekeeper);
  weir_accounts_read(&before);
  weir_pending p = weir_ask_begin(k, WEIR_SECONDS(20), get);
  send_numbers(k, 1, 2);
  assert_int_equal(stashed_by(k), 3);
  weir_stop(k);
  assert_int_equal(weir_await(p, NULL, get), WEIR_EDEAD);
  wait_until_gone(k);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 3);
}

static void an_actor_that_drains_does_not_wait_for_its_stash(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_promise told;
  weir_future end;
  assert_int_equal(weir_oneshot(&told, &end), WEIR_OK);
  atomic_store(&end_news, told.bits);
  weir_ref k = weir_spawn(&gatekeeper);
  send_numbers(k, 1, 2);
  assert_int_equal(stashed_by(k), 2);
  weir_accounts_read(&before);
  weir_drain(k);
  assert_int_equal(news_wait(end), 0);
  wait_until_gone(k);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 2);
}

static void an_actor_that_drains_handles_what_comes_back(void **state)
{
  (void)state;
  struct gate g;
  weir_promise told;
  weir_future end;
  assert_int_equal(weir_oneshot(&told, &end), WEIR_OK);
  atomic_store(&end_news, told.bits);
  weir_ref k = weir_spawn(&gatekeeper);
  send_numbers(k, 1, 2);
  gate_enter(&g, k);
  weir_send(k, signal);
  weir_drain(k);
  gate_open(&g);
  assert_int_equal(news_wait(end), 12);
}

/* ---- wrong uses ---- */

struct plain_actor {
  int stash, unstash;
};
static char why[256];
static int plain_number(struct plain_actor *p)
{
  p->stash = weir_stash();
  snprintf(why, sizeof why, "%s", weir_error_text());
  p->unstash = weir_unstash(1);
  return WEIR_OK;
}
static int plain_get(struct plain_actor *p, struct number *reply)
{
  reply->n = p->stash == WEIR_EINVAL && p->unstash == WEIR_EINVAL;
  return WEIR_OK;
}
WEIR_ACTOR(plain_actor, WEIR_ON(number, plain_number) WEIR_ON(get, plain_get));

static void a_type_that_does_not_keep_places_can_not_stash(void **state)
{
  (void)state;
  weir_ref p = weir_spawn(&plain_actor);
  weir_send(p, number);
  assert_int_equal(get_from(p), 1);
  assert_non_null(strstr(why, ".keeps_places"));
  assert_int_equal(weir_stash(), WEIR_EINVAL);
  assert_int_equal(weir_unstash(1), WEIR_EINVAL);
  assert_int_equal(weir_stashed(), 0);
}

struct hoarder {
  int twice, timer, kept;
};
static int hoarder_start(struct hoarder *h, const struct weir_none *unused)
{
  (void)h, (void)unused;
  return weir_send_after(weir_self(), WEIR_MILLIS(0), signal).error;
}
static int hoarder_signal(struct hoarder *h)
{
  h->timer = weir_stash();
  return WEIR_OK;
}
static int hoarder_number(struct hoarder *h, const struct number *m)
{
  if (m->n == 1) {
    struct number *mine = weir_keep(number, m);
    h->kept = weir_stash();
    weir_free(mine);
    return WEIR_OK;
  }
  if (!h->twice) {
    int rc = weir_stash();
    h->twice = weir_stash();
    return rc ? rc : weir_unstash(1);
  }
  return WEIR_OK;
}
static int hoarder_get(struct hoarder *h, struct number *reply)
{
  reply->n = (h->twice == WEIR_EINVAL) + 2 * (h->timer == WEIR_EINVAL) + 4 * (h->kept == WEIR_EINVAL);
  return WEIR_OK;
}
WEIR_ACTOR(hoarder,
           WEIR_ON_START(weir_none, hoarder_start) WEIR_ON(signal, hoarder_signal) WEIR_ON(number, hoarder_number)
               WEIR_ON(get, hoarder_get),
           .keeps_places = true);

static void what_is_not_in_hand_or_has_no_place_is_not_stashed(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&hoarder);
  send_numbers(h, 1, 2);
  while (get_from(h) != 7) weir_sleep(WEIR_MILLIS(0.1));
}

/* Trouble 9: who is refused by a full mailbox gets a code, and goes on. */
struct eager {
  int64_t refused, sent;
  weir_ref to;
};
struct go {
  weir_ref to;
};
WEIR_MESSAGE(go, WEIR_FIELD(to));
static int eager_go(struct eager *e, const struct go *m)
{
  for (int i = 0; i < 10; i++) {
    int rc = weir_try_send(m->to, number, .n = 1);
    e->sent += rc == WEIR_OK;
    e->refused += rc == WEIR_EFULL;
  }
  return WEIR_OK;
}
static int eager_get(struct eager *e, struct number *reply)
{
  reply->n = e->sent * 100 + e->refused;
  return WEIR_OK;
}
WEIR_ACTOR(eager, WEIR_ON(go, eager_go) WEIR_ON(get, eager_get));

static void trouble_9_who_is_refused_by_a_full_mailbox_lives_on(void **state)
{
  (void)state;
  struct gate g;
  weir_ref k = weir_spawn(&gatekeeper), e = weir_spawn(&eager);
  gate_enter(&g, k);
  weir_send(e, go, .to = k);
  assert_int_equal(get_from(e), 307); /* the fourth place is that of the hold */
  weir_send(e, go, .to = k);
  assert_int_equal(get_from(e), 317);
  gate_open(&g);
  assert_int_equal(stashed_by(k), 3);
  assert_int_equal(weir_ask(e, WEIR_SECONDS(20), NULL, go, .to = (weir_ref){0}), WEIR_OK);
  assert_int_equal(get_from(e), 317);
}

/* Trouble 14: a send to oneself beyond the mailbox neither spins nor overflows. */
struct selfish {
  int64_t sent, code;
};
static int selfish_number(struct selfish *s)
{
  while (!(s->code = weir_try_send(weir_self(), signal))) s->sent++;
  return WEIR_OK;
}
static int selfish_signal(struct selfish *s)
{
  (void)s;
  return WEIR_OK;
}
static int selfish_get(struct selfish *s, struct number *reply)
{
  reply->n = s->code == WEIR_EFULL ? s->sent : -1;
  return WEIR_OK;
}
WEIR_ACTOR(selfish, WEIR_ON(number, selfish_number) WEIR_ON(signal, selfish_signal) WEIR_ON(get, selfish_get),
           .capacity = 4, .keeps_places = true);

static void trouble_14_a_send_to_oneself_into_a_full_mailbox_is_refused_and_does_not_spin(void **state)
{
  (void)state;
  weir_ref s = weir_spawn(&selfish);
  assert_int_equal(weir_ask(s, WEIR_SECONDS(20), NULL, number), WEIR_OK);
  assert_int_equal(get_from(s), 3); /* the fourth place is that of the message in hand */
}

/* Trouble 24: a stash is never lost in silence: not by a failure, not by a stop. */
struct stash_and_fail {
  WEIR_EMPTY;
};
static int fail_number(struct stash_and_fail *s, const struct number *m)
{
  (void)s;
  if (m->n == 3) weir_fail(WEIR_EUSER(1), "the third");
  return weir_stash();
}
WEIR_ACTOR(stash_and_fail, WEIR_ON(number, fail_number), .capacity = 8, .keeps_places = true);

static void trouble_24_a_stash_is_told_and_counted_when_its_actor_fails(void **state)
{
  (void)state;
  weir_accounts before, after;
  weir_ref s = weir_spawn(&stash_and_fail);
  weir_accounts_read(&before);
  weir_pending p = weir_ask_begin(s, WEIR_SECONDS(20), number, .n = 1);
  send_numbers(s, 2, 3);
  assert_int_equal(weir_await(p, NULL, number), WEIR_EFAILED);
  assert_non_null(strstr(weir_error_text(), "the third"));
  wait_until_gone(s);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 3);
}

/* Trouble 25: what is queued at a stop is told and counted, and nothing is taken afterwards. */
static void trouble_25_a_stop_tells_of_what_is_queued_and_rejects_what_comes_later(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_ref k = weir_spawn(&gatekeeper, .capacity = 8);
  gate_enter(&g, k);
  weir_accounts_read(&before);
  weir_pending p = weir_ask_begin(k, WEIR_SECONDS(20), get);
  send_numbers(k, 1, 3);
  weir_stop(k);
  assert_int_equal(weir_send(k, number), WEIR_EDEAD);
  assert_int_equal(weir_ask(k, WEIR_SECONDS(20), NULL, get), WEIR_EDEAD);
  assert_int_equal(weir_await(p, NULL, get), WEIR_EDEAD);
  wait_until_gone(k);
  gate_open(&g); /* nobody stands there any more */
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 5); /* and the hold, whose handler was told */
  assert_int_equal(after.refused_dead - before.refused_dead, 2);
}

static void trouble_25_a_drain_handles_what_is_queued_and_rejects_what_comes_later(void **state)
{
  (void)state;
  struct gate g;
  weir_promise told;
  weir_future end;
  assert_int_equal(weir_oneshot(&told, &end), WEIR_OK);
  atomic_store(&end_news, told.bits);
  weir_ref k = weir_spawn(&gatekeeper, .capacity = 8);
  weir_send(k, signal);
  gate_enter(&g, k);
  send_numbers(k, 1, 3);
  weir_drain(k);
  assert_int_equal(weir_send(k, number), WEIR_EDEAD);
  gate_open(&g);
  assert_int_equal(news_wait(end), 123);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_was_stashed_comes_back_first_and_in_order),
      ON_RUNTIME(the_oldest_come_back_and_the_rest_stays),
      ON_RUNTIME(a_stashed_message_keeps_its_place),
      ON_RUNTIME(the_message_in_hand_keeps_its_place),
      ON_RUNTIME(a_stash_never_takes_the_last_place),
      ON_RUNTIME(a_stashed_request_is_answered_when_it_comes_back),
      ON_RUNTIME(a_stashed_request_has_not_begun_and_is_withdrawn),
      ON_RUNTIME(those_whose_askers_have_gone_make_room_in_a_full_stash),
      ON_RUNTIME(when_the_actor_stops_the_stash_becomes_dead_letters_and_askers_learn_it),
      ON_RUNTIME(an_actor_that_drains_does_not_wait_for_its_stash),
      ON_RUNTIME(an_actor_that_drains_handles_what_comes_back),
      ON_RUNTIME(a_type_that_does_not_keep_places_can_not_stash),
      ON_RUNTIME(what_is_not_in_hand_or_has_no_place_is_not_stashed),
      ON_RUNTIME(trouble_9_who_is_refused_by_a_full_mailbox_lives_on),
      ON_RUNTIME(trouble_14_a_send_to_oneself_into_a_full_mailbox_is_refused_and_does_not_spin),
      ON_RUNTIME(trouble_24_a_stash_is_told_and_counted_when_its_actor_fails),
      ON_RUNTIME(trouble_25_a_stop_tells_of_what_is_queued_and_rejects_what_comes_later),
      ON_RUNTIME(trouble_25_a_drain_handles_what_is_queued_and_rejects_what_comes_later),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
