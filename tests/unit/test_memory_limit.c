/* What an actor may hold, and what becomes of one that holds more. */
#include "unit/supervisor_fixture.h"

enum { LIMIT = 16 << 10 };

struct take {
  int64_t bytes;
};
WEIR_REQUEST(take, number, WEIR_FIELD(bytes));
struct load {
  int64_t n;
  char text[200];
};
WEIR_MESSAGE(load, WEIR_FIELD(n), WEIR_FIELD(text));

static _Atomic(int) ends, calls;

struct hoarder {
  int64_t kept;
  struct load *last;
};
static int hoarder_start(struct hoarder *h, const struct number *at_start)
{
  (void)h;
  return !at_start || weir_alloc((size_t)at_start->n) ? WEIR_OK : WEIR_ENOMEM;
}
static int hoarder_take(struct hoarder *h, const struct take *m, struct number *reply)
{
  (void)h;
  if (!weir_alloc((size_t)m->bytes)) return weir_error(WEIR_EUSER(6), "it returned");
  reply->n = m->bytes;
  return WEIR_OK;
}
static int hoarder_load(struct hoarder *h, const struct load *m)
{
  h->last = weir_keep(load, m);
  h->kept++;
  return WEIR_OK;
}
static int hoarder_get(struct hoarder *h, struct number *reply)
{
  reply->n = h->kept;
  return WEIR_OK;
}
static void count_call(void *unused)
{
  (void)unused;
  atomic_fetch_add(&calls, 1);
}
static int hoarder_defer(struct hoarder *h, const struct number *m)
{
  (void)h;
  for (int64_t i = 0; i < m->n; i++)
    if (weir_defer(count_call, NULL)) return WEIR_EUSER(7);
  return WEIR_OK;
}
static void hoarder_end(struct hoarder *h)
{
  (void)h;
  atomic_fetch_add(&ends, 1);
  if (weir_alloc(1)) return;
}
WEIR_ACTOR(hoarder, WEIR_ON_START(number, hoarder_start) WEIR_ON(take, hoarder_take) WEIR_ON(load, hoarder_load)
                        WEIR_ON(get, hoarder_get) WEIR_ON(number, hoarder_defer) WEIR_ON_END(hoarder_end));

static int hoard_up(void **state)
{
  atomic_store(&ends, 0);
  atomic_store(&calls, 0);
  return family_up(state);
}
#define WITH_HOARD(test) cmocka_unit_test_setup_teardown(test, hoard_up, runtime_down)

static int take_from(weir_ref h, int64_t bytes) { return weir_ask(h, WEIR_SECONDS(20), NULL, take, .bytes = bytes); }

static void who_allocates_more_than_it_may_fails_there(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&hoarder, .name = "h", .memory = LIMIT);
  for (int i = 0; i < 4; i++) assert_int_equal(take_from(h, LIMIT / 4), WEIR_OK); /* just so much */
  assert_int_equal(take_from(h, 1), WEIR_EFAILED);
  assert_string_equal(weir_error_text(), "h failed: h: 16400 bytes are more than the 16384 that it may hold");
  wait_until_gone(h);
  assert_int_equal(atomic_load(&ends), 1);
  h = weir_spawn(&hoarder, .memory = LIMIT);
  assert_int_equal(take_from(h, INT64_MAX), WEIR_EFAILED); /* no such block was tried to be had */
}

static void without_a_limit_there_is_none(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&hoarder);
  assert_int_equal(take_from(h, 100 * LIMIT), WEIR_OK);
}

static void deferred_calls_count_and_are_made(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&hoarder, .memory = LIMIT);
  assert_int_equal(weir_ask(h, WEIR_SECONDS(20), NULL, number, .n = LIMIT), WEIR_EFAILED);
  wait_until_gone(h);
  assert_int_equal(atomic_load(&calls), LIMIT / 32); /* 24 bytes, rounded up */
}

static void messages_that_it_keeps_count(void **state)
{
  (void)state;
  const int64_t each = 64 + 200, fit = LIMIT / each;
  weir_ref h = weir_spawn(&hoarder, .memory = LIMIT);
  int64_t kept = 0;
  int rc;
  while ((rc = weir_ask(h, WEIR_SECONDS(20), NULL, load, .n = kept)) == WEIR_OK) kept++;
  assert_true(rc == WEIR_EDEAD || rc == WEIR_EFAILED); /* the last one was handled, and this one was not begun */
  assert_in_range(kept, fit / 2, fit + fit / 4 + 2);
}

static void who_frees_them_may_have_others(void **state)
{
  (void)state;
  weir_ref h = weir_spawn(&kid, .memory = LIMIT); /* it keeps nothing */
  for (int i = 0; i < 1000; i++) assert_int_equal(weir_send(h, number, .n = 1), WEIR_OK);
  assert_int_equal(get_from(h), 1000);
}

static void a_start_that_takes_too_much_fails(void **state)
{
  (void)state;
  weir_ref tree =
      weir_supervise(.on_event = on_event,
                     .children = WEIR_CHILDREN(
                         {&hoarder, .name = "h", .config = WEIR_VALUE(number, .n = LIMIT + 1), .memory = LIMIT}));
  int rc = started(tree);
  assert_true(rc == WEIR_EFAILED || rc == WEIR_EDEAD); /* it may be gone before it is asked */
  if (rc == WEIR_EFAILED) assert_non_null(strstr(weir_error_text(), "may hold"));
}

static void a_child_that_is_restarted_holds_nothing_yet(void **state)
{
  (void)state;
  weir_ref tree = weir_supervise(.max_restarts = 100, .on_event = on_event,
                                 .children = WEIR_CHILDREN({&hoarder, .name = "h", .retries = 1, .memory = LIMIT}));
  assert_int_equal(started(tree), WEIR_OK);
  weir_ref h = weir_find("h");
  for (int i = 0; i < 3; i++) {
    assert_int_equal(take_from(h, LIMIT), WEIR_OK);
    assert_int_equal(take_from(h, LIMIT), WEIR_OK); /* it fails, and the new one handles it */
  }
  assert_int_equal(atomic_load(&told.failed), 5);
  weir_ref dynamic = weir_supervise(.strategy = WEIR_DYNAMIC, .on_event = on_event,
                                    .children = WEIR_CHILDREN({&hoarder, .memory = LIMIT}));
  weir_ref one;
  assert_int_equal(weir_start_child(dynamic, WEIR_SECONDS(20), &one, .memory = 16), WEIR_OK);
  assert_int_equal(take_from(one, 17), WEIR_EFAILED);
}

int main(void)
{
  const struct CMUnitTest tests[] = {WITH_HOARD(who_allocates_more_than_it_may_fails_there),
                                     WITH_HOARD(without_a_limit_there_is_none),
                                     WITH_HOARD(deferred_calls_count_and_are_made),
                                     WITH_HOARD(messages_that_it_keeps_count),
                                     WITH_HOARD(who_frees_them_may_have_others),
                                     WITH_HOARD(a_start_that_takes_too_much_fails),
                                     WITH_HOARD(a_child_that_is_restarted_holds_nothing_yet)};
  return RUN_ON_EACH_RUNTIME(tests);
}
