/* Monitors, links, exits, kills: who learns that an actor has ended, why, and in which order. */
#include "unit/actor_fixture.h"

enum { BROKEN = WEIR_EUSER(3), NEWS_MOST = 64 };

/* ---- an actor that ends in all ways ---- */

enum way { STOPS, FAILS, WAITS, REFUSES };
struct do_it {
  int32_t way;
};
WEIR_MESSAGE(do_it, WEIR_FIELD(way));
/* Sends numbers to `to`, then ends. */
struct tell_and_end {
  weir_ref to;
  int64_t count;
  bool fails;
};
WEIR_MESSAGE(tell_and_end, WEIR_FIELD(to), WEIR_FIELD(count), WEIR_FIELD(fails));

static _Atomic(int) end_clauses, codes_of_waits[4];
static _Atomic(int) went_on;

struct mortal {
  int64_t unused;
};
static int mortal_do(struct mortal *m, const struct do_it *d)
{
  (void)m;
  if (d->way == FAILS) weir_fail(BROKEN, "broken on purpose");
  if (d->way == REFUSES) return weir_error(BROKEN, "no");
  if (d->way == WAITS) {
    atomic_store(&codes_of_waits[0], weir_sleep(WEIR_SECONDS(20)));
    atomic_fetch_add(&went_on, 1);
    atomic_store(&codes_of_waits[1], weir_sleep(WEIR_SECONDS(20)));
    atomic_fetch_add(&went_on, 1);
    return WEIR_OK;
  }
  return WEIR_STOP;
}
static int mortal_tell(struct mortal *m, const struct tell_and_end *t)
{
  (void)m;
  for (int64_t i = 0; i < t->count; i++) weir_send(t->to, number, .n = i);
  if (t->fails) weir_fail(BROKEN, "told all");
  return WEIR_STOP;
}
static int mortal_hold(struct mortal *m, const struct hold *h)
{
  (void)m;
  return gate_stand(h);
}
static void mortal_end(struct mortal *m)
{
  (void)m;
  atomic_fetch_add(&end_clauses, 1);
}
WEIR_ACTOR(mortal,
           WEIR_ON(do_it, mortal_do) WEIR_ON(tell_and_end, mortal_tell) WEIR_ON(hold, mortal_hold)
               WEIR_ON_END(mortal_end),
           .capacity = 4);
/* Leaves nothing behind: its end is one step, if nobody watches. */
struct leaf {
  int64_t unused;
};
static int leaf_stop(struct leaf *l)
{
  (void)l;
  return WEIR_STOP;
}
WEIR_ACTOR(leaf, WEIR_ON(signal, leaf_stop));

/* ---- an actor that watches, and notes what it is told ---- */

struct noted {
  int kind; /* 'd': down, 'e': exited, 'n': a number */
  int64_t n;
  uint64_t watch;
  weir_ref who;
  int code;
  bool linked;
  char name[32], text[64];
};
static struct {
  struct noted list[NEWS_MOST];
  _Atomic(int) count;
} seen;

static void note(struct noted n)
{
  int i = atomic_load(&seen.count);
  if (i == NEWS_MOST) abort();
  seen.list[i] = n;
  atomic_store(&seen.count, i + 1);
}

/* What the watcher is to do, in its handler. */
struct order {
  int32_t what;
  weir_ref who;
  uint64_t watch;
};
struct order_result {
  int32_t code;
  uint64_t watch;
};
WEIR_MESSAGE(order_result, WEIR_FIELD(code), WEIR_FIELD(watch));
WEIR_REQUEST(order, order_result, WEIR_FIELD(what), WEIR_FIELD(who), WEIR_FIELD(watch));
enum { MONITOR, DEMONITOR, LINK, UNLINK, TRAP, NO_TRAP, EXIT, EXIT_NORMAL, KILL, SELECT_DOWN, FAIL_NOW };

