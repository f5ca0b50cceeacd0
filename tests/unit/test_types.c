/* What is said of actor types: in text, as JSON, on a page; and how a type's row is made from its clauses. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include <weir/edge.h>
#include <weir/record.h>
#include <weir/types.h>
#include <weir/weir.h>

#include "topology/describe.h"

/* ---- a type with all there is ---- */

struct retry {
  weir_duration first;
  int32_t most;
};
WEIR_MESSAGE(retry, WEIR_FIELD(first, .def = "\"200ms\"", .min = 1e6, .max = 6e10, .help = "the first pause"),
             WEIR_FIELD(most, .min = 1, .max = 9));

struct rich_config {
  const char *url, *key, *mode;
  char tag[8];
  uint64_t room;
  double share;
  weir_rate rate;
  bool loud;
  int64_t any, low;
  struct retry retry;
  const struct retry *other;
  const struct retry *steps;
  size_t step_count;
  weir_bytes salt;
  weir_duration pauses[2];
};
WEIR_MESSAGE(rich_config, WEIR_FIELD(url, .help = "where | it goes"),
             WEIR_FIELD(key, .def = "null", .secret = true, .reload = WEIR_RELOAD_RESTART),
             WEIR_FIELD(mode, .json = "the-mode", .def = "\"a\"", .one_of = "a|b|c", .reload = WEIR_RELOAD_REFUSE),
             WEIR_FIELD(tag, .def = "\"\""),
             WEIR_FIELD(room, .def = "\"64KiB\"", .min = 1, .max = 1 << 30, .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(share, .def = "0.5", .min = 0, .max = 1), WEIR_FIELD(rate, .def = "\"1/min\"", .max = 10),
             WEIR_FIELD(loud, .def = "false"), WEIR_FIELD(any, .def = "0"),
             WEIR_FIELD(low, .def = "7", .min = 5, .max = 0x1p63), WEIR_NESTED(retry, retry, .def = "{\"most\": 2}"),
             WEIR_OPTIONAL(other, retry), WEIR_LIST_OF(steps, step_count, retry, .def = "[]"),
             WEIR_FIELD(salt, .def = "\"\""), WEIR_FIELD(pauses, .def = "[\"1s\", \"2s\"]", .min = 0, .max = 1e10));

struct note {
  const char *text;
};
WEIR_MESSAGE(note, WEIR_FIELD(text));

struct rich {
  int32_t n;
};
static int rich_start(struct rich *r, const struct rich_config *c)
{
  r->n = c != NULL;
  return WEIR_OK;
}
static int rich_change(struct rich *r, const struct rich_config *c)
{
  r->n += c != NULL;
  return WEIR_RESTART;
}
static int rich_take(struct rich *r) { return r->n ? WEIR_OK : WEIR_STOP; }
WEIR_ACTOR(rich,
           WEIR_ON_START(rich_config, rich_start) WEIR_ON_CONFIG(rich_config, rich_change)
               WEIR_ON(weir_inputs_ended, rich_take) WEIR_ON(record, rich_take),
           .version = 3, .capacity = 16, .runs = WEIR_ON_BLOCKING_POOL, .overflow = WEIR_REJECT,
           .outputs = {"next", "failed"}, .gives = {NULL, weir_message_note}, .help = "does | all");

static const char described[] =
    "rich: does | all\n"
    "\n"
    "  from      weir\n"
    "  takes     weir.record (key: text, payload: bytes, as base64, time_ms: integer)\n"
    "  gives     next: weir.record (key: text, payload: bytes, as base64, time_ms: integer)\n"
    "            failed: note (text: text)\n"
    "  runs      on the blocking pool\n"
    "  mailbox   16 places; what does not fit is rejected\n"
    "  a change  in place where the actor can; else it is started anew\n"
    "\n"
    "configuration:\n"
    "  url            text; required\n"
    "                 where | it goes\n"
    "  key            text; null; secret; a change restarts the actor\n"
    "  the-mode       \"a\", \"b\" or \"c\"; \"a\"; a change is refused\n"
    "  tag            text of at most 7 bytes; \"\"\n"
    "  room           size from 1B to 1GiB; \"64KiB\"\n"
    "  share          number from 0 to 1; 0.5\n"
    "  rate           rate from 0/s to 10/s; \"1/min\"\n"
    "  loud           boolean; false\n"
    "  any            integer; 0\n"
    "  low            integer of at least 5; 7\n"
    "  retry          object; {\"most\": 2}\n"
    "  retry.first    duration from 1ms to 1min; \"200ms\"\n"
    "                 the first pause\n"
    "  retry.most     integer from 1 to 9; required\n"
    "  other          object or null\n"
    "  other.first    duration from 1ms to 1min; \"200ms\"\n"
    "                 the first pause\n"
    "  other.most     integer from 1 to 9; required\n"
    "  steps          list of objects; []\n"
    "  steps[].first  duration from 1ms to 1min; \"200ms\"\n"
    "                 the first pause\n"
    "  steps[].most   integer from 1 to 9; required\n"
    "  salt           bytes, as base64; \"\"\n"
    "  pauses         list of 2 durations from 0s to 10s; [\"1s\", \"2s\"]\n";

static void a_type_is_described_in_full(void **state)
{
  (void)state;
  struct weir__stock row;
  struct weir__draft t = {0};
  assert_int_equal(weir__type_row(&rich, &row), WEIR_OK);
  weir__describe_type(&t, &row);
  assert_string_equal(t.text, described);
  weir__draft_free(&t);
}

static const json_t *field(const json_t *fields, size_t i, const char *key)
{
  return json_object_get(json_array_get(fields, i), key);
}

static void json_says_the_same(void **state)
{
  (void)state;
  struct weir__stock row;
  const struct weir__stock *rows[] = {&row, NULL};
  struct weir__draft t = {0};
  assert_int_equal(weir__type_row(&rich, &row), WEIR_OK);
  weir__describe_json(&t, &(struct weir__types){.rows = rows, .count = 1}, NULL);
  json_t *all = json_loads(t.text, JSON_REJECT_DUPLICATES, NULL);
  weir__draft_free(&t);
  assert_non_null(all);
  const json_t *type = json_array_get(all, 0), *config = json_object_get(type, "config");
  assert_int_equal(json_array_size(all), 1);
  assert_string_equal(json_string_value(json_object_get(type, "runs")), "blocking_pool");
  assert_true(json_is_true(json_object_get(type, "changes_in_place")));
  assert_int_equal(json_integer_value(json_object_get(type, "version")), 3);
  assert_int_equal(json_array_size(json_object_get(type, "outputs")), 2);
  assert_int_equal(json_array_size(config), weir_message_rich_config()->count);
  assert_true(json_is_true(field(config, 0, "required")));
  assert_true(json_is_true(field(config, 1, "secret")));
  assert_string_equal(json_string_value(field(config, 1, "reload")), "restart");
  assert_string_equal(json_string_value(field(config, 2, "key")), "the-mode");
  assert_int_equal(json_array_size(field(config, 2, "one_of")), 3);
  assert_string_equal(json_string_value(field(config, 4, "max")), "1GiB");
  assert_string_equal(json_string_value(field(config, 4, "default")), "64KiB");
  assert_int_equal(json_array_size(field(config, 10, "fields")), 2);
  assert_true(json_is_true(field(config, 11, "null")));
  assert_true(json_is_true(field(config, 12, "list")));
  json_decref(all);
}

static void a_page_keeps_its_cells(void **state)
{
  (void)state;
  struct weir__stock row;
  const struct weir__stock *rows[] = {&row, NULL};
  struct weir__draft t = {0};
  assert_int_equal(weir__type_row(&rich, &row), WEIR_OK);
  weir__describe_page(&t, &(struct weir__types){.rows = rows, .count = 1});
  assert_non_null(strstr(t.text, "| `url` | text; required | where \\| it goes |\n"));
  assert_non_null(strstr(t.text, "| `the-mode` | \"a\", \"b\" or \"c\"; `\"a\"`; a change is refused |  |\n"));
  weir__draft_free(&t);
}

static void the_schema_is_json_with_each_field(void **state)
{
  (void)state;
  struct weir__stock row;
  const struct weir__stock *rows[] = {&row, NULL};
  struct weir__draft t = {0};
  assert_int_equal(weir__type_row(&rich, &row), WEIR_OK);
  weir__describe_schema(&t, &(struct weir__types){.rows = rows, .count = 1});
  json_t *schema = json_loads(t.text, JSON_REJECT_DUPLICATES, NULL);
  weir__draft_free(&t);
  assert_non_null(schema);
  const json_t *then = json_object_get(json_object_get(json_object_get(schema, "$defs"), "type:rich"), "then");
  const json_t *config = json_object_get(json_object_get(then, "properties"), "config");
  assert_int_equal(json_object_size(json_object_get(config, "properties")), weir_message_rich_config()->count);
  assert_int_equal(json_array_size(json_object_get(config, "required")), 1);
  assert_int_equal(json_array_size(json_object_get(then, "required")), 2); /* "to", "config" */
  json_decref(schema);
}

/* ---- the call ---- */

static void all_types_are_listed(void **state)
{
  (void)state;
  char *text;
  size_t size, lines = 0, types = 0;
  assert_int_equal(weir_types_describe(&text, &size), WEIR_OK);
  assert_int_equal(strlen(text), size);
  for (const char *at = text; *at; at++) lines += *at == '\n';
  while (weir__stock_types[types]) types++;
  assert_int_equal(lines, types);
  free(text);
  assert_int_equal(weir_types_describe(&text, NULL, .name = "file_lines"), WEIR_OK);
  assert_non_null(strstr(text, "takes     nothing: it is a source"));
  free(text);
}

static void what_is_not_there_is_an_error(void **state)
{
  (void)state;
  char *text;
  size_t size;
  assert_int_equal(weir_types_describe(&text, &size, .name = "file_line"), -ENOENT);
  assert_string_equal(weir_error_text(), "there is no actor type \"file_line\" (did you mean \"file_lines\"?)");
  assert_null(text);
  assert_int_equal(weir_types_describe(&text, &size, .form = 17), WEIR_EINVAL);
  const char *plugins[] = {"/nowhere/none.so"};
  assert_int_equal(weir_types_describe(&text, &size, .plugins = plugins, .plugin_count = 1), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "can't be loaded as a plugin: /nowhere/none.so"));
}

