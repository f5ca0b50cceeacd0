/* Messages from JSON and to JSON: exact both ways, for every kind; what is wrong is said exactly. */
#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "unit/actor_fixture.h"

#include <weir/json.h>

#include "chance.h"
#include "channel/fields.h"
#include "platform/utf8.h"
#include "json/scan.h"

struct place {
  int32_t x, y;
  const char *name;
};
WEIR_MESSAGE(place, WEIR_FIELD(x, .min = -100, .max = 100), WEIR_FIELD(y, .def = "7"),
             WEIR_FIELD(name, .def = "null", .json = "the name"));

struct all {
  const char *text;
  char chars[8];
  bool flag;
  int32_t i32;
  uint32_t u32;
  int64_t i64;
  uint64_t u64;
  double f64;
  weir_ref ref;
  weir_bytes bytes;
  weir_duration duration;
  struct place home, corners[2];
  const struct all *next;
  const char *const *texts;
  size_t text_count;
  const uint64_t *numbers;
  size_t number_count;
  const weir_bytes *blobs;
  size_t blob_count;
  const weir_duration *times;
  size_t time_count;
  const struct place *places;
  size_t place_count;
  int32_t four[4];
  double two[2];
  bool bits[3];
  weir_duration spans[2];
};
WEIR_MESSAGE(all, WEIR_FIELD(text, .def = "null"), WEIR_FIELD(chars, .def = "\"\""), WEIR_FIELD(flag, .def = "false"),
             WEIR_FIELD(i32, .def = "0"), WEIR_FIELD(u32, .def = "0"), WEIR_FIELD(i64, .def = "0"),
             WEIR_FIELD(u64, .def = "18446744073709551615"), WEIR_FIELD(f64, .def = "0"),
             WEIR_FIELD(ref, .def = "null"), WEIR_FIELD(bytes, .def = "\"\""),
             WEIR_FIELD(duration, .def = "\"5s\"", .min = -0x1p63, .max = 0x1p63),
             WEIR_NESTED(home, place, .def = "{\"x\": 1}"),
             WEIR_NESTED(corners, place, .def = "[{\"x\": 2}, {\"x\": 3}]"), WEIR_OPTIONAL(next, all),
             WEIR_LIST(texts, text_count, .def = "[]"), WEIR_LIST(numbers, number_count, .def = "[]"),
             WEIR_LIST(blobs, blob_count, .def = "[]"), WEIR_LIST(times, time_count, .def = "[]"),
             WEIR_LIST_OF(places, place_count, place, .def = "[]"), WEIR_FIELD(four, .def = "[1,2,3,4]"),
             WEIR_FIELD(two, .def = "[0.5, 1e300]"), WEIR_FIELD(bits, .def = "[true,false,true]"),
             WEIR_FIELD(spans, .def = "[\"1ms\",\"2h\"]"));

struct strict {
  const char *color;
  int32_t must;
  const uint64_t *small;
  size_t small_count;
  weir_duration wait;
  struct place place;
  double pair[2];
  weir_bytes data;
};
WEIR_MESSAGE(strict, WEIR_FIELD(color, .one_of = "red|green"), WEIR_FIELD(must),
             WEIR_LIST(small, small_count, .max = 9), WEIR_FIELD(wait), WEIR_NESTED(place, place), WEIR_FIELD(pair),
             WEIR_FIELD(data));

static int even(void **state)
{
  (void)state;
  return accounts_are_even();
}

static struct all *read_all(const char *text)
{
  struct all *a;
  int rc = weir_json_read(all, &a, text, strlen(text));
  if (rc) fail_msg("%d %s", rc, weir_error_text());
  return a;
}

/* ---- reading ---- */

