/* A live actor gets another configuration: in place, or it is started anew with its mailbox kept (actor/change.h). */
#include "unit/actor_fixture.h"

#include <weir/edge.h>

#include "actor/change.h"

struct setting {
  const char *name;
  int64_t step;
  bool whole; /* only a new start takes it */
  int32_t refused;
};
WEIR_MESSAGE(setting, WEIR_FIELD(name), WEIR_FIELD(step, .reload = WEIR_RELOAD_LIVE),
             WEIR_FIELD(whole, .reload = WEIR_RELOAD_RESTART), WEIR_FIELD(refused, .reload = WEIR_RELOAD_REFUSE));

struct add {
  WEIR_EMPTY;
};
WEIR_MESSAGE(add);
struct dwell {
  int64_t ms;
};
WEIR_MESSAGE(dwell, WEIR_FIELD(ms));
struct sum {
  int64_t value, starts, ends;
  const char *name;
};
WEIR_MESSAGE(sum, WEIR_FIELD(value), WEIR_FIELD(starts), WEIR_FIELD(ends), WEIR_FIELD(name));
struct how_much {
  WEIR_EMPTY;
};
WEIR_REQUEST(how_much, sum);

static _Atomic(int64_t) adder_starts, adder_ends;

struct adder {
  const struct setting *setting;
  int64_t sum;
  int64_t more[4]; /* beside the cell */
};

static int adder_start(struct adder *a, const struct setting *c)
{
  adder_starts++;
  a->setting = c;
  if (c && c->refused == 3) weir_fail(WEIR_EUSER(3), "broken by %d", c->refused);
  return c && c->refused == 2 ? weir_error(WEIR_EUSER(2), "not with %d", c->refused) : WEIR_OK;
}
static int adder_change(struct adder *a, const struct setting *c)
{
  if (c->refused) return weir_error(WEIR_EUSER(1), "not %d", c->refused);
  if (c->whole) return WEIR_RESTART;
  weir_sleep(WEIR_MILLIS(0)); /* it may wait */
  a->setting = c;
  return WEIR_OK;
}
static int adder_add(struct adder *a)
{
  a->sum += a->setting->step;
  return WEIR_OK;
}
static int adder_dwell(struct adder *a, const struct dwell *m)
{
  (void)a;
  return weir_sleep((weir_duration){.ns = m->ms * 1000000});
}
static int adder_tell(struct adder *a, struct sum *reply)
{
  *reply = (struct sum){a->sum, adder_starts, adder_ends, a->setting->name};
  return WEIR_OK;
}
static void adder_end(struct adder *a)
{
  adder_ends++;
  a->sum = -1;
}
WEIR_ACTOR(adder, WEIR_ON_START(setting, adder_start) WEIR_ON_CONFIG(setting, adder_change) WEIR_ON_END(adder_end)
                      WEIR_ON(add, adder_add) WEIR_ON(dwell, adder_dwell) WEIR_ON(how_much, adder_tell));

/* Without a clause for a change. */
struct fixed {
  int64_t step;
};
static int fixed_start(struct fixed *f, const struct setting *c)
{
  adder_starts++;
  f->step = c->step;
  return WEIR_OK;
}
static int fixed_tell(struct fixed *f, struct sum *reply)
{
  *reply = (struct sum){f->step, adder_starts, 0, NULL};
  return WEIR_OK;
}
WEIR_ACTOR(fixed, WEIR_ON_START(setting, fixed_start) WEIR_ON(how_much, fixed_tell));

static int begin(void **state)
{
  adder_starts = adder_ends = 0;
  return runtime_up(state);
}

static void expect_sum(weir_ref ref, int64_t value, const char *name)
{
  struct sum *s = NULL;
  assert_int_equal(weir_ask(ref, WEIR_SECONDS(20), &s, how_much), WEIR_OK);
  assert_int_equal(s->value, value);
  if (name) assert_string_equal(s->name, name);
  weir_free(s);
}

#define CHANGE(ref, ...) weir__reconfigure((ref), WEIR_VALUE(setting, __VA_ARGS__), WEIR_SECONDS(20))

#define RESTART(ref, ...) weir__restart_with((ref), WEIR_VALUE(setting, __VA_ARGS__), WEIR_SECONDS(20))