struct watcher {
  int64_t unused;
};
static int watcher_order(struct watcher *w, const struct order *o, struct order_result *result)
{
  (void)w;
  weir_watch watch;
  struct weir_down *down;
  switch (o->what) {
  case MONITOR:
    watch = weir_monitor(o->who);
    result->code = watch.error;
    result->watch = watch.bits;
    break;
  case DEMONITOR:
    result->code = weir_demonitor((weir_watch){o->watch, 0});
    break;
  case LINK:
    result->code = weir_link(o->who);
    break;
  case UNLINK:
    result->code = weir_unlink(o->who);
    break;
  case TRAP:
  case NO_TRAP:
    result->code = weir_trap_exits(o->what == TRAP);
    break;
  case EXIT:
  case EXIT_NORMAL:
    result->code = weir_exit(o->who, o->what == EXIT ? BROKEN : WEIR_OK);
    break;
  case KILL:
    result->code = weir_kill(o->who);
    break;
  case SELECT_DOWN:
    result->code = weir_select(WEIR_SECONDS(20), &down, weir_down);
    if (!result->code) result->watch = down->watch;
    weir_free(down);
    break;
  default:
    weir_fail(BROKEN, "ordered to");
  }
  return WEIR_OK;
}
static int watcher_down(struct watcher *w, const struct weir_down *m)
{
  (void)w;
  struct noted n = {.kind = 'd', .watch = m->watch, .who = m->who, .code = m->code};
  snprintf(n.name, sizeof n.name, "%s", m->name);
  snprintf(n.text, sizeof n.text, "%s", m->text);
  note(n);
  return WEIR_OK;
}
static int watcher_exited(struct watcher *w, const struct weir_exited *m)
{
  (void)w;
  struct noted n = {.kind = 'e', .who = m->who, .code = m->code, .linked = m->linked};
  snprintf(n.name, sizeof n.name, "%s", m->name);
  snprintf(n.text, sizeof n.text, "%s", m->text);
  note(n);
  return WEIR_OK;
}
static int watcher_number(struct watcher *w, const struct number *m)
{
  (void)w;
  note((struct noted){.kind = 'n', .n = m->n});
  return WEIR_OK;
}
static int watcher_hold(struct watcher *w, const struct hold *h)
{
  (void)w;
  return gate_stand(h);
}
#define WATCHES                                                                                                        \
  WEIR_ON(order, watcher_order)                                                                                        \
  WEIR_ON(weir_down, watcher_down)                                                                                     \
  WEIR_ON(weir_exited, watcher_exited) WEIR_ON(number, watcher_number) WEIR_ON(hold, watcher_hold)
WEIR_ACTOR(watcher, WATCHES, .capacity = 2);
struct keeping_watcher {
  int64_t unused;
};
static int keeping_order(struct keeping_watcher *w, const struct order *o, struct order_result *result)
{
  return watcher_order((struct watcher *)w, o, result);
}
static int keeping_down(struct keeping_watcher *w, const struct weir_down *m)
{
  return watcher_down((struct watcher *)w, m);
}
static int keeping_number(struct keeping_watcher *w, const struct number *m)
{
  return watcher_number((struct watcher *)w, m);
}
WEIR_ACTOR(keeping_watcher,
           WEIR_ON(order, keeping_order) WEIR_ON(weir_down, keeping_down) WEIR_ON(number, keeping_number),
           .keeps_places = true, .capacity = 2);

static weir_ref fresh_watcher(void)
{
  atomic_store(&seen.count, 0);
  return weir_spawn(&watcher);
}

static struct order_result tell(weir_ref watching, int what, weir_ref who)
{
  struct order_result *r, result = {.code = -1};
  int rc = weir_ask(watching, WEIR_SECONDS(20), &r, order, .what = what, .who = who);
  if (rc) return (struct order_result){.code = rc};
  result = *r;
  weir_free(r);
  return result;
}

static uint64_t set_monitor(weir_ref watching, weir_ref who)
{
  struct order_result r = tell(watching, MONITOR, who);
  assert_int_equal(r.code, WEIR_OK);
  assert_true(r.watch != 0);
  return r.watch;
}

static int end_monitor(weir_ref watching, uint64_t watch)
{
  struct order_result *r;
  int rc = weir_ask(watching, WEIR_SECONDS(20), &r, order, .what = DEMONITOR, .watch = watch);
  if (!rc) rc = r->code;
  weir_free(r);
  return rc;
}

static void wait_for_news(int count)
{
  while (atomic_load(&seen.count) < count) weir_sleep(WEIR_MILLIS(0.1));
}

