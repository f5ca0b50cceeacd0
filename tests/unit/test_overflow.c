/* What a full mailbox does with one message more: wait, reject, drop the newest, drop the oldest; and a capacity that
 * changes. */
#include "unit/line_fixture.h"

static int64_t got[256], missed[256];

struct sink {
  int64_t count;
};
static int sink_number(struct sink *s, const struct number *m)
{
  if (s->count < 256) got[s->count] = m->n, missed[s->count] = (int64_t)weir_missed();
  s->count++;
  return WEIR_OK;
}
static int sink_hold(struct sink *s, const struct hold *m)
{
  (void)s;
  return gate_stand(m);
}
static int sink_get(struct sink *s, struct number *reply)
{
  reply->n = s->count;
  return WEIR_OK;
}
WEIR_ACTOR(sink, WEIR_ON(number, sink_number) WEIR_ON(hold, sink_hold) WEIR_ON(get, sink_get), .capacity = 4);
struct rejecter {
  int64_t count;
};
static int rejecter_number(struct rejecter *r, const struct number *m)
{
  r->count += m->n;
  return WEIR_OK;
}
static int rejecter_hold(struct rejecter *r, const struct hold *m)
{
  (void)r;
  return gate_stand(m);
}
WEIR_ACTOR(rejecter, WEIR_ON(number, rejecter_number) WEIR_ON(hold, rejecter_hold), .capacity = 2,
           .overflow = WEIR_REJECT);

static weir_stats stats_of(weir_ref a)
{
  weir_stats s;
  assert_int_equal(weir_stats_read(a, &s), WEIR_OK);
  return s;
}

/* A sink whose handler stands, with a mailbox of 4. */
static weir_ref standing(struct gate *g, int overflow)
{
  weir_ref a = weir_spawn(&sink, .overflow = overflow);
  gate_enter(g, a);
  return a;
}

static void expect_numbers(weir_ref a, const int64_t *numbers, const int64_t *misses, int64_t count)
{
  assert_int_equal(weir_set_capacity(a, 64), WEIR_OK); /* so that there is room for the question */
  assert_int_equal(get_from(a), count);
  for (int64_t i = 0; i < count; i++) {
    assert_int_equal(got[i], numbers[i]);
    assert_int_equal(missed[i], misses[i]);
  }
}

/* ---- reject ---- */

static void trouble_09_reject_says_full_at_once_and_does_no_harm_to_the_sender(void **state)
{
  (void)state;
  struct gate g;
  weir_permit p;
  weir_ref a = standing(&g, WEIR_REJECT);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_send(a, number, .n = 9), WEIR_EFULL);
  assert_int_equal(weir_send_within(a, WEIR_SECONDS(20), number, .n = 9), WEIR_EFULL);
  assert_int_equal(weir_try_send(a, number, .n = 9), WEIR_EFULL);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, get), WEIR_EFULL);
  assert_int_equal(weir_reserve(a, WEIR_SECONDS(20), &p), WEIR_EFULL);
  assert_int_equal(stats_of(a).refused, 4);
  assert_int_equal(stats_of(a).dropped, 0);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){0, 1, 2, 3}, (int64_t[]){0, 0, 0, 0}, 4);
}

/* ---- drop_newest ---- */

static void drop_newest_says_ok_counts_and_never_waits(void **state)
{
  (void)state;
  struct gate g;
  weir_permit p;
  weir_accounts before, after;
  weir_ref a = standing(&g, WEIR_DROP_NEWEST);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  weir_accounts_read(&before);
  for (int i = 4; i < 9; i++)
    assert_int_equal(i % 2 ? weir_send(a, number, .n = i) : weir_try_send(a, number, .n = i), WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.created, before.created); /* none was made */
  assert_int_equal(after.dropped - before.dropped, 5);
  assert_int_equal(weir_reserve(a, WEIR_SECONDS(20), &p), WEIR_EFULL);
  assert_int_equal(stats_of(a).dropped, 5);
  assert_int_equal(stats_of(a).refused, 0);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){0, 1, 2, 3}, (int64_t[]){5, 0, 0, 0}, 4);
}

