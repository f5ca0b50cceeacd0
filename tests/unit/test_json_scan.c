/* Texts that are no JSON, or not enough of it: one error each, at its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include <jansson.h>

#include "unit/topology_fixture.h"
#include "json/document.h"

/* What opening the text reports; "" for a good one. The text is copied into a block of its exact size, so that a tool
 * sees every look beyond its end. */
static void expect_report_in(const char *file, const char *text, size_t size, const char *expected)
{
  char *copy = malloc(size + 1);
  memcpy(copy, text, size);
  copy[size] = 0;
  struct weir__report report = {0};
  struct weir__document document;
  struct heard heard = {.size = 0};
  int rc = weir__document_open(&document, file, copy, size, &report);
  weir__report_deliver(&report, hear, &heard);
  weir__document_close(&document);
  free(copy);
  assert_string_equal(heard.text, expected);
  assert_int_equal(rc, *expected ? WEIR_EINVAL : WEIR_OK);
}

static void expect_report_of(const char *text, size_t size, const char *expected)
{
  expect_report_in("t.json", text, size, expected);
}

static void expect_report(const char *text, const char *expected) { expect_report_of(text, strlen(text), expected); }

static void good_texts_are_accepted(void **state)
{
  (void)state;
  static const char *const texts[] = {
      "0",
      "-0",
      "1.5e+3",
      "\"\"",
      "[]",
      "{}",
      " [ ] ",
      "[[],{},[[1]],{\"a\":[]}]",
      "{\"a\":1,\"b\":[1,2,{\"c\":null}],\"\":true}",
      "\"\\u00e9\\ud83d\\ude00\\n\\\"\\/\"",
      "\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"",
      "9223372036854775807",
      "-9223372036854775808",
      "\r\n\t1\r\n",
      "{\"a\":{\"a\":{\"a\":1}}}",
  };
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) expect_report(texts[i], "");
}

