/* Simulations themselves: the same seed is the same run, in one process and in two; others are other runs; a bug is found,
 * told and replayed; what can't go on is an error; faults come when they are to.
 *
 *   test_replay hash SEED    prints the hash of a run with everything in it
 *   test_replay bug          a scenario with a bug, over many seeds
 *   test_replay die          the same, where the bug is an assertion in a handler
 *   test_replay stop         one whose actor never ends */
#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <weir/uv.h>

#include "simulation_fixture.h"

struct value {
  int64_t n;
};
struct get {
  WEIR_EMPTY;
};
struct set {
  int64_t n;
};
struct add_one {
  weir_ref to;
};
struct done {
  WEIR_EMPTY;
};
struct tick {
  int64_t n;
};
struct label {
  const char *text;
  weir_bytes bytes;
  double weight;
};
WEIR_MESSAGE(value, WEIR_FIELD(n));
WEIR_REQUEST(get, value);
WEIR_MESSAGE(set, WEIR_FIELD(n));
WEIR_MESSAGE(done);
WEIR_REQUEST(add_one, done, WEIR_FIELD(to));
WEIR_MESSAGE(tick, WEIR_FIELD(n));
WEIR_MESSAGE(label, WEIR_FIELD(text), WEIR_FIELD(bytes), WEIR_FIELD(weight));
struct marks {
  int32_t best[2];
  const int32_t *all;
  size_t count;
};
WEIR_MESSAGE(marks, WEIR_FIELD(best), WEIR_LIST(all, count));

static weir_runtime *runtime;

/* ---- a run with everything in it ---- */

struct cell {
  int64_t n;
};
static int cell_get(struct cell *c, struct value *reply)
{
  reply->n = c->n;
  return WEIR_OK;
}
static int cell_set(struct cell *c, const struct set *m)
{
  c->n = m->n;
  return WEIR_OK;
}
static int cell_tick(struct cell *c, const struct tick *m)
{
  c->n += m->n;
  return WEIR_OK;
}
static int cell_label(struct cell *c, const struct label *m)
{
  c->n += m->text ? (int64_t)strlen(m->text) : 0;
  return WEIR_OK;
}
static int cell_marks(struct cell *c, const struct marks *m)
{
  c->n += (int64_t)m->count;
  return WEIR_OK;
}
WEIR_ACTOR(cell,
           WEIR_ON(get, cell_get) WEIR_ON(set, cell_set) WEIR_ON(tick, cell_tick) WEIR_ON(label, cell_label)
               WEIR_ON(marks, cell_marks),
           .capacity = 3);

/* Reads, then writes: what another one wrote between is lost. */
struct adder {
  char nothing;
};
static int adder_add(struct adder *a, const struct add_one *m)
{
  (void)a;
  struct value *v;
  int rc = weir_ask(m->to, WEIR_SECONDS(10), &v, get);
  if (rc) return rc;
  int64_t n = v->n;
  weir_free(v);
  return weir_send(m->to, set, .n = n + 1);
}
WEIR_ACTOR(adder, WEIR_ON(add_one, adder_add), .capacity = 2);

static int sum(int64_t *n) { return (int)(*n + 1); }
static int busy(weir_ref *to)
{
  int64_t n = 4;
  if (weir_run_blocking(sum, &n) != 5) return broken("a job", __LINE__);
  int rc = weir_send(*to, label, .text = "river", .bytes = {.data = "abc", .size = 3}, .weight = 0.5);
  return rc ? rc : weir_sleep(WEIR_MILLIS(3));
}