static void what_is_left_out_gets_its_default(void **state)
{
  (void)state;
  WEIR_AUTO struct all *a = read_all("{}");
  assert_null(a->text);
  assert_true(a->u64 == UINT64_MAX);
  assert_int_equal(a->ref.bits, 0);
  assert_int_equal(a->duration.ns, 5000000000);
  assert_true(a->home.x == 1 && a->home.y == 7 && !a->home.name);
  assert_true(a->corners[0].x == 2 && a->corners[1].x == 3);
  assert_null(a->next);
  assert_int_equal(a->place_count, 0);
  assert_int_equal(a->four[3], 4);
  assert_true(a->two[1] == 1e300 && a->bits[2] && !a->bits[1]);
  assert_int_equal(a->spans[1].ns, INT64_C(7200000000000));
}

static void every_kind_is_read(void **state)
{
  (void)state;
  WEIR_AUTO struct all *a = read_all(
      "{\"text\": \"t\\u00e9 \\ud83d\\ude00\", \"chars\": \"1234567\", \"flag\": true, \"i32\": -2147483648,\n"
      " \"u32\": 4294967295, \"i64\": -9223372036854775808, \"u64\": 9223372036854775809, \"f64\": 0.1, \"ref\": "
      "null,\n"
      " \"bytes\": \"AAEC/w==\", \"duration\": \"-9223372036854775807ns\", \"home\": {\"x\": 5, \"the name\": \"h\"},\n"
      " \"next\": {\"text\": \"inner\", \"next\": {\"text\": \"more\"}}, \"texts\": [\"a\", \"\"],\n"
      " \"numbers\": [0, 18446744073709551615], \"blobs\": [\"\", \"YQ==\"], \"times\": [\"250ms\"],\n"
      " \"places\": [{\"x\": -100}, {\"x\": 100, \"y\": 0}], \"four\": [9, 8, 7, 6]}");
  assert_string_equal(a->text, "t\xc3\xa9 \xf0\x9f\x98\x80");
  assert_string_equal(a->chars, "1234567");
  assert_true(a->flag && a->i32 == INT32_MIN && a->u32 == UINT32_MAX && a->i64 == INT64_MIN);
  assert_true(a->u64 == UINT64_C(9223372036854775809) && a->f64 == 0.1);
  assert_int_equal(a->bytes.size, 4);
  assert_memory_equal(a->bytes.data, "\0\1\2\xff", 4);
  assert_true(a->duration.ns == -INT64_MAX);
  assert_string_equal(a->home.name, "h");
  assert_string_equal(a->next->next->text, "more");
  assert_null(a->next->next->next);
  assert_int_equal(a->text_count, 2);
  assert_true(a->numbers[1] == UINT64_MAX);
  assert_true(a->blob_count == 2 && a->blobs[1].size == 1);
  assert_int_equal(a->times[0].ns, 250000000);
  assert_true(a->places[0].x == -100 && a->places[0].y == 7 && a->places[1].y == 0);
  assert_int_equal(a->four[0], 9);
}

static void a_part_of_a_document_is_read(void **state)
{
  (void)state;
  static const char text[] = "{\"shops\": [1, {\"a/b~\": {\"x\": 3}}]}";
  struct place *p;
  assert_int_equal(weir_json_read(place, &p, text, strlen(text), .at = "/shops/1/a~1b~0"), WEIR_OK);
  assert_int_equal(p->x, 3);
  weir_free(p);
  static const char *const nowhere[] = {"/shops/2",   "/shops/01",  "/shop",  "shops",
                                        "/shops/1/x", "/shops/0/0", "/shops/"};
  for (size_t i = 0; i < sizeof nowhere / sizeof nowhere[0]; i++) {
    assert_int_equal(weir_json_read(place, &p, text, strlen(text), .at = nowhere[i]), WEIR_EINVAL);
    assert_null(p);
    assert_non_null(strstr(weir_error_text(), "nothing is at"));
  }
}

/* ---- what is wrong ---- */

struct heard {
  char text[4096];
  size_t size;
};

static void hear(void *arg, const weir_problem *p)
{
  struct heard *h = arg;
  h->size += (size_t)snprintf(h->text + h->size, sizeof h->text - h->size, "%s:%d:%d: %s\n", p->file, p->line,
                              p->column, p->text);
}

