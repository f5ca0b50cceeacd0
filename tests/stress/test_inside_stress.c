/* Stash, select, behaviours, groups, routes, deferred calls and dead letters at once, under stops, drains and failures.
 * What must hold at the end: the runtime stops, each message that was made has one end (L2), each deferred call was
 * made once, and what was published to a group that nobody left came to all. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { SLOTS = 32, TASKS = 4, GROUPS = 3 };

static _Atomic(uint64_t) directory[SLOTS]; /* actors and routes, old ones too */
static _Atomic(int64_t) steps_left, deferred, called;
static _Atomic(int) wrong; /* codes that no call may return, and what can't be */
static const char *const groups[GROUPS] = {"red", "green", "blue"};

static weir_ref anybody(void) { return (weir_ref){atomic_load(&directory[draw() % SLOTS])}; }
static const char *any_group(void) { return groups[draw() % GROUPS]; }

static void expect(int rc)
{
  switch (rc) {
  case WEIR_OK:
  case WEIR_EDEAD:
  case WEIR_EFULL:
  case WEIR_EEXIST:
  case WEIR_ETIMEDOUT:
  case WEIR_EINDOUBT:
  case WEIR_ECANCELED:
  case WEIR_EDEADLOCK:
  case WEIR_EFAILED:
  case WEIR_EPROTO:
  case WEIR_EUSER(3):
    return;
  default:
    print_error("unexpected: %d %s\n", rc, weir_error_text());
    atomic_fetch_add(&wrong, 1);
  }
}
/* Where the ref may be a broadcast's. */
static void expect_or_invalid(int rc)
{
  if (rc != WEIR_EINVAL) expect(rc);
}

struct work {
  int64_t key, hops;
  const char *text;
};
WEIR_MESSAGE(work, WEIR_FIELD(key, .key = true), WEIR_FIELD(hops), WEIR_FIELD(text));
struct query {
  int64_t key;
};
WEIR_REQUEST(query, number, WEIR_FIELD(key, .key = true));
struct nudge {
  int64_t key;
};
WEIR_MESSAGE(nudge, WEIR_FIELD(key, .key = true));

struct restless {
  weir_ref children;
  int64_t handled;
};

static void step(int64_t hops);
static void count_call(void *unused)
{
  (void)unused;
  if (draw() % 8 == 0) weir_sleep(WEIR_MILLIS(0.02));
  atomic_fetch_add(&called, 1);
}
static void defer_one(void)
{
  if (weir_defer(count_call, weir_strdup("something"))) return;
  atomic_fetch_add(&deferred, 1);
}

static bool is_odd(const void *message, void *unused)
{
  (void)unused;
  return ((const struct work *)message)->key & 1;
}

static void select_one(void)
{
  weir_duration within = WEIR_MILLIS((double)(draw() % 200) / 1000);
  struct nudge *n = NULL;
  struct work *w = NULL;
  struct query *q = NULL;
  weir_asker who = {0};
  switch (draw() % 3) {
  case 0:
    expect(weir_select(within, &n, nudge));
    break;
  case 1:
    expect(weir_select(within, &w, work, .when = is_odd));
    if (w && !(w->key & 1)) atomic_fetch_add(&wrong, 1);
    break;
  default:
    expect(weir_select(within, &q, query, .asker = &who));
    if (q && who.bits && draw() % 4) weir_answer(who, number, .n = q->key); /* else its asker learns it from our end */
    break;
  }
  if (draw() % 2) weir_free(n), weir_free(w), weir_free(q); /* else they end with us */
}

static int restless_start(struct restless *r)
{
  (void)r;
  expect(weir_join(any_group()));
  if (draw() % 2) defer_one();
  if (draw() % 50 == 0) return weir_error(WEIR_EUSER(3), "no start today");
  return WEIR_OK;
}
static int calm_down(struct restless *r)
{
  (void)r;
  expect(weir_become(NULL));
  return weir_unstash(draw() % 2 ? SIZE_MAX : draw() % 4);
}
static int put_aside(struct restless *r)
{
  (void)r;
  return weir_stash();
}
WEIR_BEHAVIOUR(restless, busy, WEIR_ON(work, put_aside) WEIR_ON(query, put_aside) WEIR_ON(nudge, calm_down));

