/* Documents that were damaged at random: each is accepted, or refused with at least one problem; never a crash.
 * WEIR_TEST_SEED repeats a run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "chance.h"
#include "unit/topology_fixture.h"

/* Two that are good; the second has nearly all that a document may have. */
static const char first[] =
    "{ \"$schema\": \"./topology.schema.json\",\n"
    "  \"runtime\": { \"flavor\": \"multi_thread\", \"workers\": 2 },\n"
    "  \"actors\": [\n"
    "    { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"-\"] }, \"to\": [\"words\"] },\n"
    "    { \"name\": \"words\", \"type\": \"split\", \"config\": { \"fold_case\": true }, \"to\": [\"count\"] },\n"
    "    { \"name\": \"count\", \"type\": \"count\", \"instances\": 4, \"route\": { \"hash\": \"word\" },\n"
    "      \"mailbox\": { \"capacity\": 16 }, \"to\": [\"top\", \"out\"] },\n"
    "    { \"name\": \"top\", \"type\": \"top\", \"config\": { \"k\": 10 }, \"to\": \"out\" },\n"
    "    { \"name\": \"out\", \"type\": \"print\" }\n"
    "  ]\n"
    "}\n";
static const char second[] =
    "{ \"weir\": 1, \"name\": \"all\", \"description\": \"nearly\",\n"
    "  \"runtime\": { \"workers\": \"${WORKERS:-2}\", \"stack\": \"128KiB\", \"trap\": true, \"memory\": \"1GiB\", "
    "\"drain\": \"5s\" },\n"
    "  \"secrets\": { \"key\": { \"file\": \"key\", \"reload\": true } },\n"
    "  \"defaults\": { \"mailbox\": { \"capacity\": 16, \"overflow\": \"wait\" } },\n"
    "  \"templates\": { \"pair\": { \"params\": { \"n\": { \"kind\": \"int\", \"min\": 1, \"max\": 5 },\n"
    "      \"k\": { \"kind\": \"int\", \"default\": 10 } }, \"in\": \"a\", \"out\": \"b\", \"actors\": [\n"
    "      { \"name\": \"a\", \"type\": \"pass\", \"instances\": { \"param\": \"n\" }, \"to\": \"b\" },\n"
    "      { \"name\": \"b\", \"use\": \"one\", \"with\": {} } ] },\n"
    "    \"one\": { \"in\": \"c\", \"out\": \"c\", \"actors\": [{ \"name\": \"c\", \"type\": \"count\" }] } },\n"
    "  \"actors\": [\n"
    "    { \"name\": \"lines\", \"type\": \"file_lines\", \"config\": { \"paths\": [\"${HOME:-x}\", \"$${y}\"] }, "
    "\"to\": \"words\" },\n"
    "    { \"name\": \"words\", \"type\": \"split\", \"to\": { \"out\": [\"x\", { \"to\": \"y\", \"when_full\": "
    "\"drop\" }] } },\n"
    "    { \"name\": \"x\", \"use\": \"pair\", \"with\": { \"n\": 3 }, \"to\": { \"out\": \"top\" } },\n"
    "    { \"name\": \"y\", \"type\": \"count\", \"to\": { \"to\": \"out\", \"when_full\": { \"to\": \"top\" } },\n"
    "      \"on_failure\": { \"retry\": 3, \"backoff\": [\"1ms\", \"1s\"], \"then\": \"discard\" } },\n"
    "    { \"name\": \"top\", \"type\": \"top\", \"to\": { \"out\": \"out\", \"failed\": \"dead_letters\" },\n"
    "      \"breaker\": { \"failures\": 2, \"reset\": \"2s\", \"while_open\": \"out\" } },\n"
    "    { \"name\": \"out\", \"type\": \"print\" } ],\n"
    "  \"supervision\": { \"max_restarts\": 4, \"children\": [{ \"name\": \"s\", \"children\": [\"x\", \"y\"] }, "
    "\"*\"] },\n"
    "  \"tests\": [{ \"name\": \"t\", \"seeds\": 2, \"environment\": { \"A\": \"b\" }, \"feed\": { \"words\": [\"a "
    "b\"] },\n"
    "    \"stub\": [\"top\"], \"advance\": \"1s\", \"expect\": { \"y\": [{ \"word\": \"a\" }], \"y.failed\": [] } }] "
    "}\n";