static void wrong(const char *text, const char *expected)
{
  struct strict *s;
  struct heard h = {.size = 0};
  assert_int_equal(weir_json_read(strict, &s, text, strlen(text), .file = "f", .problem = hear, .arg = &h),
                   WEIR_EINVAL);
  assert_null(s);
  assert_string_equal(h.text, expected);
  size_t first = strcspn(expected, "\n");
  assert_memory_equal(weir_error_text(), expected, first < 200 ? first : 200);
}

static void all_errors_are_told_with_place_and_pointer(void **state)
{
  (void)state;
  wrong("{\"color\": \"blue\", \"must\": 1.5,\n \"small\": [1, 10, \"x\"], \"wait\": 5,\n"
        " \"place\": {\"x\": 101, \"the nam\": \"n\"}, \"pair\": [1], \"data\": \"YQ=\"}",
        "f:1:11: /color: must be one of: red|green, not \"blue\"\n"
        "f:1:27: /must: must be an integer from -2147483648 to 2147483647, not 1.5\n"
        "f:2:15: /small/1: must be an integer from 0 to 9, not 10\n"
        "f:2:19: /small/2: must be an integer from 0 to 9, not \"x\"\n"
        "f:2:33: /wait: must be a text with a unit, like \"5s\" (ns, us, ms, s, min, h), not 5\n"
        "f:3:17: /place/x: must be an integer from -100 to 100, not 101\n"
        "f:3:22: /place/the nam: unknown key (did you mean \"the name\"?)\n"
        "f:3:47: /pair: must be a list of 2 items, and has 1\n"
        "f:3:60: /data: must be bytes as base64, not \"YQ=\"\n");
}

static void what_is_missing_is_named(void **state)
{
  (void)state;
  wrong("{\"place\": {}}", "f:1:1: \"color\" is missing\nf:1:1: \"must\" is missing\nf:1:1: \"small\" is missing\n"
                           "f:1:1: \"wait\" is missing\nf:1:1: \"pair\" is missing\nf:1:1: \"data\" is missing\n"
                           "f:1:11: /place: \"x\" is missing\n");
  wrong("[]", "f:1:1: must be an object, not a list\n");
}

static void syntax_errors_say_where(void **state)
{
  (void)state;
  wrong("{\"color\": red}", "f:1:11: expected a value, not \"red\" (a text stands in double quotes)\n");
  wrong("", "f:1:1: the file is empty\n");
  wrong("{\"must\": 1, \"must\": 2}", "f:1:13: /must: given twice (first at 1:2)\n");
  wrong("{\"must\": NaN}", "f:1:10: expected a value, not \"NaN\" (a text stands in double quotes)\n");
  wrong("{\"must\": 18446744073709551616}", "f:1:10: the number is too large: at most 64 bits are read\n");
  wrong("{\"must\": -9223372036854775809}", "f:1:10: the number is too large: at most 64 bits are read\n");
  wrong("{\"must\": 1e999}", "f:1:10: the number is too large\n");
}

struct spans {
  weir_duration wait;
};
WEIR_MESSAGE(spans, WEIR_FIELD(wait, .min = -0x1p63, .max = 0x1p63));

static void a_duration_is_a_decimal_number_and_a_unit(void **state)
{
  (void)state;
  static const char *const wrong_ones[] = {"0x10s", "-0X1s", "-9e999.5s", "9e999", "nans", "infs", "1", "1 s", "1e5"};
  struct spans *s;
  char text[64];
  for (size_t i = 0; i < sizeof wrong_ones / sizeof wrong_ones[0]; i++) {
    int size = snprintf(text, sizeof text, "{\"wait\": \"%s\"}", wrong_ones[i]);
    assert_int_equal(weir_json_read(spans, &s, text, (size_t)size), WEIR_EINVAL);
    assert_non_null(strstr(weir_error_text(), "must be a duration like"));
  }
}

