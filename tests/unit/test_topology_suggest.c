/* What was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "json/suggest.h"

static void expect_suggestion(const char *word, const char *expected)
{
  static const char *const known[] = {"capacity", "count", "to", "top", "type", "instances", ""};
  struct weir__suggestion s = weir__suggest(word);
  for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) weir__suggest_offer(&s, known[i]);
  assert_string_equal(weir__suggest_text(&s), expected);
}

static void one_slip_is_forgiven(void **state)
{
  (void)state;
  expect_suggestion("cout", " (did you mean \"count\"?)");
  expect_suggestion("counts", " (did you mean \"count\"?)");
  expect_suggestion("cuont", " (did you mean \"count\"?)");
  expect_suggestion("vount", " (did you mean \"count\"?)");
  expect_suggestion("capcity", " (did you mean \"capacity\"?)");
  expect_suggestion("instnaces", " (did you mean \"instances\"?)");
}

static void the_nearest_is_suggested(void **state)
{
  (void)state;
  expect_suggestion("tpo", " (did you mean \"to\"?)");
  expect_suggestion("tops", " (did you mean \"top\"?)");
}

static void what_is_far_from_all_gets_no_suggestion(void **state)
{
  (void)state;
  expect_suggestion("", "");
  expect_suggestion("x", "");
  expect_suggestion("route", "");
  expect_suggestion("a_word_that_is_longer_than_any_that_a_person_would_ever_type_into_a_file", "");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_slip_is_forgiven),
      cmocka_unit_test(the_nearest_is_suggested),
      cmocka_unit_test(what_is_far_from_all_gets_no_suggestion),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
