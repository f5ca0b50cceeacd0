/* What a worker's queue had no room for: what has begun in its order, what has not the newest first for its worker and the
 * oldest first for others; each once, and nobody for ever. */
#include <pthread.h>
#include <sched.h>
#include <uv.h>
#include <weir/uv.h>

#include "runtime/run_queue.h"
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

static const struct weir__work_list none;

static struct weir__work_list list_of(int first, int count)
{
  struct weir__work_list list = {NULL, NULL};
  for (int i = first; i < first + count; i++) weir__work_append(&list, &works[i]);
  return list;
}

static void put_batches(int from, int to)
{
  for (int i = from; i < to; i++) {
    struct weir__work_list batch = list_of(i * BATCH, BATCH);
    weir__spill_put(&spill, &none, &batch);
  }
}

typedef unsigned taking(struct weir__spill *, struct weir__work **, unsigned);

static void expect_works(taking *take, unsigned most, int first, int count)
{
  struct weir__work *out[2 * BATCH];
  assert_int_equal(take(&spill, out, most), count);
  for (int i = 0; i < count; i++) assert_ptr_equal(out[i], &works[first + i]);
}

static void expect_batch(taking *take, int batch)
{
  expect_works(take, 2, batch * BATCH, 2);
  expect_works(take, BATCH - 2, batch * BATCH + 2, BATCH - 2);
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

static void of_several_batches_as_many_are_taken_as_are_wanted(void **state)
{
  (void)state;
  struct weir__work *out[2 * BATCH];
  put_batches(0, 4);
  assert_int_equal(weir__spill_take_newest(&spill, out, BATCH + 1), BATCH + 1);
  for (int i = 0; i < BATCH; i++) assert_ptr_equal(out[i], &works[3 * BATCH + i]);
  assert_ptr_equal(out[BATCH], &works[2 * BATCH]);
  assert_int_equal(weir__spill_take_oldest(&spill, out, BATCH + 1), BATCH + 1);
  for (int i = 0; i < BATCH + 1; i++) assert_ptr_equal(out[i], &works[i]);
  expect_works(weir__spill_take_newest, BATCH - 1, 2 * BATCH + 1, BATCH - 1);
  expect_works(weir__spill_take_newest, BATCH, BATCH + 1, BATCH - 1);
  expect_empty();
}

static void half_of_what_is_taken_has_begun(void **state)
{
  (void)state;
  struct weir__work_list begun = list_of(0, 6), more = list_of(6, 2), fresh = list_of(100, 4);
  weir__spill_put(&spill, &begun, &fresh);
  weir__spill_put(&spill, &more, &none);
  struct weir__work *out[8];
  assert_int_equal(weir__spill_take_newest(&spill, out, 4), 4);
  assert_ptr_equal(out[0], &works[0]);
  assert_ptr_equal(out[1], &works[1]);
  assert_ptr_equal(out[2], &works[100]);
  assert_ptr_equal(out[3], &works[101]);
  assert_int_equal(weir__spill_take_oldest(&spill, out, 2), 2);
  assert_ptr_equal(out[0], &works[2]);
  assert_ptr_equal(out[1], &works[102]);
  expect_works(weir__spill_take_begun, 2, 3, 2); /* the others stay */
  assert_int_equal(weir__spill_take_newest(&spill, out, 8), 4);
  assert_ptr_equal(out[0], &works[5]);
  assert_ptr_equal(out[1], &works[6]);
  assert_ptr_equal(out[2], &works[7]);
  assert_ptr_equal(out[3], &works[103]);
  expect_empty();
  expect_works(weir__spill_take_begun, 8, 0, 0);
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

/* ---- what has begun, and what has not ---- */

enum { CLIENTS = 20000, CLIENTS_SLOW = 8000, FEW = 2 * WEIR__RUN_QUEUE_SIZE };
static _Atomic(int64_t) begun, answered, most_waiting, begun_before_word;

struct ask {
  int64_t n;
};
WEIR_REQUEST(ask, word, WEIR_FIELD(n));
struct server {
  WEIR_EMPTY;
};
static int server_answer(struct server *s, const struct ask *m, struct word *reply)
{
  (void)s;
  reply->n = m->n;
  return WEIR_OK;
}
static int server_get(struct server *s, struct number *reply)
{
  (void)s;
  reply->n = 0;
  return WEIR_OK;
}
static int server_word(struct server *s, const struct word *m)
{
  (void)s, (void)m;
  atomic_store(&begun_before_word, atomic_load(&begun));
  return WEIR_OK;
}
static int server_hold(struct server *s, const struct hold *m)
{
  (void)s;
  return gate_stand(m);
}
WEIR_ACTOR(server,
           WEIR_ON(ask, server_answer) WEIR_ON(get, server_get) WEIR_ON(word, server_word) WEIR_ON(hold, server_hold),
           .capacity = 16);

struct errand {
  weir_ref to;
};
WEIR_MESSAGE(errand, WEIR_FIELD(to));
struct client {
  WEIR_EMPTY;
};
static int client_start(struct client *c, const struct errand *e)
{
  (void)c;
  int64_t waiting = atomic_fetch_add(&begun, 1) + 1 - atomic_load(&answered), most = atomic_load(&most_waiting);
  while (waiting > most && !atomic_compare_exchange_weak(&most_waiting, &most, waiting)) continue;
  if (weir_ask(e->to, WEIR_FOREVER, NULL, ask, .n = 1)) return WEIR_EUSER(1);
  atomic_fetch_add(&answered, 1);
  return WEIR_STOP;
}
WEIR_ACTOR(client, WEIR_ON_START(errand, client_start), .capacity = 1);

static void count_from_zero(void)
{
  atomic_store(&begun, 0);
  atomic_store(&answered, 0);
  atomic_store(&most_waiting, 0);
}

static int begin_clients(weir_ref to, int64_t count)
{
  for (int64_t i = 0; i < count; i++)
    if (!weir_spawn(&client, .config = WEIR_VALUE(errand, .to = to)).bits) return -1;
  return 0;
}

static int await_answered(int64_t count)
{
  while (atomic_load(&answered) < count)
    if (weir_yield()) return -1;
  return 0;
}

/* How often it had to give way until all had their turn: not once for each of them. */
static int give_way_to_all(void *yields)
{
  int64_t clients = count_or(CLIENTS, CLIENTS_SLOW);
  if (begin_clients(weir_spawn(&server), clients)) return -1;
  for (*(int64_t *)yields = 0; atomic_load(&answered) < clients; ++*(int64_t *)yields)
    if (weir_yield()) return -1;
  return 0;
}

/* Nobody else has some of them in hand. */
static bool is_alone(void) { return runtime_options.flavor == WEIR_CURRENT_THREAD || runtime_options.workers == 1; }

static void who_gives_way_lets_go_first_what_was_put_aside(void **state)
{
  (void)state;
  int64_t yields;
  count_from_zero();
  expect_task(give_way_to_all, &yields);
  print_message("gave way %lld times\n", (long long)yields);
  if (is_alone()) assert_true(yields < count_or(CLIENTS, CLIENTS_SLOW));
}

/* The server has begun, and stands between some that have not, and many more. */
static int call_server_among_those_that_begin(void *unused)
{
  (void)unused;
  weir_ref to = weir_spawn(&server);
  int64_t clients = count_or(CLIENTS, CLIENTS_SLOW);
  struct number *n;
  if (weir_ask(to, WEIR_FOREVER, &n, get)) return -1;
  weir_free(n);
  if (begin_clients(to, clients / 8) || weir_send(to, word) || begin_clients(to, clients)) return -1;
  return await_answered(clients + clients / 8);
}

static void who_has_begun_goes_before_most_that_have_not(void **state)
{
  (void)state;
  count_from_zero();
  expect_task(call_server_among_those_that_begin, NULL);
  print_message("%lld had begun before it, at most %lld waited\n", (long long)atomic_load(&begun_before_word),
                (long long)atomic_load(&most_waiting));
  if (!is_alone()) return;
  assert_true(atomic_load(&begun_before_word) <= FEW);
  assert_true(atomic_load(&most_waiting) <= FEW);
}

struct plan {
  weir_ref stuck, other;
  int64_t clients; /* of each */
};
static int begin_both(void *plan)
{
  const struct plan *p = plan;
  int rc = begin_clients(p->stuck, p->clients);
  return rc || begin_clients(p->other, p->clients) || await_answered(p->clients);
}
static int await_both(void *plan) { return await_answered(2 * ((const struct plan *)plan)->clients); }

/* However many stand in line for a place, others begin. */
static void a_line_that_stands_still_holds_up_nobody_else(void **state)
{
  (void)state;
  struct gate g = gate_make();
  int64_t clients = count_or(CLIENTS, CLIENTS_SLOW) / 4;
  weir_ref stuck = weir_spawn(&server, .on = runtime), other = weir_spawn(&server, .on = runtime);
  assert_int_equal(weir_send_value(stuck, WEIR_VALUE(hold, .begun = g.hold.begun, .go = g.hold.go)), WEIR_OK);
  assert_int_equal(gate_begun(&g), WEIR_OK);
  count_from_zero();
  struct plan plan = {stuck, other, clients};
  expect_task(begin_both, &plan);
  assert_true(atomic_load(&answered) >= clients);
  gate_open(&g);
  expect_task(await_both, &plan);
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
      cmocka_unit_test_setup(of_several_batches_as_many_are_taken_as_are_wanted, begin),
      cmocka_unit_test_setup(half_of_what_is_taken_has_begun, begin),
      cmocka_unit_test_setup(each_is_taken_once, begin),
      cmocka_unit_test(nobody_is_left_behind_where_a_loop_is_the_programs),
  };
  const struct CMUnitTest inside[] = {
      ON_RUNTIME(nobody_is_left_behind_for_ever),
      ON_RUNTIME(who_gives_way_lets_go_first_what_was_put_aside),
      ON_RUNTIME(who_has_begun_goes_before_most_that_have_not),
      ON_RUNTIME(a_line_that_stands_still_holds_up_nobody_else),
      ON_RUNTIME(a_tree_is_walked_in_depth),
  };
  int failed = cmocka_run_group_tests(alone, NULL, NULL);
  return failed + run_on_each(inside, sizeof inside / sizeof inside[0]);
}