/* The watcher has handled all that had been queued for it. */
static void settle(weir_ref watching) { assert_int_equal(tell(watching, UNLINK, watching).code, WEIR_OK); }

static void expect_down(int at, uint64_t watch, weir_ref who, int code, const char *text)
{
  const struct noted *n = &seen.list[at];
  assert_int_equal(n->kind, 'd');
  assert_true(n->watch == watch);
  assert_true(n->who.bits == who.bits);
  assert_int_equal(n->code, code);
  assert_string_equal(n->text, text);
}

static void expect_exited(int at, weir_ref who, int code, bool linked)
{
  const struct noted *n = &seen.list[at];
  assert_int_equal(n->kind, 'e');
  assert_true(n->who.bits == who.bits);
  assert_int_equal(n->code, code);
  assert_int_equal(n->linked, linked);
}

/* ---- monitors ---- */

static void a_monitor_tells_how_an_actor_ended(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher();
  weir_ref a = weir_spawn(&mortal), b = weir_spawn(&mortal, .name = "bert"), c = weir_spawn(&mortal);
  uint64_t of_a = set_monitor(w, a), of_b = set_monitor(w, b), of_c = set_monitor(w, c);
  weir_send(a, do_it, .way = STOPS);
  wait_for_news(1);
  expect_down(0, of_a, a, WEIR_OK, "");
  assert_string_equal(seen.list[0].name, "mortal");
  weir_send(b, do_it, .way = FAILS);
  wait_for_news(2);
  expect_down(1, of_b, b, BROKEN, "broken on purpose");
  assert_string_equal(seen.list[1].name, "bert");
  assert_int_equal(weir_ref_error(weir_find("bert")), WEIR_EDEAD); /* the name is free before */
  weir_exit(c, WEIR_ESHUTDOWN);
  wait_for_news(3);
  expect_down(2, of_c, c, WEIR_ESHUTDOWN, "");
}

static void a_refusal_is_no_end(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  set_monitor(w, a);
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, do_it, .way = REFUSES), BROKEN);
  settle(w);
  assert_int_equal(atomic_load(&seen.count), 0);
}

static void one_that_leaves_nothing_behind_is_told_too(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher();
  for (int i = 0; i < 8; i++) {
    weir_ref a = weir_spawn(&leaf);
    uint64_t watch = set_monitor(w, a);
    weir_send(a, signal);
    wait_for_news(i + 1);
    expect_down(i, watch, a, WEIR_OK, "");
  }
}

static void one_that_is_gone_is_told_at_once(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  weir_send(a, do_it, .way = STOPS);
  wait_until_gone(a);
  uint64_t watch = set_monitor(w, a);
  wait_for_news(1);
  expect_down(0, watch, a, WEIR_EDEAD, weir_strerror(WEIR_EDEAD));
  assert_string_equal(seen.list[0].name, "");
}

static void each_monitor_of_one_actor_is_told(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  uint64_t first = set_monitor(w, a), second = set_monitor(w, a);
  assert_true(first != second);
  assert_int_equal(end_monitor(w, first), WEIR_OK);
  weir_send(a, do_it, .way = STOPS);
  wait_for_news(1);
  settle(w);
  assert_int_equal(atomic_load(&seen.count), 1);
  expect_down(0, second, a, WEIR_OK, "");
}

static void several_watch_one(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&mortal), first = fresh_watcher(), second = weir_spawn(&watcher);
  set_monitor(first, a);
  set_monitor(second, a);
  weir_stop(first); /* its monitor ends with it */
  wait_until_gone(first);
  weir_send(a, do_it, .way = STOPS);
  wait_for_news(1);
  settle(second);
  assert_int_equal(atomic_load(&seen.count), 1);
}

static void what_was_sent_before_the_end_comes_before_its_news(void **state)
{
  (void)state;
  for (int fails = 0; fails <= 1; fails++) {
    weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
    uint64_t watch = set_monitor(w, a);
    weir_send(a, tell_and_end, .to = w, .count = 20, .fails = fails); /* ten times the watcher's capacity */
    wait_for_news(21);
    for (int i = 0; i < 20; i++) assert_int_equal(seen.list[i].n, i);
    expect_down(20, watch, a, fails ? BROKEN : WEIR_OK, fails ? "told all" : "");
  }
}

