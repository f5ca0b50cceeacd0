/* Trees of tasks that are joined, cancelled and given up at random: each runs once, and ends before who started it. */
#include <pthread.h>

#include "chance.h"
#include "unit/actor_fixture.h"

enum { MOST = 10000, STARTERS = 4, DEEPEST = 6 };

struct node {
  struct node *parent;
  int depth;
  _Atomic(int) runs;  /* how often it ran */
  _Atomic(int) below; /* tasks in its tree, without itself, that have not returned */
  _Atomic(bool) returned;
};

static struct node nodes[MOST];
static int64_t budget; /* of nodes */
static _Atomic(int64_t) taken, ran, joined, sum_of_joined, sum_of_results, wrong, cancelled;
static _Atomic(int) starters_left;

static void expect(bool holds, const char *what, int64_t value)
{
  if (holds) return;
  if (atomic_fetch_add(&wrong, 1) < 10) print_error("%s: %lld\n", what, (long long)value);
}

static int number_of(const struct node *n) { return (int)(n - nodes) + 1; }

/* NULL: there are enough. */
static struct node *make_node(struct node *parent)
{
  int64_t index = atomic_fetch_add(&taken, 1);
  if (index >= budget) return NULL;
  struct node *n = &nodes[index];
  n->parent = parent;
  n->depth = parent ? parent->depth + 1 : 0;
  for (struct node *p = parent; p; p = p->parent) atomic_fetch_add(&p->below, 1);
  return n;
}

static void pause_somehow(void)
{
  int rc = WEIR_OK;
  uint64_t how = draw() % 8;
  if (how < 2) rc = weir_yield();
  if (how == 2) rc = weir_sleep((weir_duration){(int64_t)(draw() % 200000)});
  expect(rc == WEIR_OK || (rc == WEIR_ECANCELED && weir_cancelled()), "a pause", rc);
}

static void begin_node(struct node *n)
{
  atomic_fetch_add(&n->runs, 1);
  expect(!n->parent || atomic_load(&n->parent->runs) == 1, "before who started it", number_of(n));
}

static int end_node(struct node *n)
{
  if (weir_cancelled()) atomic_fetch_add(&cancelled, 1);
  atomic_store(&n->returned, true);
  for (struct node *p = n->parent; p; p = p->parent) atomic_fetch_sub(&p->below, 1);
  atomic_fetch_add(&ran, 1);
  return number_of(n);
}

/* It was joined: its whole tree has ended. */
static void judge_joined(struct node *n, int result)
{
  expect(atomic_load(&n->returned), "joined before it returned", number_of(n));
  expect(atomic_load(&n->below) == 0, "joined before those below it returned", number_of(n));
  atomic_fetch_add(&joined, 1);
  atomic_fetch_add(&sum_of_joined, number_of(n));
  atomic_fetch_add(&sum_of_results, result);
}

/* Waits for it, now and then impatiently first. Who is told to stop gives it up. */
static void join_node(weir_task *task, struct node *n)
{
  int result, rc = WEIR_ETIMEDOUT;
  while (rc == WEIR_ETIMEDOUT)
    rc = weir_task_join(task, draw() % 2 ? (weir_duration){(int64_t)(draw() % 100000)} : WEIR_SECONDS(30), &result);
  if (rc == WEIR_OK) {
    judge_joined(n, result);
    return;
  }
  expect(rc == WEIR_ECANCELED && weir_cancelled(), "join", rc);
  weir_task_detach(task);
}

static int grow(struct node *n);

/* Starts a task and settles what becomes of it. False: there are enough. */
static bool start_one(struct node *parent)
{
  struct node *n = make_node(parent);
  if (!n) return false;
  weir_task *task = weir_task_start(runtime, grow, n);
  expect(task != NULL, "start", number_of(n));
  if (!task) return false;
  pause_somehow();
  if (draw() % 4 == 0) weir_task_cancel(task);
  if (draw() % 3 == 0)
    weir_task_detach(task);
  else
    join_node(task, n);
  return true;
}

static int grow(struct node *n)
{
  begin_node(n);
  pause_somehow();
  for (uint64_t children = n->depth < DEEPEST ? draw() % 4 : 0; children; children--) start_one(n);
  pause_somehow();
  return end_node(n);
}

static void *start_on_a_thread(void *unused)
{
  (void)unused;
  while (start_one(NULL)) continue;
  atomic_fetch_sub(&starters_left, 1);
  return NULL;
}

