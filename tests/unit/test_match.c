/* Records as texts, leaf by leaf (topology/leaves.h), and what differs between those that were expected and those that came
 * (topology/match.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <weir/message.h>
#include <weir/records.h>

#include "chance.h"
#include "topology/leaves.h"
#include "topology/match.h"

struct place {
  const char *country;
  double height;
};
WEIR_MESSAGE(place, WEIR_FIELD(country), WEIR_FIELD(height, .def = "0"));
struct visit {
  const char *who;
  struct place where;
  const char *key;
  weir_duration took;
  const char *const *tags;
  size_t tag_count;
  const struct place *next;
};
WEIR_MESSAGE(visit, WEIR_FIELD(who), WEIR_NESTED(where, place), WEIR_FIELD(key, .secret = true), WEIR_FIELD(took),
             WEIR_LIST(tags, tag_count), WEIR_OPTIONAL(next, place));

static struct weir__arena arena;

static int let_go(void **state)
{
  (void)state;
  weir__arena_free(&arena);
  arena = (struct weir__arena){0};
  return 0;
}

/* What is expected as a document has it, read; what is wrong with it is in the report. */
static const char *const *expected(const weir_message *type, const char *json, struct weir__report *report)
{
  struct weir__document document;
  assert_int_equal(weir__document_open(&document, "t", json, strlen(json), report), WEIR_OK);
  const char *const *texts = weir__leaves_read(weir__leaves_of(type, &arena), &document, 0, &arena);
  weir__document_close(&document);
  assert_non_null(texts);
  return texts;
}

static const char *shown(const weir_message *type, const char *const *texts)
{
  struct weir__draft draft = {0};
  weir__leaves_show(weir__leaves_of(type, &arena), texts, &draft);
  const char *copy = weir__arena_text(&arena, draft.text);
  weir__draft_free(&draft);
  return copy;
}

static bool fits(const weir_message *type, const char *json, const void *record)
{
  struct weir__report report = {0};
  const struct weir__leaves *leaves = weir__leaves_of(type, &arena);
  const char *const *want = expected(type, json, &report), *const *got = weir__leaves_write(leaves, record, &arena);
  bool fit = true;
  assert_int_equal(report.count, 0);
  weir__report_free(&report);
  for (size_t i = 0; i < leaves->count; i++) fit = fit && weir__leaf_fits(want[i], got[i]);
  return fit;
}

static void only_what_is_said_is_compared(void **state)
{
  static const char *const tags[] = {"x", "y"};
  const struct place home = {"de", 3};
  const struct visit v = {"ann", {"at", 0.1}, "secret", WEIR_MILLIS(1500), tags, 2, &home};
  (void)state;
#define FITS(json) fits(weir_message_visit(), json, &v)
  assert_true(FITS("{}"));
  assert_true(
      FITS("{\"who\": \"ann\", \"where\": {\"height\": 1e-1}, \"took\": \"1500ms\", \"tags\": [\"x\", \"y\"]}"));
  assert_true(FITS("{\"took\": \"1.5s\", \"next\": {\"country\": \"de\", \"height\": 3.0}, \"key\": \"secret\"}"));
  assert_false(FITS("{\"who\": \"Ann\"}"));
  assert_false(FITS("{\"where\": {\"country\": \"de\"}}"));
  assert_false(FITS("{\"tags\": [\"x\"]}"));
  assert_false(FITS("{\"next\": null}"));
  assert_false(FITS("{\"key\": \"other\"}"));
}

static void a_record_is_shown_as_it_would_be_written_but_what_is_secret(void **state)
{
  const struct visit v = {"ann \"b\"", {"at", 0.5}, "hush", WEIR_SECONDS(2), NULL, 0, NULL};
  const struct weir__leaves *leaves = weir__leaves_of(weir_message_visit(), &arena);
  struct weir__report report = {0};
  (void)state;
  assert_string_equal(shown(weir_message_visit(), weir__leaves_write(leaves, &v, &arena)),
                      "{\"who\": \"ann \\\"b\\\"\", \"where\": {\"country\": \"at\", \"height\": 0.5}, \"key\": \"…\", "
                      "\"took\": \"2s\", \"tags\": [], \"next\": null}");
  const char *part = "{\"where\": {\"height\": 2}}";
  assert_string_equal(shown(weir_message_visit(), expected(weir_message_visit(), part, &report)), part);
  weir__report_free(&report);
}