/* Whatever the program's pointer is, and wherever a text had to be cut. */
static void what_is_told_is_utf8(void **state)
{
  (void)state;
  struct place *p;
  assert_int_equal(weir_json_read(place, &p, "{\"x\": 3}", 8, .at = "/\xab\xc3"), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "1:1: nothing is at \"/\\xab\\xc3\"");
  for (size_t shift = 0; shift < 6; shift++) {
    char text[2048];
    size_t size = (size_t)snprintf(text, sizeof text, "{\"%.*s", (int)shift, "abcdef");
    for (int i = 0; i < 400; i++) size += (size_t)snprintf(text + size, sizeof text - size, "\xe2\x82\xac");
    size += (size_t)snprintf(text + size, sizeof text - size, "\": 1, \"x\": 1}");
    struct heard h = {.size = 0};
    assert_int_equal(weir_json_read(place, &p, text, size, .file = "f", .problem = hear, .arg = &h), WEIR_EINVAL);
    for (size_t i = 0; i < h.size; i++) {
      size_t whole = weir__utf8_size((unsigned char *)h.text + i, (unsigned char *)h.text + h.size);
      assert_true(whole > 0);
      i += whole - 1;
    }
    const char *told = weir_error_text(), *end = told + strlen(told);
    for (size_t whole; told < end; told += whole)
      assert_true((whole = weir__utf8_size((const unsigned char *)told, (const unsigned char *)end)) > 0);
  }
}

static void a_wide_integer_is_out_of_range_not_something_else(void **state)
{
  (void)state;
  struct place *p;
  static const char text[] = "{\"x\": 18446744073709551615, \"y\": 3}";
  assert_int_equal(weir_json_read(place, &p, text, strlen(text)), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "1:7: /x: must be an integer from -100 to 100, not 18446744073709551615");
}

struct with_ref {
  weir_ref to;
};
WEIR_MESSAGE(with_ref, WEIR_FIELD(to));

static void a_ref_is_not_read(void **state)
{
  (void)state;
  struct with_ref *w;
  assert_int_equal(weir_json_read(with_ref, &w, "{\"to\": 5}", 9), WEIR_EINVAL);
  assert_string_equal(weir_error_text(), "1:8: /to: a ref can't be given in JSON: it is set by the program");
}

static void no_text_needs_to_end_with_a_nul(void **state)
{
  (void)state;
  char *text = malloc(7); /* so that a read beyond it is seen */
  memcpy(text, "{\"x\":1}", 7);
  struct place *p;
  assert_int_equal(weir_json_read(place, &p, text, 7), WEIR_OK);
  assert_int_equal(p->x, 1);
  weir_free(p);
  free(text);
}

/* ---- tables whose defaults can't be used ---- */

struct odd_default {
  int32_t n;
};
WEIR_MESSAGE(odd_default, WEIR_FIELD(n, .def = "11", .min = 1, .max = 10));
struct no_json {
  const char *t;
};
WEIR_MESSAGE(no_json, WEIR_FIELD(t, .def = "river"));
struct endless {
  const struct endless *next;
};
WEIR_MESSAGE(endless, WEIR_OPTIONAL(next, endless, .def = "{}"));

static void a_default_that_can_not_be_used_is_refused_at_first_use(void **state)
{
  (void)state;
  weir_sender tx;
  weir_receiver rx;
  assert_int_equal(weir_mpsc(4, &tx, &rx), WEIR_OK);
  assert_int_equal(weir_channel_send(tx, odd_default, .n = 5), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "odd_default.n: its default, 11: must be an integer from 1 to 10, not 11"));
  assert_non_null(strstr(weir_error_text(), "test_json.c:"));
  assert_int_equal(weir_channel_send(tx, no_json, .t = NULL), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "no_json.t: its default, river: expected a value"));
  assert_int_equal(weir_channel_send(tx, endless, .next = NULL), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "more than 64 deep"));
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

/* ---- writing ---- */