static int restless_work(struct restless *r, const struct work *m)
{
  r->handled++;
  switch (draw() % 16) {
  case 0:
    return weir_stash();
  case 1:
    expect(weir_become(&busy));
    return WEIR_OK;
  case 2:
  case 3:
    select_one();
    break;
  case 5:
    return weir_unstash(draw() % 3);
  case 6:
    defer_one();
    break;
  default:
    break;
  }
  if (m->hops > 0) step(m->hops - 1);
  if (draw() % 200 == 0) weir_fail(WEIR_EUSER(2), "enough of it");
  if (draw() % 200 == 0) return WEIR_STOP;
  return draw() % 10 == 0 ? weir_error(WEIR_EUSER(3), "not %s", m->text) : WEIR_OK;
}
static int restless_query(struct restless *r, const struct query *m, struct number *reply)
{
  r->handled++;
  reply->n = m->key; /* also when it can't be forwarded, and stays ours */
  if (draw() % 4 == 0) return weir_stash();
  if (draw() % 8 == 0) { /* it was asked, so no circle of forwards waits for longer than its asker does */
    expect_or_invalid(weir_forward(anybody()));
  }
  return WEIR_OK;
}
static int restless_nudge(struct restless *r)
{
  (void)r;
  if (draw() % 4 == 0) select_one();
  return weir_unstash(SIZE_MAX);
}
static void restless_end(struct restless *r)
{
  (void)r;
  if (draw() % 100 == 0) weir_fail(WEIR_EUSER(4), "not even an end");
}
WEIR_ACTOR(restless,
           WEIR_ON_START(weir_none, restless_start) WEIR_ON(work, restless_work) WEIR_ON(query, restless_query)
               WEIR_ON(nudge, restless_nudge) WEIR_ON_END(restless_end),
           .keeps_places = true);

/* ---- dead letters ---- */

static _Atomic(int64_t) letters;
struct watch {
  WEIR_EMPTY;
};
static int watch_letter(struct watch *w, const struct weir_dead_letter *m)
{
  (void)w;
  if (!*m->message || !*m->text || m->code >= 0) {
    print_error("a letter of %s, code %d: %s\n", m->message, m->code, m->text);
    atomic_fetch_add(&wrong, 1);
  }
  atomic_fetch_add(&letters, 1 + (int64_t)m->missed);
  return WEIR_OK;
}
WEIR_ACTOR(watch, WEIR_ON(weir_dead_letter, watch_letter), .capacity = 16);

/* ---- a step ---- */

static void spawn_one(void)
{
  weir_ref ref = draw() % 3 ? weir_spawn(&restless, .capacity = 1 + draw() % 8)
                            : weir_spawn(&restless, .capacity = 1 + draw() % 8, .instances = 1 + draw() % 5,
                                         .route = (int)(draw() % 4));
  expect(weir_ref_error(ref));
  if (!weir_ref_error(ref)) atomic_store(&directory[draw() % SLOTS], ref.bits);
}

static void ask_one(void)
{
  struct number *n = NULL;
  int64_t key = (int64_t)(draw() % 100);
  int rc = weir_ask(anybody(), WEIR_MILLIS((double)(draw() % 300) / 1000), &n, query, .key = key);
  expect_or_invalid(rc);
  if (!rc && n->n != key) atomic_fetch_add(&wrong, 1);
  weir_free(n);
}

static void step(int64_t hops)
{
  struct work w = {.key = (int64_t)(draw() % 100), .hops = hops, .text = "a word"};
  switch (draw() % 16) {
  case 0:
    spawn_one();
    return;
  case 1:
    if (draw() % 3 == 0) expect(draw() % 2 ? weir_stop(anybody()) : weir_drain(anybody()));
    return;
  case 2:
    expect(weir_publish_value(any_group(), WEIR_AT(work, &w)));
    return;
  case 3:
    if (weir_ref_error(weir_self()) == WEIR_OK) {
      int rc = draw() % 2 ? weir_join(any_group()) : weir_leave(any_group());
      expect_or_invalid(rc);
    }
    return;
  case 4:
  case 5:
    ask_one();
    return;
  case 6:
  case 7:
    expect(weir_try_send(anybody(), nudge, .key = w.key));
    return;
  case 8:
  case 9:
    expect(weir_send_within_value(anybody(), WEIR_MILLIS((double)(draw() % 100) / 1000), WEIR_AT(work, &w)));
    return;
  default:
    expect(weir_try_send_value(anybody(), WEIR_AT(work, &w)));
    return;
  }
}

static int stir(void *unused)
{
  (void)unused;
  while (atomic_fetch_sub(&steps_left, 1) > 0 && !weir_cancelled()) step((int64_t)(draw() % 4));
  return WEIR_OK;
}

