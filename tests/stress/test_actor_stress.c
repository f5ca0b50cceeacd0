/* Random spawns, sends, asks with tiny timeouts, timers, stops, drains and failures, from actors, tasks and a plain
 * thread. What must hold at the end: the runtime stops, and each message that was made has one end (L2). */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { SLOTS = 64, TASKS = 4, PAYLOADS = 3 };

/* Whoever is known to whom: refs, old ones too. */
static _Atomic(uint64_t) directory[SLOTS];
static _Atomic(uint64_t) pit; /* an actor that only takes: to wait for it without a limit can't become a circle */
static _Atomic(int64_t) steps_left;
static _Atomic(int) wrong; /* codes that no call may return */

static weir_ref anybody(void) { return (weir_ref){atomic_load(&directory[draw() % SLOTS])}; }

struct order {
  int64_t hops;
  const char *text;
  weir_bytes bytes;
};
WEIR_MESSAGE(order, WEIR_FIELD(hops), WEIR_FIELD(text), WEIR_FIELD(bytes));
struct ask_around {
  int64_t hops;
};
struct told {
  int64_t hops;
  const char *text;
};
WEIR_MESSAGE(told, WEIR_FIELD(hops), WEIR_FIELD(text));
WEIR_REQUEST(ask_around, told, WEIR_FIELD(hops));

struct restless {
  struct order *kept;
  int64_t handled;
  char room[64];
};

static void step(int64_t hops);
static void expect(int rc);

struct bottomless {
  WEIR_EMPTY;
};
static int bottomless_order(struct bottomless *b)
{
  (void)b;
  return WEIR_OK;
}
WEIR_ACTOR(bottomless, WEIR_ON(order, bottomless_order), .capacity = 4);

static int restless_start(struct restless *r)
{
  (void)r;
  if (draw() % 50 == 0) return weir_error(WEIR_EUSER(1), "no start today");
  if (draw() % 50 == 0) weir_sleep(WEIR_MILLIS(0.1));
  return draw() % 100 == 0 ? WEIR_STOP : WEIR_OK;
}
static int restless_order(struct restless *r, const struct order *m)
{
  r->handled++;
  if (draw() % 8 == 0) {
    weir_free(r->kept);
    r->kept = weir_keep(order, m);
  } else if (r->kept && draw() % 4 == 0) {
    struct order *kept = r->kept;
    r->kept = NULL;
    expect(weir_pass((weir_ref){atomic_load(&pit)}, kept));
  }
  if (m->hops > 0) step(m->hops - 1);
  if (draw() % 200 == 0) weir_fail(WEIR_EUSER(2), "enough of it");
  if (draw() % 100 == 0) return WEIR_STOP;
  return draw() % 10 == 0 ? weir_error(WEIR_EUSER(3), "not %s", m->text ? m->text : "that") : WEIR_OK;
}
static int restless_ask_around(struct restless *r, const struct ask_around *m, struct told *reply)
{
  (void)r;
  reply->hops = m->hops;
  reply->text = weir_format("after %d hops", (int)m->hops);
  if (draw() % 20 == 0) weir_ignore_deadline();
  if (m->hops > 0) step(m->hops - 1);
  if (draw() % 300 == 0) weir_fail(WEIR_EUSER(2), "asked too much");
  return draw() % 10 == 0 ? WEIR_EUSER(3) : WEIR_OK;
}
static void restless_end(struct restless *r)
{
  (void)r;
  if (draw() % 4 == 0) step(0);
  if (draw() % 100 == 0) weir_fail(WEIR_EUSER(4), "not even an end");
}
WEIR_ACTOR(restless, WEIR_ON_START(weir_none, restless_start) WEIR_ON(order, restless_order)
                         WEIR_ON(ask_around, restless_ask_around) WEIR_ON_END(restless_end));

/* ---- one step ---- */

static void expect(int rc)
{
  switch (rc) {
  case WEIR_OK:
  case WEIR_EDEAD:
  case WEIR_EFULL:
  case WEIR_ETIMEDOUT:
  case WEIR_EINDOUBT:
  case WEIR_EDEADLOCK:
  case WEIR_ECANCELED:
  case WEIR_EFAILED:
  case WEIR_ERANGE:
  case WEIR_EUSER(3):
    return;
  default:
    print_error("unexpected: %d %s\n", rc, weir_error_text());
    atomic_fetch_add(&wrong, 1);
  }
}

static char bulk[200000];

static struct order make_order(int64_t hops)
{
  static const char *const texts[PAYLOADS] = {NULL, "a word", "a text that is somewhat longer than the others are"};
  struct order o = {.hops = hops, .text = texts[draw() % PAYLOADS]};
  if (draw() % 16 == 0) o.bytes = (weir_bytes){bulk, draw() % sizeof bulk, NULL};
  return o;
}

static void spawn_one(void)
{
  weir_ref ref = weir_spawn(&restless, .capacity = 1 + draw() % 8);
  if (weir_ref_error(ref)) {
    expect(weir_ref_error(ref));
    return;
  }
  atomic_store(&directory[draw() % SLOTS], ref.bits);
}