static void news_take_no_place(void **state)
{
  (void)state;
  struct gate g;
  weir_stats stats;
  weir_ref w = fresh_watcher(), a[6];
  for (int i = 0; i < 6; i++) set_monitor(w, a[i] = weir_spawn(&leaf));
  gate_enter(&g, w);
  assert_int_equal(weir_try_send(w, number, .n = 1), WEIR_OK);
  assert_int_equal(weir_try_send(w, number, .n = 2), WEIR_OK);
  assert_int_equal(weir_try_send(w, number, .n = 3), WEIR_EFULL);
  for (int i = 0; i < 6; i++) {
    weir_send(a[i], signal);
    wait_until_gone(a[i]);
  }
  assert_int_equal(weir_stats_read(w, &stats), WEIR_OK);
  assert_int_equal(stats.length, 2);
  assert_int_equal(weir_try_send(w, number, .n = 3), WEIR_EFULL);
  gate_open(&g);
  wait_for_news(8);
  assert_int_equal(seen.list[1].n, 2);
  for (int i = 2; i < 8; i++) assert_int_equal(seen.list[i].kind, 'd');
  assert_int_equal(weir_stats_read(w, &stats), WEIR_OK);
  assert_int_equal(stats.length, 0);
}

static void trouble_09_no_policy_drops_the_news_of_an_end(void **state)
{
  (void)state;
  const int policies[] = {WEIR_REJECT, WEIR_DROP_NEWEST, WEIR_DROP_OLDEST};
  for (int p = 0; p < 3; p++) {
    struct gate g;
    weir_ref a = weir_spawn(&leaf), w = fresh_watcher();
    weir_stop(w);
    w = weir_spawn(&watcher, .overflow = policies[p]);
    uint64_t watch = set_monitor(w, a);
    gate_enter(&g, w);
    for (int i = 0; i < 2; i++) assert_int_equal(weir_try_send(w, number, .n = i), WEIR_OK);
    weir_send(a, signal);
    wait_until_gone(a);
    for (int i = 0; i < 10; i++)
      if (weir_try_send(w, number, .n = 10) == WEIR_EDEAD) abort();
    gate_open(&g);
    wait_for_news(3);
    int downs = 0;
    for (int i = 0; i < 3; i++) downs += seen.list[i].kind == 'd' && seen.list[i].watch == watch;
    assert_int_equal(downs, 1);
  }
}

static void a_monitor_that_was_ended_is_silent_even_if_it_had_fired(void **state)
{
  (void)state;
  for (int i = 0; i < 20; i++) {
    struct gate g;
    weir_ref w = fresh_watcher(), a = weir_spawn(&leaf), b = weir_spawn(&leaf);
    uint64_t of_a = set_monitor(w, a), of_b = set_monitor(w, b);
    gate_enter(&g, w);
    struct order o = {.what = DEMONITOR, .watch = of_a};
    assert_int_equal(weir_send_value(w, WEIR_AT(order, &o)), WEIR_OK);
    weir_send(a, signal);
    weir_send(b, signal);
    wait_until_gone(a);
    wait_until_gone(b);
    gate_open(&g);
    wait_for_news(1);
    settle(w);
    assert_int_equal(atomic_load(&seen.count), 1);
    expect_down(0, of_b, b, WEIR_OK, "");
    assert_int_equal(end_monitor(w, of_a), WEIR_EDEAD);
    assert_int_equal(end_monitor(w, of_b), WEIR_EDEAD);
  }
}

static void news_can_be_selected(void **state)
{
  (void)state;
  atomic_store(&seen.count, 0);
  weir_ref w = weir_spawn(&keeping_watcher), a = weir_spawn(&leaf);
  uint64_t watch = set_monitor(w, a);
  weir_send(a, signal);
  struct order_result r = tell(w, SELECT_DOWN, a);
  assert_int_equal(r.code == WEIR_OK || atomic_load(&seen.count) == 1, 1);
  if (r.code == WEIR_OK) assert_true(r.watch == watch);
}

static void a_stopped_watcher_leaves_nothing(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  for (int i = 0; i < 10; i++) set_monitor(w, a);
  tell(w, LINK, a);
  weir_stop(w);
  wait_until_gone(w);
  assert_true(weir_alive(a)); /* WEIR_OK goes through no link */
  weir_stop(a);
}

