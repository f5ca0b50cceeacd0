/* Random waits of all kinds among actors with small mailboxes. Where each waits only for later ones there is no
 * deadlock, and none may be reported; where anybody waits for anybody there are many, and each must be undone.
 *
 * What a handler does is drawn by chance, see act(). A handler that owes an answer gives it when its timer comes. */
#include "chance.h"
#include "unit/actor_fixture.h"

enum { ACTORS = 24, DRIVERS = 4, OWED_MOST = 8, FUEL = 4 };

static struct {
  weir_ref actors[ACTORS];
  bool acyclic;
  _Atomic(int64_t) operations, deadlocks, wrong, longest_ns;
} field;

struct job {
  int64_t fuel; /* how deep this may still go */
};
WEIR_REQUEST(job, number, WEIR_FIELD(fuel));
struct place {
  int64_t at;
};
WEIR_MESSAGE(place, WEIR_FIELD(at));

struct mill {
  int64_t at; /* its index */
  weir_asker owed[OWED_MOST];
  int64_t count;
};

/* Of an actor that one at `at` may wait for; -1: none. */
static int64_t somebody(int64_t at)
{
  if (!field.acyclic) return (int64_t)(draw() % ACTORS);
  int64_t later = ACTORS - 1 - at;
  return later > 0 ? at + 1 + (int64_t)(draw() % (uint64_t)later) : -1;
}

static void note(int rc, int64_t from)
{
  int64_t took = weir__now_ns() - from, longest = atomic_load(&field.longest_ns);
  while (took > longest && !atomic_compare_exchange_weak(&field.longest_ns, &longest, took)) continue;
  atomic_fetch_add(&field.operations, 1);
  if (rc == WEIR_EDEADLOCK) {
    if (atomic_fetch_add(&field.deadlocks, 1) == 0 && field.acyclic) print_error("%s\n", weir_error_text());
  } else if (rc == WEIR_ECANCELED && !field.acyclic) {
    return; /* an errand that join_one() gave up */
  } else if (rc) {
    if (atomic_fetch_add(&field.wrong, 1) == 0) print_error("%d %s: %s\n", rc, weir_strerror(rc), weir_error_text());
  }
}

static void ask(int64_t to, int64_t fuel)
{
  int64_t from = weir__now_ns();
  note(weir_ask(field.actors[to], WEIR_SECONDS(600), NULL, job, .fuel = fuel), from);
}

static void ask_several(int64_t at, int64_t fuel)
{
  weir_pending p[3];
  int n = 0;
  for (int i = 0; i < 3; i++) {
    int64_t to = somebody(at);
    if (to < 0) break;
    int64_t from = weir__now_ns();
    p[n] = weir_ask_begin(field.actors[to], WEIR_SECONDS(600), job, .fuel = fuel);
    if (p[n].error)
      note(p[n].error, from);
    else
      n++;
  }
  for (int i = 0; i < n; i++) {
    int64_t from = weir__now_ns();
    if (draw() % 8 == 0)
      weir_cancel(&p[i], 1);
    else
      note(weir_await(p[i], NULL, job), from);
  }
}

struct errand {
  int64_t at, fuel;
};
static int run_errand(struct errand *e)
{
  int64_t to = somebody(e->at);
  if (to >= 0) ask(to, e->fuel);
  return WEIR_OK;
}

/* A task asks, and is waited for. */
static void join_one(int64_t at, int64_t fuel)
{
  struct errand e = {at, fuel};
  int64_t from = weir__now_ns();
  weir_task *t = weir_task_start(NULL, run_errand, &e);
  int rc = t ? weir_task_join(t, WEIR_SECONDS(600), NULL) : WEIR_ENOMEM;
  note(rc, from);
  if (t && rc) { /* a deadlock: the task has to end before its errand does */
    weir_task_cancel(t);
    while (weir_task_join(t, WEIR_SECONDS(600), NULL)) weir_sleep(WEIR_MILLIS(0.1));
  }
}

/* Holds a place, and waits for somebody meanwhile: for one beyond it, where there is to be no cycle. */
static void hold_a_place(int64_t at, int64_t fuel)
{
  weir_permit p;
  int64_t to = somebody(at), from = weir__now_ns();
  if (to < 0) return;
  int rc = weir_reserve(field.actors[to], WEIR_SECONDS(600), &p);
  note(rc, from);
  if (rc) return;
  int64_t other = somebody(field.acyclic ? to : at);
  if (other >= 0) ask(other, fuel);
  if (draw() % 2)
    weir_permit_give_back(&p);
  else
    note(weir_permit_send(p, job, .fuel = 0), weir__now_ns());
}