/* ---- rows ---- */

static void expect_refusal(const weir_actor *type, const char *why)
{
  struct weir__stock row;
  assert_int_equal(weir__type_row(type, &row), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), why);
}

struct plain {
  int32_t n;
};
static int plain_take(struct plain *p) { return p->n ? WEIR_STOP : WEIR_OK; }
/* An actor of another name: its state is a struct of its own, which nobody looks into here. */
#define TYPE(NAME, CLAUSES, ...)                                                                                       \
  struct NAME {                                                                                                        \
    int32_t n;                                                                                                         \
  };                                                                                                                   \
  static int NAME##_take(struct NAME *p) { return p->n ? WEIR_STOP : WEIR_OK; }                                        \
  WEIR_ACTOR(NAME, CLAUSES, __VA_ARGS__)
WEIR_ACTOR(plain, WEIR_ON(note, plain_take));
TYPE(two_clauses, WEIR_ON(note, two_clauses_take) WEIR_ON(record, two_clauses_take), .version = 0);
TYPE(chosen, WEIR_ON(note, chosen_take) WEIR_ON(record, chosen_take), .takes = weir_message_record, .outputs = {"out"});
TYPE(other, WEIR_ON(note, other_take), .takes = weir_message_record);
TYPE(spring, WEIR_ON(note, spring_take), .source = true, .gives = {weir_message_record});
TYPE(dry, WEIR_ON(note, dry_take), .source = true, .outputs = {"out"});
TYPE(twice, WEIR_ON(note, twice_take), .outputs = {"a", "b", "a"});
TYPE(odd, WEIR_ON(note, odd_take), .outputs = {"not a name"});
TYPE(Upper, WEIR_ON(note, Upper_take), .version = 0);