static void monitors_have_their_errors(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), route = weir_spawn(&leaf, .instances = 2), none = {0};
  assert_int_equal(weir_monitor(w).error, WEIR_EINVAL);
  assert_int_equal(weir_demonitor((weir_watch){1, 0}), WEIR_EINVAL);
  assert_int_equal(weir_link(w), WEIR_EINVAL);
  assert_int_equal(weir_unlink(w), WEIR_EINVAL);
  assert_int_equal(weir_trap_exits(true), WEIR_EINVAL);
  assert_int_equal(tell(w, MONITOR, route).code, WEIR_EINVAL);
  assert_int_equal(tell(w, LINK, route).code, WEIR_EINVAL);
  assert_int_equal(tell(w, LINK, w).code, WEIR_EINVAL);
  assert_int_equal(tell(w, MONITOR, none).code, WEIR_EDEAD);
  assert_int_equal(tell(w, LINK, none).code, WEIR_EDEAD);
  assert_int_equal(tell(w, MONITOR, weir_find("nobody")).code, WEIR_EDEAD);
  assert_int_equal(weir_exit(w, 7), WEIR_EINVAL);
  assert_int_equal(weir_exit(route, BROKEN), WEIR_EINVAL);
  assert_int_equal(weir_exit(none, BROKEN), WEIR_EDEAD);
  weir_ref other = weir_spawn(&watcher);
  uint64_t watch = set_monitor(other, w);
  assert_int_equal(end_monitor(w, watch), WEIR_EINVAL); /* another's */
  assert_int_equal(end_monitor(other, watch), WEIR_OK);
}

/* ---- links ---- */

static void a_failure_goes_through_a_link_both_ways(void **state)
{
  (void)state;
  for (int back = 0; back <= 1; back++) {
    weir_ref observer = fresh_watcher(), w = weir_spawn(&watcher), a = weir_spawn(&mortal);
    weir_ref survivor = back ? a : w;
    uint64_t watch = set_monitor(observer, survivor);
    assert_int_equal(tell(w, LINK, a).code, WEIR_OK);
    assert_int_equal(tell(w, LINK, a).code, WEIR_OK); /* one link between two */
    if (back)
      tell(w, FAIL_NOW, a);
    else
      weir_send(a, do_it, .way = FAILS);
    wait_for_news(1);
    expect_down(0, watch, survivor, BROKEN, "an error of the program");
  }
}

static void a_link_that_was_ended_passes_nothing(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  assert_int_equal(tell(w, LINK, a).code, WEIR_OK);
  assert_int_equal(tell(w, UNLINK, a).code, WEIR_OK);
  assert_int_equal(tell(w, UNLINK, a).code, WEIR_OK);
  weir_send(a, do_it, .way = FAILS);
  wait_until_gone(a);
  settle(w);
  assert_true(weir_alive(w));
}

static void who_traps_exits_is_told_of_each(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal), b = weir_spawn(&mortal), c = weir_spawn(&mortal);
  assert_int_equal(tell(w, TRAP, w).code, WEIR_OK);
  tell(w, LINK, a);
  tell(w, LINK, b);
  tell(w, LINK, c);
  weir_send(a, do_it, .way = FAILS);
  wait_for_news(1);
  expect_exited(0, a, BROKEN, true);
  assert_string_equal(seen.list[0].text, "broken on purpose");
  weir_send(b, do_it, .way = STOPS);
  wait_for_news(2);
  expect_exited(1, b, WEIR_OK, true);
  weir_kill(c);
  wait_for_news(3);
  expect_exited(2, c, WEIR_EKILLED, true); /* "killed" can be trapped */
  assert_true(weir_alive(w));
}

static void a_link_to_one_that_is_gone_is_an_exit(void **state)
{
  (void)state;
  weir_ref observer = fresh_watcher(), w = weir_spawn(&watcher), trapping = weir_spawn(&watcher);
  weir_ref a = weir_spawn(&mortal);
  weir_stop(a);
  wait_until_gone(a);
  uint64_t watch = set_monitor(observer, w);
  tell(w, LINK, a);
  wait_for_news(1);
  expect_down(0, watch, w, WEIR_EDEAD, weir_strerror(WEIR_EDEAD));
  tell(trapping, TRAP, trapping);
  assert_int_equal(tell(trapping, LINK, a).code, WEIR_OK);
  wait_for_news(2);
  expect_exited(1, a, WEIR_EDEAD, true);
}