static void all_at_once_under_stops(void **state)
{
  (void)state;
  weir_task *tasks[TASKS];
  atomic_store(&steps_left, count_or(40000, 3000));
  atomic_store(&deferred, 0);
  atomic_store(&called, 0);
  atomic_store(&letters, 0);
  atomic_store(&wrong, 0);
  assert_int_equal(weir_dead_letters(weir_spawn(&watch)), WEIR_OK);
  for (int i = 0; i < SLOTS; i++) atomic_store(&directory[i], weir_spawn(&restless).bits);
  for (int i = 0; i < TASKS; i++) assert_non_null(tasks[i] = weir_task_start(runtime, stir, NULL));
  stir(NULL);
  for (int i = 0; i < TASKS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(120), NULL), WEIR_OK);
  weir_runtime *rt = runtime;
  runtime = NULL;
  assert_int_equal(weir_runtime_stop(rt, WEIR_SECONDS(60)), WEIR_OK);
  assert_int_equal(accounts_are_even(), 0);
  assert_int_equal(atomic_load(&wrong), 0);
  assert_int_equal(atomic_load(&deferred), atomic_load(&called));
  assert_true(atomic_load(&letters) > 0);
  for (int i = 0; i < GROUPS; i++) assert_int_equal(weir_group_size(groups[i]), 0);
}

/* ---- a group whose members come and go, while some stay: those get everything, in each publisher's order ---- */

enum { STAYERS = 20, PUBLISHERS = 3 };
static int64_t published_each;

struct stayer {
  int64_t last[PUBLISHERS], count;
};
static int stayer_start(struct stayer *s, const struct weir_none *unused)
{
  (void)s, (void)unused;
  return weir_join("stage");
}
static int stayer_work(struct stayer *s, const struct work *m)
{
  if (m->key < 0 || m->key >= PUBLISHERS || m->hops != s->last[m->key] + 1) atomic_fetch_add(&wrong, 1);
  s->last[m->key] = m->hops;
  s->count++;
  return WEIR_OK;
}
static int stayer_get(struct stayer *s, struct number *reply)
{
  reply->n = s->count;
  return WEIR_OK;
}
WEIR_ACTOR(stayer, WEIR_ON_START(weir_none, stayer_start) WEIR_ON(work, stayer_work) WEIR_ON(get, stayer_get));

struct passer_by {
  WEIR_EMPTY;
};
static int passer_start(struct passer_by *p)
{
  (void)p;
  return weir_join("stage");
}
static int passer_work(struct passer_by *p)
{
  (void)p;
  if (draw() % 4 == 0) return weir_leave("stage") ? WEIR_STOP : WEIR_OK;
  return draw() % 4 ? WEIR_OK : WEIR_STOP;
}
WEIR_ACTOR(passer_by, WEIR_ON_START(weir_none, passer_start) WEIR_ON(work, passer_work), .capacity = 2);

static int publish_all(void *which)
{
  for (int64_t n = 1; n <= published_each; n++) {
    size_t got;
    int rc = weir_publish_counted("stage", &got, work, .key = *(int64_t *)which, .hops = n);
    if (rc || got < STAYERS) atomic_fetch_add(&wrong, 1);
    if (n % 4 == 0) weir_spawn(&passer_by);
  }
  return WEIR_OK;
}

static void who_stays_in_a_group_misses_nothing_while_others_come_and_go(void **state)
{
  (void)state;
  weir_ref stayers[STAYERS];
  weir_task *tasks[PUBLISHERS];
  static int64_t which[PUBLISHERS] = {0, 1, 2};
  published_each = count_or(1000, 150);
  atomic_store(&wrong, 0);
  size_t all = (size_t)published_each * PUBLISHERS;
  for (int i = 0; i < STAYERS; i++) stayers[i] = weir_spawn(&stayer, .capacity = all);
  for (int i = 0; i < STAYERS; i++) assert_int_equal(get_from(stayers[i]), 0);
  for (int i = 0; i < PUBLISHERS; i++) assert_non_null(tasks[i] = weir_task_start(runtime, publish_all, &which[i]));
  for (int i = 0; i < PUBLISHERS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(120), NULL), WEIR_OK);
  for (int i = 0; i < STAYERS; i++) assert_int_equal(get_from(stayers[i]), (int64_t)all);
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  chance_begin();
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(all_at_once_under_stops),
      ON_RUNTIME(who_stays_in_a_group_misses_nothing_while_others_come_and_go),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