static int everything(weir_runtime *rt)
{
  weir_ref c = weir_spawn(&cell), adders[3];
  weir_task *t = weir_task_start(rt, busy, &c);
  weir_timer timer = weir_send_every(c, WEIR_MILLIS(1), tick, .n = 1);
  for (int i = 0; i < 3; i++) adders[i] = weir_spawn(&adder, .name = i == 1 ? "adder" : NULL);
  for (int i = 0; i < 6; i++) weir_send(adders[between(rt, 0, 2)], add_one, .to = c);
  (void)!weir_ask(adders[0], WEIR_MILLIS(2), (struct done **)NULL, add_one, .to = c);
  weir_sleep(WEIR_MILLIS(10));
  weir_stop(adders[1]);
  weir_timer_cancel(timer);
  if (t) (void)!weir_task_join(t, WEIR_FOREVER, NULL);
  return WEIR_OK;
}

static const weir_simulation_options all_faults = {.refuse = {.one_in = 9},
                                                   .fail = {.one_in = 50},
                                                   .stall = {.one_in = 7},
                                                   .delay = {.one_in = 6},
                                                   .no_memory = {.one_in = 40}};

static uint64_t hash_of(uint64_t seed, const weir_simulation_options *options)
{
  int rc = weir_simulation_start(seed, options, &runtime);
  assert_int_equal(rc, WEIR_OK);
  assert_int_equal(weir_simulation_seed(runtime), seed);
  everything(runtime);
  uint64_t hash = weir_simulation_hash(runtime);
  assert_int_equal(weir_runtime_stop(runtime, WEIR_MILLIS(0)), WEIR_OK);
  return hash;
}

static void the_same_seed_is_the_same_run(void **state)
{
  (void)state;
  for (uint64_t seed = 1; seed <= seeds() / 5; seed++) {
    assert_int_equal(hash_of(seed, NULL), hash_of(seed, NULL));
    assert_int_equal(hash_of(seed, &all_faults), hash_of(seed, &all_faults));
  }
}

static uint64_t hash_of_marks(int32_t best, int32_t last)
{
  const int32_t all[] = {1, 2, last};
  assert_int_equal(weir_simulation_start(1, NULL, &runtime), WEIR_OK);
  weir_ref to = weir_spawn(&cell);
  assert_int_equal(weir_send(to, marks, .best = {best, 5}, .all = all, .count = 3), WEIR_OK);
  assert_int_equal(weir_sleep(WEIR_MILLIS(1)), WEIR_OK);
  uint64_t hash = weir_simulation_hash(runtime);
  assert_int_equal(weir_runtime_stop(runtime, WEIR_MILLIS(0)), WEIR_OK);
  return hash;
}

static void what_a_message_has_many_of_counts(void **state)
{
  (void)state;
  assert_int_equal(hash_of_marks(9, 3), hash_of_marks(9, 3));
  assert_int_not_equal(hash_of_marks(9, 3), hash_of_marks(9, 4));
  assert_int_not_equal(hash_of_marks(9, 3), hash_of_marks(8, 3));
}

static int by_number(const void *a, const void *b)
{
  uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
  return x < y ? -1 : x > y;
}

static void other_seeds_are_other_runs(void **state)
{
  (void)state;
  enum { RUNS = 200 };
  uint64_t hashes[RUNS];
  int differ = 1;
  for (uint64_t i = 0; i < RUNS; i++) hashes[i] = hash_of(i, NULL);
  qsort(hashes, RUNS, sizeof *hashes, by_number);
  for (int i = 1; i < RUNS; i++) differ += hashes[i] != hashes[i - 1];
  assert_true(differ > RUNS * 9 / 10);
}

static int count_lines(const char *line, void *arg) { return (void)line, ++*(int *)arg; }
static void counting_trace(const char *line, void *arg) { count_lines(line, arg); }

static void a_trace_changes_nothing(void **state)
{
  (void)state;
  int lines = 0;
  weir_simulation_options traced = all_faults;
  traced.trace = counting_trace;
  traced.trace_arg = &lines;
  for (uint64_t seed = 1; seed <= 50; seed++) assert_int_equal(hash_of(seed, &traced), hash_of(seed, &all_faults));
  assert_true(lines > 50 * 20);
}