static void a_chain_of_links_falls_as_a_whole(void **state)
{
  (void)state;
  enum { LENGTH = 12 };
  weir_ref observer = fresh_watcher(), chain[LENGTH];
  for (int i = 0; i < LENGTH; i++) {
    chain[i] = weir_spawn(&watcher);
    if (i) tell(chain[i], LINK, chain[i - 1]);
  }
  uint64_t watch = set_monitor(observer, chain[LENGTH - 1]);
  tell(chain[0], FAIL_NOW, observer);
  wait_for_news(1);
  expect_down(0, watch, chain[LENGTH - 1], BROKEN, weir_strerror(BROKEN));
  for (int i = 0; i < LENGTH; i++) wait_until_gone(chain[i]);
}

/* ---- exits ---- */

static void an_exit_ends_an_actor_for_its_reason(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  uint64_t watch = set_monitor(w, a);
  atomic_store(&end_clauses, 0);
  assert_int_equal(weir_exit(a, WEIR_OK), WEIR_OK); /* nothing */
  assert_int_equal(weir_ask(a, WEIR_SECONDS(20), NULL, do_it, .way = REFUSES), BROKEN);
  assert_int_equal(weir_exit(a, BROKEN), WEIR_OK);
  wait_for_news(1);
  expect_down(0, watch, a, BROKEN, weir_strerror(BROKEN));
  assert_int_equal(atomic_load(&end_clauses), 1);
  wait_until_gone(a);
  assert_int_equal(weir_exit(a, BROKEN), WEIR_EDEAD);
}

static void an_exit_cancels_the_handler_at_work(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  uint64_t watch = set_monitor(w, a);
  struct gate g;
  gate_enter(&g, a);
  assert_int_equal(weir_exit(a, BROKEN), WEIR_OK);
  assert_int_equal(weir_exit(a, WEIR_ESHUTDOWN), WEIR_OK); /* the first counts */
  wait_for_news(1);
  expect_down(0, watch, a, BROKEN, weir_strerror(BROKEN));
  weir_promise_drop(g.go);
}

static void a_trapped_exit_is_a_message_and_of_several_one(void **state)
{
  (void)state;
  struct gate g;
  weir_ref w = fresh_watcher();
  tell(w, TRAP, w);
  gate_enter(&g, w);
  for (int i = 0; i < 5; i++) assert_int_equal(weir_exit(w, BROKEN), WEIR_OK);
  gate_open(&g);
  wait_for_news(1);
  settle(w);
  assert_int_equal(atomic_load(&seen.count), 1);
  assert_int_equal(seen.list[0].code, BROKEN);
  assert_false(seen.list[0].linked);
  assert_int_equal(weir_exit(w, WEIR_OK), WEIR_OK); /* a trap sees that one, too */
  wait_for_news(2);
  assert_int_equal(seen.list[1].code, WEIR_OK);
  tell(w, NO_TRAP, w);
  assert_int_equal(weir_exit(w, BROKEN), WEIR_OK);
  wait_until_gone(w);
}

/* ---- kills ---- */

static void wait_until_handled(weir_ref actor, uint64_t count)
{
  weir_stats stats;
  do weir_sleep(WEIR_MILLIS(0.1));
  while (weir_stats_read(actor, &stats) == WEIR_OK && stats.handled < count);
}

static void a_kill_gives_up_a_handler_that_waits(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  uint64_t watch = set_monitor(w, a);
  atomic_store(&end_clauses, 0);
  atomic_store(&went_on, 0);
  struct gate g;
  gate_enter(&g, a); /* behind it a waiting message */
  weir_send(a, do_it, .way = WAITS);
  gate_open(&g);
  wait_until_handled(a, 1);   /* the hold */
  weir_sleep(WEIR_MILLIS(1)); /* whether it waits already or not */
  assert_int_equal(weir_kill(a), WEIR_OK);
  wait_for_news(1);
  expect_down(0, watch, a, WEIR_EKILLED, seen.list[0].text);
  assert_int_equal(atomic_load(&end_clauses), 0);
  assert_int_equal(atomic_load(&went_on), 0);
}

