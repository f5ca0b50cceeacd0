/* Promises and futures whose two sides race: each value is received or freed once. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

/* What a side does in a round; several: one of them, at random. */
enum { KEEPS = 1, GIVES_UP = 2 };         /* with its promise */
enum { DROPS = 1, WAITS = 2, TRIES = 4 }; /* with its future */
enum { PROMISE_SIDE, FUTURE_SIDE, SIDES };

struct race {
  int64_t rounds;
  unsigned promise_may, future_may;
  _Atomic(uint64_t) promise[2];       /* of this round and of the next, to which one side may have gone on */
  _Atomic(int64_t) tried;             /* the round in which the future's side has tried once */
  _Atomic(int64_t) at[SIDES];         /* the round that each side has come to */
  int64_t sent, refused, given_up;    /* the promise's side */
  int64_t got, closed, dropped, late; /* the future's side; late: waits that were over before the end */
  _Atomic(int64_t) wrong;
};

/* One of the bits of `may`. */
static unsigned choose(unsigned may)
{
  unsigned bit;
  do bit = 1u << draw() % 3;
  while (!(bit & may));
  return bit;
}

/* Who waits for the other side, since then, looks for a moment, so that both go on together, and then sleeps: where others want
 * the processor a loop of yields takes a slice of theirs each time. */
static void step_aside(int64_t since)
{
  if (chance_now_ns() - since < 20000)
    weir_yield();
  else
    weir_sleep(WEIR_MILLIS(0.02));
}

/* Both sides set out together, or nearly so. */
static void meet(struct race *r, int side, int64_t round)
{
  int64_t since = chance_now_ns();
  atomic_store(&r->at[side], round);
  while (atomic_load(&r->at[!side]) < round) step_aside(since);
  if (draw() % 4 == 0) weir_yield();
  spin((int64_t)(draw() % 300));
}

static void wrong(struct race *r, const char *what, int rc)
{
  if (atomic_fetch_add(&r->wrong, 1) < 10) print_error("%s: %d\n", what, rc);
}

static int keep_promises(struct race *r)
{
  for (int64_t i = 1; i <= r->rounds; i++) {
    meet(r, PROMISE_SIDE, i);
    int64_t since = chance_now_ns();
    while (i % 64 == 0 && atomic_load(&r->tried) < i) step_aside(since); /* no race: too late for a first wait */
    weir_promise promise = {atomic_load(&r->promise[i & 1])};
    if (choose(r->promise_may) == GIVES_UP) {
      weir_promise_drop(promise);
      r->given_up++;
    } else {
      int rc = weir_promise_send(promise, number, .n = i);
      if (rc == WEIR_OK)
        r->sent++;
      else if (rc == WEIR_ECLOSED)
        r->refused++;
      else
        wrong(r, "send", rc);
    }
    if (weir_promise_wanted(promise)) wrong(r, "wanted, and used up", 0);
  }
  return WEIR_OK;
}

/* The future's side of a round, but for a drop: WEIR_OK or WEIR_ECLOSED in the end. */
static int wait_or_try(struct race *r, int64_t round, weir_future future, bool tries, struct number **m)
{
  int rc = tries ? weir_future_try(future, m, number)
                 : weir_future_wait(future, (weir_duration){(int64_t)(draw() % 4000)}, m, number);
  r->late += rc == WEIR_ETIMEDOUT;
  atomic_store(&r->tried, round);
  int64_t since = chance_now_ns();
  while (rc == WEIR_EMPTY_NOW) {
    step_aside(since);
    rc = weir_future_try(future, m, number);
  }
  return rc == WEIR_ETIMEDOUT ? weir_future_wait(future, WEIR_SECONDS(20), m, number) : rc;
}

