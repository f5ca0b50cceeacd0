/* Spawning: what it refuses, what its refs carry, and refs of actors that are gone. */
#include "memory.h"
#include "platform/clock.h"
#include "platform/sanitizer.h"
#include "unit/actor_fixture.h"

/* ---- actor types ---- */

struct setting {
  weir_bytes bytes;
};
WEIR_MESSAGE(setting, WEIR_FIELD(bytes));

struct plain {
  int64_t n;
};
static int plain_number(struct plain *p, const struct number *m)
{
  p->n += m->n;
  return WEIR_OK;
}
static int plain_get(struct plain *p, struct number *reply)
{
  reply->n = p->n;
  return WEIR_OK;
}
WEIR_ACTOR(plain, WEIR_ON(number, plain_number) WEIR_ON(get, plain_get));

struct starting {
  WEIR_EMPTY;
};
static int starting_start(struct starting *s, const struct setting *setting)
{
  (void)s, (void)setting;
  return WEIR_OK;
}
WEIR_ACTOR(starting, WEIR_ON_START(setting, starting_start));

/* ---- refused ---- */

static void expect_error(weir_ref ref, int code, const char *text)
{
  assert_int_equal(weir_ref_error(ref), code);
  assert_non_null(strstr(weir_error_text(), text));
  assert_false(weir_alive(ref));
  assert_int_equal(weir_send(ref, number), code);
  assert_int_equal(weir_try_send(ref, number), code);
  assert_int_equal(weir_send_within(ref, WEIR_MILLIS(1), number), code);
  assert_int_equal(weir_ask(ref, WEIR_SECONDS(1), NULL, get), code);
  assert_int_equal(weir_stop(ref), code);
  assert_int_equal(weir_drain(ref), code);
  assert_int_equal(weir_send_after(ref, WEIR_MILLIS(1), number).error, code);
}

static void a_capacity_out_of_bounds_is_refused(void **state)
{
  (void)state;
  expect_error(weir_spawn(&plain, .capacity = ((size_t)1 << 24) + 1), WEIR_ERANGE, "capacity");
  assert_int_equal(weir_ref_error(weir_spawn(&plain, .capacity = (size_t)1 << 24)), WEIR_OK);
}

static void a_configuration_that_its_type_does_not_take_is_refused(void **state)
{
  (void)state;
  expect_error(weir_spawn(&plain, .config = WEIR_VALUE(number, .n = 1)), WEIR_EINVAL, "no start clause");
  expect_error(weir_spawn(&starting, .config = WEIR_VALUE(number, .n = 1)), WEIR_EINVAL, "not with a number");
  expect_error(weir_spawn(&starting, .config = WEIR_VALUE(setting, .bytes = {NULL, 1, NULL})), WEIR_EINVAL, "no data");
}

static void no_type_is_refused(void **state)
{
  (void)state;
  static const weir_actor nothing;
  expect_error(weir__spawn(NULL, NULL), WEIR_EINVAL, "type");
  expect_error(weir__spawn(&nothing, NULL), WEIR_EINVAL, "type");
}

static void a_name_that_is_taken_is_refused(void **state)
{
  (void)state;
  weir_ref first = weir_spawn(&plain, .name = "one");
  expect_error(weir_spawn(&plain, .name = "one"), WEIR_EEXIST, "\"one\"");
  assert_int_equal(get_from(first), 0);
}

static void without_a_runtime_nothing_is_spawned(void **state)
{
  (void)state;
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  expect_error(weir_spawn(&plain), WEIR_EINVAL, "runtime");
}

/* An actor that spawns another in its end clause. */
static int spawned_at_the_end;
struct heir {
  WEIR_EMPTY;
};
static int heir_get(struct heir *h)
{
  (void)h;
  return WEIR_OK;
}
static void heir_end(struct heir *h)
{
  (void)h;
  spawned_at_the_end = weir_ref_error(weir_spawn(&plain));
}
WEIR_ACTOR(heir, WEIR_ON(get, heir_get) WEIR_ON_END(heir_end));

static void a_runtime_that_stops_refuses_new_actors(void **state)
{
  (void)state;
  spawned_at_the_end = 1;
  weir_spawn(&heir);
  assert_int_equal(runtime_stopped(WEIR_MILLIS(0)), WEIR_OK);
  assert_int_equal(spawned_at_the_end, WEIR_EDEAD);
}