static void expect_written(const struct all *a, const char *expected)
{
  char *text;
  size_t size;
  assert_int_equal(weir_json_write(all, a, &text, &size), WEIR_OK);
  assert_string_equal(text, expected);
  assert_int_equal(size, strlen(expected));
  free(text);
}

static void values_are_written_in_the_order_of_the_table(void **state)
{
  (void)state;
  weir_bytes blobs[] = {{"a", 1, NULL}, {NULL, 0, NULL}};
  expect_written(
      &(struct all){.text = "q\" b\\ n\n \x01 \x7f \xc3\xa9",
                    .u64 = UINT64_MAX,
                    .f64 = 0.1,
                    .ref = {UINT64_C(1) << 32 | 9},
                    .bytes = {"\0\1", 2, NULL},
                    .duration = WEIR_SECONDS(90),
                    .blobs = blobs,
                    .blob_count = 2,
                    .two = {1e300, -0.0}},
      "{\"text\":\"q\\\" b\\\\ n\\n \\u0001 \\u007f "
      "\xc3\xa9\",\"chars\":\"\",\"flag\":false,\"i32\":0,\"u32\":0,\"i64\":0,"
      "\"u64\":18446744073709551615,\"f64\":0.1,\"ref\":\"actor 9\",\"bytes\":\"AAE=\",\"duration\":\"90s\",\"home\":"
      "{\"x\":0,\"y\":0,\"the name\":null},\"corners\":[{\"x\":0,\"y\":0,\"the name\":null},{\"x\":0,\"y\":0,\"the "
      "name\":null}],\"next\":null,\"texts\":[],\"numbers\":[],\"blobs\":[\"YQ==\",\"\"],\"times\":[],\"places\":[],"
      "\"four\":[0,0,0,0],\"two\":[1e+300,-0],\"bits\":[false,false,false],\"spans\":[\"0s\",\"0s\"]}");
}

static void what_json_can_not_hold_is_refused(void **state)
{
  (void)state;
  char *text;
  size_t size;
  assert_int_equal(weir_json_write(all, &(struct all){.f64 = (double)NAN}, &text, &size), WEIR_ERANGE);
  assert_non_null(strstr(weir_error_text(), "all.f64: JSON has no numbers that are not finite"));
  assert_null(text);
  assert_int_equal(weir_json_write(all, (&(struct all){.two = {0, (double)INFINITY}}), &text, NULL), WEIR_ERANGE);
  assert_int_equal(weir_json_write(all, &(struct all){.text = "\xff"}, &text, NULL), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "all.text: the text is not UTF-8"));
  struct all loop = {.next = &loop};
  assert_int_equal(weir_json_write(all, &loop, &text, NULL), WEIR_ERANGE);
}

/* ---- there and back, by chance ---- */

enum { LINKS = 4, ITEMS = 5 };
static struct {
  struct all values[LINKS];
  struct place places[LINKS][ITEMS];
  const char *texts[LINKS][ITEMS];
  uint64_t numbers[LINKS][ITEMS];
  weir_bytes blobs[LINKS][ITEMS];
  weir_duration times[LINKS][ITEMS];
} random_pool;

static size_t below(size_t n) { return draw() % n; }

/* Of all sizes: a random number of random bits. */
static uint64_t some_bits(void) { return draw() >> below(64); }

static double some_double(void)
{
  for (;;) {
    uint64_t bits = below(2) ? draw() : some_bits();
    double d = below(3) ? (double)(int64_t)some_bits() / 1000 : 0;
    if (d == 0) memcpy(&d, &bits, sizeof d);
    if (isfinite(d)) return d;
  }
}

static const char *some_text(void)
{
  static const char *const texts[] = {"", "plain", "\"\\/\b\f\n\r\t\x01\x1f\x7f",
                                      "\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", "{}[],:"};
  return texts[below(5)];
}