static void an_ask_that_is_dropped_is_told_so_at_once(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = standing(&g, WEIR_DROP_NEWEST);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, get), WEIR_EFULL);
  assert_int_equal(weir_ask_begin(a, WEIR_SECONDS(20), get).error, WEIR_EFULL);
  gate_open(&g);
}

/* A request whose asker has gone is taken out of the mailbox, and not handled: what was missed before it is told with the
 * next message. */
static void expect_told_behind_a_request_that_was_withdrawn(int overflow)
{
  struct gate g;
  weir_pending p;
  bool newest = overflow == WEIR_DROP_NEWEST;
  weir_ref a = standing(&g, overflow);
  if (!newest) assert_int_equal(weir_send(a, number, .n = 0), WEIR_OK); /* it is the oldest, and will go */
  p = weir_ask_begin(a, WEIR_SECONDS(20), get);
  assert_int_equal(p.error, WEIR_OK);
  for (int i = 1; i <= (newest ? 4 : 3); i++)
    assert_int_equal(weir_send(a, number, .n = i), WEIR_OK); /* one too many */
  assert_int_equal(stats_of(a).dropped, 1);
  weir_cancel(&p, 1);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){1, 2, 3}, (int64_t[]){1, 0, 0}, 3);
}

static void what_was_missed_before_a_request_that_was_withdrawn_is_told(void **state)
{
  (void)state;
  expect_told_behind_a_request_that_was_withdrawn(WEIR_DROP_NEWEST);
  expect_told_behind_a_request_that_was_withdrawn(WEIR_DROP_OLDEST);
}

/* ---- drop_oldest ---- */

static void drop_oldest_keeps_the_newest_in_their_order(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref a = standing(&g, WEIR_DROP_OLDEST);
  weir_accounts_read(&before);
  for (int i = 0; i < 10; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.evicted - before.evicted, 6);
  assert_int_equal(stats_of(a).dropped, 6);
  assert_int_equal(stats_of(a).length, 4);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){6, 7, 8, 9}, (int64_t[]){6, 0, 0, 0}, 4);
}

static void an_ask_that_is_evicted_is_told_so_at_once(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = standing(&g, WEIR_DROP_OLDEST);
  weir_pending p = weir_ask_begin(a, WEIR_FOREVER, get);
  struct number *answer;
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_await(p, &answer, get), WEIR_EFULL);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){0, 1, 2, 3}, (int64_t[]){1, 0, 0, 0}, 4);
}

static void drop_oldest_does_not_touch_what_is_reserved(void **state)
{
  (void)state;
  struct gate g;
  weir_permit p, q;
  weir_ref a = standing(&g, WEIR_DROP_OLDEST);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_try_reserve_many(a, 3, &p), WEIR_OK); /* three go for it */
  assert_int_equal(weir_send(a, number, .n = 4), WEIR_OK);    /* instead of the last */
  assert_int_equal(weir_try_reserve(a, &q), WEIR_OK);
  assert_int_equal(weir_try_reserve(a, &q), WEIR_EFULL); /* nothing is left that could go */
  assert_int_equal(weir_send(a, number, .n = 5), WEIR_OK);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, get), WEIR_EFULL);
  assert_int_equal(stats_of(a).dropped, 7);
  for (int i = 6; i < 9; i++) assert_int_equal(weir_permit_send(p, number, .n = i), WEIR_OK);
  gate_open(&g);
  expect_numbers(a, (int64_t[]){6, 7, 8}, (int64_t[]){7, 0, 0}, 3);
}

static int ticks;
struct clocked {
  int64_t count;
};
static int clocked_signal(struct clocked *c)
{
  (void)c;
  ticks++;
  return WEIR_OK;
}
static int clocked_hold(struct clocked *c, const struct hold *m)
{
  (void)c;
  weir_timer t = weir_send_after(weir_self(), WEIR_MILLIS(1), signal);
  if (t.error) return t.error;
  return gate_stand(m);
}
static int clocked_number(struct clocked *c, const struct number *m)
{
  c->count += m->n;
  return WEIR_OK;
}
static int clocked_get(struct clocked *c, struct number *reply)
{
  reply->n = c->count;
  return WEIR_OK;
}
WEIR_ACTOR(clocked,
           WEIR_ON(signal, clocked_signal) WEIR_ON(hold, clocked_hold) WEIR_ON(number, clocked_number)
               WEIR_ON(get, clocked_get),
           .capacity = 1, .overflow = WEIR_DROP_OLDEST);