enum { SIZE = sizeof first - 1, SECOND_SIZE = sizeof second - 1, MUTATIONS_MOST = 6 };

static size_t below(size_t bound) { return (size_t)(draw() % bound); }

/* What a mutation puts in: pieces that keep a text near to JSON, and some that do not. */
static const char *const pieces[] = {
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "null",
    "true",
    "0",
    "-1",
    "1e999",
    "99999999999999999999",
    "\"\"",
    "{}",
    "[]",
    "\"to\"",
    "\"x\":",
    "\xff",
    "\xc3\xa9",
    "\n",
    "\"word\"",
    "\"out\"",
    "\"lines\"",
    "${",
    "${A}",
    "$",
    "\"1s\"",
    "\"*\"",
    "\"use\":",
    "\"pair\"",
    "{\"param\":\"n\"}",
    "\"discard\"",
    "\"when_full\":",
};

static size_t mutate(char *text, size_t size)
{
  const char *piece = pieces[below(sizeof pieces / sizeof pieces[0])];
  size_t at = below(size + 1), piece_size = strlen(piece), cut = below(4) ? below(8) : below(80);
  if (cut > size - at) cut = size - at;
  switch (below(4)) {
  case 0:
    piece_size = 0;
    break; /* cut something out */
  case 1:
    cut = 0;
    break; /* put something in */
  case 2:
    return below(8) ? size : at; /* cut the rest off, seldom */
  default:
    break; /* put something in its place */
  }
  memmove(text + at + piece_size, text + at + cut, size - at - cut);
  memcpy(text + at, piece, piece_size);
  return size - cut + piece_size;
}

/* Every problem has a place, and a message. */
static void look(void *arg, const weir_problem *problem)
{
  hear(arg, problem);
  bool counts = strstr(problem->text, "more errors are not shown") != NULL;
  assert_true(counts || (problem->line > 0 && problem->column > 0));
  assert_true(problem->what && *problem->what && problem->file);
}

static int check_text(const char *text, size_t size, struct heard *heard, weir_topology **topology)
{
  *heard = (struct heard){.size = 0};
  weir_listener listener = {.problem = look, .arg = heard};
  struct weir__topology_options options = {.types = test_types};
  struct weir__origin origin = {.name = "t.json", .text = text, .size = size};
  return weir__topology_read(&options, &origin, &listener, topology);
}

static void parse_mutant(const char *text, size_t size)
{
  struct heard heard;
  weir_topology *topology;
  int rc = check_text(text, size, &heard, &topology);
  if (rc == WEIR_OK) {
    assert_non_null(topology);
    assert_int_equal(heard.count, 0);
  } else {
    assert_int_equal(rc, WEIR_EINVAL);
    assert_null(topology);
    assert_true(heard.count > 0);
  }
  weir_topology_free(topology);
}

static void a_damaged_document_is_accepted_or_refused_with_a_reason(void **state)
{
  (void)state;
  int rounds = getenv("WEIR_TEST_SLOW") ? 5000 : 50000;
  for (int i = 0; i < rounds; i++) {
    char text[SECOND_SIZE + MUTATIONS_MOST * 32];
    size_t size = i % 2 ? SIZE : SECOND_SIZE;
    memcpy(text, i % 2 ? first : second, size);
    for (size_t n = 1 + below(MUTATIONS_MOST); n; n--) size = mutate(text, size);
    parse_mutant(text, size);
  }
}

static void every_beginning_of_a_document_is_refused(void **state)
{
  (void)state;
  struct heard heard;
  weir_topology *topology;
  for (size_t size = 0; size < SIZE - 1; size++) {
    assert_int_equal(check_text(first, size, &heard, &topology), WEIR_EINVAL);
    assert_int_equal(heard.count, 1);
  }
  for (size_t size = 0; size < SECOND_SIZE - 2; size++) {
    assert_int_equal(check_text(second, size, &heard, &topology), WEIR_EINVAL);
    assert_int_equal(heard.count, 1);
  }
  assert_int_equal(check_text(first, SIZE, &heard, &topology), WEIR_OK);
  weir_topology_free(topology);
  assert_int_equal(check_text(second, SECOND_SIZE, &heard, &topology), WEIR_OK);
  weir_topology_free(topology);
}

int main(void)
{
  chance_begin();
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_damaged_document_is_accepted_or_refused_with_a_reason),
      cmocka_unit_test(every_beginning_of_a_document_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