static void a_jsonc_file_may_have_comments_wherever_space_may_be(void **state)
{
  (void)state;
  static const char *const pairs[][2] = {
      {"// one\n{}", ""},
      {"{} // the last line needs no end", ""},
      {"{}//", ""},
      {"/**/{/* 2 */\"a\"/**/:/***/[/* // */1/* * / */,//\n2/*\n*/]/**/}/* end */", ""},
      {"\"// a text /* is none\"", ""},
      {"[1, /* \xc3\xa9\xe2\x82\xac */ 2]", ""},
      {"/* one\n two */ [1 2]", "2:12: expected \",\" or \"]\", not \"2\"\n"},
      {"[1, /* \xc3\xa9 */ 2 3]", "1:15: expected \",\" or \"]\", not \"3\"\n"},
      {"[1] /* \n 2", "1:5: the file ends inside the comment that begins here\n"},
      {"[1 /* 2]", "1:4: the file ends inside the comment that begins here\n"},
      {"/*/", "1:1: the file ends inside the comment that begins here\n"},
      {"[1 / 2]", "1:4: expected \",\" or \"]\", not \"/\"\n"},
      {"[1] # one", "1:5: expected the end of the file, not \"#\": JSON has no comments\n"},
      {"[1] // \xff", "1:8: byte 0xff is not valid UTF-8\n"},
      {"// nothing else", "1:16: the file is empty\n"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
    expect_report_in("t.jsonc", pairs[i][0], strlen(pairs[i][0]), pairs[i][1]);
}

static void syntax_errors_are_reported_once_and_at_their_place(void **state)
{
  (void)state;
  static const char *const pairs[][2] = {
      {"", "1:1: the file is empty\n"},
      {" \n ", "2:2: the file is empty\n"},
      {"{", "1:2: the file ends inside the object that begins at 1:1\n"},
      {"[1,\n [2", "2:4: the file ends inside the array that begins at 2:2\n"},
      {"{\"a\"", "1:5: the file ends inside the object that begins at 1:1\n"},
      {"\"abc", "1:5: the file ends inside the text that begins at 1:1\n"},
      {"\"abc\\", "1:5: JSON has no such escape (a backslash itself is \\\\)\n"},
      {"{\"a\" 1}", "1:6: expected \":\" after the key, not \"1\"\n"},
      {"{a: 1}", "1:2: expected a key in double quotes, not \"a\"\n"},
      {"[1 2]", "1:4: expected \",\" or \"]\", not \"2\"\n"},
      {"{\"a\": 1]", "1:8: expected \",\" or \"}\", not \"]\"\n"},
      {"[1,]", "1:4: a \",\" before the closing \"]\"\n"},
      {"{\"a\":1,}", "1:8: a \",\" before the closing \"}\"\n"},
      {"[,1]", "1:2: expected a value, not \",\"\n"},
      {"1 2", "1:3: expected the end of the file, not \"2\"\n"},
      {"[1] // one", "1:5: expected the end of the file, not \"/\": JSON has no comments (a .jsonc file may)\n"},
      {"['a']", "1:2: expected a value, not \"'\": JSON quotes with \"\n"},
      {"[yes]", "1:2: expected a value, not \"yes\" (a text stands in double quotes)\n"},
      {"[True]", "1:2: expected a value, not \"True\" (a text stands in double quotes)\n"},
      {"01", "1:1: a number can't begin with 0\n"},
      {"-", "1:1: a number needs a digit after its \"-\"\n"},
      {"1.", "1:1: a number needs a digit after its \".\"\n"},
      {"1e", "1:1: a number needs a digit in its exponent\n"},
      {"[18446744073709551616]", "1:2: the number is too large: at most 64 bits are read\n"},
      {"[1e999]", "1:2: the number is too large\n"},
      {"\"a\nb\"", "1:3: the line ends inside a text: its closing quote is missing, or \\n is meant\n"},
      {"\"a\tb\"", "1:3: a control character (0x09) inside a text: write \\u0009\n"},
      {"\"\\x\"", "1:2: JSON has no such escape (a backslash itself is \\\\)\n"},
      {"\"\\u12g4\"", "1:2: \\u takes four hexadecimal digits\n"},
      {"\"\\u0000\"", "1:2: \\u0000 can't be part of a text\n"},
      {"\"\\ud800\"", "1:2: \\ud800 is half of a character: its other half is missing\n"},
      {"\"\\udc00\\ud800\"", "1:2: \\udc00 is half of a character: its other half is missing\n"},
      {"\xef\xbb\xbf{}", "1:1: the file begins with a byte order mark: save it as UTF-8 without one\n"},
      {"\"\xff\"", "1:2: byte 0xff is not valid UTF-8\n"},
      {"\"\xc0\x80\"", "1:2: byte 0xc0 is not valid UTF-8\n"},
      {"\"\xed\xa0\x80\"", "1:2: byte 0xed is not valid UTF-8\n"},
      {"\"\xf4\x90\x80\x80\"", "1:2: byte 0xf4 is not valid UTF-8\n"},
      {"\"\xe2\x82", "1:2: byte 0xe2 is not valid UTF-8\n"},
      {"\xfe\xff", "1:1: byte 0xfe is not valid UTF-8\n"},
      {"[\xc3\xa9]", "1:2: expected a value, not \"\xc3\xa9\"\n"},
      {"[\x01]", "1:2: expected a value, not a control character (0x01)\n"},
  };
  for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) expect_report(pairs[i][0], pairs[i][1]);
}

static void zero_bytes_are_refused_in_and_outside_of_texts(void **state)
{
  (void)state;
  expect_report_of("[\0]", 3, "1:2: a zero byte where a value should be: is this a text file?\n");
  expect_report_of("[\"\0\"]", 5, "1:3: a control character (0x00) inside a text: write \\u0000\n");
  expect_report_of("1\0", 2, "1:2: a zero byte where the end of the file should be: is this a text file?\n");
}

static void columns_count_characters_not_bytes(void **state)
{
  (void)state;
  expect_report("[\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\", x]", "1:9: expected a value, not \"x\" (a text stands in "
                                                                 "double quotes)\n");
  expect_report("[\"\xc3\xa9\",\n  x]", "2:3: expected a value, not \"x\" (a text stands in double quotes)\n");
}

static void each_duplicate_key_is_reported_with_the_first_one(void **state)
{
  (void)state;
  expect_report("{\"a\":1,\n \"b\":2, \"a\":3, \"a\":[4]}", "2:9: a: given twice (first at 1:2)\n"
                                                            "2:16: a: given twice (first at 1:2)\n");
  expect_report("[{\"k\":{\"x\":1,\"\\u0078\":2},\"name\":\"n\"}]", "1:14: n.k.x: given twice (first at 1:8)\n");
}

static void nesting_is_limited_and_deep_nesting_is_one_error(void **state)
{
  (void)state;
  enum { DEEP = 200000 };
  char *text = malloc(2 * DEEP + 1);
  memset(text, '[', WEIR__DOCUMENT_DEPTH_MAX);
  memset(text + WEIR__DOCUMENT_DEPTH_MAX, ']', WEIR__DOCUMENT_DEPTH_MAX);
  expect_report_of(text, 2 * WEIR__DOCUMENT_DEPTH_MAX, "");
  memset(text, '[', DEEP);
  memset(text + DEEP, ']', DEEP);
  expect_report_of(text, 2 * DEEP, "1:65: nested more than 64 deep\n");
  for (size_t i = 0; i < 2 * DEEP / 5; i++) memcpy(text + 5 * i, "{\"a\":", 5);
  expect_report_of(text, 2 * DEEP, "1:321: nested more than 64 deep\n");
  free(text);
}

static void a_text_above_the_limit_is_refused_unread(void **state)
{
  (void)state;
  struct weir__report report = {0};
  struct weir__document document;
  struct heard heard = {.size = 0};
  assert_int_equal(weir__document_open(&document, "t.json", "", (size_t)WEIR__DOCUMENT_BYTES_MAX + 1, &report),
                   WEIR_EINVAL);
  weir__report_deliver(&report, hear, &heard);
  weir__document_close(&document);
  assert_string_equal(heard.text, "0:0: too large: more than 64 MiB\n");
}

static void values_know_where_they_stand(void **state)
{
  (void)state;
  static const char text[] = "{ \"a\": [10,\n  {\"b\": \"x\"}],\n\"c\": null }";
  struct weir__report report = {0};
  struct weir__document d;
  assert_int_equal(weir__document_open(&d, "t.json", text, strlen(text), &report), WEIR_OK);
  uint32_t a = weir__document_member(&d, 0, "a");
  uint32_t ten = weir__document_child(&d, a), object = d.nodes[ten].next;
  uint32_t b = weir__document_member(&d, object, "b");
  assert_int_equal(d.nodes[a].key_column, 3);
  assert_int_equal(d.nodes[a].column, 8);
  assert_true(weir__document_is_integer(&d, ten));
  assert_int_equal(strtoll(weir__document_number(&d, ten), NULL, 10), 10);
  assert_int_equal(weir__document_count(&d, a), 2);
  assert_int_equal(weir__document_count(&d, object), 0);
  assert_int_equal(d.nodes[object].line, 2);
  assert_int_equal(d.nodes[object].column, 3);
  assert_int_equal(d.nodes[object].next, WEIR__NO_NODE);
  assert_string_equal(weir__document_text(&d, b), "x");
  assert_null(weir__document_text(&d, a));
  assert_true(weir__document_is(&d, weir__document_member(&d, 0, "c"), WEIR__NULL));
  assert_int_equal(d.nodes[weir__document_member(&d, 0, "c")].line, 3);
  assert_int_equal(weir__document_member(&d, 0, "b"), WEIR__NO_NODE);
  assert_int_equal(weir__document_child(&d, b), WEIR__NO_NODE);
  weir__document_close(&d);
  weir__report_free(&report);
}

static void many_keys_are_found(void **state)
{
  (void)state;
  enum { KEYS = 20000 };
  char *text = malloc(KEYS * 16), *to = text;
  for (int i = 0; i < KEYS; i++) to += sprintf(to, "%s\"k%d\":%d", i ? "," : "{", i, i);
  strcpy(to, "}");
  struct weir__report report = {0};
  struct weir__document d;
  assert_int_equal(weir__document_open(&d, "t.json", text, strlen(text), &report), WEIR_OK);
  for (int i = 0; i < KEYS; i += 7) {
    char key[16];
    snprintf(key, sizeof key, "k%d", i);
    assert_int_equal(strtoll(weir__document_number(&d, weir__document_member(&d, 0, key)), NULL, 10), i);
  }
  weir__document_close(&d);
  weir__report_free(&report);
  free(text);
}

/* ---- the same as another reader finds there ---- */

static void expect_same(const struct weir__document *d, uint32_t node, json_t *value)
{
  static const enum weir__json_kind kinds[] = {
      [JSON_OBJECT] = WEIR__OBJECT,  [JSON_ARRAY] = WEIR__LIST,  [JSON_STRING] = WEIR__TEXT,
      [JSON_INTEGER] = WEIR__NUMBER, [JSON_REAL] = WEIR__NUMBER, [JSON_TRUE] = WEIR__TRUE,
      [JSON_FALSE] = WEIR__FALSE,    [JSON_NULL] = WEIR__NULL};
  assert_non_null(value);
  assert_int_equal(weir__document_kind(d, node), kinds[json_typeof(value)]);
  assert_int_equal(weir__document_is_integer(d, node), json_is_integer(value));
  assert_int_equal(weir__document_count(d, node), json_array_size(value));
  if (json_is_string(value)) assert_string_equal(weir__document_text(d, node), json_string_value(value));
  if (json_is_integer(value))
    assert_int_equal(strtoll(weir__document_number(d, node), NULL, 10), json_integer_value(value));
  if (json_is_real(value)) assert_true(strtod(weir__document_number(d, node), NULL) == json_real_value(value));
  size_t children = 0;
  for (uint32_t child = weir__document_child(d, node); child != WEIR__NO_NODE; child = d->nodes[child].next)
    expect_same(d, child,
                json_is_object(value) ? json_object_get(value, weir__document_key(d, child))
                                      : json_array_get(value, children)),
        children++;
  assert_int_equal(children, json_is_object(value) ? json_object_size(value) : json_array_size(value));
}

static uint32_t random_number(uint32_t below)
{
  static uint32_t state = 2463534242u;
  state ^= state << 13, state ^= state >> 17, state ^= state << 5;
  return state % below;
}

/* A value, with all that is good in it somewhere. */
static char *write_random(char *to, int depth)
{
  static const char *const scalars[] = {"0",
                                        "-0",
                                        "17",
                                        "-9223372036854775808",
                                        "9223372036854775807",
                                        "1.5",
                                        "-2e-3",
                                        "1E+2",
                                        "true",
                                        "false",
                                        "null",
                                        "\"\"",
                                        "\"a text\"",
                                        "\"\\u00e9\\n\\\\\\\"\\/\"",
                                        "\"\\ud83d\\ude00\"",
                                        "\"\xe2\x82\xac\"",
                                        "[]",
                                        "{}",
                                        " [ ] "};
  uint32_t what = random_number(depth ? 3 : 1), count = 1 + random_number(4);
  if (what == 0) return to + sprintf(to, "%s", scalars[random_number(sizeof scalars / sizeof scalars[0])]);
  for (uint32_t i = 0; i < count; i++) {
    to += sprintf(to, "%s", i ? " ,\n" : what == 1 ? "[" : "{ ");
    if (what == 2) to += sprintf(to, "\"k\\u0065y%u\":", i);
    to = write_random(to, depth - 1);
  }
  return to + sprintf(to, what == 1 ? "]" : "}");
}

static void values_are_those_that_another_reader_finds(void **state)
{
  (void)state;
  static char text[1 << 16];
  for (int i = 0; i < 2000; i++) {
    struct weir__report report = {0};
    struct weir__document d;
    size_t size = (size_t)(write_random(text, 4) - text);
    json_t *root = json_loadb(text, size, JSON_DECODE_ANY, NULL);
    assert_int_equal(weir__document_open(&d, "t.json", text, size, &report), WEIR_OK);
    expect_same(&d, 0, root);
    weir__document_close(&d);
    weir__report_free(&report);
    json_decref(root);
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(good_texts_are_accepted),
      cmocka_unit_test(a_jsonc_file_may_have_comments_wherever_space_may_be),
      cmocka_unit_test(syntax_errors_are_reported_once_and_at_their_place),
      cmocka_unit_test(zero_bytes_are_refused_in_and_outside_of_texts),
      cmocka_unit_test(columns_count_characters_not_bytes),
      cmocka_unit_test(each_duplicate_key_is_reported_with_the_first_one),
      cmocka_unit_test(nesting_is_limited_and_deep_nesting_is_one_error),
      cmocka_unit_test(a_text_above_the_limit_is_refused_unread),
      cmocka_unit_test(values_know_where_they_stand),
      cmocka_unit_test(many_keys_are_found),
      cmocka_unit_test(values_are_those_that_another_reader_finds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