static void trouble_09_dropping_the_oldest_never_drops_timers_or_a_stop(void **state)
{
  (void)state;
  struct gate g;
  ticks = 0;
  weir_ref a = weir_spawn(&clocked);
  gate_enter(&g, a);
  weir_sleep(WEIR_MILLIS(5)); /* its timer is due, and perhaps queued */
  for (int i = 0; i < 50; i++) assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  gate_open(&g);
  while (stats_of(a).length) weir_sleep(WEIR_MILLIS(0.1)); /* else a question would drop it */
  assert_int_equal(get_from(a), 1);
  while (ticks == 0) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(ticks, 1);
  gate_enter(&g, a);
  for (int i = 0; i < 50; i++) assert_int_equal(weir_send(a, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_stop(a), WEIR_OK);
  wait_until_gone(a);
}

static void what_a_dropping_mailbox_holds_at_its_end_becomes_dead_letters(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref a = standing(&g, WEIR_DROP_OLDEST);
  weir_accounts_read(&before);
  for (int i = 0; i < 7; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_stop(a), WEIR_OK);
  assert_int_equal(weir_send(a, number, .n = 9), WEIR_EDEAD);
  wait_until_gone(a);
  weir_accounts_read(&after);
  assert_int_equal(after.evicted - before.evicted, 3);
  assert_int_equal(after.dead - before.dead, 5); /* and the hold */
}

static void a_dropping_mailbox_with_room_loses_nothing(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&sink, .overflow = WEIR_DROP_OLDEST, .capacity = 200);
  for (int round = 1; round <= 20; round++) {
    for (int i = 0; i < 100; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
    assert_int_equal(get_from(a), round * 100);
  }
  assert_int_equal(stats_of(a).dropped, 0);
}

/* ---- spawn ---- */

static void a_spawns_policy_comes_before_its_types(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = weir_spawn(&rejecter), b = weir_spawn(&rejecter, .overflow = WEIR_WAIT);
  gate_enter(&g, a);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_send(a, number, .n = 9), WEIR_EFULL);
  gate_open(&g);
  gate_enter(&g, b);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_send(b, number, .n = i), WEIR_OK);
  assert_int_equal(weir_send_within(b, WEIR_MILLIS(5), number, .n = 9), WEIR_ETIMEDOUT);
  gate_open(&g);
  assert_int_equal(weir_ref_error(weir_spawn(&sink, .overflow = 77)), WEIR_EINVAL);
  assert_int_equal(weir_ref_error(weir_spawn(&sink, .overflow = -1)), WEIR_EINVAL);
}

/* ---- another capacity ---- */

struct sender {
  weir_ref to;
  int64_t n;
  int rc;
  weir_task *task;
};
static int send_one(struct sender *s)
{
  s->rc = weir_send(s->to, number, .n = s->n);
  return WEIR_OK;
}
static void send_in_line(struct sender *s, weir_ref to, int64_t n)
{
  *s = (struct sender){.to = to, .n = n};
  s->task = weir_task_start(NULL, send_one, s);
  while (!stands_in_line(to.bits, n)) weir_sleep(WEIR_MILLIS(0.1));
}
static int sender_result(struct sender *s)
{
  assert_int_equal(weir_task_join(s->task, WEIR_SECONDS(20), NULL), WEIR_OK);
  return s->rc;
}

static void growth_serves_the_line_first(void **state)
{
  (void)state;
  struct gate g;
  struct sender s[3];
  weir_ref a = standing(&g, WEIR_WAIT);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  for (int i = 0; i < 3; i++) send_in_line(&s[i], a, 4 + i);
  assert_int_equal(stats_of(a).waiting, 3);
  assert_int_equal(weir_set_capacity(a, 6), WEIR_OK);
  assert_int_equal(sender_result(&s[0]), WEIR_OK);
  assert_int_equal(sender_result(&s[1]), WEIR_OK);
  assert_int_equal(weir_try_send(a, number, .n = 9), WEIR_EFULL);
  assert_int_equal(stats_of(a).length, 6);
  assert_int_equal(stats_of(a).waiting, 1);
  gate_open(&g);
  assert_int_equal(sender_result(&s[2]), WEIR_OK);
  expect_numbers(a, (int64_t[]){0, 1, 2, 3, 4, 5, 6}, (int64_t[]){0, 0, 0, 0, 0, 0, 0}, 7);
}