/* What the handler at `at` does before it answers. */
static void act(int64_t at, int64_t fuel)
{
  int64_t to = somebody(at), from = weir__now_ns();
  if (to < 0) return;
  switch (draw() % 8) {
  case 0:
  case 1:
    ask(to, fuel);
    return;
  case 2:
    ask_several(at, fuel);
    return;
  case 3:
    note(weir_send(field.actors[to], job, .fuel = 0), from);
    return;
  case 4:
    join_one(at, fuel);
    return;
  case 5:
    hold_a_place(at, fuel);
    return;
  case 6:
    weir_sleep(WEIR_MILLIS(0.05));
    return;
  default:
    return;
  }
}

static int mill_start(struct mill *m, const struct place *p)
{
  m->at = p->at;
  return WEIR_OK;
}

static bool owe(struct mill *m)
{
  if (m->count == OWED_MOST) return false;
  weir_asker asker = weir_answer_later();
  if (!asker.bits) return false;
  m->owed[m->count++] = asker;
  weir_send_after(weir_self(), WEIR_MILLIS(0.5), signal);
  return true;
}

static int mill_job(struct mill *m, const struct job *j, struct number *reply)
{
  reply->n = m->at;
  if (j->fuel <= 0) return WEIR_OK;
  if (draw() % 6 == 0) owe(m);
  act(m->at, j->fuel - 1);
  int64_t to = somebody(m->at);
  if (to >= 0 && draw() % 6 == 0) {
    int64_t from = weir__now_ns();
    int rc = weir_forward(field.actors[to]);
    note(rc, from);
  }
  return WEIR_OK;
}

static int mill_signal(struct mill *m)
{
  while (m->count) weir_answer(m->owed[--m->count], number, .n = m->at);
  return WEIR_OK;
}

WEIR_ACTOR(mill, WEIR_ON_START(place, mill_start) WEIR_ON(job, mill_job) WEIR_ON(signal, mill_signal));

static int drive(int64_t *steps)
{
  for (int64_t i = 0; i < *steps && !weir_cancelled(); i++) {
    int64_t to = (int64_t)(draw() % (field.acyclic ? ACTORS / 3 : ACTORS)), from = weir__now_ns();
    note(weir_ask(field.actors[to], WEIR_SECONDS(600), NULL, job, .fuel = FUEL), from);
  }
  return WEIR_OK;
}

static uint64_t live(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  return a.live;
}

/* Asks that were cancelled are still at work, and some wait for a timer, which a drain would not let fire. */
static void wait_until_all_is_handled(uint64_t live_before)
{
  while (live() > live_before) weir_sleep(WEIR_MILLIS(0.1));
}

static void run(bool acyclic, int64_t steps)
{
  weir_task *drivers[DRIVERS];
  chance_begin();
  field.acyclic = acyclic;
  atomic_store(&field.operations, 0);
  atomic_store(&field.deadlocks, 0);
  atomic_store(&field.wrong, 0);
  atomic_store(&field.longest_ns, 0);
  for (int64_t i = 0; i < ACTORS; i++) {
    field.actors[i] = weir_spawn(&mill, .capacity = 1 + (size_t)(draw() % 4), .config = WEIR_VALUE(place, .at = i));
    assert_int_equal(weir_ref_error(field.actors[i]), WEIR_OK);
  }
  uint64_t live_before = live(); /* their configurations */
  for (int i = 0; i < DRIVERS; i++) assert_non_null(drivers[i] = weir_task_start(NULL, drive, &steps));
  drive(&steps); /* and a plain thread */
  for (int i = 0; i < DRIVERS; i++) assert_int_equal(weir_task_join(drivers[i], WEIR_SECONDS(50), NULL), WEIR_OK);
  wait_until_all_is_handled(live_before);
  printf("figures: operations=%lld deadlocks=%lld phantoms=%lld longest_ms=%lld\n",
         (long long)atomic_load(&field.operations), (long long)(acyclic ? 0 : atomic_load(&field.deadlocks)),
         (long long)(acyclic ? atomic_load(&field.deadlocks) : 0),
         (long long)(atomic_load(&field.longest_ns) / 1000000));
  assert_int_equal(atomic_load(&field.wrong), 0);
}

static void what_is_no_deadlock_is_never_taken_for_one(void **state)
{
  (void)state;
  run(true, count_or(800, 40));
  assert_int_equal(atomic_load(&field.deadlocks), 0);
}

static void every_deadlock_is_undone(void **state)
{
  (void)state;
  run(false, count_or(250, 15)); /* one that is not would be `wrong`: its wait would be too long */
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(what_is_no_deadlock_is_never_taken_for_one),
      ON_RUNTIME(every_deadlock_is_undone),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
