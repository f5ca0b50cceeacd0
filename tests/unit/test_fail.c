/* weir_fail(): the handler ends where it stands, its message is given up, the end clause runs, and nothing that the
 * actor held is left. */
#include "unit/actor_fixture.h"

enum { BROKEN = WEIR_EUSER(3) };

struct fall {
  int32_t depth;  /* of calls */
  bool suspended; /* fail after a suspension */
  weir_ref from;  /* asked meanwhile */
};
WEIR_REQUEST(fall, number, WEIR_FIELD(depth), WEIR_FIELD(suspended), WEIR_FIELD(from));
struct watch {
  uint64_t ended;
  bool fails_at_start, fails_at_end;
};
WEIR_MESSAGE(watch, WEIR_FIELD(ended), WEIR_FIELD(fails_at_start), WEIR_FIELD(fails_at_end));
struct parcel {
  const char *text;
};
WEIR_MESSAGE(parcel, WEIR_FIELD(text));

static _Atomic(int) ends;

struct fragile {
  const struct watch *watch;
  struct parcel *held[3];
  int64_t count;
};

static int fall_down(struct fragile *f, const struct fall *m, int32_t depth)
{
  volatile char room[256] = {0};
  if (depth) return fall_down(f, m, depth - 1) + room[0];
  if (m->suspended) {
    weir_sleep(WEIR_MILLIS(1));
    if (weir_ask(m->from, WEIR_SECONDS(20), NULL, get)) return WEIR_OK;
  }
  weir_fail(BROKEN, "broken at depth %d", (int)m->depth);
}

static int fragile_start(struct fragile *f, const struct watch *w)
{
  f->watch = w;
  if (w && w->fails_at_start) weir_fail(BROKEN, "broken at the start");
  return WEIR_OK;
}
static int fragile_fall(struct fragile *f, const struct fall *m, struct number *reply)
{
  weir_format("a text that is freed %d", 1);
  reply->n = 1;
  return fall_down(f, m, m->depth);
}
static int fragile_parcel(struct fragile *f, const struct parcel *m)
{
  struct parcel *mine = weir_keep(parcel, m);
  f->held[f->count++ % 3] = mine;
  if (f->count == 3) weir_fail(BROKEN, "too many parcels");
  return WEIR_OK;
}
static int fragile_get(struct fragile *f, struct number *reply)
{
  reply->n = f->count;
  return WEIR_OK;
}
static int fragile_hold(struct fragile *f, const struct hold *h)
{
  (void)f;
  return gate_stand(h);
}
static void fragile_end(struct fragile *f)
{
  atomic_fetch_add(&ends, 1);
  if (!f->watch) return;
  news_tell(f->watch->ended, f->count);
  if (f->watch->fails_at_end) weir_fail(BROKEN, "broken at the end");
}
WEIR_ACTOR(fragile, WEIR_ON_START(watch, fragile_start) WEIR_ON(fall, fragile_fall) WEIR_ON(parcel, fragile_parcel)
                        WEIR_ON(get, fragile_get) WEIR_ON(hold, fragile_hold) WEIR_ON_END(fragile_end));

static weir_ref spawn_watched(weir_future *ended, bool fails_at_start, bool fails_at_end)
{
  weir_promise promise;
  assert_int_equal(weir_oneshot(&promise, ended), WEIR_OK);
  atomic_store(&ends, 0);
  return weir_spawn(&fragile, .config = WEIR_VALUE(watch, .ended = promise.bits, .fails_at_start = fails_at_start,
                                                   .fails_at_end = fails_at_end));
}

static void expect_fall(struct fall fall, const char *text)
{
  weir_future ended;
  struct number *n;
  weir_ref f = spawn_watched(&ended, false, false);
  assert_int_equal(weir_ask_value(f, WEIR_SECONDS(20), &n, WEIR_AT(fall, &fall)), WEIR_EFAILED);
  assert_null(n);
  assert_non_null(strstr(weir_error_text(), text));
  assert_int_equal(news_wait(ended), 0);
  wait_until_gone(f);
  assert_int_equal(atomic_load(&ends), 1);
}

static void a_handler_fails_from_any_depth(void **state)
{
  (void)state;
  for (int32_t depth = 0; depth <= 100; depth += 50) {
    char text[64];
    snprintf(text, sizeof text, "broken at depth %d", depth);
    expect_fall((struct fall){.depth = depth}, text);
  }
}

static void a_handler_fails_after_a_suspension(void **state)
{
  (void)state;
  weir_ref other = weir_spawn(&fragile);
  for (int i = 0; i < 20; i++)
    expect_fall((struct fall){.depth = 10, .suspended = true, .from = other}, "broken at depth 10");
}