static int run_twice(weir_runtime *rt) { return everything(rt); }
static int64_t calls;
static int impure(weir_runtime *rt)
{
  weir_ref c = weir_spawn(&cell);
  (void)rt;
  return weir_send(c, set, .n = calls++);
}

static void running_twice_finds_what_the_seed_does_not_decide(void **state)
{
  (void)state;
  struct scenario pure = {run_twice}, not_pure = {impure};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 50, run_scenario, &pure), WEIR_OK);
  assert_int_equal(weir_simulate(&(weir_simulation_options){.twice = true}, 50, run_scenario, &not_pure), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "not the same run"));
}

/* ---- orders that occur ---- */

static int order[3], orders[27], at;
static int mark(int *n)
{
  order[at++] = *n;
  return WEIR_OK;
}
static int three_tasks(weir_runtime *rt)
{
  int numbers[] = {0, 1, 2};
  weir_task *tasks[3];
  at = 0;
  for (int i = 0; i < 3; i++) tasks[i] = weir_task_start(rt, mark, &numbers[i]);
  for (int i = 0; i < 3; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, NULL) == WEIR_OK);
  orders[9 * order[0] + 3 * order[1] + order[2]]++;
  return WEIR_OK;
}

static void all_orders_occur(void **state)
{
  (void)state;
  int different = 0;
  struct scenario s = {three_tasks};
  if (getenv("WEIR_SEED")) return;
  assert_int_equal(weir_simulate(NULL, 500, run_scenario, &s), WEIR_OK);
  for (int i = 0; i < 27; i++) different += orders[i] > 0;
  assert_int_equal(different, 6);
}

/* ---- a bug ---- */

static bool dies;
struct judge {
  char nothing;
};
static int judge_set(struct judge *j, const struct set *m)
{
  (void)j;
  assert(m->n == 4);
  return WEIR_OK;
}
WEIR_ACTOR(judge, WEIR_ON(set, judge_set));

static int lost_update(weir_runtime *rt)
{
  struct value *v;
  (void)rt;
  weir_ref c = weir_spawn(&cell), adders[] = {weir_spawn(&adder), weir_spawn(&adder)};
  for (int i = 0; i < 4; i++) MUST(weir_send(adders[i % 2], add_one, .to = c) == WEIR_OK);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK);
  int rc = weir_ask(c, WEIR_SECONDS(1), &v, get);
  if (rc) return rc;
  int64_t n = v->n;
  weir_free(v);
  if (dies) {
    (void)!weir_send(weir_spawn(&judge), set, .n = n);
    return weir_sleep(WEIR_SECONDS(1));
  }
  return n == 4 ? WEIR_OK : weir_error(BROKEN, "%lld instead of 4", (long long)n);
}

static void a_bug_is_found_and_replayed(void **state)
{
  (void)state;
  struct scenario s = {lost_update};
  char text[200], number[32];
  unsigned long long seed;
  if (getenv("WEIR_SEED")) return;
  assert_int_equal(weir_simulate(NULL, 1000, run_scenario, &s), BROKEN);
  snprintf(text, sizeof text, "%s", weir_error_text());
  assert_int_equal(sscanf(text, "seed %llu: ", &seed), 1);
  assert_non_null(strstr(text, "instead of 4"));
  snprintf(number, sizeof number, "%llu", seed);
  setenv("WEIR_SEED", number, 1);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(weir_simulate(NULL, 1000, run_scenario, &s), BROKEN);
    assert_string_equal(text, weir_error_text());
  }
  unsetenv("WEIR_SEED");
}

/* ---- what can't go on ---- */

static int waits_for_nobody(weir_runtime *rt)
{
  weir_promise promise;
  weir_future future;
  struct value *v;
  (void)rt;
  MUST(weir_oneshot(&promise, &future) == WEIR_OK);
  MUST(weir_future_wait(future, WEIR_FOREVER, &v, value) == WEIR_EDEADLOCK);
  MUST(weir_future_wait(future, WEIR_SECONDS(5), &v, value) == WEIR_ETIMEDOUT);
  weir_promise_drop(promise);
  MUST(weir_future_wait(future, WEIR_SECONDS(5), &v, value) == WEIR_ECLOSED);
  return WEIR_OK;
}