static void a_handler_that_ignores_a_stop_is_killed_where_it_waits_next(void **state)
{
  (void)state;
  weir_ref w = fresh_watcher(), a = weir_spawn(&mortal);
  uint64_t watch = set_monitor(w, a);
  atomic_store(&went_on, 0);
  atomic_store(&codes_of_waits[0], 0);
  atomic_store(&codes_of_waits[1], 0);
  weir_send(a, do_it, .way = WAITS);
  weir_stop(a);
  wait_for_news(1);
  if (atomic_load(&went_on)) { /* else it was stopped before it began */
    assert_int_equal(atomic_load(&codes_of_waits[0]), WEIR_ECANCELED);
    assert_int_equal(atomic_load(&codes_of_waits[1]), WEIR_ECANCELED);
  }
  expect_down(0, watch, a, WEIR_OK, "");
}

struct stubborn {
  uint64_t begun;
};
struct stubborn_plan {
  uint64_t begun;
};
WEIR_MESSAGE(stubborn_plan, WEIR_FIELD(begun));
static int stubborn_start(struct stubborn *s, const struct stubborn_plan *plan)
{
  s->begun = plan->begun;
  return WEIR_OK;
}
static void never_done(void *unused)
{
  (void)unused;
  atomic_fetch_add(&went_on, 1);
}
static int stubborn_signal(struct stubborn *s)
{
  (void)s;
  if (weir_defer(never_done, NULL)) return WEIR_ENOMEM;
  return WEIR_STOP;
}
static void stubborn_end(struct stubborn *s)
{
  weir_promise_send((weir_promise){s->begun}, signal);
  while (weir_sleep(WEIR_SECONDS(20)) != WEIR_OK) continue;
  atomic_fetch_add(&end_clauses, 1);
}
WEIR_ACTOR(stubborn,
           WEIR_ON_START(stubborn_plan, stubborn_start) WEIR_ON(signal, stubborn_signal) WEIR_ON_END(stubborn_end));

static void a_kill_ends_an_end_clause_and_deferred_calls_follow(void **state)
{
  (void)state;
  struct signal *s;
  weir_promise promise;
  weir_future begun;
  assert_int_equal(weir_oneshot(&promise, &begun), WEIR_OK);
  atomic_store(&end_clauses, 0);
  atomic_store(&went_on, 0);
  weir_ref w = fresh_watcher(), a = weir_spawn(&stubborn, .config = WEIR_VALUE(stubborn_plan, .begun = promise.bits));
  uint64_t watch = set_monitor(w, a);
  weir_send(a, signal);
  assert_int_equal(weir_future_wait(begun, WEIR_SECONDS(20), &s, signal), WEIR_OK);
  weir_free(s);
  assert_int_equal(weir_kill(a), WEIR_OK);
  wait_for_news(1);
  expect_down(0, watch, a, WEIR_EKILLED, "it was killed");
  assert_int_equal(atomic_load(&end_clauses), 0);
  assert_int_equal(atomic_load(&went_on), 1);
}

static void a_kill_can_not_be_trapped(void **state)
{
  (void)state;
  weir_ref observer = fresh_watcher(), w = weir_spawn(&watcher);
  uint64_t watch = set_monitor(observer, w);
  tell(w, TRAP, w);
  assert_int_equal(weir_exit(w, WEIR_EKILLED), WEIR_OK); /* the word can */
  wait_for_news(1);
  assert_int_equal(seen.list[0].kind, 'e');
  assert_int_equal(weir_kill(w), WEIR_OK);
  wait_for_news(2);
  expect_down(1, watch, w, WEIR_EKILLED, seen.list[1].text);
}

