/* library.c: scenarios that use the library as a program does. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <weir/simulation.h>
#include <weir/uv.h>
#include <weir/weir.h>

#include "actor/change.h"
#include "faults/inject.h"
#include "faults/scenario.h"
#include "platform/stack.h"
#include "platform/trap.h"

#define IN_TIME WEIR_SECONDS(600) /* where no time limit is to be met */

/* ---- runtimes around a body ---- */

static const weir_runtime_options current = {.flavor = WEIR_CURRENT_THREAD};
static const weir_runtime_options two = {.workers = 2};

static void on_runtime(const weir_runtime_options *options, void (*body)(void))
{
  weir_runtime *rt;
  if (CHECK(weir_runtime_start(options, &rt))) {
    if (rt) failed("there is a runtime all the same");
    return;
  }
  if (body) body();
  int rc = weir_runtime_stop(rt, IN_TIME); /* needs no memory, nor says that it has none */
  if (rc) failed("stop: %d %s", rc, weir_error_text());
}

#if WEIR__HAS_TRAP
/* What a worker has where crashes are contained: only a program on the shared library can have that, which this is not. */
static void begin_trap(void)
{
  struct weir__trap_thread *t = weir__trap_thread_begin();
  if (!t && !undisturbed()) reported();
  if (!t && undisturbed()) failed("no signal stack");
  weir__trap_thread_end(t);
}
#endif

static void start_and_stop(void)
{
  on_runtime(&two, NULL);
  on_runtime(&(weir_runtime_options){.flavor = WEIR_CURRENT_THREAD, .hog_after = WEIR_SECONDS(1)}, NULL);
  on_runtime(&current, NULL); /* after a start that failed, too */
}

/* ---- messages, and an actor that takes all of them ---- */

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));
struct get {
  WEIR_EMPTY;
};
WEIR_REQUEST(get, number);
struct parcel {
  const char *text;
  weir_bytes bytes;
  const int32_t *list;
  size_t count;
};
WEIR_MESSAGE(parcel, WEIR_FIELD(text, .key = true), WEIR_FIELD(bytes), WEIR_LIST(list, count));
struct twice {
  int64_t n;
};
WEIR_REQUEST(twice, number, WEIR_FIELD(n));
struct onward {
  weir_ref to;
  int32_t how;
};
WEIR_REQUEST(onward, number, WEIR_FIELD(to), WEIR_FIELD(how));

struct taker {
  int64_t numbers, parcels;
  void *kept;
  char large[100]; /* more than fits beside a cell */
};
static int taker_start(struct taker *t, const struct parcel *config)
{
  if (config) t->numbers = (int64_t)strlen(config->text);
  return WEIR_OK;
}
static int taker_number(struct taker *t, const struct number *m)
{
  t->numbers += m->n;
  return WEIR_OK;
}
static int taker_parcel(struct taker *t, const struct parcel *m)
{
  t->parcels++;
  weir_free(t->kept);
  t->kept = weir_keep(parcel, m); /* NULL: without memory for a copy */
  return WEIR_OK;
}
static int taker_get(struct taker *t, struct number *reply)
{
  reply->n = t->numbers;
  return WEIR_OK;
}
static int taker_twice(struct taker *t, const struct twice *m, struct number *reply)
{
  (void)t;
  if (m->n < 0) {
    const char *text = weir_format("%lld is too few", (long long)m->n);
    return CHECK_POINTER(text) ? weir_error(WEIR_EUSER(1), "%s", text) : WEIR_ENOMEM;
  }
  reply->n = 2 * m->n;
  return WEIR_OK;
}
static void taker_end(struct taker *t) { weir_free(t->kept); }
WEIR_ACTOR(taker,
           WEIR_ON_START(parcel, taker_start) WEIR_ON(number, taker_number) WEIR_ON(parcel, taker_parcel)
               WEIR_ON(get, taker_get) WEIR_ON(twice, taker_twice) WEIR_ON_END(taker_end),
           .capacity = 1);

static weir_ref spawned(weir_ref ref)
{
  checked(weir_ref_error(ref), "spawn");
  return ref;
}

static void ask_number(weir_ref to)
{
  struct number *n;
  CHECK(weir_ask(to, IN_TIME, &n, get));
  weir_free(n);
}

/* Without memory to wait with the task is left alone. */
static void join(weir_task *task)
{
  if (CHECK(weir_task_join(task, IN_TIME, NULL))) weir_task_detach(task);
}

static void in_task(int (*f)(void *))
{
  weir_task *task = weir_task_start(NULL, f, NULL);
  if (CHECK_POINTER(task)) join(task);
}

/* ---- spawn ---- */