static void a_change_is_in_force_when_it_was_taken(void **state)
{
  (void)state;
  char name[] = "second";
  weir_ref a = weir_spawn(&adder, .config = WEIR_VALUE(setting, .name = "first", .step = 1));
  assert_int_equal(weir_send(a, add), WEIR_OK);
  assert_int_equal(CHANGE(a, .name = name, .step = 10), WEIR_OK);
  memset(name, 'x', sizeof name - 1); /* ours again */
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 11, "second");
  for (int i = 0; i < 100; i++) assert_int_equal(CHANGE(a, .name = "many", .step = i), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 110, "many");
  assert_int_equal(adder_starts, 1);
}

static void one_that_is_refused_changes_nothing(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder, .config = WEIR_VALUE(setting, .name = "first", .step = 1));
  assert_int_equal(CHANGE(a, .name = "second", .refused = 1), WEIR_EUSER(1));
  assert_string_equal(weir_error_text(), "not 1");
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 1, "first");
}

static void without_a_supervisor_nobody_starts_it_anew(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder, .config = WEIR_VALUE(setting, .name = "first", .step = 1));
  assert_int_equal(CHANGE(a, .name = "second", .whole = true), WEIR_ENOTSUP);
  expect_sum(a, 0, "first");
  weir_ref f = weir_spawn(&fixed, .config = WEIR_VALUE(setting, .step = 5));
  assert_int_equal(CHANGE(f, .step = 6), WEIR_ENOTSUP);
  expect_sum(f, 5, NULL);
}

static void what_fits_nothing_is_refused(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder, .config = WEIR_VALUE(setting, .name = "first", .step = 1));
  assert_int_equal(weir__reconfigure(a, WEIR_VALUE(dwell, .ms = 1), WEIR_SECONDS(20)), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "adder starts with a setting, not with a dwell");
  weir_ref route = weir_spawn(&adder, .instances = 2, .config = WEIR_VALUE(setting, .name = "first"));
  assert_int_equal(CHANGE(route, .step = 1), WEIR_EINVAL);
  assert_int_equal(weir_stop(a), WEIR_OK);
  wait_until_gone(a);
  assert_int_equal(CHANGE(a, .step = 1), WEIR_EDEAD);
}

static void it_waits_its_turn_and_no_longer_than_told(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&adder, .capacity = 2, .config = WEIR_VALUE(setting, .name = "first", .step = 1));
  assert_int_equal(weir_send(a, dwell, .ms = 300), WEIR_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_send(a, add), WEIR_OK);
  int rc = weir__reconfigure(a, WEIR_VALUE(setting, .name = "late", .step = 5), WEIR_MILLIS(1));
  assert_int_equal(rc, WEIR_ETIMEDOUT); /* it was withdrawn */
  assert_int_equal(CHANGE(a, .name = "second", .step = 10), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 12, "second");
}

/* ---- supervised ---- */

static weir_ref tree_of(const weir_actor *type, weir_ref *child)
{
  weir_ref tree =
      weir_supervise(.max_restarts = 1, .within = WEIR_SECONDS(1000),
                     .children = WEIR_CHILDREN({type, .name = "a", .capacity = 8, .restart = WEIR_TRANSIENT,
                                                .config = WEIR_VALUE(setting, .name = "first", .step = 1)}));
  assert_int_equal(weir_count_children(tree, WEIR_SECONDS(20), NULL), WEIR_OK);
  *child = weir_find("a");
  assert_int_equal(weir_ref_error(*child), WEIR_OK);
  return tree;
}

static void a_supervised_one_is_started_anew_with_its_mailbox(void **state)
{
  (void)state;
  weir_ref a, tree = tree_of(&adder, &a);
  for (int i = 0; i < 20; i++) { /* more often than its budget has restarts */
    assert_int_equal(weir_send(a, dwell, .ms = 2), WEIR_OK);
    assert_int_equal(CHANGE(a, .name = "anew", .step = i, .whole = true), WEIR_RESTART);
    for (int k = 0; k < 3; k++) assert_int_equal(weir_send(a, add), WEIR_OK);
    expect_sum(a, 3 * i, "anew");
    assert_int_equal(adder_starts, i + 2);
    assert_int_equal(adder_ends, i + 1);
  }
  assert_true(weir_alive(tree));
}