static int take_futures(struct race *r)
{
  for (int64_t i = 1; i <= r->rounds; i++) {
    weir_promise promise;
    weir_future future;
    struct number *m = NULL;
    int rc = weir_oneshot(&promise, &future);
    if (rc) wrong(r, "oneshot", rc);
    atomic_store(&r->promise[i & 1], promise.bits);
    meet(r, FUTURE_SIDE, i);
    unsigned does = choose(r->future_may);
    if (does == DROPS) {
      weir_future_drop(future);
      atomic_store(&r->tried, i);
      r->dropped++;
      if (weir_promise_wanted(promise)) wrong(r, "wanted, and the future is gone", 0);
    } else {
      rc = wait_or_try(r, i, future, does == TRIES, &m);
      r->got += rc == WEIR_OK;
      r->closed += rc == WEIR_ECLOSED;
      if (rc != WEIR_OK && rc != WEIR_ECLOSED) wrong(r, "wait", rc);
      if ((rc == WEIR_OK) != (m != NULL) || (m && m->n != i)) wrong(r, "another value than was sent", rc);
    }
    weir_free(m);
    if (weir_future_try(future, &m, number) != WEIR_EINVAL) wrong(r, "used up, and still good", 0);
  }
  return WEIR_OK;
}

static void *keep_promises_on_a_thread(void *r)
{
  keep_promises(r);
  return NULL;
}

/* ---- a run ---- */

static void judge(struct race *r, const weir_accounts *before)
{
  weir_accounts after;
  weir_accounts_read(&after);
  assert_int_equal(atomic_load(&r->wrong), 0);
  assert_int_equal(r->sent + r->refused + r->given_up, r->rounds);
  assert_int_equal(r->got + r->closed + r->dropped, r->rounds);
  assert_true(r->closed <= r->given_up && r->refused <= r->dropped);
  assert_int_equal(after.received - before->received, r->got);
  assert_int_equal(after.freed - before->freed, r->sent - r->got);
  uint64_t made = after.created - before->created, unsent = after.unsent - before->unsent;
  assert_int_equal(made, (uint64_t)r->sent + unsent);
  assert_true(unsent <= (uint64_t)r->refused);
  assert_int_equal(after.live, before->live);
}

/* Between a thread and this one, then between two tasks. */
static void run(unsigned promise_may, unsigned future_may, int64_t *late)
{
  chance_begin();
  *late = 0;
  for (int in_tasks = 0; in_tasks < 2; in_tasks++) {
    struct race r = {.rounds = count_or(6000, 1000), .promise_may = promise_may, .future_may = future_may};
    weir_accounts before;
    weir_accounts_read(&before);
    if (in_tasks) {
      weir_task *keeper = weir_task_start(NULL, keep_promises, &r), *taker = weir_task_start(NULL, take_futures, &r);
      assert_int_equal(weir_task_join(taker, WEIR_SECONDS(60), NULL), WEIR_OK);
      assert_int_equal(weir_task_join(keeper, WEIR_SECONDS(60), NULL), WEIR_OK);
    } else {
      pthread_t keeper;
      assert_int_equal(pthread_create(&keeper, NULL, keep_promises_on_a_thread, &r), 0);
      take_futures(&r);
      pthread_join(keeper, NULL);
    }
    judge(&r, &before);
    *late += r.late;
  }
}

static void a_value_races_with_the_drop_of_its_future(void **state)
{
  (void)state;
  int64_t late;
  run(KEEPS, DROPS, &late);
}

static void a_value_races_with_the_end_of_a_wait(void **state)
{
  (void)state;
  int64_t late;
  run(KEEPS, WAITS, &late);
  assert_true(late > 0); /* else there was no second wait */
}

static void a_dropped_promise_races_with_a_dropped_future(void **state)
{
  (void)state;
  int64_t late;
  run(GIVES_UP, DROPS, &late);
}

static void a_dropped_promise_races_with_the_end_of_a_wait(void **state)
{
  (void)state;
  int64_t late;
  run(GIVES_UP, WAITS, &late);
  assert_true(late > 0);
}

static void both_sides_do_what_they_like(void **state)
{
  (void)state;
  int64_t late;
  run(KEEPS | GIVES_UP, DROPS | WAITS | TRIES, &late);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_value_races_with_the_drop_of_its_future),
      ON_RUNTIME(a_value_races_with_the_end_of_a_wait),
      ON_RUNTIME(a_dropped_promise_races_with_a_dropped_future),
      ON_RUNTIME(a_dropped_promise_races_with_the_end_of_a_wait),
      ON_RUNTIME(both_sides_do_what_they_like),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