/* Holds all that the runtime knows. */
struct hoarder {
  struct number *kept;
};
struct hoard {
  weir_ref other;
  uint64_t begun;
};
WEIR_REQUEST(hoard, number, WEIR_FIELD(other), WEIR_FIELD(begun));
static int hoarder_hoard(struct hoarder *h, const struct hoard *m)
{
  (void)h;
  weir_permit permit;
  if (weir_reserve(m->other, WEIR_SECONDS(1), &permit)) return WEIR_EINVAL;
  weir_send_every(weir_self(), WEIR_SECONDS(1), signal);
  weir_pending p = weir_ask_begin(m->other, WEIR_SECONDS(20), get);
  (void)p;
  weir_monitor(m->other);
  if (weir_defer(never_done, NULL)) return WEIR_ENOMEM;
  if (!weir_alloc(1000)) return WEIR_ENOMEM;
  weir_promise_send((weir_promise){m->begun}, signal);
  while (weir_sleep(WEIR_SECONDS(20))) continue;
  return WEIR_OK;
}
WEIR_ACTOR(hoarder, WEIR_ON(hoard, hoarder_hoard));

static int ask_hoarder(void *arg)
{
  struct hoard *h = arg;
  struct number *n;
  return weir_ask_value(weir_find("hoarder"), WEIR_SECONDS(20), &n, WEIR_AT(hoard, h));
}

static void what_a_killed_actor_held_is_reclaimed_and_its_asker_told(void **state)
{
  (void)state;
  struct signal *s;
  weir_stats stats;
  weir_promise promise;
  weir_future begun;
  int result = 0;
  assert_int_equal(weir_oneshot(&promise, &begun), WEIR_OK);
  atomic_store(&went_on, 0);
  weir_ref other = weir_spawn(&mortal), h = weir_spawn(&hoarder, .name = "hoarder");
  struct hoard m = {.other = other, .begun = promise.bits};
  weir_task *task = weir_task_start(runtime, ask_hoarder, &m);
  assert_int_equal(weir_future_wait(begun, WEIR_SECONDS(20), &s, signal), WEIR_OK);
  weir_free(s);
  assert_int_equal(weir_stats_read(other, &stats), WEIR_OK);
  assert_int_equal(stats.permits, 1);
  assert_int_equal(weir_kill(h), WEIR_OK);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &result), WEIR_OK);
  assert_int_equal(result, WEIR_EFAILED);
  wait_until_gone(h);
  assert_int_equal(weir_stats_read(other, &stats), WEIR_OK);
  assert_int_equal(stats.permits, 0);
  assert_int_equal(atomic_load(&went_on), 1);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_monitor_tells_how_an_actor_ended),
      ON_RUNTIME(a_refusal_is_no_end),
      ON_RUNTIME(one_that_leaves_nothing_behind_is_told_too),
      ON_RUNTIME(one_that_is_gone_is_told_at_once),
      ON_RUNTIME(each_monitor_of_one_actor_is_told),
      ON_RUNTIME(several_watch_one),
      ON_RUNTIME(what_was_sent_before_the_end_comes_before_its_news),
      ON_RUNTIME(news_take_no_place),
      ON_RUNTIME(trouble_09_no_policy_drops_the_news_of_an_end),
      ON_RUNTIME(a_monitor_that_was_ended_is_silent_even_if_it_had_fired),
      ON_RUNTIME(news_can_be_selected),
      ON_RUNTIME(a_stopped_watcher_leaves_nothing),
      ON_RUNTIME(monitors_have_their_errors),
      ON_RUNTIME(a_failure_goes_through_a_link_both_ways),
      ON_RUNTIME(a_link_that_was_ended_passes_nothing),
      ON_RUNTIME(who_traps_exits_is_told_of_each),
      ON_RUNTIME(a_link_to_one_that_is_gone_is_an_exit),
      ON_RUNTIME(a_chain_of_links_falls_as_a_whole),
      ON_RUNTIME(an_exit_ends_an_actor_for_its_reason),
      ON_RUNTIME(an_exit_cancels_the_handler_at_work),
      ON_RUNTIME(a_trapped_exit_is_a_message_and_of_several_one),
      ON_RUNTIME(a_kill_gives_up_a_handler_that_waits),
      ON_RUNTIME(a_handler_that_ignores_a_stop_is_killed_where_it_waits_next),
      ON_RUNTIME(a_kill_ends_an_end_clause_and_deferred_calls_follow),
      ON_RUNTIME(a_kill_can_not_be_trapped),
      ON_RUNTIME(what_a_killed_actor_held_is_reclaimed_and_its_asker_told),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