static void actors_live_on_the_runtime_that_is_named(void **state)
{
  (void)state;
  weir_runtime *other;
  if (on_current_thread()) skip(); /* its thread runs one runtime, and no other */
  assert_int_equal(weir_runtime_start(&(weir_runtime_options){.workers = 1}, &other), WEIR_OK);
  weir_ref here = weir_spawn(&plain), there = weir_spawn(&plain, .on = other);
  weir_send(there, number, .n = 3);
  assert_int_equal(get_from(there), 3);
  assert_int_equal(weir_runtime_stop(other, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_send(there, number), WEIR_EDEAD);
  assert_int_equal(get_from(here), 0);
}

/* ---- refs of those that are gone (C1) ---- */

static void expect_dead(weir_ref ref)
{
  assert_int_equal(weir_ref_error(ref), WEIR_OK); /* it did name an actor */
  assert_false(weir_alive(ref));
  assert_int_equal(weir_send(ref, number), WEIR_EDEAD);
  assert_int_equal(weir_try_send(ref, number), WEIR_EDEAD);
  assert_int_equal(weir_send_within(ref, WEIR_MILLIS(1), number), WEIR_EDEAD);
  assert_int_equal(weir_ask(ref, WEIR_SECONDS(1), NULL, get), WEIR_EDEAD);
  assert_int_equal(weir_stop(ref), WEIR_EDEAD);
  assert_int_equal(weir_drain(ref), WEIR_EDEAD);
  assert_int_equal(weir_send_after(ref, WEIR_MILLIS(1), number).error, WEIR_EDEAD);
}

static void a_ref_whose_slot_was_taken_again_reaches_nobody(void **state)
{
  (void)state;
  enum { MOST = 20000 };
  weir_ref first = weir_spawn(&plain), last = first;
  for (int i = 0; i < MOST; i++) {
    weir_stop(last);
    wait_until_gone(last);
    last = weir_spawn(&plain);
    if ((uint32_t)last.bits == (uint32_t)first.bits) break;
  }
  assert_int_equal((uint32_t)last.bits, (uint32_t)first.bits);
  assert_true(last.bits != first.bits);
  expect_dead(first);
  assert_int_equal(get_from(last), 0);
  assert_true(weir_alive(last));
}

static void a_zeroed_ref_and_one_that_never_was_reach_nobody(void **state)
{
  (void)state;
  weir_ref zero = {0}, wild = {(uint64_t)77 << 32 | 4000000}, beyond = {(uint64_t)1 << 32 | UINT32_MAX};
  assert_int_not_equal(weir_send(zero, number), WEIR_OK);
  assert_int_not_equal(weir_ask(zero, WEIR_MILLIS(1), NULL, get), WEIR_OK);
  assert_int_not_equal(weir_stop(zero), WEIR_OK);
  expect_dead(wild);
  expect_dead(beyond);
}

/* ---- slots that change hands under those who send ---- */

struct addressed {
  weir_ref to;
};
WEIR_MESSAGE(addressed, WEIR_FIELD(to));

static _Atomic(uint64_t) address;        /* whom to write to */
static _Atomic(int) strays, rounds_over; /* strays: got by somebody else */

struct resident {
  WEIR_EMPTY;
};
static int resident_addressed(struct resident *r, const struct addressed *m)
{
  (void)r;
  if (m->to.bits != weir_self().bits) atomic_fetch_add(&strays, 1);
  return WEIR_OK;
}
WEIR_ACTOR(resident, WEIR_ON(addressed, resident_addressed), .capacity = 4);

static int write_letters(void *unused)
{
  (void)unused;
  while (!atomic_load(&rounds_over)) {
    weir_ref to = {atomic_load(&address)};
    int rc = weir_send(to, addressed, .to = to);
    if (rc && rc != WEIR_EDEAD) return rc;
    if (rc) weir_yield();
  }
  return WEIR_OK;
}

static void no_message_reaches_a_successor_in_its_slot(void **state)
{
  (void)state;
  weir_task *writers[3];
  atomic_store(&strays, 0);
  atomic_store(&rounds_over, 0);
  weir_ref r = weir_spawn(&resident);
  atomic_store(&address, r.bits);
  for (int i = 0; i < 3; i++) assert_non_null(writers[i] = weir_task_start(NULL, write_letters, NULL));
  for (int64_t i = 0; i < count_or(500, 100); i++) {
    weir_stop(r);
    r = weir_spawn(&resident);
    atomic_store(&address, r.bits);
    weir_sleep(WEIR_MILLIS(0));
  }
  atomic_store(&rounds_over, 1);
  for (int i = 0; i < 3; i++) {
    int rc;
    assert_int_equal(weir_task_join(writers[i], WEIR_SECONDS(20), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_OK);
  }
  assert_int_equal(atomic_load(&strays), 0);
}

/* ---- one that ends by itself, and leaves nothing: its cell is free at once ---- */

struct mayfly {
  WEIR_EMPTY;
};
static int mayfly_addressed(struct mayfly *f, const struct addressed *m)
{
  (void)f;
  if (m->to.bits != weir_self().bits) atomic_fetch_add(&strays, 1);
  return WEIR_STOP;
}
WEIR_ACTOR(mayfly, WEIR_ON(addressed, mayfly_addressed), .capacity = 2);

static void no_message_reaches_a_successor_of_one_that_ended_by_itself(void **state)
{
  (void)state;
  weir_task *writers[3];
  atomic_store(&strays, 0);
  atomic_store(&rounds_over, 0);
  weir_ref f = weir_spawn(&mayfly);
  atomic_store(&address, f.bits);
  for (int i = 0; i < 3; i++) assert_non_null(writers[i] = weir_task_start(NULL, write_letters, NULL));
  for (int64_t i = 0; i < count_or(2000, 100); i++) {
    while (weir_alive(f)) weir_sleep(WEIR_MILLIS(0));
    f = weir_spawn(&mayfly);
    atomic_store(&address, f.bits);
  }
  while (weir_alive(f)) weir_sleep(WEIR_MILLIS(0));
  atomic_store(&rounds_over, 1);
  for (int i = 0; i < 3; i++) {
    int rc;
    assert_int_equal(weir_task_join(writers[i], WEIR_SECONDS(20), &rc), WEIR_OK);
    assert_int_equal(rc, WEIR_OK);
  }
  assert_int_equal(atomic_load(&strays), 0);
}

/* ---- a crowd ---- */

static _Atomic(int64_t) waiting, gone;
struct idler {
  WEIR_EMPTY;
};
static int idler_start(struct idler *i)
{
  (void)i;
  atomic_fetch_add(&waiting, 1);
  return WEIR_OK;
}
static int idler_go(struct idler *i)
{
  (void)i;
  atomic_fetch_add(&gone, 1);
  return WEIR_STOP;
}
WEIR_ACTOR(idler, WEIR_ON_START(weir_none, idler_start) WEIR_ON(signal, idler_go), .capacity = 1);

static void until(_Atomic(int64_t) *count, int64_t n)
{
  int64_t end = weir__now_ns() + 20000000000;
  while (atomic_load(count) < n && weir__now_ns() < end) weir_sleep(WEIR_MILLIS(1));
  assert_int_equal(atomic_load(count), n);
}

/* C6, C3: 256 bytes each at most; and within a second nearly all of it is the system's again. */
static void a_crowd_takes_little_memory_and_gives_it_back(void **state)
{
  (void)state;
  enum { MANY = 200000, SMALL_CHANGE = 4 << 20 };
  static weir_ref refs[MANY];
  if (WEIR__ASAN || WEIR__TSAN || getenv("WEIR_TEST_SLOW")) skip(); /* they keep books of memory themselves */
  memset(refs, 0xff, sizeof refs);
  atomic_store(&waiting, 0);
  atomic_store(&gone, 0);
  long before = resident_bytes();
  for (int i = 0; i < MANY; i++) refs[i] = weir_spawn(&idler);
  until(&waiting, MANY);
  long crowded = resident_bytes() - before;
  assert_true(crowded <= (long)MANY * 256);
  for (int i = 0; i < MANY; i++) assert_int_equal(weir_send(refs[i], signal), WEIR_OK);
  until(&gone, MANY);
  int64_t end = weir__now_ns() + 1000000000;
  while (resident_bytes() - before > SMALL_CHANGE && weir__now_ns() < end) weir_sleep(WEIR_MILLIS(10));
  assert_true(resident_bytes() - before <= SMALL_CHANGE);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_capacity_out_of_bounds_is_refused),
      ON_RUNTIME(a_configuration_that_its_type_does_not_take_is_refused),
      ON_RUNTIME(no_type_is_refused),
      ON_RUNTIME(a_name_that_is_taken_is_refused),
      ON_RUNTIME(without_a_runtime_nothing_is_spawned),
      ON_RUNTIME(a_runtime_that_stops_refuses_new_actors),
      ON_RUNTIME(actors_live_on_the_runtime_that_is_named),
      ON_RUNTIME(a_ref_whose_slot_was_taken_again_reaches_nobody),
      ON_RUNTIME(a_zeroed_ref_and_one_that_never_was_reach_nobody),
      ON_RUNTIME(no_message_reaches_a_successor_in_its_slot),
      ON_RUNTIME(no_message_reaches_a_successor_of_one_that_ended_by_itself),
      ON_RUNTIME(a_crowd_takes_little_memory_and_gives_it_back),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