static void ask_one(int64_t hops)
{
  struct told *told = NULL;
  int rc = weir_ask(anybody(), WEIR_MILLIS((double)(draw() % 200) / 1000), &told, ask_around, .hops = hops);
  expect(rc);
  if (rc == WEIR_OK && (told->hops != hops || strncmp(told->text, "after", 5) != 0)) atomic_fetch_add(&wrong, 1);
  if (rc != WEIR_OK && told) atomic_fetch_add(&wrong, 1);
  weir_free(told);
}

static void set_a_timer(int64_t hops)
{
  struct order o = make_order(hops);
  weir_ref to = draw() % 2 ? anybody() : weir_self();
  weir_timer t = draw() % 4 ? weir_send_after_value(to, WEIR_MILLIS((double)(draw() % 3)), WEIR_AT(order, &o))
                            : weir_send_every_value(to, WEIR_MILLIS(1), WEIR_AT(order, &o));
  expect(t.error);
  if (draw() % 2) expect(weir_timer_cancel(t));
}

static void step(int64_t hops)
{
  struct order o = make_order(hops);
  switch (draw() % 20) {
  case 0:
  case 1:
    spawn_one();
    return;
  case 2:
    expect(draw() % 2 ? weir_stop(anybody()) : weir_drain(anybody()));
    return;
  case 3:
    set_a_timer(hops);
    return;
  case 4:
    expect(draw() % 2 ? weir_yield() : weir_sleep(WEIR_MILLIS(0.05)));
    return;
  case 5:
  case 6:
  case 7:
  case 8:
    ask_one(hops);
    return;
  case 9:
  case 10:
    expect(weir_send_within_value(anybody(), WEIR_MILLIS((double)(draw() % 100) / 1000), WEIR_AT(order, &o)));
    return;
  case 11:
    expect(weir_send_within_value(anybody(), WEIR_SECONDS(1), WEIR_AT(order, &o)));
    return;
  default:
    expect(weir_try_send_value(anybody(), WEIR_AT(order, &o)));
    return;
  }
}

/* ---- the runs ---- */

static int stir(void *unused)
{
  (void)unused;
  while (atomic_fetch_sub(&steps_left, 1) > 0 && !weir_cancelled()) step((int64_t)(draw() % 4));
  return WEIR_OK;
}

static void *stir_on_a_thread(void *done)
{
  stir(NULL);
  news_tell(((weir_promise *)done)->bits, 1);
  return NULL;
}

static void begin(int64_t steps)
{
  chance_begin();
  atomic_store(&steps_left, steps);
  atomic_store(&wrong, 0);
  for (int i = 0; i < SLOTS; i++) atomic_store(&directory[i], 0);
  atomic_store(&pit, weir_spawn(&bottomless).bits);
  for (int i = 0; i < SLOTS; i++) spawn_one();
}

static void run_tasks(int64_t steps)
{
  weir_task *tasks[TASKS];
  begin(steps);
  for (int i = 0; i < TASKS; i++) assert_non_null(tasks[i] = weir_task_start(NULL, stir, NULL));
  for (int i = 0; i < TASKS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
}

static void all_accounts_balance_after_a_stop(void **state)
{
  (void)state;
  run_tasks(count_or(20000, 1500));
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&wrong), 0);
}

static void all_accounts_balance_after_a_drain(void **state)
{
  (void)state;
  run_tasks(count_or(20000, 1500));
  assert_int_equal(runtime_stopped(WEIR_SECONDS(60)), WEIR_OK);
  assert_int_equal(atomic_load(&wrong), 0);
}

static void all_accounts_balance_when_a_thread_joins_in(void **state)
{
  (void)state;
  pthread_t thread;
  weir_promise done;
  weir_future is_done;
  assert_int_equal(weir_oneshot(&done, &is_done), WEIR_OK);
  begin(count_or(10000, 1000));
  weir_task *task = weir_task_start(NULL, stir, NULL);
  assert_int_equal(pthread_create(&thread, NULL, stir_on_a_thread, &done), 0);
  assert_int_equal(news_wait(is_done), 1);
  pthread_join(thread, NULL);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(60), NULL), WEIR_OK);
  int rc = runtime_stopped(WEIR_MILLIS(1)); /* a drain that perhaps is not finished in time */
  assert_true(rc == WEIR_OK || rc == WEIR_ETIMEDOUT);
  assert_int_equal(atomic_load(&wrong), 0);
}

static void all_accounts_balance_when_everything_is_at_work(void **state)
{
  (void)state;
  begin(INT64_MAX);
  for (int i = 0; i < TASKS; i++) {
    weir_task *task = weir_task_start(NULL, stir, NULL);
    assert_non_null(task);
    weir_task_detach(task);
  }
  weir_sleep(WEIR_MILLIS(50)); /* the stop is to come somewhere in the midst of it */
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(atomic_load(&wrong), 0);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(all_accounts_balance_after_a_stop),
      ON_RUNTIME(all_accounts_balance_after_a_drain),
      ON_RUNTIME(all_accounts_balance_when_a_thread_joins_in),
      ON_RUNTIME(all_accounts_balance_when_everything_is_at_work),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