static void clauses_and_options_say_what_is_taken_and_given(void **state)
{
  (void)state;
  struct weir__stock row;
  assert_int_equal(weir__type_row(&plain, &row), WEIR_OK);
  assert_true(row.takes() == weir_message_note() && !row.gives && weir__type_outputs(&row) == 0);
  assert_int_equal(weir__type_row(&chosen, &row), WEIR_OK);
  assert_true(row.takes() == weir_message_record() && weir__type_gives(&row, 0) == weir_message_record());
  assert_int_equal(weir__type_row(&spring, &row), WEIR_OK);
  assert_true(!row.takes && weir__type_outputs(&row) == 1 && weir__type_gives(&row, 0) == weir_message_record());
  assert_string_equal(weir__type_output(&row, 0), "out");
  assert_int_equal(weir__type_row(&rich, &row), WEIR_OK);
  assert_true(row.config() == weir_message_rich_config());
  assert_true(weir__type_gives(&row, 0) == weir_message_record() && weir__type_gives(&row, 1) == weir_message_note());
}

static void what_can_not_be_wired_is_refused(void **state)
{
  (void)state;
  expect_refusal(&two_clauses, "actor type \"two_clauses\": it has clauses for several messages: .takes must say which "
                               "one its inputs carry");
  expect_refusal(&other, "actor type \"other\": it has no clause for what its .takes says: weir.record");
  expect_refusal(&dry, "actor type \"dry\": a source's .gives must say what comes out of out");
  expect_refusal(&twice, "actor type \"twice\": two outputs are called a");
  expect_refusal(&odd, "actor type \"odd\": no name for an output: not a name");
  expect_refusal(&Upper, "actor type \"Upper\": that is no name for a type in a topology");
  expect_refusal(NULL, "an actor type is missing");
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_type_is_described_in_full),
      cmocka_unit_test(json_says_the_same),
      cmocka_unit_test(a_page_keeps_its_cells),
      cmocka_unit_test(the_schema_is_json_with_each_field),
      cmocka_unit_test(all_types_are_listed),
      cmocka_unit_test(what_is_not_there_is_an_error),
      cmocka_unit_test(clauses_and_options_say_what_is_taken_and_given),
      cmocka_unit_test(what_can_not_be_wired_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