static void a_mailbox_may_shrink_below_what_is_queued(void **state)
{
  (void)state;
  struct gate g;
  weir_ref a = standing(&g, WEIR_WAIT);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  assert_int_equal(weir_set_capacity(a, 1), WEIR_OK);
  assert_int_equal(weir_room(a), 0);
  assert_int_equal(stats_of(a).length, 4);
  assert_int_equal(weir_try_send(a, number, .n = 9), WEIR_EFULL);
  gate_open(&g);
  while (stats_of(a).length) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_room(a), 1);
  expect_numbers(a, (int64_t[]){0, 1, 2, 3}, (int64_t[]){0, 0, 0, 0}, 4);
}

static void who_waits_for_more_places_than_there_are_is_told(void **state)
{
  (void)state;
  weir_permit p, q;
  weir_sender tx;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(4, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_reserve_many(tx, 2, WEIR_FOREVER, &p), WEIR_OK);
  assert_int_equal(weir_receiver_set_capacity(rx, 2), WEIR_OK);
  assert_int_equal(weir_channel_reserve_many(tx, 3, WEIR_FOREVER, &q), WEIR_ERANGE);
  assert_int_equal(weir_receiver_set_capacity(rx, 0), WEIR_ERANGE);
  assert_int_equal(weir_receiver_set_capacity(rx, ((size_t)1 << 24) + 1), WEIR_ERANGE);
  weir_permit_give_back(&p);
  assert_int_equal(weir_sender_room(tx), 2);
  weir_sender_drop(tx);
  assert_int_equal(weir_receiver_set_capacity(rx, 2), WEIR_ECLOSED);
  weir_receiver_drop(rx);
}

struct large {
  weir_sender tx;
  int rc;
};
static int reserve_four(struct large *l)
{
  weir_permit p;
  l->rc = weir_channel_reserve_many(l->tx, 4, WEIR_FOREVER, &p);
  return WEIR_OK;
}

static void a_waiter_that_has_become_too_large_leaves_the_line(void **state)
{
  (void)state;
  weir_permit p;
  struct large l;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(4, &l.tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_reserve(l.tx, WEIR_FOREVER, &p), WEIR_OK);
  weir_task *t = weir_task_start(NULL, reserve_four, &l);
  while (line_length(l.tx.bits) == 0) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_receiver_set_capacity(rx, 2), WEIR_OK);
  assert_int_equal(weir_task_join(t, WEIR_SECONDS(20), NULL), WEIR_OK);
  assert_int_equal(l.rc, WEIR_ERANGE);
  assert_int_equal(weir_channel_try_send(l.tx, number, .n = 1), WEIR_OK); /* nobody stands before it any more */
  weir_permit_give_back(&p);
  weir_sender_drop(l.tx);
  weir_receiver_drop(rx);
}

static void trouble_06_the_capacity_that_was_set_is_the_one_that_holds(void **state)
{
  (void)state;
  struct gate g;
  static const size_t capacities[] = {1, 2, 3, 31, 32, 33, 100};
  for (size_t i = 0; i < sizeof capacities / sizeof capacities[0]; i++) {
    weir_ref a = weir_spawn(&sink, .capacity = capacities[i]);
    gate_enter(&g, a);
    size_t sent = 0;
    while (weir_try_send(a, number, .n = 1) == WEIR_OK) sent++;
    assert_int_equal(sent, capacities[i]);
    assert_int_equal(stats_of(a).capacity, capacities[i]);
    assert_int_equal(stats_of(a).length, capacities[i]);
    gate_open(&g);
    assert_int_equal(get_from(a), sent); /* the next one notes in the same place what it got */
  }
}

