/* actor_fixture.h: for the tests of actors: a runtime around each test, and handlers that stand still when they are
 * told to.
 *
 * Each test runs on several runtimes. At its end the runtime is drained and stopped, and the accounts of all messages
 * must be even (L2). Handlers note what they see, and the test's thread judges it: cmocka's assertions jump. */
#ifndef WEIR_TESTS_ACTOR_FIXTURE_H
#define WEIR_TESTS_ACTOR_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <stdatomic.h>
#include <weir/weir.h>

static weir_runtime *runtime;
static weir_runtime_options runtime_options;

static inline bool on_current_thread(void) { return runtime_options.flavor == WEIR_CURRENT_THREAD; }

/* WEIR_TEST_SLOW is set where each step takes long: under valgrind and the sanitizers. */
static inline int64_t count_or(int64_t count, int64_t slow_count)
{
  return getenv("WEIR_TEST_SLOW") ? slow_count : count;
}

static inline int runtime_up(void **state)
{
  (void)state;
  return weir_runtime_start(&runtime_options, &runtime);
}

static inline int accounts_are_even(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  uint64_t ended = a.handled + a.received + a.withdrawn + a.dead + a.freed + a.unsent + a.evicted;
  if (a.created == ended && a.live == 0) return 0;
  print_error("%llu messages were made, %llu have ended\n", (unsigned long long)a.created, (unsigned long long)ended);
  return 1;
}

/* Stops the runtime; a test may do so itself. */
static inline int runtime_stopped(weir_duration drain)
{
  weir_runtime *rt = runtime;
  runtime = NULL;
  int rc = weir_runtime_stop(rt, drain);
  if (rc) print_error("weir_runtime_stop: %d %s\n", rc, weir_error_text());
  return rc;
}

static inline int runtime_down(void **state)
{
  (void)state;
  int rc = runtime ? runtime_stopped(WEIR_SECONDS(20)) : WEIR_OK;
  return rc || accounts_are_even();
}

#define ON_RUNTIME(test) cmocka_unit_test_setup_teardown(test, runtime_up, runtime_down)

static inline int run_on_each(const struct CMUnitTest *tests, size_t count)
{
  static const struct {
    const char *name;
    weir_runtime_options options;
  } runtimes[] = {{"current thread", {.flavor = WEIR_CURRENT_THREAD}},
                  {"1 worker", {.workers = 1}},
                  {"2 workers", {.workers = 2}},
                  {"8 workers", {.workers = 8}}};
  int failed = 0;
  for (size_t i = 0; i < sizeof runtimes / sizeof runtimes[0]; i++) {
    runtime_options = runtimes[i].options;
    print_message("on %s\n", runtimes[i].name);
    failed += _cmocka_run_group_tests(runtimes[i].name, tests, count, NULL, NULL);
  }
  return failed;
}

/* Runs an array of tests on the current thread, on one worker, on two, and on eight. */
#define RUN_ON_EACH_RUNTIME(tests) run_on_each(tests, sizeof tests / sizeof tests[0])

/* ---- messages that many tests use ---- */

struct number {
  int64_t n;
};
WEIR_MESSAGE(number, WEIR_FIELD(n));
struct signal {
  WEIR_EMPTY;
};
WEIR_MESSAGE(signal);
/* "How much is it now?" */
struct get {
  WEIR_EMPTY;
};
WEIR_REQUEST(get, number);
/* Keeps a promise, then waits for a future. */
struct hold {
  uint64_t begun, go;
};
WEIR_MESSAGE(hold, WEIR_FIELD(begun), WEIR_FIELD(go));

/* ---- a gate: a handler stands still between two known moments ---- */

struct gate {
  weir_future begun;
  weir_promise go;
  struct hold hold; /* what is sent to the handler */
};

static inline struct gate gate_make(void)
{
  struct gate g;
  weir_promise begun;
  weir_future go;
  if (weir_oneshot(&begun, &g.begun) || weir_oneshot(&g.go, &go)) abort();
  g.hold = (struct hold){begun.bits, go.bits};
  return g;
}

/* In the handler of a hold: WEIR_OK when the gate was opened, else the error of the wait. */
static inline int gate_stand(const struct hold *m)
{
  struct signal *s;
  weir_promise_send((weir_promise){m->begun}, signal);
  int rc = weir_future_wait((weir_future){m->go}, WEIR_FOREVER, &s, signal);
  if (rc) weir_future_drop((weir_future){m->go});
  weir_free(s);
  return rc;
}

/* WEIR_OK once the handler stands; WEIR_ECLOSED: it never will. */
static inline int gate_begun(struct gate *g)
{
  struct signal *s;
  int rc = weir_future_wait(g->begun, WEIR_SECONDS(20), &s, signal);
  weir_free(s);
  return rc;
}

static inline void gate_open(struct gate *g) { weir_promise_send(g->go, signal); }

/* Sends the hold and waits until its handler stands. */
static inline void gate_enter(struct gate *g, weir_ref actor)
{
  *g = gate_make();
  assert_int_equal(weir_send_value(actor, WEIR_AT(hold, &g->hold)), WEIR_OK);
  assert_int_equal(gate_begun(g), WEIR_OK);
}

/* ---- news: what an end clause has to tell ---- */

static inline void news_tell(uint64_t promise, int64_t n)
{
  weir_promise_send((weir_promise){promise}, number, .n = n);
}

/* The number that was told; INT64_MIN: the promise was dropped, or nothing came. */
static inline int64_t news_wait(weir_future future)
{
  struct number *told;
  if (weir_future_wait(future, WEIR_SECONDS(20), &told, number)) return INT64_MIN;
  int64_t n = told->n;
  weir_free(told);
  return n;
}

static inline uint64_t accounts_created(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  return a.created;
}

/* Until so many messages have been made: another one is about to queue what it sends, or has queued it, or waits to. */
static inline void wait_until_created(uint64_t count)
{
  while (accounts_created() < count) weir_sleep(WEIR_MILLIS(0.1));
}

/* Until its slot has been given up: its end is over. */
static inline void wait_until_gone(weir_ref actor)
{
  while (weir_stop(actor) == WEIR_OK) weir_sleep(WEIR_MILLIS(0.1));
}

/* The answer to `get`; INT64_MIN: none came. */
static inline int64_t get_from(weir_ref actor)
{
  struct number *answer;
  if (weir_ask(actor, WEIR_SECONDS(20), &answer, get)) return INT64_MIN;
  int64_t n = answer->n;
  weir_free(answer);
  return n;
}

#endif