static void what_was_queued_before_is_handled_after_the_new_start(void **state)
{
  (void)state;
  weir_ref a, tree = tree_of(&adder, &a);
  assert_int_equal(weir_send(a, dwell, .ms = 50), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  assert_int_equal(CHANGE(a, .name = "anew", .step = 7, .whole = true), WEIR_RESTART);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 7, "anew");
  assert_true(weir_alive(tree));
}

static void one_without_a_clause_is_started_anew(void **state)
{
  (void)state;
  weir_ref f, tree = tree_of(&fixed, &f);
  assert_int_equal(CHANGE(f, .step = 6), WEIR_RESTART);
  expect_sum(f, 6, NULL);
  assert_int_equal(adder_starts, 2);
  assert_true(weir_alive(tree));
}

/* It is started anew once more, and neither of these starts counts as a restart. */
static void one_that_can_not_start_with_it_goes_back(void **state)
{
  (void)state;
  weir_ref a, tree = tree_of(&adder, &a);
  for (int i = 0; i < 5; i++) { /* its budget is of one */
    assert_int_equal(weir_send(a, dwell, .ms = 2), WEIR_OK);
    assert_int_equal(RESTART(a, .name = "bad", .refused = 2), WEIR_EUSER(2));
    assert_string_equal(weir_error_text(), "not with 2");
    assert_int_equal(weir_send(a, add), WEIR_OK);
    expect_sum(a, 1, "first");
    assert_int_equal(adder_starts, 2 * i + 3);
    assert_int_equal(adder_ends, 2 * i + 2);
  }
  assert_int_equal(RESTART(a, .name = "worse", .refused = 3), WEIR_EUSER(3)); /* it fails, and does not only say so */
  expect_sum(a, 0, "first");
  assert_int_equal(RESTART(a, .name = "good", .step = 3), WEIR_RESTART);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 3, "good");
  assert_true(weir_alive(tree));
}

/* ---- newer versions ---- */

/* Of one type: a small state, a large one, and a larger one. Each has a block of memory that its end clause frees. */
struct first {
  const struct setting *setting;
  int64_t sum;
  char *block;
};
struct second {
  int64_t sum, spare[8];
  const struct setting *setting;
  char *block;
};
struct third {
  int64_t spare[20], sum;
  const struct setting *setting;
  char *block;
};

enum { GOOD, BAD_START, BAD_TAKE, FAIL_TAKE, COUNT_MOODS };
static _Atomic(int) mood;

#define VERSION(V, NUMBER, CLAUSES)                                                                                    \
  static int V##_start(struct V *v, const struct setting *c)                                                           \
  {                                                                                                                    \
    adder_starts++;                                                                                                    \
    v->setting = c;                                                                                                    \
    v->block = malloc(64);                                                                                             \
    if (mood == BAD_START) return weir_error(WEIR_EUSER(5), "no start");                                               \
    return v->block ? WEIR_OK : WEIR_ENOMEM;                                                                           \
  }                                                                                                                    \
  static int V##_add(struct V *v)                                                                                      \
  {                                                                                                                    \
    v->sum += v->setting->step * NUMBER;                                                                               \
    return WEIR_OK;                                                                                                    \
  }                                                                                                                    \
  static int V##_tell(struct V *v, struct sum *reply)                                                                  \
  {                                                                                                                    \
    *reply = (struct sum){v->sum, adder_starts, adder_ends, v->setting->name};                                         \
    return WEIR_OK;                                                                                                    \
  }                                                                                                                    \
  static void V##_end(struct V *v)                                                                                     \
  {                                                                                                                    \
    adder_ends++;                                                                                                      \
    free(v->block);                                                                                                    \
  }                                                                                                                    \
  WEIR_ACTOR(V,                                                                                                        \
             WEIR_ON_START(setting, V##_start) WEIR_ON_END(V##_end) WEIR_ON(add, V##_add) WEIR_ON(how_much, V##_tell)  \
                 CLAUSES,                                                                                              \
             .version = NUMBER)

#define TAKES_OVER(V, OLD)                                                                                             \
  static int V##_from(struct V *v, struct OLD *old)                                                                    \
  {                                                                                                                    \
    if (mood == BAD_TAKE) return weir_error(WEIR_EUSER(6), "not taken");                                               \
    if (mood == FAIL_TAKE) weir_fail(WEIR_EUSER(7), "failed on the way");                                              \
    free(v->block);                                                                                                    \
    v->block = old->block;                                                                                             \
    old->block = NULL;                                                                                                 \
    v->sum = old->sum;                                                                                                 \
    return WEIR_OK;                                                                                                    \
  }
VERSION(first, 1, );
TAKES_OVER(second, first)
VERSION(second, 2, WEIR_ON_UPGRADE(1, first, second_from));
TAKES_OVER(third, second)
VERSION(third, 3, WEIR_ON_UPGRADE(2, second, third_from));
#define UPGRADE(ref, newer) weir__upgrade((ref), (newer), (weir_value){NULL, NULL}, WEIR_SECONDS(20))
static weir_actor versions[4]; /* by number, all of one name */

static int begin_versions(void **state)
{
  mood = GOOD;
  versions[1] = first, versions[2] = second, versions[3] = third;
  versions[2].name = versions[3].name = first.name;
  return begin(state);
}

static void a_newer_version_takes_over_the_state(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&versions[1], .config = WEIR_VALUE(setting, .name = "it", .step = 1));
  assert_int_equal(weir_send(a, add), WEIR_OK);
  assert_int_equal(UPGRADE(a, &versions[2]), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 3, "it");
  assert_int_equal(UPGRADE(a, &versions[3]), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 6, "it");
  assert_int_equal(UPGRADE(a, &versions[3]), WEIR_OK); /* it is that already */
  assert_int_equal(adder_starts, 3);
  assert_int_equal(adder_ends, 2);
}

