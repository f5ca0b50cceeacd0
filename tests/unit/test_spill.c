/* What a worker's queue had no room for: the newest first for its worker, the oldest first for others; each once, and
 * nobody for ever. */
#include <pthread.h>
#include <sched.h>
#include <uv.h>
#include <weir/uv.h>

#include "runtime/spill.h"
#include "unit/actor_fixture.h"

enum { BATCH = 5, MANY = 200000, THIEVES = 3 };

static struct weir__spill spill;
static struct weir__work works[MANY];

static int begin(void **state)
{
  (void)state;
  memset(&spill, 0, sizeof spill);
  return 0;
}

static void put_batches(int from, int to)
{
  for (int i = from; i < to; i++) {
    struct weir__work *batch[BATCH];
    for (int j = 0; j < BATCH; j++) batch[j] = &works[i * BATCH + j];
    weir__spill_put(&spill, batch, BATCH);
  }
}

typedef unsigned taking(struct weir__spill *, struct weir__work **, unsigned);

static void expect_batch(taking *take, int batch)
{
  struct weir__work *out[2 + 100];
  assert_int_equal(take(&spill, out, 2), 2);
  assert_int_equal(take(&spill, out + 2, 100), BATCH - 2); /* of one batch only */
  for (int j = 0; j < BATCH; j++) assert_ptr_equal(out[j], &works[batch * BATCH + j]);
}

static void expect_empty(void)
{
  struct weir__work *out[BATCH];
  assert_int_equal(weir__spill_take_newest(&spill, out, BATCH), 0);
  assert_int_equal(weir__spill_take_oldest(&spill, out, BATCH), 0);
}

static void its_worker_takes_the_newest_batch_and_others_the_oldest(void **state)
{
  (void)state;
  expect_empty();
  for (int round = 0; round < 100; round++) { /* the ring goes round */
    put_batches(0, 4);
    expect_batch(weir__spill_take_newest, 3);
    expect_batch(weir__spill_take_oldest, 0);
    put_batches(4, 5);
    expect_batch(weir__spill_take_newest, 4);
    expect_batch(weir__spill_take_newest, 2);
    expect_batch(weir__spill_take_oldest, 1);
    expect_empty();
  }
}

static void of_too_many_batches_the_oldest_are_joined(void **state)
{
  (void)state;
  enum { BATCHES = 3 * WEIR__SPILL_BATCHES, JOINED = BATCHES - WEIR__SPILL_BATCHES + 1 };
  struct weir__work *out[JOINED * BATCH + 1];
  put_batches(0, BATCHES);
  for (int i = BATCHES - 1; i >= JOINED; i--) expect_batch(weir__spill_take_newest, i);
  assert_int_equal(weir__spill_take_oldest(&spill, out, JOINED * BATCH + 1), JOINED * BATCH);
  for (int i = 0; i < JOINED * BATCH; i++) assert_ptr_equal(out[i], &works[i]);
  expect_empty();
}

/* ---- all at once ---- */

static _Atomic(int) taken[MANY], left;

static void note(struct weir__work *const *out, unsigned count)
{
  for (unsigned i = 0; i < count; i++) atomic_fetch_add(&taken[out[i] - works], 1);
  atomic_fetch_sub(&left, (int)count);
}

static void *take_the_oldest(void *unused)
{
  struct weir__work *out[7];
  (void)unused;
  while (atomic_load(&left) > 0) {
    unsigned got = weir__spill_take_oldest(&spill, out, 7);
    note(out, got);
    if (!got) sched_yield();
  }
  return NULL;
}

static void each_is_taken_once(void **state)
{
  (void)state;
  pthread_t thieves[THIEVES];
  int many = (int)count_or(MANY, MANY / 10) / BATCH;
  atomic_store(&left, many * BATCH);
  for (int i = 0; i < THIEVES; i++) assert_int_equal(pthread_create(&thieves[i], NULL, take_the_oldest, NULL), 0);
  for (int i = 0; i < many; i++) {
    struct weir__work *out[3];
    put_batches(i, i + 1);
    if (i % 3 == 0) note(out, weir__spill_take_newest(&spill, out, 3));
  }
  take_the_oldest(NULL); /* the rest */
  for (int i = 0; i < THIEVES; i++) pthread_join(thieves[i], NULL);
  for (int i = 0; i < many * BATCH; i++) assert_int_equal(atomic_load(&taken[i]), 1);
}

/* ---- in a runtime ---- */

struct word {
  int64_t n;
};
WEIR_MESSAGE(word, WEIR_FIELD(n));

enum { SPINNERS = 3000, SPINNERS_SLOW = 600 }; /* several times what a queue holds */
static _Atomic(int64_t) turning;
static _Atomic(bool) enough;

struct spinner {
  bool counted;
};
static int spinner_turn(struct spinner *s, const struct word *m)
{
  if (!s->counted) atomic_fetch_add(&turning, 1);
  s->counted = true;
  if (atomic_load(&enough)) return WEIR_STOP;
  return weir_send(weir_self(), word, .n = m->n + 1);
}
WEIR_ACTOR(spinner, WEIR_ON(word, spinner_turn));

