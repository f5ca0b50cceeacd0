/* Families of actors that end by themselves at once, while others send to them, stop them, or end above them, on
 * several runtimes' lives. What must hold: nobody gets a message that was for another one, all end when the runtime
 * stops, each message has one end, and the runtime counts what lives in it right (else its stop would hang, or come too
 * early). */
#include "chance.h"
#include "unit/actor_fixture.h"

enum { SLOTS = 32, ROOTS = 8 };

static _Atomic(uint64_t) directory[SLOTS];
static _Atomic(int) wrong;
static _Atomic(int64_t) spawns_left;

struct for_one {
  weir_ref to;
};
WEIR_MESSAGE(for_one, WEIR_FIELD(to));
struct depth {
  int64_t n;
};
WEIR_MESSAGE(depth, WEIR_FIELD(n));

static void send_to_anybody(void)
{
  weir_ref to = {atomic_load(&directory[draw() % SLOTS])};
  int rc = draw() % 4 ? weir_try_send(to, for_one, .to = to) : weir_send(to, for_one, .to = to);
  if (rc && rc != WEIR_EDEAD && rc != WEIR_EFULL && rc != WEIR_ECANCELED && rc != WEIR_EDEADLOCK)
    atomic_fetch_add(&wrong, 1);
  if (draw() % 16 == 0) weir_stop((weir_ref){atomic_load(&directory[draw() % SLOTS])});
}

/* Its state lies in the cell, and it has a configuration; the other is larger, and has none. Neither has an end
 * clause. */
struct small {
  int64_t handled;
};
struct large {
  int64_t handled;
  char more[200];
};
static void grow(int64_t depth);
static int take(const struct for_one *m)
{
  if (m->to.bits != weir_self().bits) atomic_fetch_add(&wrong, 1);
  if (draw() % 4 == 0) grow(1);
  return draw() % 2 ? WEIR_STOP : WEIR_OK;
}
static int small_start(struct small *s, const struct depth *d)
{
  if (s->handled) atomic_fetch_add(&wrong, 1);
  if (d) grow(d->n - 1);
  return draw() % 4 == 0 ? WEIR_STOP : WEIR_OK;
}
static int small_take(struct small *s, const struct for_one *m)
{
  s->handled++;
  return take(m);
}
WEIR_ACTOR(small, WEIR_ON_START(depth, small_start) WEIR_ON(for_one, small_take), .capacity = 2);
static int large_take(struct large *l, const struct for_one *m)
{
  if (l->more[l->handled % 200]) atomic_fetch_add(&wrong, 1);
  l->more[l->handled++ % 200] = 1;
  return take(m);
}
WEIR_ACTOR(large, WEIR_ON(for_one, large_take), .capacity = 1);

static void spawn_child(int64_t depth)
{
  weir_ref child = draw() % 2 ? weir_spawn(&large) : weir_spawn(&small, .config = WEIR_VALUE(depth, .n = depth));
  int rc = weir_ref_error(child);
  if (rc && rc != WEIR_EDEAD) atomic_fetch_add(&wrong, 1);
  if (rc) return;
  atomic_store(&directory[draw() % SLOTS], child.bits);
  rc = weir_try_send(child, for_one, .to = child); /* it may have been stopped, and others may write to it */
  if (rc && rc != WEIR_EDEAD && rc != WEIR_EFULL) atomic_fetch_add(&wrong, 1);
}

static void grow(int64_t depth)
{
  for (uint64_t n = depth > 0 ? draw() % 5 : 0; n && atomic_fetch_sub(&spawns_left, 1) > 0; n--) {
    spawn_child(depth);
    send_to_anybody();
  }
}

/* Begins families, and goes on when they have ended. */
static int plant(void *unused)
{
  (void)unused;
  while (atomic_load(&spawns_left) > 0 && !weir_cancelled()) {
    weir_ref root = weir_spawn(&small, .config = WEIR_VALUE(depth, .n = 5));
    if (weir_ref_error(root)) break;
    send_to_anybody();
    weir_yield();
    if (draw() % 2) weir_stop(root);
  }
  return WEIR_OK;
}

static void begin(int64_t spawns)
{
  chance_begin();
  atomic_store(&wrong, 0);
  atomic_store(&spawns_left, spawns);
  weir_ref first = weir_spawn(&large);
  for (int i = 0; i < SLOTS; i++) atomic_store(&directory[i], first.bits);
}

static void families_end_whoever_ends_first(void **state)
{
  (void)state;
  weir_task *tasks[ROOTS];
  begin(count_or(40000, 2000));
  for (int i = 0; i < ROOTS; i++) assert_non_null(tasks[i] = weir_task_start(NULL, plant, NULL));
  for (int i = 0; i < ROOTS; i++) assert_int_equal(weir_task_join(tasks[i], WEIR_SECONDS(60), NULL), WEIR_OK);
  assert_int_equal(runtime_stopped(WEIR_SECONDS(60)), WEIR_OK);
  assert_int_equal(atomic_load(&wrong), 0);
}

/* The runtime is stopped when nothing waits for it, again and again. */
static void a_stop_in_the_midst_of_births_and_deaths_waits_for_all(void **state)
{
  (void)state;
  for (int64_t round = 0; round < count_or(40, 8); round++) {
    begin(INT64_MAX);
    for (int i = 0; i < ROOTS; i++) weir_task_detach(weir_task_start(NULL, plant, NULL));
    weir_sleep((weir_duration){(int64_t)(draw() % 3000000)});
    assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
    assert_int_equal(accounts_are_even(), 0);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(runtime_up(NULL), 0);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(families_end_whoever_ends_first),
      ON_RUNTIME(a_stop_in_the_midst_of_births_and_deaths_waits_for_all),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