static weir_bytes some_bytes(void)
{
  static unsigned char content[64];
  for (size_t i = 0; i < sizeof content; i++)
    if (!content[i]) content[i] = (unsigned char)draw();
  return (weir_bytes){content, below(sizeof content), NULL};
}

static weir_duration some_time(void)
{
  int64_t ns = (int64_t)some_bits();
  return (weir_duration){below(2) ? ns : ns / 1000000 * 1000000};
}

static weir_duration some_positive_time(void)
{
  weir_duration d = some_time();
  return (weir_duration){d.ns < 0 ? d.ns == INT64_MIN ? 0 : -d.ns : d.ns};
}

static struct place some_place(void)
{
  return (struct place){(int32_t)below(201) - 100, (int32_t)some_bits(), below(2) ? some_text() : NULL};
}

static void fill_items(size_t i)
{
  for (size_t n = 0; n < ITEMS; n++) {
    random_pool.places[i][n] = some_place();
    random_pool.texts[i][n] = some_text();
    random_pool.numbers[i][n] = some_bits();
    random_pool.blobs[i][n] = some_bytes();
    random_pool.times[i][n] = some_positive_time();
  }
}

static const struct all *some_value(void)
{
  for (size_t i = LINKS; i-- > 0;) {
    fill_items(i);
    random_pool.values[i] = (struct all){
        .text = below(2) ? some_text() : NULL,
        .flag = below(2),
        .i32 = (int32_t)some_bits(),
        .u32 = (uint32_t)some_bits(),
        .i64 = (int64_t)some_bits(),
        .u64 = some_bits(),
        .f64 = some_double(),
        .bytes = some_bytes(),
        .duration = some_time(),
        .home = some_place(),
        .corners = {some_place(), some_place()},
        .next = i + 1 < LINKS && below(3) ? &random_pool.values[i + 1] : NULL,
        .texts = random_pool.texts[i],
        .text_count = below(ITEMS + 1),
        .numbers = random_pool.numbers[i],
        .number_count = below(ITEMS + 1),
        .blobs = random_pool.blobs[i],
        .blob_count = below(ITEMS + 1),
        .times = random_pool.times[i],
        .time_count = below(ITEMS + 1),
        .places = random_pool.places[i],
        .place_count = below(ITEMS + 1),
        .four = {(int32_t)some_bits(), 1, 2, (int32_t)some_bits()},
        .two = {some_double(), some_double()},
        .bits = {below(2), below(2), below(2)},
        .spans = {some_positive_time(), some_positive_time()},
    };
    snprintf(random_pool.values[i].chars, 8, "%.7s", below(2) ? "1234567" : "\n\"");
  }
  return &random_pool.values[0];
}

static void same_value(const struct all *a, const struct all *b)
{
  assert_memory_equal(&a->f64, &b->f64, sizeof a->f64);
  assert_true(a->i64 == b->i64 && a->u64 == b->u64 && a->duration.ns == b->duration.ns);
  assert_memory_equal(a->two, b->two, sizeof a->two);
  for (size_t i = 0; i < weir_message_all()->count; i++)
    assert_int_equal(weir__field_hash(&weir_message_all()->fields[i], a),
                     weir__field_hash(&weir_message_all()->fields[i], b));
  if (a->next || b->next) same_value(a->next, b->next);
}

static void what_is_written_is_read_back_as_it_was(void **state)
{
  (void)state;
  for (int64_t n = 0; n < count_or(3000, 200); n++) {
    const struct all *a = some_value();
    char *text, *again;
    struct all *b;
    size_t size;
    assert_int_equal(weir_json_write(all, a, &text, &size), WEIR_OK);
    if (weir_json_read(all, &b, text, size)) fail_msg("%s\n%s", weir_error_text(), text);
    assert_int_equal(weir_json_write(all, b, &again, NULL), WEIR_OK);
    assert_string_equal(text, again); /* each value has one text, and no two values that differ have the same */
    same_value(a, b);
    weir_free(b);
    free(text);
    free(again);
  }
}

/* ---- texts that were damaged ---- */