static void what_is_queued_behind_a_failure_is_a_dead_letter(void **state)
{
  (void)state;
  weir_accounts before, after;
  struct gate g;
  weir_future ended;
  weir_ref f = spawn_watched(&ended, false, false);
  gate_enter(&g, f);
  weir_accounts_read(&before);
  weir_send(f, fall);
  for (int i = 0; i < 5; i++) weir_send(f, parcel, .text = "x");
  gate_open(&g);
  assert_int_equal(news_wait(ended), 0);
  wait_until_gone(f);
  weir_accounts_read(&after);
  assert_int_equal(after.dead - before.dead, 6);
}

static void what_a_failed_actor_held_is_freed(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref f = spawn_watched(&ended, false, false);
  for (int i = 0; i < 3; i++) weir_send(f, parcel, .text = "kept until the end");
  assert_int_equal(news_wait(ended), 3);
  wait_until_gone(f); /* the sanitizers and valgrind see what is left */
}

static void a_failure_in_the_start_is_a_failed_start(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref f = spawn_watched(&ended, true, false);
  int rc = weir_ask(f, WEIR_SECONDS(20), NULL, get);
  assert_true(rc == WEIR_EFAILED || rc == WEIR_EDEAD); /* queued before the start, or after it */
  if (rc == WEIR_EFAILED) assert_non_null(strstr(weir_error_text(), "broken at the start"));
  assert_int_equal(news_wait(ended), 0);
  assert_int_equal(atomic_load(&ends), 1);
}

static void a_failure_in_the_end_clause_ends_it(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref f = spawn_watched(&ended, false, true);
  assert_int_equal(get_from(f), 0);
  weir_stop(f);
  assert_int_equal(news_wait(ended), 0);
  wait_until_gone(f);
  assert_int_equal(weir_send(f, number), WEIR_EDEAD);
  assert_int_equal(atomic_load(&ends), 1);
}

static void a_failure_and_then_another_in_the_end_clause_is_one_end(void **state)
{
  (void)state;
  weir_future ended;
  weir_ref f = spawn_watched(&ended, false, true);
  assert_int_equal(weir_ask(f, WEIR_SECONDS(20), NULL, fall), WEIR_EFAILED);
  assert_int_equal(news_wait(ended), 0);
  wait_until_gone(f);
  assert_int_equal(atomic_load(&ends), 1);
}

/* ---- in a task ---- */

static int fail_at(int32_t depth)
{
  if (depth < 0) return depth;
  if (depth == 0) weir_fail(BROKEN, "broken in a task");
  return fail_at(depth - 1) + 1;
}
static int fail_in_a_task(int32_t *depth)
{
  int rc = weir_sleep(WEIR_MILLIS(1));
  return rc ? rc : fail_at(*depth);
}

static void a_task_that_fails_ends_with_the_code(void **state)
{
  (void)state;
  int32_t depth = 5;
  int rc;
  weir_task *task = weir_task_start(NULL, fail_in_a_task, &depth);
  assert_non_null(task);
  assert_int_equal(weir_task_join(task, WEIR_SECONDS(20), &rc), WEIR_OK);
  assert_int_equal(rc, BROKEN);
}

/* ---- many ---- */

static void failures_leave_nothing(void **state)
{
  (void)state;
  weir_ref other = weir_spawn(&fragile);
  for (int64_t i = 0; i < count_or(3000, 200); i++) {
    weir_ref f = weir_spawn(&fragile);
    weir_send(f, parcel, .text = "kept");
    weir_send(f, fall, .depth = 3, .suspended = i % 10 == 0, .from = other);
    weir_send(f, parcel, .text = "dead");
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      ON_RUNTIME(a_handler_fails_from_any_depth),
      ON_RUNTIME(a_handler_fails_after_a_suspension),
      ON_RUNTIME(what_is_queued_behind_a_failure_is_a_dead_letter),
      ON_RUNTIME(what_a_failed_actor_held_is_freed),
      ON_RUNTIME(a_failure_in_the_start_is_a_failed_start),
      ON_RUNTIME(a_failure_in_the_end_clause_ends_it),
      ON_RUNTIME(a_failure_and_then_another_in_the_end_clause_is_one_end),
      ON_RUNTIME(a_task_that_fails_ends_with_the_code),
      ON_RUNTIME(failures_leave_nothing),
  };
  return RUN_ON_EACH_RUNTIME(tests);
}
