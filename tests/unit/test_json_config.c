/* A JSON object becomes a struct by its table of fields. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "channel/type.h"
#include "unit/topology_fixture.h"
#include "json/read.h"

struct all {
  const char *text;
  char chars[8];
  bool flag;
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  double f64;
  weir_duration duration;
  const char *const *texts;
  size_t text_count;
  const int32_t *numbers;
  size_t number_count;
};
WEIR_MESSAGE(all, WEIR_FIELD(text, .def = "null"), WEIR_FIELD(chars, .def = "\"abc\""), WEIR_FIELD(flag, .def = "true"),
             WEIR_FIELD(i32, .def = "-1", .min = -5, .max = 5), WEIR_FIELD(u32, .def = "2"),
             WEIR_FIELD(i64, .def = "-3"), WEIR_FIELD(u64, .def = "4", .json = "u-64"),
             WEIR_FIELD(f64, .def = "0.5", .min = 0, .max = 1), WEIR_FIELD(duration, .def = "\"1.5s\""),
             WEIR_LIST(texts, text_count, .def = "[\"x\",\"y\"]"),
             WEIR_LIST(numbers, number_count, .def = "[]", .min = 1, .max = 9));

struct needy {
  int32_t must;
};
WEIR_MESSAGE(needy, WEIR_FIELD(must));

struct choosy {
  const char *choice;
};
WEIR_MESSAGE(choosy, WEIR_FIELD(choice, .one_of = "red|green|blue"));

struct broken {
  int32_t number;
};
WEIR_MESSAGE(broken, WEIR_FIELD(number, .def = "one"));

/* One reading, with all that it uses. */
struct run {
  struct weir__report report;
  struct weir__document document;
  struct weir__arena arena;
  struct heard heard;
  void *config;
};

static void read_config(struct run *run, const weir_message *type, const char *text, bool given)
{
  memset(run, 0, sizeof *run);
  assert_int_equal(weir__document_open(&run->document, "t.json", text, strlen(text), &run->report), WEIR_OK);
  run->config = weir__json_read_object(&run->document, given ? 0 : WEIR__NO_NODE, 0, type, &run->arena);
  assert_non_null(run->config);
  weir__report_deliver(&run->report, hear, &run->heard);
}

static void close_run(struct run *run)
{
  weir__document_close(&run->document);
  weir__arena_free(&run->arena);
}

static void expect_problems(const weir_message *type, const char *text, const char *expected)
{
  struct run run;
  read_config(&run, type, text, true);
  assert_string_equal(run.heard.text, expected);
  close_run(&run);
}

static void expect_defaults(const struct all *a)
{
  assert_null(a->text);
  assert_string_equal(a->chars, "abc");
  assert_true(a->flag);
  assert_int_equal(a->i32, -1);
  assert_int_equal(a->u32, 2);
  assert_int_equal(a->i64, -3);
  assert_int_equal(a->u64, 4);
  assert_true(a->f64 == 0.5);
  assert_int_equal(a->duration.ns, 1500000000);
  assert_int_equal(a->text_count, 2);
  assert_string_equal(a->texts[1], "y");
  assert_int_equal(a->number_count, 0);
}

static void what_is_left_out_gets_its_default(void **state)
{
  (void)state;
  struct run run;
  read_config(&run, weir_message_all(), "{}", true);
  assert_string_equal(run.heard.text, "");
  expect_defaults(run.config);
  close_run(&run);
}

static void no_object_at_all_is_all_defaults(void **state)
{
  (void)state;
  struct run run;
  read_config(&run, weir_message_all(), "{}", false);
  assert_string_equal(run.heard.text, "");
  expect_defaults(run.config);
  close_run(&run);
}

static void values_of_every_kind_are_read(void **state)
{
  (void)state;
  struct run run;
  read_config(&run, weir_message_all(),
              "{\"text\":\"t\\u00e9\",\"chars\":\"1234567\",\"flag\":false,\"i32\":5,\"u32\":4294967295,"
              "\"i64\":-9223372036854775808,\"u-64\":9223372036854775807,\"f64\":1,\"duration\":\"250ms\","
              "\"texts\":[\"a\",\"b\",\"c\"],\"numbers\":[1,9]}",
              true);
  assert_string_equal(run.heard.text, "");
  const struct all *a = run.config;
  assert_string_equal(a->text, "t\xc3\xa9");
  assert_string_equal(a->chars, "1234567");
  assert_false(a->flag);
  assert_int_equal(a->i32, 5);
  assert_true(a->u32 == UINT32_MAX);
  assert_true(a->i64 == INT64_MIN);
  assert_true(a->u64 == INT64_MAX);
  assert_true(a->f64 == 1);
  assert_int_equal(a->duration.ns, 250000000);
  assert_int_equal(a->text_count, 3);
  assert_string_equal(a->texts[2], "c");
  assert_int_equal(a->number_count, 2);
  assert_int_equal(a->numbers[1], 9);
  close_run(&run);
}