static void a_wait_without_end_is_an_error(void **state)
{
  (void)state;
  struct scenario s = {waits_for_nobody};
  assert_int_equal(weir_simulate(NULL, 20, run_scenario, &s), WEIR_OK);
}

static int yields(void *nothing)
{
  (void)nothing;
  int rc;
  while (!(rc = weir_yield())) continue;
  return rc;
}
static int live_lock(weir_runtime *rt)
{
  int result;
  weir_task *t = weir_task_start(rt, yields, NULL);
  MUST(weir_task_join(t, WEIR_FOREVER, NULL) == WEIR_EDEADLOCK);
  MUST(strstr(weir_error_text(), "no end after so many steps"));
  weir_task_cancel(t);
  MUST(weir_task_join(t, WEIR_FOREVER, &result) == WEIR_OK && result == WEIR_ECANCELED);
  return WEIR_OK;
}

static void a_run_without_end_is_an_error(void **state)
{
  (void)state;
  struct scenario s = {live_lock};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.steps_most = 1000}, 20, run_scenario, &s), WEIR_OK);
}

static int drains_in_vain(weir_runtime *rt)
{
  weir_task *t = weir_task_start(rt, yields, NULL);
  MUST(t);
  weir_task_detach(t);
  MUST(weir_runtime_stop(rt, WEIR_FOREVER) == WEIR_ETIMEDOUT);
  return WEIR_OK;
}

static void a_drain_without_end_is_given_up(void **state)
{
  (void)state;
  struct scenario s = {drains_in_vain};
  assert_int_equal(weir_simulate(&(weir_simulation_options){.steps_most = 1000}, 20, run_scenario, &s), WEIR_OK);
}

/* ---- time ---- */

static int long_sleep(weir_runtime *rt)
{
  weir_duration from = weir_simulation_elapsed(rt);
  MUST(weir_sleep(WEIR_SECONDS(86400)) == WEIR_OK);
  int64_t took = weir_simulation_elapsed(rt).ns - from.ns;
  MUST(took >= WEIR_SECONDS(86400).ns && took < WEIR_SECONDS(86401).ns);
  return WEIR_OK;
}

static void time_is_virtual(void **state)
{
  (void)state;
  struct scenario s = {long_sleep};
  assert_int_equal(weir_simulate(NULL, 20, run_scenario, &s), WEIR_OK);
  assert_int_equal(weir_simulation_hash(NULL), 0);
}

/* ---- faults ---- */

static int ask_five(int outcomes[5])
{
  weir_ref c = weir_spawn(&cell);
  for (int i = 0; i < 5; i++) {
    struct value *v;
    outcomes[i] = weir_ask(c, WEIR_SECONDS(1), &v, get);
    weir_free(v);
  }
  return WEIR_OK;
}

static int third_is_refused(weir_runtime *rt)
{
  int o[5];
  (void)rt;
  MUST(ask_five(o) == WEIR_OK);
  MUST(!o[0] && !o[1] && o[2] == WEIR_EUSER(7) && !o[3] && !o[4]);
  return WEIR_OK;
}
static int third_fails(weir_runtime *rt)
{
  int o[5];
  (void)rt;
  MUST(ask_five(o) == WEIR_OK);
  MUST(!o[0] && !o[1] && o[2] == WEIR_EFAILED && o[3] == WEIR_EDEAD && o[4] == WEIR_EDEAD);
  return WEIR_OK;
}
static int third_takes_long(weir_runtime *rt)
{
  int o[5];
  (void)rt;
  MUST(ask_five(o) == WEIR_OK);
  MUST(!o[0] && !o[1]);
  for (int i = 3; i < 5; i++) MUST(!o[i] || o[i] == WEIR_ETIMEDOUT); /* while it is at the third */
  return o[2];                                                       /* in time, or begun */
}
static int64_t without_memory;
static int some_have_no_memory(weir_runtime *rt)
{
  int o[5];
  (void)rt;
  MUST(ask_five(o) == WEIR_OK);
  for (int i = 0; i < 5; i++) MUST(o[i] == WEIR_OK || o[i] == WEIR_ENOMEM);
  for (int i = 0; i < 5; i++) without_memory += o[i] == WEIR_ENOMEM;
  return WEIR_OK;
}