static void one_that_does_not_take_over_leaves_all_as_it_was(void **state)
{
  (void)state;
  for (int from = 1; from <= 2; from++) {
    mood = GOOD;
    weir_ref a = weir_spawn(&versions[from], .config = WEIR_VALUE(setting, .name = "it", .step = 1));
    assert_int_equal(weir_send(a, add), WEIR_OK);
    expect_sum(a, from, "it");
    mood = BAD_START;
    assert_int_equal(UPGRADE(a, &versions[from + 1]), WEIR_EUSER(5));
    assert_string_equal(weir_error_text(), "no start");
    mood = BAD_TAKE;
    assert_int_equal(UPGRADE(a, &versions[from + 1]), WEIR_EUSER(6));
    assert_string_equal(weir_error_text(), "not taken");
    assert_int_equal(weir_send(a, add), WEIR_OK);
    expect_sum(a, 2 * from, "it");
    mood = GOOD;
    assert_int_equal(UPGRADE(a, &versions[from + 1]), WEIR_OK);
    expect_sum(a, 2 * from, "it");
  }
}

static void one_that_fails_on_the_way_fails_the_actor(void **state)
{
  (void)state;
  for (int from = 1; from <= 2; from++) {
    adder_ends = 0;
    mood = FAIL_TAKE;
    weir_ref a = weir_spawn(&versions[from], .config = WEIR_VALUE(setting, .name = "it", .step = 1));
    assert_int_equal(UPGRADE(a, &versions[from + 1]), WEIR_EFAILED);
    wait_until_gone(a);
    assert_int_equal(adder_ends, 2); /* of both */
  }
}

static void it_starts_with_what_it_is_given(void **state)
{
  (void)state;
  weir_value config = WEIR_VALUE(setting, .name = "new", .step = 10);
  weir_ref a = weir_spawn(&versions[1], .config = WEIR_VALUE(setting, .name = "old", .step = 1));
  mood = BAD_TAKE;
  assert_int_equal(weir__upgrade(a, &versions[2], config, WEIR_SECONDS(20)), WEIR_EUSER(6));
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 1, "old");
  mood = GOOD;
  assert_int_equal(weir__upgrade(a, &versions[2], config, WEIR_SECONDS(20)), WEIR_OK);
  assert_int_equal(weir_send(a, add), WEIR_OK);
  expect_sum(a, 21, "new");
  assert_int_equal(weir__upgrade(a, &versions[3], WEIR_VALUE(dwell, .ms = 1), WEIR_SECONDS(20)), WEIR_EINVAL);
  expect_sum(a, 21, "new");
}

