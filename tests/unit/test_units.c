/* Numbers with a unit: their texts, and the fields of messages that hold them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/json.h>
#include <weir/weir.h>

#include "chance.h"
#include "channel/units.h"

/* ---- texts ---- */

static void a_duration_is_exact_or_refused(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum weir__unit_text is;
    int64_t ns;
  } cases[] = {
      {"0s", WEIR__UNIT_GOOD, 0},
      {"1ns", WEIR__UNIT_GOOD, 1},
      {"1.5s", WEIR__UNIT_GOOD, 1500000000},
      {"0.000000001s", WEIR__UNIT_GOOD, 1},
      {"0.1000s", WEIR__UNIT_GOOD, 100000000},
      {"0.3333333333s", WEIR__UNIT_TOO_FINE, 0},
      {"0.1ns", WEIR__UNIT_TOO_FINE, 0},
      {"0.0000000000000000001h", WEIR__UNIT_TOO_FINE, 0},
      {"-90min", WEIR__UNIT_GOOD, -5400000000000},
      {"9223372036854775807ns", WEIR__UNIT_GOOD, INT64_MAX},
      {"-9223372036854775808ns", WEIR__UNIT_GOOD, INT64_MIN},
      {"9223372036854775808ns", WEIR__UNIT_TOO_LARGE, 0},
      {"-9223372036854775809ns", WEIR__UNIT_TOO_LARGE, 0},
      {"2562047.7h", WEIR__UNIT_GOOD, 9223371720000000000},
      {"2562048h", WEIR__UNIT_TOO_LARGE, 0},
      {"99999999999999999999999h", WEIR__UNIT_TOO_LARGE, 0},
      {"5124095.576030431004h", WEIR__UNIT_TOO_FINE, 0},
      {"", WEIR__UNIT_WRONG, 0},
      {"5", WEIR__UNIT_WRONG, 0},
      {"s", WEIR__UNIT_WRONG, 0},
      {".5s", WEIR__UNIT_WRONG, 0},
      {"5.s", WEIR__UNIT_WRONG, 0},
      {"5 s", WEIR__UNIT_WRONG, 0},
      {"5s ", WEIR__UNIT_WRONG, 0},
      {"+5s", WEIR__UNIT_WRONG, 0},
      {"--5s", WEIR__UNIT_WRONG, 0},
      {"1e3s", WEIR__UNIT_WRONG, 0},
      {"0x1s", WEIR__UNIT_WRONG, 0},
      {"5S", WEIR__UNIT_WRONG, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    weir_duration d = {.ns = 77};
    enum weir__unit_text is = weir__duration_read(cases[i].text, &d);
    if (is != cases[i].is || d.ns != (is ? 77 : cases[i].ns))
      fail_msg("\"%s\": %d, %lld", cases[i].text, (int)is, (long long)d.ns);
  }
}

static void a_size_is_exact_or_refused(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum weir__unit_text is;
    uint64_t bytes;
  } cases[] = {
      {"0B", WEIR__UNIT_GOOD, 0},
      {"64KiB", WEIR__UNIT_GOOD, 65536},
      {"64kB", WEIR__UNIT_GOOD, 64000},
      {"1.5KiB", WEIR__UNIT_GOOD, 1536},
      {"0.001kB", WEIR__UNIT_GOOD, 1},
      {"0.001KiB", WEIR__UNIT_TOO_FINE, 0},
      {"1MB", WEIR__UNIT_GOOD, 1000000},
      {"3GiB", WEIR__UNIT_GOOD, UINT64_C(3221225472)},
      {"2TB", WEIR__UNIT_GOOD, 2000000000000},
      {"18446744073709551615B", WEIR__UNIT_GOOD, UINT64_MAX},
      {"18446744073709551616B", WEIR__UNIT_TOO_LARGE, 0},
      {"16777216TiB", WEIR__UNIT_TOO_LARGE, 0},
      {"18446744073709551.616kB", WEIR__UNIT_TOO_LARGE, 0},
      {"64", WEIR__UNIT_WRONG, 0},
      {"64K", WEIR__UNIT_WRONG, 0},
      {"64KB", WEIR__UNIT_WRONG, 0},
      {"64kb", WEIR__UNIT_WRONG, 0},
      {"-1B", WEIR__UNIT_WRONG, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint64_t bytes = 77;
    enum weir__unit_text is = weir__size_read(cases[i].text, &bytes);
    if (is != cases[i].is || bytes != (is ? 77 : cases[i].bytes))
      fail_msg("\"%s\": %d, %llu", cases[i].text, (int)is, (unsigned long long)bytes);
  }
}