static void faults_come_when_they_are_to(void **state)
{
  (void)state;
  struct scenario s = {third_is_refused};
  weir_simulation_options refuse = {.refuse = {.nth = 3}, .refuse_with = WEIR_EUSER(7)}, fail = {.fail = {.nth = 3}};
  weir_simulation_options stall = {.stall = {.nth = 3}, .stall_most = WEIR_SECONDS(4)};
  assert_int_equal(weir_simulate(&refuse, 50, run_scenario, &s), WEIR_OK);
  s.run = third_fails;
  assert_int_equal(weir_simulate(&fail, 50, run_scenario, &s), WEIR_OK);
  s.run = third_takes_long;
  if (!getenv("WEIR_SEED")) assert_int_equal(weir_simulate(&stall, 50, run_scenario, &s), WEIR_EINDOUBT);
  s.run = some_have_no_memory;
  for (uint64_t nth = 1; nth <= 12; nth++)
    assert_int_equal(weir_simulate(&(weir_simulation_options){.no_memory = {.nth = nth}}, 5, run_scenario, &s),
                     WEIR_OK);
  if (!getenv("WEIR_SEED")) assert_true(without_memory > 0);
}

/* ---- what there is not ---- */

static int no_loop(void *nothing)
{
  (void)nothing;
  MUST(weir_loop() == NULL && strstr(weir_error_text(), "simulation"));
  return WEIR_OK;
}
struct user {
  char nothing;
};
static int user_done(struct user *u)
{
  (void)u;
  MUST(weir_uv_new(uv_timer_t) == NULL && strstr(weir_error_text(), "simulation"));
  MUST(weir_simulation_start(1, NULL, &runtime) == WEIR_EINVAL);
  return WEIR_OK;
}
WEIR_ACTOR(user, WEIR_ON(done, user_done));
static int without_libuv(weir_runtime *rt)
{
  weir_runtime *second;
  MUST(weir_task_join(weir_task_start(rt, no_loop, NULL), WEIR_FOREVER, NULL) == WEIR_OK);
  MUST(weir_send(weir_spawn(&user), done) == WEIR_OK);
  MUST(weir_simulation_start(1, NULL, &second) == WEIR_EINVAL && !second); /* one of this thread's is enough */
  return weir_sleep(WEIR_SECONDS(1));
}

static void what_is_not_simulated_is_an_error(void **state)
{
  (void)state;
  struct scenario s = {without_libuv};
  weir_runtime *rt;
  assert_int_equal(weir_simulate(NULL, 5, run_scenario, &s), WEIR_OK);
  assert_int_equal(weir_simulate(NULL, 0, run_scenario, &s), WEIR_EINVAL);
  assert_int_equal(weir_simulate(NULL, 1, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_simulation_start(1, &(weir_simulation_options){.refuse_with = 1}, &rt), WEIR_EINVAL);
  assert_int_equal(weir_simulation_start(1, &(weir_simulation_options){.stall_most = {-1}}, &rt), WEIR_EINVAL);
  assert_int_equal(weir_simulation_start(1, &(weir_simulation_options){.stack_bytes = 1}, &rt), WEIR_EINVAL);
  assert_null(rt);
}

/* ---- others beside it ---- */

static void *send_from_outside(void *ref)
{
  (void)!weir_send(*(weir_ref *)ref, set, .n = 1);
  return NULL;
}
static int touched(weir_runtime *rt)
{
  (void)rt;
  pthread_t thread;
  weir_ref c = weir_spawn(&cell);
  MUST(pthread_create(&thread, NULL, send_from_outside, &c) == 0);
  pthread_join(thread, NULL);
  return WEIR_OK;
}

static void what_another_thread_does_is_told(void **state)
{
  (void)state;
  struct scenario s = {touched};
  assert_int_equal(weir_simulate(NULL, 5, run_scenario, &s), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "another thread"));
}