static void what_does_not_fit_is_refused(void **state)
{
  (void)state;
  weir_ref a = weir_spawn(&versions[1], .config = WEIR_VALUE(setting, .name = "it", .step = 1));
  assert_int_equal(UPGRADE(a, &versions[3]), WEIR_ENOTSUP);
  assert_string_equal(weir_error_text(), "first 3 can't take over from version 1: it has no clause for that");
  assert_int_equal(UPGRADE(a, &second), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "second is no newer version of first");
  weir_actor pinned = versions[2];
  pinned.runs = WEIR_PINNED;
  assert_int_equal(UPGRADE(a, &pinned), WEIR_EINVAL);
  expect_sum(a, 0, "it");
}

/* ---- what a change takes ---- */

struct deep {
  const char *text;
  weir_bytes bytes;
  double number;
  char chars[4];
};
WEIR_MESSAGE(deep, WEIR_FIELD(text), WEIR_FIELD(bytes), WEIR_FIELD(number), WEIR_FIELD(chars));
struct wide {
  struct deep nested;
  const struct deep *optional;
  const struct deep *list;
  size_t count;
  int32_t array[2];
  weir_duration last;
};
WEIR_MESSAGE(wide, WEIR_NESTED(nested, deep), WEIR_OPTIONAL(optional, deep), WEIR_LIST_OF(list, count, deep),
             WEIR_FIELD(array), WEIR_FIELD(last, .reload = WEIR_RELOAD_RESTART));

static void expect_difference(const struct wide *a, const struct wide *b, const char *name, weir_reload reload)
{
  const weir_field *field;
  assert_int_equal(weir__config_difference(weir_message_wide(), a, b, &field), reload);
  if (name)
    assert_string_equal(field->name, name);
  else
    assert_null(field);
}

static void differences_are_found_by_the_table(void **state)
{
  (void)state;
  char text[] = "abc", same[] = "abc";
  struct deep items[2] = {{.text = text}, {.number = 1}}, others[2] = {{.text = same}, {.number = 1}};
  struct wide a = {.nested = {.text = text, .bytes = {text, 3, NULL}, .chars = "x"},
                   .optional = &items[0],
                   .list = items,
                   .count = 2};
  struct wide b = {.nested = {.text = same, .bytes = {same, 3, NULL}, .chars = "x\0y"},
                   .optional = &others[0],
                   .list = others,
                   .count = 2};
  expect_difference(&a, &b, NULL, WEIR_RELOAD_LIVE);
  same[0] = 'x';
  expect_difference(&a, &b, "nested", WEIR_RELOAD_LIVE);
  same[0] = 'a';
  others[1].number = 2;
  expect_difference(&a, &b, "list", WEIR_RELOAD_LIVE);
  b.count = 1;
  expect_difference(&a, &b, "list", WEIR_RELOAD_LIVE);
  b.count = 2, others[1].number = 1, b.optional = NULL;
  expect_difference(&a, &b, "optional", WEIR_RELOAD_LIVE);
  b.optional = &others[0], b.array[1] = 1, b.last.ns = 1;
  expect_difference(&a, &b, "last", WEIR_RELOAD_RESTART);
  struct setting old = {.name = "a"}, changed = {.name = "b", .whole = true, .refused = 3};
  const weir_field *field;
  assert_int_equal(weir__config_difference(weir_message_setting(), &old, &changed, &field), WEIR_RELOAD_REFUSE);
  assert_string_equal(field->name, "refused");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, runtime_down)
#define VERSIONS(f) cmocka_unit_test_setup_teardown(f, begin_versions, runtime_down)
  const struct CMUnitTest tests[] = {
      TEST(a_change_is_in_force_when_it_was_taken),
      TEST(one_that_is_refused_changes_nothing),
      TEST(without_a_supervisor_nobody_starts_it_anew),
      TEST(what_fits_nothing_is_refused),
      TEST(it_waits_its_turn_and_no_longer_than_told),
      TEST(a_supervised_one_is_started_anew_with_its_mailbox),
      TEST(what_was_queued_before_is_handled_after_the_new_start),
      TEST(one_without_a_clause_is_started_anew),
      TEST(one_that_can_not_start_with_it_goes_back),
      VERSIONS(a_newer_version_takes_over_the_state),
      VERSIONS(one_that_does_not_take_over_leaves_all_as_it_was),
      VERSIONS(one_that_fails_on_the_way_fails_the_actor),
      VERSIONS(it_starts_with_what_it_is_given),
      VERSIONS(what_does_not_fit_is_refused),
      cmocka_unit_test(differences_are_found_by_the_table),
  };
  return run_on_each(tests, sizeof tests / sizeof tests[0]);
}