static void a_rate_is_so_many_in_a_time(void **state)
{
  (void)state;
  static const struct {
    const char *text;
    enum weir__unit_text is;
    int64_t count, ns;
  } cases[] = {
      {"10/s", WEIR__UNIT_GOOD, 10, 1000000000},
      {"1/min", WEIR__UNIT_GOOD, 1, 60000000000},
      {"3/10s", WEIR__UNIT_GOOD, 3, 10000000000},
      {"1/1.5h", WEIR__UNIT_GOOD, 1, 5400000000000},
      {"0/s", WEIR__UNIT_GOOD, 0, 1000000000},
      {"9223372036854775807/ns", WEIR__UNIT_GOOD, INT64_MAX, 1},
      {"9223372036854775808/ns", WEIR__UNIT_TOO_LARGE, 0, 0},
      {"1/0.1ns", WEIR__UNIT_TOO_FINE, 0, 0},
      {"1/99999999h", WEIR__UNIT_TOO_LARGE, 0, 0},
      {"10", WEIR__UNIT_WRONG, 0, 0},
      {"10/", WEIR__UNIT_WRONG, 0, 0},
      {"/s", WEIR__UNIT_WRONG, 0, 0},
      {"10s", WEIR__UNIT_WRONG, 0, 0},
      {"10/0s", WEIR__UNIT_WRONG, 0, 0},
      {"10/-1s", WEIR__UNIT_WRONG, 0, 0},
      {"-1/s", WEIR__UNIT_WRONG, 0, 0},
      {"1.5/s", WEIR__UNIT_WRONG, 0, 0},
      {"10/s/s", WEIR__UNIT_WRONG, 0, 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    weir_rate rate = {.count = 77};
    enum weir__unit_text is = weir__rate_read(cases[i].text, &rate);
    if (is != cases[i].is || rate.count != (is ? 77 : cases[i].count) || (!is && rate.per.ns != cases[i].ns))
      fail_msg("\"%s\": %d, %lld/%lld", cases[i].text, (int)is, (long long)rate.count, (long long)rate.per.ns);
  }
}

static void expect_size(uint64_t bytes, const char *expected)
{
  char text[WEIR__SIZE_TEXT];
  weir__size_text(bytes, text);
  assert_string_equal(text, expected);
}

static void the_shortest_text_is_written(void **state)
{
  (void)state;
  expect_size(0, "0B");
  expect_size(999, "999B");
  expect_size(1000, "1kB");
  expect_size(1024, "1KiB");
  expect_size(1536, "1536B");
  expect_size(64000, "64kB");
  expect_size(65536, "64KiB");
  expect_size(1024000, "1024kB");
  expect_size(1048576, "1MiB");
  expect_size(2000000000000, "2TB");
  expect_size(UINT64_MAX, "18446744073709551615B");
  char text[WEIR__RATE_TEXT];
  weir__rate_text(WEIR_RATE(10, WEIR_SECONDS(1)), text);
  assert_string_equal(text, "10/s");
  weir__rate_text(WEIR_RATE(1, WEIR_SECONDS(60)), text);
  assert_string_equal(text, "1/min");
  weir__rate_text(WEIR_RATE(3, WEIR_SECONDS(10)), text);
  assert_string_equal(text, "3/10s");
  weir__rate_text((weir_rate){0}, text);
  assert_string_equal(text, "0/s");
}

/* Large and small, round and odd. */
static uint64_t some_number(void)
{
  static const uint64_t round[] = {1, 1000, 1024, 1000000, 1048576, 60000000000, 3600000000000};
  uint64_t number = draw() >> draw() % 64;
  return number / round[draw() % 7] * round[draw() % 7];
}

static void what_is_written_is_read_back(void **state)
{
  (void)state;
  chance_begin();
  for (int i = 0; i < 20000; i++) {
    char text[WEIR__RATE_TEXT];
    uint64_t number = some_number(), bytes;
    weir__size_text(number, text);
    assert_int_equal(weir__size_read(text, &bytes), WEIR__UNIT_GOOD);
    assert_true(bytes == number);
    weir_duration time = {.ns = (int64_t)number}, again;
    weir__duration_text(time, text);
    assert_int_equal(weir__duration_read(text, &again), WEIR__UNIT_GOOD);
    assert_true(again.ns == time.ns);
    weir_rate rate = WEIR_RATE(some_number() >> 1, ((weir_duration){.ns = (int64_t)(number >> 1) + 1})), read;
    weir__rate_text(rate, text);
    assert_int_equal(weir__rate_read(text, &read), WEIR__UNIT_GOOD);
    assert_true(read.count == rate.count && read.per.ns == rate.per.ns);
  }
}

/* ---- fields ---- */

struct limits {
  int64_t most;
  uint64_t disk;
  int32_t small;
  uint32_t page;
  weir_duration wait, any;
  weir_rate rate, free;
  const char *key;
  weir_bytes token;
  const uint64_t *steps;
  size_t step_count;
  weir_rate two[2];
};
WEIR_MESSAGE(limits, WEIR_FIELD(most, .def = "\"1MiB\"", .min = 1, .max = 1 << 26, .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(disk, .def = "\"0B\"", .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(small, .def = "\"1kB\"", .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(page, .def = "\"4KiB\"", .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(wait, .def = "\"5s\"", .min = 1e6, .max = 1e10, .reload = WEIR_RELOAD_REFUSE),
             WEIR_FIELD(any, .def = "\"0s\""), WEIR_FIELD(rate, .def = "\"1/min\"", .min = 1. / 60, .max = 1000),
             WEIR_FIELD(free, .def = "\"0/s\""),
             WEIR_FIELD(key, .def = "\"none\"", .one_of = "none|some", .secret = true),
             WEIR_FIELD(token, .def = "\"AAE=\"", .secret = true),
             WEIR_LIST(steps, step_count, .def = "[\"1KiB\", \"1MiB\"]", .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(two, .def = "[\"1/s\", \"2/s\"]"));

static struct limits *read_limits(const char *text)
{
  struct limits *l = NULL;
  if (weir_json_read(limits, &l, text, strlen(text))) printf("%s\n", weir_error_text());
  return l;
}

static void fields_are_read_and_written_with_their_units(void **state)
{
  (void)state;
  static const char text[] =
      "{\"most\":\"2MiB\",\"disk\":\"16EB\",\"small\":\"1kB\",\"page\":\"4KiB\",\"wait\":\"250ms\",\"any\":\"0s\","
      "\"rate\":\"90/min\",\"free\":\"0/s\",\"key\":\"some\",\"token\":\"AAEC\",\"steps\":[\"1B\"],\"two\":[\"3/10s\","
      "\"1/ns\"]}";
  assert_null(read_limits(text)); /* there is no EB */
  char *good = strdup(text), *written;
  memcpy(strstr(good, "16EB"), "16TB", 4);
  struct limits *l = read_limits(good);
  assert_non_null(l);
  assert_true(l->most == 2097152 && l->disk == 16000000000000 && l->small == 1000 && l->page == 4096);
  assert_true(l->rate.count == 90 && l->rate.per.ns == 60000000000 && l->steps[0] == 1 && l->two[1].per.ns == 1);
  assert_int_equal(weir_json_write(limits, l, &written, NULL), WEIR_OK);
  assert_string_equal(written, good);
  free(written);
  free(good);
  weir_free(l);
  l = read_limits("{}");
  assert_non_null(l);
  assert_true(l->most == 1048576 && l->disk == 0 && l->wait.ns == 5000000000 && l->rate.count == 1);
  weir_free(l);
}

static void wrong(const char *text, const char *expected)
{
  struct limits *l;
  assert_int_equal(weir_json_read(limits, &l, text, strlen(text)), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), expected);
}

static void what_is_wrong_is_told_in_units(void **state)
{
  (void)state;
  wrong("{\"most\": 1048576}", "1:10: /most: must be a text with a unit, like \"1048576B\" (B, kB, MB, GB, TB, KiB, "
                               "MiB, GiB, TiB), not 1048576");
  wrong("{\"wait\": 5}", "1:10: /wait: must be a text with a unit, like \"5s\" (ns, us, ms, s, min, h), not 5");
  wrong("{\"wait\": -5}", "1:10: /wait: must be a text with a unit, like \"1s\" (ns, us, ms, s, min, h), not -5");
  wrong("{\"rate\": 5}", "1:10: /rate: must be a text with a unit, like \"5/s\" (ns, us, ms, s, min, h), not 5");
  wrong("{\"most\": \"64KB\"}", "1:10: /most: must be a size like \"64KiB\" (B, kB, MB, GB, TB, KiB, MiB, GiB, TiB), "
                                "not \"64KB\"");
  wrong("{\"most\": \"0B\"}", "1:10: /most: must be from \"1B\" to \"64MiB\", not \"0B\"");
  wrong("{\"most\": \"1TiB\"}", "1:10: /most: must be from \"1B\" to \"64MiB\", not \"1TiB\"");
  wrong("{\"most\": \"0.5B\"}", "1:10: /most: must be a whole number of bytes, not \"0.5B\"");
  wrong("{\"small\": \"2GiB\"}", "1:11: /small: must be from \"0B\" to \"2147483647B\", not \"2GiB\"");
  wrong("{\"page\": \"4GiB\"}", "1:10: /page: must be from \"0B\" to \"4294967295B\", not \"4GiB\"");
  wrong("{\"disk\": \"16777216TiB\"}", "1:10: /disk: must be at least \"0B\", and fit in 64 bits, not \"16777216TiB\"");
  wrong("{\"wait\": \"20s\"}", "1:10: /wait: must be from \"1ms\" to \"10s\", not \"20s\"");
  wrong("{\"any\": \"-1s\"}", "1:9: /any: must be at least \"0s\", and fit in 64 bits, not \"-1s\"");
  wrong("{\"any\": \"9999999h\"}", "1:9: /any: must be at least \"0s\", and fit in 64 bits, not \"9999999h\"");
  wrong("{\"rate\": \"59/h\"}", "1:10: /rate: must be from \"1/min\" to \"1000/s\", not \"59/h\"");
  wrong("{\"rate\": \"1/us\"}", "1:10: /rate: must be from \"1/min\" to \"1000/s\", not \"1/us\"");
  wrong("{\"free\": \"ten\"}",
        "1:10: /free: must be a rate like \"10/s\" or \"1/min\" (ns, us, ms, s, min, h), not \"ten\"");
  wrong("{\"steps\": [\"1B\", 2]}", "1:18: /steps/1: must be a text with a unit, like \"2B\" (B, kB, MB, GB, TB, KiB, "
                                    "MiB, GiB, TiB), not 2");
}

static void a_secret_is_not_shown(void **state)
{
  (void)state;
  char text[1024];
  wrong("{\"key\": \"hunter2\"}", "1:9: /key: must be one of: none|some");
  wrong("{\"key\": 4711}", "1:9: /key: must be a text");
  wrong("{\"token\": \"hunter2!\"}", "1:11: /token: must be bytes as base64");
  struct limits *l = read_limits("{\"key\": \"some\"}");
  weir_print(limits, l, text, sizeof text);
  assert_non_null(strstr(text, "key: secret, token: secret, steps: [1KiB, 1MiB], two: [1/s, 2/s] }"));
  assert_non_null(strstr(text, "most: 1MiB, disk: 0B, small: 1kB, page: 4KiB, wait: 5s, any: 0s, rate: 1/min"));
  weir_free(l);
}

static void what_has_no_text_is_not_written(void **state)
{
  (void)state;
  char *text, shown[512];
  struct limits l = {.most = -1};
  assert_int_equal(weir_json_write(limits, &l, &text, NULL), WEIR_ERANGE);
  assert_non_null(strstr(weir_error_text(), "limits.most: a size is not below 0"));
  weir_print(limits, &l, shown, sizeof shown);
  assert_non_null(strstr(shown, "most: -1,"));
  l = (struct limits){.rate = {.count = 1}};
  assert_int_equal(weir_json_write(limits, &l, &text, NULL), WEIR_ERANGE);
  assert_non_null(strstr(weir_error_text(), "limits.rate: a rate is so many times, 0 or more, in a time above 0"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_duration_is_exact_or_refused),  cmocka_unit_test(a_size_is_exact_or_refused),
      cmocka_unit_test(a_rate_is_so_many_in_a_time),     cmocka_unit_test(the_shortest_text_is_written),
      cmocka_unit_test(what_is_written_is_read_back),    cmocka_unit_test(fields_are_read_and_written_with_their_units),
      cmocka_unit_test(what_is_wrong_is_told_in_units),  cmocka_unit_test(a_secret_is_not_shown),
      cmocka_unit_test(what_has_no_text_is_not_written),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