/* A locale with a decimal comma, made for this test where the system has the source of one. */
static bool choose_comma(char *folder)
{
  char command[256];
  if (!mkdtemp(folder)) return false;
  snprintf(command, sizeof command, "localedef -i de_DE -f UTF-8 %s/comma >/dev/null 2>&1", folder);
  return system(command) >= 0 && !setenv("LOCPATH", folder, 1) && setlocale(LC_ALL, "comma") &&
         strcmp(localeconv()->decimal_point, ",") == 0;
}

struct pause {
  double factor;
  weir_duration wait;
};
WEIR_MESSAGE(pause, WEIR_FIELD(factor), WEIR_FIELD(wait));

static void the_programs_locale_changes_nothing(void **state)
{
  (void)state;
  char folder[] = "/tmp/weir-locale-XXXXXX", command[64], *text = NULL;
  struct pause *p = NULL;
  size_t size = 0;
  bool chosen = choose_comma(folder);
  static const char document[] = "{\"factor\": 0.5, \"wait\": \"1.5s\"}";
  int rc = chosen ? weir_json_read(pause, &p, document, sizeof document - 1) : WEIR_OK;
  if (chosen && !rc) rc = weir_json_write(pause, p, &text, &size);
  setlocale(LC_ALL, "C");
  unsetenv("LOCPATH");
  snprintf(command, sizeof command, "rm -rf %s", folder);
  assert_int_equal(system(command), 0);
  if (!chosen) skip();
  assert_int_equal(rc, WEIR_OK);
  assert_true(p->factor == 0.5 && p->wait.ns == 1500000000);
  assert_non_null(strstr(text, "0.5"));
  free(text);
  weir_free(p);
}

static void damage(char *text, size_t *size)
{
  static const char bytes[] = "{}[]\",:0123456789.eE+-tfn\\u \n\xff\xc3";
  size_t at = below(*size);
  switch (below(3)) {
  case 0:
    text[at] = bytes[below(sizeof bytes)]; /* with a zero byte */
    break;
  case 1:
    memmove(text + at, text + at + 1, *size - at - 1);
    *size -= 1;
    break;
  default:
    *size = at + 1;
    break;
  }
}

static void a_damaged_text_is_read_or_refused_with_a_text(void **state)
{
  (void)state;
  for (int64_t n = 0; n < count_or(5000, 300); n++) {
    char *text;
    size_t size;
    struct all *a;
    assert_int_equal(weir_json_write(all, some_value(), &text, &size), WEIR_OK);
    for (size_t times = 1 + below(4); times-- && size > 1;) damage(text, &size);
    int rc = weir_json_read(all, &a, text, size);
    if (rc && (rc != WEIR_EINVAL || a || !strchr(weir_error_text(), ':'))) fail_msg("%d %s", rc, weir_error_text());
    weir_free(a);
    free(text);
  }
}

#define TEST(f) cmocka_unit_test_teardown(f, even)

int main(void)
{
  chance_begin();
  const struct CMUnitTest tests[] = {
      TEST(what_is_left_out_gets_its_default),
      TEST(every_kind_is_read),
      TEST(a_part_of_a_document_is_read),
      TEST(all_errors_are_told_with_place_and_pointer),
      TEST(what_is_missing_is_named),
      TEST(syntax_errors_say_where),
      TEST(a_duration_is_a_decimal_number_and_a_unit),
      TEST(what_is_told_is_utf8),
      TEST(a_wide_integer_is_out_of_range_not_something_else),
      TEST(a_ref_is_not_read),
      TEST(no_text_needs_to_end_with_a_nul),
      TEST(a_default_that_can_not_be_used_is_refused_at_first_use),
      TEST(values_are_written_in_the_order_of_the_table),
      TEST(what_json_can_not_hold_is_refused),
      TEST(what_is_written_is_read_back_as_it_was),
      TEST(the_programs_locale_changes_nothing),
      TEST(a_damaged_text_is_read_or_refused_with_a_text),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