struct idler {
  int64_t sum;
};
static int idler_number(struct idler *i, const struct number *m)
{
  i->sum += m->n;
  return WEIR_OK;
}
static int idler_get(struct idler *i, struct number *reply)
{
  reply->n = i->sum;
  return WEIR_OK;
}
#define IDLER(name, ...)                                                                                               \
  struct name {                                                                                                        \
    struct idler idler;                                                                                                \
  };                                                                                                                   \
  static int name##_number(struct name *i, const struct number *m) { return idler_number(&i->idler, m); }              \
  static int name##_get(struct name *i, struct number *reply) { return idler_get(&i->idler, reply); }                  \
  WEIR_ACTOR(name, WEIR_ON(number, name##_number) WEIR_ON(get, name##_get), __VA_ARGS__)
IDLER(pinned, .runs = WEIR_PINNED);
IDLER(blocking, .runs = WEIR_ON_BLOCKING_POOL);
IDLER(choosy, .keeps_places = true);

/* More than the first table of names has chains. */
static void spawn_many_named(void)
{
  enum { NAMES = 66 };
  for (int i = 0; i < NAMES; i++) {
    char name[24];
    snprintf(name, sizeof name, "number %d", i);
    if (weir_ref_error(spawned(weir_spawn(&taker, .name = name)))) return;
  }
}

static void spawn_body(void)
{
  weir_ref refs[] = {
      spawned(weir_spawn(&taker, .name = "named", .config = WEIR_VALUE(parcel, .text = "configured"))),
      spawned(weir_spawn(&pinned)),
      spawned(weir_spawn(&choosy)),
      spawned(weir_spawn(&blocking)),
      spawned(weir_spawn(&taker, .name = "several", .instances = 3)),
      spawned(weir_spawn(&taker, .instances = 5, .route = WEIR_LEAST_BUSY)),
      spawned(weir_spawn(&taker, .breaker = {.failures = 1}, .memory = 1 << 20)),
  };
  for (size_t i = 0; i < sizeof refs / sizeof refs[0]; i++) ask_number(refs[i]);
  CHECK(weir_ref_error(weir_find("named")));
  spawn_many_named();
}
static void spawning(void) { on_runtime(&current, spawn_body); }
static void spawning_on_two(void) { on_runtime(&two, spawn_body); }

/* ---- send ---- */

enum { LARGE = 3 << 20 }; /* beyond the classes of the depot */

static int send_all(void *arg)
{
  static const int32_t list[] = {1, 2, 3};
  static char large[LARGE];
  (void)arg;
  weir_ref t = spawned(weir_spawn(&taker));
  if (weir_ref_error(t)) return WEIR_OK;
  for (int i = 0; i < 4; i++) CHECK(weir_send(t, number, .n = i)); /* has to wait for a place */
  CHECK(weir_send(t, parcel, .text = "a text", .list = list, .count = 3));
  weir_bytes bytes = weir_bytes_copy("some bytes", 10);
  if (CHECK_POINTER(bytes.owner)) CHECK(weir_send(t, parcel, .bytes = bytes));
  weir_bytes_drop(bytes);
  CHECK(weir_send(t, parcel, .bytes = {.data = "bytes without an owner", .size = 22}));
  memset(large, 'x', sizeof large - 1);
  weir_ref wide = spawned(weir_spawn(&taker, .capacity = 128));
  CHECK(weir_send(wide, parcel, .text = large));
  CHECK(weir_send_within(wide, IN_TIME, parcel, .text = "in time"));
  ask_number(t);
  ask_number(wide);
  return WEIR_OK;
}
static void send_body(void)
{
  send_all(NULL);
  in_task(send_all);
}
static void sending(void) { on_runtime(&current, send_body); }
static void sending_on_two(void) { on_runtime(&two, send_body); }

/* One handler that leaves texts and bytes for its reply, and passes on what it got. */
struct maker {
  int64_t made;
};
struct article {
  const char *text;
  weir_bytes bytes;
};
struct make {
  weir_ref copy_to;
};
WEIR_MESSAGE(article, WEIR_FIELD(text), WEIR_FIELD(bytes));
WEIR_REQUEST(make, article, WEIR_FIELD(copy_to));
static int maker_make(struct maker *m, const struct make *what, struct article *reply)
{
  m->made++;
  reply->text = weir_format("article %lld", (long long)m->made);
  weir_bytes bytes = weir_bytes_copy("content", 7);
  if (bytes.owner) reply->bytes = weir_bytes_leave(bytes);
  if (what->copy_to.bits) CHECK(weir_send(what->copy_to, number, .n = m->made));
  return reply->text && reply->bytes.owner ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory for an article");
}
WEIR_ACTOR(maker, WEIR_ON(make, maker_make));

static void make_body(void)
{
  struct article *a;
  weir_ref m = spawned(weir_spawn(&maker)), t = spawned(weir_spawn(&taker));
  CHECK(weir_ask(m, IN_TIME, &a, make, .copy_to = t));
  weir_free(a);
}
static void replying(void) { on_runtime(&current, make_body); }

/* ---- ask ---- */

static int ask_all(void *arg)
{
  (void)arg;
  struct number *n;
  weir_ref t = spawned(weir_spawn(&taker));
  CHECK(weir_ask(t, IN_TIME, &n, twice, .n = 4));
  weir_free(n);
  int rc = weir_ask(t, IN_TIME, &n, twice, .n = -1);
  if (rc != WEIR_EUSER(1)) checked(rc ? rc : WEIR_EINVAL, "an ask that is refused");
  weir_pending pending[4];
  for (int i = 0; i < 4; i++) {
    pending[i] = weir_ask_begin(t, IN_TIME, twice, .n = i);
    checked(pending[i].error, "ask_begin");
  }
  for (int i = 0; i < 3; i++) {
    if (!CHECK(weir_await(pending[i], &n, twice))) weir_free(n);
  }
  weir_cancel(pending, 4);
  return WEIR_OK;
}

/* Forwards, or answers later, from a task too. */
struct broker {
  weir_asker owed;
};
static int broker_onward(struct broker *b, const struct onward *m)
{
  switch (m->how) {
  case 0:
    return CHECK(weir_forward(m->to));
  case 1:
    b->owed = weir_answer_later();
    if (!CHECK_POINTER(b->owed.bits ? b : NULL)) return weir_error(WEIR_ENOMEM, "no memory to answer later");
    if (CHECK(weir_answer(b->owed, number, .n = 5))) CHECK(weir_refuse(b->owed, WEIR_ENOMEM, "no memory to answer"));
    return WEIR_OK;
  default:
    b->owed = weir_answer_later();
    if (!CHECK_POINTER(b->owed.bits ? b : NULL)) return weir_error(WEIR_ENOMEM, "no memory to answer later");
    return weir_refuse(b->owed, WEIR_EUSER(2), "not by this broker");
  }
}
WEIR_ACTOR(broker, WEIR_ON(onward, broker_onward));

struct answerer {
  WEIR_EMPTY;
};
static int answerer_onward(struct answerer *a, const struct onward *m, struct number *reply)
{
  (void)a;
  reply->n = m->how;
  return WEIR_OK;
}
WEIR_ACTOR(answerer, WEIR_ON(onward, answerer_onward));

static int ask_broker(void *arg)
{
  (void)arg;
  struct number *n;
  weir_ref to = spawned(weir_spawn(&answerer)), b = spawned(weir_spawn(&broker));
  for (int how = 0; how < 3; how++) {
    int rc = weir_ask(b, IN_TIME, &n, onward, .to = to, .how = how);
    if (rc != WEIR_EUSER(2)) checked(rc, "an ask of a broker");
    weir_free(n);
  }
  return WEIR_OK;
}
static void ask_body(void)
{
  ask_all(NULL);
  in_task(ask_all);
  in_task(ask_broker);
}
static void asking(void) { on_runtime(&current, ask_body); }
static void asking_on_two(void) { on_runtime(&two, ask_body); }

/* ---- a deadlock, with its text ---- */

struct friend { WEIR_EMPTY; };
struct visit {
  weir_ref next, last;
};
WEIR_REQUEST(visit, number, WEIR_FIELD(next), WEIR_FIELD(last));
static int friend_visit(struct friend *f, const struct visit *m, struct number *reply)
{
  (void)f;
  struct number *n;
  int rc = weir_ask(m->next, IN_TIME, &n, visit, .next = m->last, .last = m->next);
  if (rc) return weir_error(rc, "%s", weir_error_text());
  reply->n = n->n;
  weir_free(n);
  return WEIR_OK;
}
WEIR_ACTOR(friend, WEIR_ON(visit, friend_visit));

/* Each asks the next one, and the last one the first. */
struct link {
  weir_ref next;
};
struct tie {
  weir_ref next;
};
struct pull {
  WEIR_EMPTY;
};
WEIR_REQUEST(pull, number);
WEIR_MESSAGE(tie, WEIR_FIELD(next));
static int link_tie(struct link *l, const struct tie *m)
{
  l->next = m->next;
  return WEIR_OK;
}
static int link_pull(struct link *l, const struct pull *m, struct number *reply)
{
  (void)m;
  struct number *n;
  int rc = weir_ask(l->next, IN_TIME, &n, pull);
  if (rc) return weir_error(rc, "%s", weir_error_text());
  reply->n = n->n;
  weir_free(n);
  return WEIR_OK;
}
WEIR_ACTOR(link, WEIR_ON(tie, link_tie) WEIR_ON(pull, link_pull));

static void chain_body(void)
{
  enum { LINKS = 70 }; /* more than are found without memory */
  weir_ref links[LINKS];
  struct number *n;
  for (int i = 0; i < LINKS; i++) links[i] = spawned(weir_spawn(&link));
  for (int i = 0; i < LINKS; i++) CHECK(weir_send(links[i], tie, .next = links[(i + 1) % LINKS]));
  int rc = weir_ask(links[0], IN_TIME, &n, pull); /* found later, if there is no memory to look now */
  if (rc != WEIR_EDEADLOCK) checked(rc ? rc : WEIR_EINVAL, "a long deadlock");
}
static void deadlocking_long(void) { on_runtime(&current, chain_body); }

static void deadlock_body(void)
{
  struct number *n;
  weir_ref a = spawned(weir_spawn(&friend, .name = "a")), b = spawned(weir_spawn(&friend, .name = "b"));
  int rc = weir_ask(a, IN_TIME, &n, visit, .next = b, .last = a);
  if (rc != WEIR_EDEADLOCK) checked(rc ? rc : WEIR_EINVAL, "a deadlock");
}
static void deadlocking(void) { on_runtime(&current, deadlock_body); }

/* ---- an actor that fails, with an ask in its queue; on stacks whose guards are mappings ---- */

struct frail {
  WEIR_EMPTY;
};
static int frail_number(struct frail *f, const struct number *m)
{
  (void)f, (void)m;
  CHECK(weir_yield()); /* so that the ask is queued */
  weir_fail(WEIR_EUSER(4), "it broke");
}
static int frail_get(struct frail *f, struct number *reply)
{
  (void)f, (void)reply;
  return WEIR_OK;
}
WEIR_ACTOR(frail, WEIR_ON(number, frail_number) WEIR_ON(get, frail_get));

static int ask_the_frail(void *arg)
{
  (void)arg;
  struct number *n = NULL;
  weir_ref f = spawned(weir_spawn(&frail));
  CHECK(weir_send(f, number, .n = 1));
  weir_pending p = weir_ask_begin(f, IN_TIME, get);
  if (checked(p.error, "ask_begin")) return WEIR_OK;
  int rc = weir_await(p, &n, get);
  if (rc != WEIR_EFAILED) checked(rc, "an ask of who fails");
  weir_free(n);
  return WEIR_OK;
}
static void frail_body(void) { in_task(ask_the_frail); }
static void failing(void)
{
  weir__stack_force_guard_pages(true);
  on_runtime(&current, frail_body);
}

/* ---- permits and notices ---- */

static void on_room(void *arg, weir_permit permit, int status)
{
  (void)arg;
  if (!checked(status, "a notice")) CHECK(weir_permit_send(permit, number, .n = 3));
}

struct keen {
  weir_permit held;
};
static int keen_onward(struct keen *k, const struct onward *m, struct number *reply)
{
  weir_permit p;
  weir_notice notice;
  reply->n = m->how;
  if (CHECK(weir_reserve_many(m->to, 2, IN_TIME, &k->held))) return WEIR_OK;
  if (weir_try_reserve(m->to, &p) == WEIR_OK) failed("a place too many");
  CHECK(weir_notify_writable(m->to, on_room, NULL, &notice));
  CHECK(weir_permit_send(k->held, number, .n = 1));
  return WEIR_OK; /* the other one goes back at its end, or when it is asked for */
}
static int keen_number(struct keen *k, const struct number *m)
{
  (void)m;
  if (k->held.bits) weir_permit_give_back(&k->held);
  return WEIR_OK;
}
static int keen_get(struct keen *k, struct number *reply)
{
  reply->n = (int64_t)k->held.bits;
  return WEIR_OK;
}
WEIR_ACTOR(keen, WEIR_ON(onward, keen_onward) WEIR_ON(number, keen_number) WEIR_ON(get, keen_get));

static int reserve_all(void *arg)
{
  (void)arg;
  struct number *n;
  weir_ref t = spawned(weir_spawn(&taker, .capacity = 2)), k = spawned(weir_spawn(&keen));
  CHECK(weir_ask(k, IN_TIME, &n, onward, .to = t));
  weir_free(n);
  CHECK(weir_send(k, number, .n = 1));
  ask_number(k);
  ask_number(t);
  return WEIR_OK;
}
static int reserve_in_task(void *arg)
{
  (void)arg;
  weir_permit p;
  weir_ref t = spawned(weir_spawn(&taker, .capacity = 2));
  CHECK(weir_reserve(t, IN_TIME, &p)); /* left: goes back at the task's end */
  return WEIR_OK;
}
static void reserve_body(void)
{
  weir_permit p;
  weir_ref t = spawned(weir_spawn(&taker));
  if (!CHECK(weir_reserve(t, IN_TIME, &p))) weir_permit_give_back(&p);
  in_task(reserve_all);
  in_task(reserve_in_task);
}
static void reserving(void) { on_runtime(&current, reserve_body); }
static void reserving_on_two(void) { on_runtime(&two, reserve_body); }

/* ---- stash and select ---- */

struct sorter {
  bool open;
};
static int sorter_number(struct sorter *s, const struct number *m)
{
  (void)m;
  return s->open ? WEIR_OK : CHECK(weir_stash());
}
static int sorter_twice(struct sorter *s, const struct twice *m, struct number *reply)
{
  struct get *g = NULL;
  weir_asker asker = {0};
  s->open = true;
  reply->n = m->n;
  CHECK(weir_unstash(SIZE_MAX));
  int rc = weir_select(WEIR_SECONDS(0), &g, get, .asker = &asker);
  if (rc == WEIR_OK) rc = CHECK(weir_answer(asker, number, .n = 6));
  if (rc == WEIR_ENOMEM && asker.bits) weir_refuse(asker, WEIR_ENOMEM, "no memory to answer");
  weir_free(g);
  return rc == WEIR_ETIMEDOUT ? WEIR_OK : rc;
}
WEIR_ACTOR(sorter, WEIR_ON(number, sorter_number) WEIR_ON(twice, sorter_twice), .keeps_places = true, .capacity = 8);

static int select_all(void *arg)
{
  (void)arg;
  struct number *n;
  weir_ref s = spawned(weir_spawn(&sorter));
  CHECK(weir_send(s, number, .n = 1));
  weir_pending doubled = weir_ask_begin(s, IN_TIME, twice, .n = 2), got = weir_ask_begin(s, IN_TIME, get);
  checked(doubled.error, "ask_begin"), checked(got.error, "ask_begin");
  CHECK(weir_await(doubled, &n, twice));
  weir_free(n);
  int rc = doubled.error ? WEIR_EPROTO : weir_await(got, &n, get);
  if (rc != WEIR_EPROTO) checked(rc, "what was selected");
  if (rc != WEIR_EPROTO) weir_free(n);
  weir_cancel(&got, 1);
  return WEIR_OK;
}
static void select_body(void) { in_task(select_all); }
static void selecting(void) { on_runtime(&current, select_body); }

/* ---- groups ---- */

struct joiner {
  WEIR_EMPTY;
};
static int joiner_start(struct joiner *j, const struct number *unused)
{
  (void)j, (void)unused;
  CHECK(weir_join("all"));
  return WEIR_OK;
}
static int joiner_number(struct joiner *j, const struct number *m)
{
  (void)j;
  if (m->n < 0 && weir_leave("all")) reported(); /* it never joined */
  return WEIR_OK;
}
static int joiner_get(struct joiner *j, struct number *reply)
{
  (void)j;
  reply->n = 1;
  return WEIR_OK;
}
WEIR_ACTOR(joiner, WEIR_ON_START(number, joiner_start) WEIR_ON(number, joiner_number) WEIR_ON(get, joiner_get));

static void group_body(void)
{
  enum { MEMBERS = 24, LEAVE = 20 };
  weir_ref members[MEMBERS];
  for (int i = 0; i < MEMBERS; i++) {
    members[i] = spawned(weir_spawn(&joiner));
    ask_number(members[i]);
  }
  CHECK(weir_publish("all", number, .n = 1));
  for (int i = 0; i < LEAVE; i++) CHECK(weir_send(members[i], number, .n = -1));
  for (int i = 0; i < MEMBERS; i++) ask_number(members[i]);
  CHECK(weir_publish("all", number, .n = 1));
}
static void joining(void) { on_runtime(&current, group_body); }

/* ---- routes ---- */

static int route_all(void *arg)
{
  (void)arg;
  static const int ways[] = {WEIR_ROUND_ROBIN, WEIR_LEAST_BUSY, WEIR_BY_HASH, WEIR_BROADCAST};
  for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
    weir_ref r = spawned(weir_spawn(&taker, .instances = 2, .route = ways[i]));
    for (int n = 0; n < 4; n++) CHECK(weir_send(r, parcel, .text = "a text"));
    if (ways[i] != WEIR_BROADCAST && ways[i] != WEIR_BY_HASH) ask_number(r);
    if (!weir_ref_error(r)) CHECK(weir_stop(r));
  }
  return WEIR_OK;
}
static void route_body(void) { in_task(route_all); }
static void routing(void) { on_runtime(&current, route_body); }

/* ---- timers ---- */

struct ticker {
  int64_t left;
};
static int ticker_number(struct ticker *t, const struct number *m)
{
  t->left -= m->n;
  return t->left > 0 ? WEIR_OK : WEIR_STOP;
}
static int ticker_start(struct ticker *t, const struct number *unused)
{
  (void)unused;
  t->left = 3;
  checked(weir_send_every(weir_self(), WEIR_MILLIS(1), number, .n = 1).error, "a timer");
  checked(weir_send_after(weir_self(), WEIR_MILLIS(1), number, .n = 1).error, "a timer");
  return WEIR_OK;
}
static int ticker_get(struct ticker *t, struct number *reply)
{
  reply->n = t->left;
  return WEIR_OK;
}
WEIR_ACTOR(ticker, WEIR_ON_START(number, ticker_start) WEIR_ON(number, ticker_number) WEIR_ON(get, ticker_get));

static int time_all(void *arg)
{
  (void)arg;
  weir_ref t = spawned(weir_spawn(&ticker)), other = spawned(weir_spawn(&taker));
  weir_timer timer = weir_send_after(other, WEIR_MILLIS(0.1), parcel, .text = "later");
  checked(timer.error, "a timer");
  CHECK(weir_sleep(WEIR_MILLIS(2)));
  timer = weir_send_after(other, WEIR_SECONDS(1000), parcel, .text = "never");
  checked(timer.error, "a timer");
  weir_timer_cancel(timer);
  (void)t;
  return WEIR_OK;
}
static void time_body(void)
{
  time_all(NULL);
  in_task(time_all);
}
static void timing(void) { on_runtime(&current, time_body); }
static void timing_on_two(void) { on_runtime(&two, time_body); }

/* ---- channels ---- */

struct ends {
  weir_sender tx;
  weir_receiver rx;
};

static int send_three(void *arg)
{
  struct ends *e = arg;
  for (int i = 0; i < 3; i++) CHECK(weir_channel_send(e->tx, number, .n = i));
  weir_sender_drop(e->tx);
  return WEIR_OK;
}

static int receive_all(void *arg)
{
  static struct ends ends[2]; /* the task may outlive this call */
  struct ends *e = &ends[arg != NULL];
  struct number *n;
  weir_promise promise;
  weir_future future;
  if (CHECK(weir_mpsc(1, &e->tx, &e->rx))) return WEIR_OK;
  weir_task *task = weir_task_start(NULL, send_three, e);
  if (!CHECK_POINTER(task)) weir_sender_drop(e->tx);
  int rc = WEIR_OK;
  while (!rc) {
    rc = weir_receive(e->rx, &n, number);
    weir_free(n);
  }
  if (rc != WEIR_ECLOSED) checked(rc, "receive");
  weir_receiver_drop(e->rx);
  if (task) join(task);
  if (CHECK(weir_oneshot(&promise, &future))) return WEIR_OK;
  if (CHECK(weir_promise_send(promise, number, .n = 9))) weir_promise_drop(promise);
  rc = weir_future_wait(future, IN_TIME, &n, number);
  if (checked(rc, "a future") && rc != WEIR_ECLOSED) weir_future_drop(future);
  weir_free(n);
  return WEIR_OK;
}
static int receive_all_in_task(void *arg)
{
  (void)arg;
  static int in_task_too;
  return receive_all(&in_task_too);
}
static void channel_body(void)
{
  receive_all(NULL);
  in_task(receive_all_in_task);
}
static void receiving(void) { on_runtime(&current, channel_body); }
static void receiving_on_two(void) { on_runtime(&two, channel_body); }

/* ---- tasks, memory that ends with its owner, calls that block ---- */

static void note(void *arg) { ++*(int *)arg; }

static int use_scope(void *arg)
{
  static int deferred;
  (void)arg;
  int rc = CHECK(weir_defer(note, &deferred));
  CHECK_POINTER(weir_alloc(100));
  CHECK_POINTER(weir_alloc(2000));
  CHECK_POINTER(weir_strdup("a text"));
  return rc;
}

static int rest(void *arg)
{
  (void)arg;
  return WEIR_OK;
}

static int pause_a_little(void *arg)
{
  (void)arg;
  CHECK(weir_sleep(WEIR_MILLIS(0.1)));
  return WEIR_OK;
}

static int have_children(void *arg)
{
  static int left;
  (void)arg;
  CHECK(weir_defer(note, &left));
  for (int i = 0; i < 3; i++) {
    weir_task *child = weir_task_start(NULL, i ? pause_a_little : rest, NULL);
    if (CHECK_POINTER(child)) weir_task_detach(child);
  }
  CHECK(weir_run_blocking(rest, NULL));
  CHECK(weir_yield());
  return WEIR_OK;
}

struct owner {
  int deferred;
};
static int owner_number(struct owner *o, const struct number *m)
{
  (void)m;
  CHECK(weir_defer(note, &o->deferred));
  CHECK_POINTER(weir_alloc(100));
  weir_task *task = weir_task_start(NULL, have_children, NULL);
  if (CHECK_POINTER(task)) weir_task_detach(task);
  CHECK(weir_run_blocking(rest, NULL));
  return WEIR_OK;
}
static int owner_get(struct owner *o, struct number *reply)
{
  reply->n = o->deferred;
  return WEIR_OK;
}
WEIR_ACTOR(owner, WEIR_ON(number, owner_number) WEIR_ON(get, owner_get));

static void task_body(void)
{
  in_task(use_scope);
  in_task(have_children);
  weir_ref o = spawned(weir_spawn(&owner)), b = spawned(weir_spawn(&blocking));
  CHECK(weir_send(o, number, .n = 1));
  ask_number(o);
  ask_number(b);
}
static void tasking(void) { on_runtime(&current, task_body); }
static void tasking_on_two(void) { on_runtime(&two, task_body); }

/* ---- dead letters ---- */

struct undertaker {
  int64_t heard;
};
static int undertaker_letter(struct undertaker *u, const struct weir_dead_letter *m)
{
  (void)m;
  u->heard++;
  return WEIR_OK;
}
static int undertaker_get(struct undertaker *u, struct number *reply)
{
  reply->n = u->heard;
  return WEIR_OK;
}
WEIR_ACTOR(undertaker, WEIR_ON(weir_dead_letter, undertaker_letter) WEIR_ON(get, undertaker_get));

static void letter_body(void)
{
  weir_ref u = spawned(weir_spawn(&undertaker)), t = spawned(weir_spawn(&taker, .name = "gone soon"));
  if (weir_ref_error(u)) return;
  CHECK(weir_dead_letters(u));
  weir_stop(t);
  if (weir_send(t, number, .n = 1) == WEIR_OK) failed("sent to the dead");
  ask_number(u);
  weir_dead_letters_end(u);
}
static void dying(void) { on_runtime(&current, letter_body); }

/* ---- libuv handles ---- */

struct clockwork {
  int64_t left;
};
static void on_clock(uv_timer_t *timer)
{
  if (CHECK(weir_try_send(weir_uv_owner(timer), number, .n = 1))) weir_uv_close(timer);
}
static int clockwork_start(struct clockwork *c, const struct number *unused)
{
  (void)unused;
  c->left = 2;
  uv_timer_t *timer = weir_uv_new(uv_timer_t);
  if (!CHECK_POINTER(timer)) return WEIR_OK;
  uv_timer_init(weir_loop(), timer);
  uv_timer_start(timer, on_clock, 0, 1);
  return WEIR_OK;
}
static int clockwork_number(struct clockwork *c, const struct number *m)
{
  c->left -= m->n;
  return c->left > 0 ? WEIR_OK : WEIR_STOP;
}
static int clockwork_get(struct clockwork *c, struct number *reply)
{
  reply->n = c->left;
  return WEIR_OK;
}
WEIR_ACTOR(clockwork,
           WEIR_ON_START(number, clockwork_start) WEIR_ON(number, clockwork_number) WEIR_ON(get, clockwork_get));

static void handle_body(void)
{
  ask_number(spawned(weir_spawn(&clockwork)));
  CHECK(weir_sleep(WEIR_MILLIS(3)));
}
static void handling(void) { on_runtime(&current, handle_body); }

/* ---- embedded ---- */

static void on_stopped(int rc, void *arg)
{
  *(bool *)arg = true;
  if (rc) failed("an embedded stop: %d %s", rc, weir_error_text());
}

static void embed_with(const weir_runtime_options *options)
{
  uv_loop_t loop;
  weir_runtime *rt;
  bool stopped = false;
  fault_pause();
  if (uv_loop_init(&loop)) failed("no loop");
  fault_go_on();
  int rc = CHECK(weir_runtime_embed(&loop, options, &rt));
  if (!rc) {
    weir_ref t = spawned(weir_spawn(&taker));
    if (!weir_ref_error(t)) CHECK(weir_try_send(t, number, .n = 1));
    weir_task *task = weir_task_start(NULL, ask_all, NULL);
    if (CHECK_POINTER(task)) weir_task_detach(task);
    rc = weir_runtime_stop_then(rt, WEIR_SECONDS(10), on_stopped, &stopped);
    if (rc) failed("an embedded stop: %d %s", rc, weir_error_text());
  }
  uv_run(&loop, UV_RUN_DEFAULT);
  if (!rc && !stopped) failed("the stop did not end");
  if (uv_loop_close(&loop)) failed("something is left in the loop");
}
static void embedding(void)
{
  embed_with(NULL);
  embed_with(&(weir_runtime_options){.hog_after = WEIR_SECONDS(1)});
  on_runtime(&current, NULL);
}

/* ---- a thread that knows nothing of weir yet ---- */

static void *send_from_thread(void *arg)
{
  (void)arg;
  weir_ref t = spawned(weir_spawn(&taker));
  CHECK(weir_send(t, number, .n = 1));
  ask_number(t);
  return NULL;
}
static void thread_body(void)
{
  pthread_t thread;
  fault_pause();
  if (pthread_create(&thread, NULL, send_from_thread, NULL)) failed("no thread");
  fault_go_on();
  pthread_join(thread, NULL);
}
static void from_threads(void) { on_runtime(&two, thread_body); }

/* ---- supervisors, links and monitors ---- */

struct brittle {
  const struct parcel *config;
};
static int brittle_start(struct brittle *b, const struct parcel *config)
{
  b->config = config;
  return config->count ? weir_error(WEIR_EUSER(3), "%s does not start", config->text) : WEIR_OK;
}
static int brittle_number(struct brittle *b, const struct number *m)
{
  if (m->n < 0) weir_fail(WEIR_EUSER(2), "%s broke", b->config->text);
  return WEIR_OK;
}
static int brittle_get(struct brittle *b, struct number *reply)
{
  (void)b;
  reply->n = 1;
  return WEIR_OK;
}
/* Sets out to hear of another one's end. */
static int brittle_onward(struct brittle *b, const struct onward *m, struct number *reply)
{
  (void)b, (void)reply;
  weir_watch watch = weir_monitor(m->to);
  int rc = watch.error;
  if (!rc) rc = weir_demonitor(watch);
  if (!rc) rc = weir_link(m->to);
  return rc ? rc : weir_unlink(m->to);
}
WEIR_ACTOR(brittle, WEIR_ON_START(parcel, brittle_start) WEIR_ON(number, brittle_number) WEIR_ON(get, brittle_get)
                        WEIR_ON(onward, brittle_onward));

static void on_event(const weir_restart_event *event, void *arg)
{
  (void)arg;
  if (event->code && event->code != WEIR_EUSER(2) && event->code != WEIR_EUSER(3)) reported();
}

static void supervised_body(void)
{
  struct weir_child_list *list = NULL;
  struct weir_child_counts counts;
  weir_ref added,
      tree = spawned(weir_supervise(
              .name = "tree", .max_restarts = 5, .on_event = on_event,
              .children = WEIR_CHILDREN(
                  {.type = &brittle, .name = "one", .config = WEIR_VALUE(parcel, .text = "one"), .retries = 1},
                  {.name = "below",
                   .tree = WEIR_TREE(.on_event = on_event, .children = WEIR_CHILDREN({.type = &taker}))})));
  CHECK(weir_count_children(tree, IN_TIME, &counts));
  weir_ref one = weir_find("one");
  if (weir_ref_error(one)) return;
  CHECK(weir_send(one, number, .n = -1));
  ask_number(one);
  CHECK(weir_start_child(tree, IN_TIME, &added, .type = &brittle, .name = "two",
                         .config = WEIR_VALUE(parcel, .text = "two")));
  if (!CHECK(weir_which_children(tree, IN_TIME, &list))) weir_free(list);
  struct number *n = NULL;
  int rc = weir_ask(one, IN_TIME, &n, onward, .to = weir_find("two"));
  if (rc != WEIR_EDEAD) CHECK(rc);
  weir_free(n);
  if (CHECK(weir_stop_child(tree, IN_TIME, "two"))) return; /* else it runs still, and the next ones say that */
  CHECK(weir_restart_child(tree, IN_TIME, "two", &added));
  if (CHECK(weir_stop_child(tree, IN_TIME, "two"))) return;
  CHECK(weir_delete_child(tree, IN_TIME, "two"));
  rc = weir_start_child(tree, IN_TIME, &added, .type = &brittle, .name = "bad",
                        .config = WEIR_VALUE(parcel, .text = "bad", .list = &(int32_t){1}, .count = 1));
  if (rc != WEIR_EUSER(3)) CHECK(rc);
  weir_ref many = spawned(
      weir_supervise(.strategy = WEIR_DYNAMIC, .on_event = on_event, .children = WEIR_CHILDREN({.type = &taker})));
  CHECK(weir_start_child(many, IN_TIME, &added, .name = "three", .config = WEIR_VALUE(parcel, .text = "three")));
}
static void supervising(void) { on_runtime(&current, supervised_body); }

/* ---- another configuration, and a newer version ---- */

struct older {
  int64_t n;
};
struct newer {
  int64_t n, more[8];
};
static int older_start(struct older *o, const struct parcel *config)
{
  o->n = config->count ? 0 : 1;
  return WEIR_OK;
}
static int older_change(struct older *o, const struct parcel *config) { return older_start(o, config); }
static int older_get(struct older *o, struct number *reply)
{
  reply->n = o->n;
  return WEIR_OK;
}
static int newer_start(struct newer *v, const struct parcel *config)
{
  v->more[0] = config->count ? 0 : 1;
  return WEIR_OK;
}
static int newer_from(struct newer *v, struct older *old)
{
  v->n = old->n;
  return WEIR_OK;
}
static int newer_get(struct newer *v, struct number *reply)
{
  reply->n = v->n;
  return WEIR_OK;
}
WEIR_ACTOR(older, WEIR_ON_START(parcel, older_start) WEIR_ON_CONFIG(parcel, older_change) WEIR_ON(get, older_get),
           .version = 1);
WEIR_ACTOR(newer, WEIR_ON_START(parcel, newer_start) WEIR_ON_UPGRADE(1, older, newer_from) WEIR_ON(get, newer_get),
           .version = 2);

static void changed_body(void)
{
  weir_actor of_that_name = newer;
  of_that_name.name = older.name;
  static weir_actor kept;
  kept = of_that_name;
  weir_ref ref = spawned(weir_spawn(&older, .config = WEIR_VALUE(parcel, .text = "first")));
  CHECK(weir__reconfigure(ref, WEIR_VALUE(parcel, .text = "second"), IN_TIME));
  ask_number(ref);
  CHECK(weir__upgrade(ref, &kept, WEIR_VALUE(parcel, .text = "third"), IN_TIME));
  ask_number(ref);
}
static void changing(void) { on_runtime(&current, changed_body); }

/* ---- simulated ---- */

enum { CROWD = 100 }; /* more than its tables have room for at first */

static void crowd_in(void)
{
  weir_ref crowd[CROWD];
  weir_sender tx;
  weir_receiver rx;
  struct number *n;
  for (int i = 0; i < CROWD; i++) crowd[i] = spawned(weir_spawn(&taker));
  for (int i = 0; i < CROWD; i++) CHECK(weir_send(crowd[i], number, .n = i));
  for (int i = 0; i < CROWD; i += 10) ask_number(crowd[i]);
  if (CHECK(weir_mpsc(1, &tx, &rx))) return;
  int rc = weir_receive(rx, &n, number); /* nobody can send any more */
  if (rc != WEIR_EDEADLOCK) CHECK(rc);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

static void simulating(void)
{
  weir_runtime *rt;
  for (uint64_t seed = 1; seed <= 3; seed++) {
    if (CHECK(weir_simulation_start(seed, NULL, &rt))) {
      if (rt) failed("there is a runtime all the same");
      continue;
    }
    crowd_in();
    int rc = weir_runtime_stop(rt, IN_TIME);
    if (rc) failed("stop: %d %s", rc, weir_error_text());
  }
}

const struct scenario library_scenarios[] = {
    {"start", start_and_stop, LACKS_FOR_EVER},
#if WEIR__HAS_TRAP
    {"signal stack", begin_trap, LACKS_FOR_EVER},
#endif
    {"spawn", spawning, LACKS_FOR_EVER},
    {"spawn on two", spawning_on_two, LACKS_FOR_EVER},
    {"send", sending, LACKS_FOR_EVER},
    {"send on two", sending_on_two, LACKS_FOR_EVER},
    {"reply", replying, LACKS_FOR_EVER},
    {"ask", asking, LACKS_FOR_EVER},
    {"ask on two", asking_on_two, LACKS_FOR_EVER},
    {"deadlock", deadlocking, LACKS_FOR_EVER},
    {"deadlock, long", deadlocking_long, 0},
    {"failure", failing, LACKS_FOR_EVER},
    {"reserve", reserving, LACKS_FOR_EVER},
    {"reserve on two", reserving_on_two, LACKS_FOR_EVER},
    {"select", selecting, LACKS_FOR_EVER},
    {"groups", joining, LACKS_FOR_EVER},
    {"routes", routing, LACKS_FOR_EVER},
    {"timers", timing, LACKS_FOR_EVER},
    {"timers on two", timing_on_two, LACKS_FOR_EVER},
    {"channels", receiving, LACKS_FOR_EVER},
    {"channels on two", receiving_on_two, LACKS_FOR_EVER},
    {"tasks", tasking, LACKS_FOR_EVER},
    {"tasks on two", tasking_on_two, LACKS_FOR_EVER},
    {"dead letters", dying, LACKS_FOR_EVER},
    {"libuv handles", handling, LACKS_FOR_EVER},
    {"embedded", embedding, LACKS_FOR_EVER},
    {"threads", from_threads, LACKS_FOR_EVER},
    {"supervisor", supervising, LACKS_FOR_EVER},
    {"changes", changing, LACKS_FOR_EVER},
    {"simulation", simulating, LACKS_FOR_EVER},
    {NULL, NULL, 0},
};