static void begin(int64_t count)
{
  chance_begin();
  memset(nodes, 0, sizeof nodes);
  budget = count;
  _Atomic(int64_t) *counts[] = {&taken, &ran, &joined, &sum_of_joined, &sum_of_results, &wrong, &cancelled};
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) atomic_store(counts[i], 0);
}

static void wait_until_all_ran(int64_t count)
{
  while (atomic_load(&ran) < count) weir_sleep(WEIR_MILLIS(0.2));
}

static void judge(int64_t count)
{
  assert_int_equal(atomic_load(&wrong), 0);
  assert_int_equal(atomic_load(&ran), count);
  assert_int_equal(atomic_load(&sum_of_results), atomic_load(&sum_of_joined));
  for (int64_t i = 0; i < count; i++) {
    assert_int_equal(atomic_load(&nodes[i].runs), 1);
    assert_int_equal(atomic_load(&nodes[i].below), 0);
  }
}

static void start_on_several_threads(void)
{
  pthread_t threads[STARTERS];
  begin(count_or(MOST, 1000));
  atomic_store(&starters_left, STARTERS);
  for (int i = 0; i < STARTERS; i++) assert_int_equal(pthread_create(&threads[i], NULL, start_on_a_thread, NULL), 0);
  while (atomic_load(&starters_left)) weir_sleep(WEIR_MILLIS(0.2)); /* works on, where this is the runtime's thread */
  for (int i = 0; i < STARTERS; i++) pthread_join(threads[i], NULL);
  wait_until_all_ran(budget);
  judge(budget);
}

static void tasks_of_several_threads_run_once_each(void **state)
{
  (void)state;
  do start_on_several_threads();
  while (!atomic_load(&joined) || !atomic_load(&cancelled)); /* until both were seen */
}

/* ---- a stop from above ---- */

/* Grows without waiting for anybody, then waits to be told to stop. */
static int grow_and_stand(struct node *n)
{
  begin_node(n);
  for (int i = 0; i < 3 && n->depth < DEEPEST; i++) {
    struct node *child = make_node(n);
    weir_task *task = child ? weir_task_start(runtime, grow_and_stand, child) : NULL;
    expect(task || !child, "start", number_of(n));
    if (task) weir_task_detach(task);
  }
  int rc = weir_sleep(WEIR_SECONDS(1000));
  expect(rc == WEIR_ECANCELED, "stood until it was told to stop", rc);
  return end_node(n);
}

static void a_cancel_reaches_the_whole_tree_while_it_grows(void **state)
{
  (void)state;
  for (int round = 0; round < 5; round++) {
    begin(count_or(MOST / 10, 100));
    struct node *root = make_node(NULL);
    int64_t enough = (int64_t)(draw() % (uint64_t)budget);
    weir_task *task = weir_task_start(NULL, grow_and_stand, root);
    int result;
    while (atomic_load(&taken) < enough) weir_sleep(WEIR_MILLIS(0.02));
    weir_task_cancel(task);
    assert_int_equal(weir_task_join(task, WEIR_SECONDS(30), &result), WEIR_OK);
    judge_joined(root, result);
    int64_t made = atomic_load(&taken);
    judge(made < budget ? made : budget);
    assert_int_equal(atomic_load(&cancelled), atomic_load(&ran));
  }
}

/* ---- an end from below ---- */

/* Starts tasks that outlast it, and returns at once: its end waits for them. */
static int leave_behind(struct node *n)
{
  begin_node(n);
  weir_task *task = NULL;
  for (int i = 0; i < 8 && n->depth < 2; i++) {
    struct node *child = make_node(n);
    if (child) task = weir_task_start(runtime, leave_behind, child);
    if (child && task) weir_task_detach(task);
  }
  if (n->depth) pause_somehow();
  return end_node(n);
}

static void a_task_ends_after_those_that_it_left_behind(void **state)
{
  (void)state;
  int64_t rounds = count_or(100, 10);
  begin(rounds * (1 + 8 + 64));
  for (int64_t i = 0; i < rounds; i++) {
    int result;
    struct node *root = make_node(NULL);
    weir_task *task = weir_task_start(NULL, leave_behind, root);
    if (draw() % 4 == 0) weir_task_cancel(task);
    assert_int_equal(weir_task_join(task, WEIR_SECONDS(30), &result), WEIR_OK);
    judge_joined(root, result);
  }
  judge(budget);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(tasks_of_several_threads_run_once_each),
      ON_RUNTIME(a_cancel_reaches_the_whole_tree_while_it_grows),
      ON_RUNTIME(a_task_ends_after_those_that_it_left_behind),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