static void a_type_of_one_text_is_that_text_where_it_is_one(void **state)
{
  const struct line text = {.text = {.data = "é x", .size = 4}}, bytes = {.text = {.data = "\xff\0", .size = 2}};
  const weir_message *type = weir_message_line();
  const struct weir__leaves *leaves = weir__leaves_of(type, &arena);
  (void)state;
  assert_string_equal(shown(type, weir__leaves_write(leaves, &text, &arena)), "\"é x\"");
  assert_string_equal(shown(type, weir__leaves_write(leaves, &bytes, &arena)), "{\"text\": \"/wA=\"}");
  assert_true(fits(type, "\"é x\"", &text));
  assert_true(fits(type, "{\"text\": \"w6kgeA==\"}", &text));
  assert_true(fits(type, "{\"text\": \"/wA=\"}", &bytes));
  assert_false(fits(type, "\"/wA=\"", &bytes));
}

static void what_does_not_fit_is_told(void **state)
{
  struct weir__report report = {0};
  (void)state;
  expected(weir_message_visit(), "{\"whoo\": \"a\", \"where\": {\"high\": 1, \"height\": \"1\"}, \"took\": 5}",
           &report);
  assert_int_equal(report.count, 4);
  weir__report_free(&report);
  expected(weir_message_visit(), "\"ann\"", &report);
  assert_int_equal(report.count, 1);
  weir__report_free(&report);
}

/* ---- matching: records of two leaves, of which either may not be said ---- */

enum { LETTERS = 3, MOST = 6 };

struct set {
  const char *const *records[64];
  size_t count;
};

static const char *const *pair_of(const char *word, const char *count)
{
  const char **texts = weir__arena_array(&arena, 2, sizeof *texts);
  texts[0] = word, texts[1] = count;
  return texts;
}

static struct weir__differences match(const struct set *want, const struct set *came, bool ordered)
{
  struct weir__differences d;
  struct weir__test_expected e = {.leaves = weir__leaves_of(weir_message_tally(), &arena),
                                  .records = (const char *const **)(uintptr_t)want->records,
                                  .count = want->count};
  struct weir__came c = {.records = (const char *const **)(uintptr_t)came->records, .count = came->count};
  assert_true(weir__match(&e, &c, ordered, &arena, &d));
  return d;
}

static bool both_fit(const struct set *want, size_t e, const struct set *came, size_t c)
{
  return weir__leaf_fits(want->records[e][0], came->records[c][0]) &&
         weir__leaf_fits(want->records[e][1], came->records[c][1]);
}

/* The most that can fit: from expected[e] on, with those that came and are not `used` (bits), or, in order, from `first` on. */
static size_t most(const struct set *want, const struct set *came, size_t e, unsigned used, size_t first, bool ordered)
{
  if (e == want->count) return 0;
  size_t best = most(want, came, e + 1, used, first, ordered);
  for (size_t c = ordered ? first : 0; c < came->count; c++) {
    if ((used & 1u << c) || !both_fit(want, e, came, c)) continue;
    size_t n = 1 + most(want, came, e + 1, used | 1u << c, c + 1, ordered);
    if (n > best) best = n;
  }
  return best;
}

/* Each that does not fit is told once, and what is told does not fit. */
static void check(const struct set *want, const struct set *came, bool ordered)
{
  struct weir__differences d = match(want, came, ordered);
  size_t missing = 0, more = 0, fitting = most(want, came, 0, 0, 0, ordered);
  unsigned seen_expected = 0, seen_came = 0;
  for (size_t i = 0; i < d.count; i++) {
    size_t e = d.all[i].expected, c = d.all[i].came;
    if (e != SIZE_MAX) missing++, assert_false(seen_expected & 1u << e), seen_expected |= 1u << e;
    if (c != SIZE_MAX) more++, assert_false(seen_came & 1u << c), seen_came |= 1u << c;
  }
  assert_int_equal(missing, want->count - fitting);
  assert_int_equal(more, came->count - fitting);
}