static void wrong_kinds_are_reported_all_at_once(void **state)
{
  (void)state;
  expect_problems(weir_message_all(),
                  "{\"text\":1,\n\"chars\":\"12345678\",\n\"flag\":0,\n\"i32\":1.0,\n\"u32\":-1,\n\"i64\":\"1\",\n"
                  "\"u-64\":-1,\n\"f64\":true,\n\"duration\":5,\n\"texts\":\"a\",\n\"numbers\":[1,null,[]]}",
                  "1:9: text: must be a text, not 1\n"
                  "2:9: chars: must be a text of at most 7 bytes, not \"12345678\"\n"
                  "3:8: flag: must be true or false, not 0\n"
                  "4:7: i32: must be an integer from -5 to 5, not 1.0\n"
                  "5:7: u32: must be an integer from 0 to 4294967295, not -1\n"
                  "6:7: i64: must be an integer of 64 bits, not \"1\"\n"
                  "7:8: \"u-64\": must be an integer of at least 0, not -1\n"
                  "8:7: f64: must be a number from 0 to 1, not true\n"
                  "9:12: duration: must be a text with a unit, like \"5s\" (ns, us, ms, s, min, h), not 5\n"
                  "10:9: texts: must be a list, not \"a\"\n"
                  "11:14: numbers[1]: must be an integer from 1 to 9, not null\n"
                  "11:19: numbers[2]: must be an integer from 1 to 9, not a list\n");
}

static void bounds_are_part_of_what_is_allowed(void **state)
{
  (void)state;
  expect_problems(weir_message_all(), "{\"i32\":-6}", "1:8: i32: must be an integer from -5 to 5, not -6\n");
  expect_problems(weir_message_all(), "{\"i32\":6}", "1:8: i32: must be an integer from -5 to 5, not 6\n");
  expect_problems(weir_message_all(), "{\"f64\":1.5}", "1:8: f64: must be a number from 0 to 1, not 1.5\n");
  expect_problems(weir_message_all(), "{\"numbers\":[0]}", "1:13: numbers[0]: must be an integer from 1 to 9, not 0\n");
}

static void an_unknown_key_is_named_with_the_one_that_was_meant(void **state)
{
  (void)state;
  expect_problems(weir_message_all(), "{\"numbrs\":[]}", "1:2: numbrs: unknown key (did you mean \"numbers\"?)\n");
  expect_problems(weir_message_all(), "{\"zzz\":[]}", "1:2: zzz: unknown key\n");
  expect_problems(weir_message_all(), "{\"\\u001b[2J\":1}", "1:2: \"\\u001b[2J\": unknown key\n");
}

static void a_field_without_default_is_required(void **state)
{
  (void)state;
  expect_problems(weir_message_needy(), "{}", "1:1: \"must\" is missing\n");
  expect_problems(weir_message_needy(), "{\"must\":null}",
                  "1:9: must: must be an integer from -2147483648 to 2147483647, not null\n");
  expect_problems(weir_message_needy(), "[]", "1:1: must be an object, not a list\n");
}

static void a_broken_table_is_reported_not_believed(void **state)
{
  (void)state;
  char expected[512];
  unsigned traits;
  assert_int_equal(weir__type_know(weir_message_broken(), &traits), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "broken.number: its default, one: expected a value, not \"one\""));
  snprintf(expected, sizeof expected, "1:1: %s\n", weir_error_text());
  expect_problems(weir_message_broken(), "{}", expected);
}

static void durations_need_a_unit_that_exists(void **state)
{
  (void)state;
  static const char *const bad[] = {"", "5", "s", "5 s", "5sec", "1e", "infs"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char text[64], expected[256];
    snprintf(text, sizeof text, "{\"duration\":\"%s\"}", bad[i]);
    snprintf(expected, sizeof expected,
             "1:13: duration: must be a duration like \"500ms\" (ns, us, ms, s, min, h), not \"%s\"\n", bad[i]);
    expect_problems(weir_message_all(), text, expected);
  }
}

static void a_text_with_choices_is_one_of_them(void **state)
{
  (void)state;
  expect_problems(weir_message_choosy(), "{\"choice\": \"red\"}", "");
  expect_problems(weir_message_choosy(), "{\"choice\": \"blue\"}", "");
  static const char *const bad[] = {"re", "reds", "", "red|green", "|"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    char text[64], error[128];
    snprintf(text, sizeof text, "{\"choice\": \"%s\"}", bad[i]);
    snprintf(error, sizeof error, "1:12: choice: must be one of: red|green|blue, not \"%s\"\n", bad[i]);
    expect_problems(weir_message_choosy(), text, error);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(what_is_left_out_gets_its_default),
      cmocka_unit_test(no_object_at_all_is_all_defaults),
      cmocka_unit_test(values_of_every_kind_are_read),
      cmocka_unit_test(wrong_kinds_are_reported_all_at_once),
      cmocka_unit_test(bounds_are_part_of_what_is_allowed),
      cmocka_unit_test(an_unknown_key_is_named_with_the_one_that_was_meant),
      cmocka_unit_test(a_field_without_default_is_required),
      cmocka_unit_test(a_broken_table_is_reported_not_believed),
      cmocka_unit_test(durations_need_a_unit_that_exists),
      cmocka_unit_test(a_text_with_choices_is_one_of_them),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