/* Begins all that spin: whoever finds room in the queue never leaves it. */
static int begin_all(void *unused)
{
  (void)unused;
  int64_t spinners = count_or(SPINNERS, SPINNERS_SLOW);
  for (int64_t i = 0; i < spinners; i++)
    if (weir_send(weir_spawn(&spinner), word)) return -1;
  while (atomic_load(&turning) < spinners)
    if (weir_yield()) return -1;
  atomic_store(&enough, true);
  return 0;
}

static void expect_task(int (*f)(void *), void *arg)
{
  int result = -1;
  weir_task *task = weir_task_start(runtime, f, arg);
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_FOREVER, &result), WEIR_OK);
  assert_int_equal(result, 0);
}

static void nobody_is_left_behind_for_ever(void **state)
{
  (void)state;
  atomic_store(&turning, 0);
  atomic_store(&enough, false);
  expect_task(begin_all, NULL);
}

static void on_stopped(int rc, void *unused)
{
  (void)unused;
  assert_int_equal(rc, WEIR_OK);
}

/* There the program's loop calls. */
static void nobody_is_left_behind_where_a_loop_is_the_programs(void **state)
{
  (void)state;
  uv_loop_t loop;
  atomic_store(&turning, 0);
  atomic_store(&enough, false);
  assert_int_equal(uv_loop_init(&loop), 0);
  assert_int_equal(weir_runtime_embed(&loop, NULL, &runtime), WEIR_OK);
  weir_task *task = weir_task_start(runtime, begin_all, NULL);
  assert_non_null(task);
  weir_task_detach(task);
  uv_run(&loop, UV_RUN_DEFAULT); /* until nothing lives any more */
  assert_true(atomic_load(&enough));
  assert_int_equal(weir_runtime_stop_then(runtime, WEIR_SECONDS(20), on_stopped, NULL), WEIR_OK);
  uv_run(&loop, UV_RUN_DEFAULT);
  assert_int_equal(uv_loop_close(&loop), 0);
  assert_int_equal(accounts_are_even(), 0);
}

enum { FAN_OUT = 10, LEAVES = 100000 };
static _Atomic(int64_t) alive, most_alive; /* that have begun */
static _Atomic(bool) finished;

struct place {
  weir_ref parent;
  int64_t leaves;
};
WEIR_MESSAGE(place, WEIR_FIELD(parent), WEIR_FIELD(leaves));
struct done {
  WEIR_EMPTY;
};
WEIR_MESSAGE(done);
struct node {
  weir_ref parent;
  int left;
};

static void note_life(int64_t change)
{
  int64_t now = atomic_fetch_add(&alive, change) + change, most = atomic_load(&most_alive);
  while (now > most && !atomic_compare_exchange_weak(&most_alive, &most, now)) continue;
}

/* The root's parent is nobody. */
static int node_end(struct node *n)
{
  note_life(-1);
  if (!n->parent.bits) atomic_store(&finished, true);
  return n->parent.bits && weir_send(n->parent, done) ? -1 : WEIR_STOP;
}
static int node_begin(struct node *n, const struct place *p);
static int node_done(struct node *n) { return --n->left ? WEIR_OK : node_end(n); }
WEIR_ACTOR(node, WEIR_ON(place, node_begin) WEIR_ON(done, node_done), .capacity = FAN_OUT);

static int node_begin(struct node *n, const struct place *p)
{
  note_life(+1);
  n->parent = p->parent;
  n->left = FAN_OUT;
  if (p->leaves == 1) return node_end(n);
  for (int i = 0; i < FAN_OUT; i++)
    if (weir_send(weir_spawn(&node), place, .parent = weir_self(), .leaves = p->leaves / FAN_OUT)) return -1;
  return WEIR_OK;
}

static int grow_tree(void *arg)
{
  if (weir_send(weir_spawn(&node), place, .leaves = *(const int64_t *)arg)) return -1;
  while (!atomic_load(&finished))
    if (weir_yield()) return -1;
  return 0;
}

/* As many live at a time as some queues hold, and not as there are leaves: a tree that others beget is walked in depth. */
static void a_tree_is_walked_in_depth(void **state)
{
  (void)state;
  int64_t leaves = count_or(LEAVES, LEAVES / 10);
  atomic_store(&alive, 0);
  atomic_store(&most_alive, 0);
  atomic_store(&finished, false);
  expect_task(grow_tree, &leaves);
  print_message("at most %lld actors at a time\n", (long long)atomic_load(&most_alive));
  assert_true(atomic_load(&most_alive) < LEAVES / 3);
}

int main(void)
{
  const struct CMUnitTest alone[] = {
      cmocka_unit_test_setup(its_worker_takes_the_newest_batch_and_others_the_oldest, begin),
      cmocka_unit_test_setup(of_too_many_batches_the_oldest_are_joined, begin),
      cmocka_unit_test_setup(each_is_taken_once, begin),
      cmocka_unit_test(nobody_is_left_behind_where_a_loop_is_the_programs),
  };
  const struct CMUnitTest inside[] = {
      ON_RUNTIME(nobody_is_left_behind_for_ever),
      ON_RUNTIME(a_tree_is_walked_in_depth),
  };
  int failed = cmocka_run_group_tests(alone, NULL, NULL);
  return failed + run_on_each(inside, sizeof inside / sizeof inside[0]);
}