static void *look_from_outside(void *found)
{
  *(weir_runtime **)found = weir_runtime_here();
  return NULL;
}

static void a_real_runtime_beside_it_changes_nothing(void **state)
{
  (void)state;
  uint64_t alone = hash_of(7, &all_faults);
  weir_runtime *real, *found = NULL;
  pthread_t thread;
  assert_int_equal(weir_simulation_start(1, NULL, &runtime), WEIR_OK);
  assert_int_equal(pthread_create(&thread, NULL, look_from_outside, &found), 0);
  pthread_join(thread, NULL);
  assert_null(found); /* a simulated one is its own thread's alone */
  assert_int_equal(weir_runtime_stop(runtime, WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 2}, &real), WEIR_OK);
  weir_ref c = weir_spawn(&cell);
  assert_int_equal(weir_send_every(c, WEIR_MILLIS(1), tick, .n = 1).error, WEIR_OK);
  for (int i = 0; i < 20; i++) assert_int_equal(hash_of(7, &all_faults), alone);
  assert_int_equal(weir_runtime_stop(real, WEIR_MILLIS(0)), WEIR_OK);
}

/* ---- */

struct stubborn {
  char nothing;
};
static int stubborn_done(struct stubborn *s)
{
  (void)s;
  return WEIR_OK;
}
static void stubborn_end(struct stubborn *s)
{
  (void)s;
  for (;;) weir_sleep(WEIR_SECONDS(1));
}
WEIR_ACTOR(stubborn, WEIR_ON(done, stubborn_done) WEIR_ON_END(stubborn_end));
static int never_ends(weir_runtime *rt)
{
  (void)rt;
  return weir_send(weir_spawn(&stubborn), done);
}

static int run_mode(int argc, char **argv)
{
  struct scenario s = {lost_update};
  if (strcmp(argv[1], "hash") == 0 && argc == 3) {
    printf("%016llx\n", (unsigned long long)hash_of(strtoull(argv[2], NULL, 0), &all_faults));
    return EXIT_SUCCESS;
  }
  dies = strcmp(argv[1], "die") == 0;
  if (strcmp(argv[1], "stop") == 0) s.run = never_ends;
  return weir_exit_status(weir_simulate(NULL, 1000, run_scenario, &s));
}

int main(int argc, char **argv)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_same_seed_is_the_same_run),
      cmocka_unit_test(other_seeds_are_other_runs),
      cmocka_unit_test(what_a_message_has_many_of_counts),
      cmocka_unit_test(a_trace_changes_nothing),
      cmocka_unit_test(running_twice_finds_what_the_seed_does_not_decide),
      cmocka_unit_test(all_orders_occur),
      cmocka_unit_test(a_bug_is_found_and_replayed),
      cmocka_unit_test(a_wait_without_end_is_an_error),
      cmocka_unit_test(a_run_without_end_is_an_error),
      cmocka_unit_test(a_drain_without_end_is_given_up),
      cmocka_unit_test(time_is_virtual),
      cmocka_unit_test(faults_come_when_they_are_to),
      cmocka_unit_test(what_is_not_simulated_is_an_error),
      cmocka_unit_test(what_another_thread_does_is_told),
      cmocka_unit_test(a_real_runtime_beside_it_changes_nothing),
  };
  return argc > 1 ? run_mode(argc, argv) : cmocka_run_group_tests(tests, NULL, NULL);
}