static void trouble_10_dropped_is_counted_apart_from_dead(void **state)
{
  (void)state;
  struct gate g;
  weir_accounts before, after;
  weir_ref a = standing(&g, WEIR_DROP_OLDEST);
  weir_accounts_read(&before);
  for (int i = 0; i < 8; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  weir_accounts_read(&after);
  assert_int_equal(after.dead, before.dead);
  assert_int_equal(after.evicted - before.evicted, 4);
  gate_open(&g);
}

/* Pressure ends when its cause does: nobody has to say so. */
static void trouble_13_pressure_is_released_by_itself(void **state)
{
  (void)state;
  struct gate g;
  struct sender s[4];
  weir_ref a = standing(&g, WEIR_WAIT);
  for (int i = 0; i < 4; i++) assert_int_equal(weir_send(a, number, .n = i), WEIR_OK);
  for (int i = 0; i < 4; i++) send_in_line(&s[i], a, 4 + i);
  gate_open(&g);
  for (int i = 0; i < 4; i++) assert_int_equal(sender_result(&s[i]), WEIR_OK);
  while (stats_of(a).handled < 9) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(stats_of(a).waiting, 0);
  assert_int_equal(weir_room(a), 4);
  assert_int_equal(weir_try_send(a, number, .n = 8), WEIR_OK);
}

/* A member that can't keep up is still one, and learns what it has missed. */
static struct {
  _Atomic(int64_t) seen, missed;
} member_news;
struct member {
  int64_t unused;
};
static int member_start(struct member *m)
{
  (void)m;
  return weir_join("news");
}
static int member_number(struct member *s, const struct number *m)
{
  (void)s;
  atomic_store(&member_news.seen, m->n);
  atomic_fetch_add(&member_news.missed, (int64_t)weir_missed());
  return WEIR_OK;
}
static int member_hold(struct member *s, const struct hold *m)
{
  (void)s;
  return gate_stand(m);
}
WEIR_ACTOR(member, WEIR_ON_START(weir_none, member_start) WEIR_ON(number, member_number) WEIR_ON(hold, member_hold),
           .capacity = 16);

static void trouble_16_a_slow_subscriber_stays_one_and_learns_what_it_missed(void **state)
{
  (void)state;
  struct gate g;
  member_news.seen = member_news.missed = 0;
  weir_ref a = weir_spawn(&member);
  gate_enter(&g, a);
  for (int i = 1; i <= 100; i++) assert_int_equal(weir_publish("news", number, .n = i), WEIR_OK);
  gate_open(&g);
  while (atomic_load(&member_news.seen) < 16) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(weir_publish("news", number, .n = 101), WEIR_OK);
  while (atomic_load(&member_news.seen) < 101) weir_sleep(WEIR_MILLIS(0.1));
  while (atomic_load(&member_news.missed) < 84) weir_sleep(WEIR_MILLIS(0.1));
  assert_int_equal(atomic_load(&member_news.missed), 84);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(trouble_09_reject_says_full_at_once_and_does_no_harm_to_the_sender),
      ON_RUNTIME(drop_newest_says_ok_counts_and_never_waits),
      ON_RUNTIME(an_ask_that_is_dropped_is_told_so_at_once),
      ON_RUNTIME(what_was_missed_before_a_request_that_was_withdrawn_is_told),
      ON_RUNTIME(drop_oldest_keeps_the_newest_in_their_order),
      ON_RUNTIME(an_ask_that_is_evicted_is_told_so_at_once),
      ON_RUNTIME(drop_oldest_does_not_touch_what_is_reserved),
      ON_RUNTIME(trouble_09_dropping_the_oldest_never_drops_timers_or_a_stop),
      ON_RUNTIME(what_a_dropping_mailbox_holds_at_its_end_becomes_dead_letters),
      ON_RUNTIME(a_dropping_mailbox_with_room_loses_nothing),
      ON_RUNTIME(a_spawns_policy_comes_before_its_types),
      ON_RUNTIME(growth_serves_the_line_first),
      ON_RUNTIME(a_mailbox_may_shrink_below_what_is_queued),
      ON_RUNTIME(who_waits_for_more_places_than_there_are_is_told),
      ON_RUNTIME(a_waiter_that_has_become_too_large_leaves_the_line),
      ON_RUNTIME(trouble_06_the_capacity_that_was_set_is_the_one_that_holds),
      ON_RUNTIME(trouble_10_dropped_is_counted_apart_from_dead),
      ON_RUNTIME(trouble_13_pressure_is_released_by_itself),
      ON_RUNTIME(trouble_16_a_slow_subscriber_stays_one_and_learns_what_it_missed),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