static size_t below(uint64_t *sequence, size_t n) { return (size_t)(draw_from(sequence) % n); }

static void as_much_as_can_fits(void **state)
{
  static const char *const letters[LETTERS + 1] = {"\"a\"", "\"b\"", "\"c\"", NULL};
  uint64_t sequence = 7;
  (void)state;
  for (int round = 0; round < 3000; round++) {
    struct set want = {.count = below(&sequence, MOST)}, came = {.count = below(&sequence, MOST)};
    for (size_t i = 0; i < want.count; i++)
      want.records[i] = pair_of(letters[below(&sequence, LETTERS + 1)], letters[below(&sequence, LETTERS + 1)]);
    for (size_t i = 0; i < came.count; i++)
      came.records[i] = pair_of(letters[below(&sequence, LETTERS)], letters[below(&sequence, LETTERS)]);
    check(&want, &came, true);
    check(&want, &came, false);
    if (round % 100 == 0) let_go(NULL);
  }
}

static void what_is_missing_stands_beside_what_came_in_its_place(void **state)
{
  struct set want = {{pair_of("\"a\"", "1"), pair_of("\"b\"", "2"), pair_of("\"c\"", "3")}, 3};
  struct set came = {{pair_of("\"a\"", "1"), pair_of("\"b\"", "7"), pair_of("\"c\"", "3"), pair_of("\"d\"", "4")}, 4};
  (void)state;
  struct weir__differences d = match(&want, &came, true);
  assert_int_equal(d.count, 2);
  assert_true(d.all[0].expected == 1 && d.all[0].came == 1);
  assert_true(d.all[1].expected == SIZE_MAX && d.all[1].came == 3);
  struct set turned = {{came.records[3], came.records[2], came.records[1], came.records[0]}, 4};
  d = match(&want, &turned, false);
  assert_int_equal(d.count, 2);
  assert_true(d.all[0].expected == 1 && d.all[0].came == 2); /* the one that is most alike */
  assert_true(d.all[1].expected == SIZE_MAX && d.all[1].came == 0);
}

/* More than the table of a common subsequence has room for. */
static void very_many_are_compared_by_place(void **state)
{
  enum { MANY = 3000 };
  static const char *const *want[MANY], *const *came[MANY];
  struct weir__differences d;
  (void)state;
  for (size_t i = 0; i < MANY; i++) {
    want[i] = pair_of(i % 2 ? "\"a\"" : "\"b\"", NULL);
    came[i] = pair_of(i && i < MANY - 1 && i % 2 ? "\"a\"" : "\"c\"", "1");
  }
  struct weir__test_expected e = {
      .leaves = weir__leaves_of(weir_message_tally(), &arena), .records = want, .count = MANY};
  struct weir__came c = {.records = came, .count = MANY};
  assert_true(weir__match(&e, &c, true, &arena, &d));
  assert_int_equal(d.count, MANY / 2 + 1);
  assert_true(weir__match(&e, &c, false, &arena, &d));
  assert_int_equal(d.count, MANY + 2);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(only_what_is_said_is_compared, let_go),
      cmocka_unit_test_teardown(a_record_is_shown_as_it_would_be_written_but_what_is_secret, let_go),
      cmocka_unit_test_teardown(a_type_of_one_text_is_that_text_where_it_is_one, let_go),
      cmocka_unit_test_teardown(what_does_not_fit_is_told, let_go),
      cmocka_unit_test_teardown(as_much_as_can_fits, let_go),
      cmocka_unit_test_teardown(what_is_missing_stands_beside_what_came_in_its_place, let_go),
      cmocka_unit_test_teardown(very_many_are_compared_by_place, let_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
