/* Fields: structs inside each other, optional ones, lists and arrays of every kind; tables that are refused;
 * printing. */
#include <stdint.h>

#include "unit/copy_fixture.h"

#include "chance.h"
#include "channel/message.h"

struct point {
  int32_t x, y;
  const char *label;
};
WEIR_MESSAGE(point, WEIR_FIELD(x), WEIR_FIELD(y), WEIR_FIELD(label));

struct shape {
  const char *name;
  struct point origin, corners[2];
  const struct shape *inner;
  const struct point *points;
  size_t point_count;
  int32_t sizes[4];
  double matrix[2];
  const char *tags[2];
  weir_bytes images[2];
  const weir_ref *refs;
  size_t ref_count;
  const weir_duration *times;
  size_t time_count;
  const weir_bytes *blobs;
  size_t blob_count;
};
WEIR_MESSAGE(shape, WEIR_FIELD(name), WEIR_NESTED(origin, point), WEIR_NESTED(corners, point, .help = "two"),
             WEIR_OPTIONAL(inner, shape), WEIR_LIST_OF(points, point_count, point),
             WEIR_FIELD(sizes, .def = "[1,2,3,4]"), WEIR_FIELD(matrix), WEIR_FIELD(tags), WEIR_FIELD(images),
             WEIR_LIST(refs, ref_count), WEIR_LIST(times, time_count), WEIR_LIST(blobs, blob_count));

COPY_OF(shape)

static void structs_travel_with_all_that_they_hold(void **state)
{
  (void)state;
  char labels[3][8] = {"one", "two", "three"};
  struct point points[] = {{1, 2, labels[0]}, {3, 4, NULL}, {5, 6, labels[2]}};
  weir_ref refs[] = {{7}, {8}};
  weir_duration times[] = {WEIR_MILLIS(1)};
  weir_bytes blobs[] = {{"ab", 2, NULL}, {NULL, 0, NULL}};
  struct shape inner = {.name = labels[1], .points = points, .point_count = 1};
  struct shape value = {.name = "outer",
                        .origin = {-1, -2, labels[0]},
                        .corners = {{0, 0, labels[1]}, {9, 9, NULL}},
                        .inner = &inner,
                        .points = points,
                        .point_count = 3,
                        .sizes = {1, 2, 3, 4},
                        .matrix = {0.5, 2},
                        .tags = {labels[2], NULL},
                        .images = {{"\0x", 2, NULL}},
                        .refs = refs,
                        .ref_count = 2,
                        .times = times,
                        .time_count = 1,
                        .blobs = blobs,
                        .blob_count = 2};
  WEIR_AUTO struct shape *s = there(&value);
  memset(labels, 'x', sizeof labels);
  memset(points, 0, sizeof points);
  memset(&inner, 0, sizeof inner);
  memset(refs, 0, sizeof refs);
  memset(blobs, 0, sizeof blobs);
  assert_string_equal(s->origin.label, "one");
  assert_string_equal(s->corners[0].label, "two");
  assert_int_equal(s->corners[1].y, 9);
  assert_string_equal(s->inner->name, "two");
  assert_int_equal(s->inner->points[0].y, 2);
  assert_null(s->inner->inner);
  assert_int_equal(s->point_count, 3);
  assert_string_equal(s->points[2].label, "three");
  assert_null(s->points[1].label);
  assert_true(s->sizes[3] == 4 && s->matrix[0] == 0.5);
  assert_string_equal(s->tags[0], "three");
  assert_memory_equal(s->images[0].data, "\0x", 2);
  assert_true(s->refs[1].bits == 8 && s->times[0].ns == 1000000);
  assert_memory_equal(s->blobs[0].data, "ab", 2);
  assert_int_equal(s->blobs[1].size, 0);
}

/* ---- depth ---- */

static void nest(struct shape *shapes, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    shapes[i] = (struct shape){.name = "s"};
    shapes[i].inner = i + 1 < count ? &shapes[i + 1] : NULL;
  }
}

static void a_value_is_at_most_64_structs_deep(void **state)
{
  (void)state;
  static struct shape shapes[64];
  nest(shapes, 63); /* the point in the last one is the 64th */
  WEIR_AUTO struct shape *s = there(&shapes[0]);
  size_t depth = 0;
  for (const struct shape *at = s; at; at = at->inner) depth++;
  assert_int_equal(depth, 63);
  nest(shapes, 64);
  uint64_t before = accounts_created();
  assert_int_equal(weir_channel_send_value(channel.tx, WEIR_AT(shape, &shapes[0])), WEIR_ERANGE);
  assert_non_null(strstr(weir_error_text(), "structs inside each other, more than 64 deep"));
  shapes[0].inner = &shapes[0]; /* a value that holds itself */
  assert_int_equal(weir_channel_send_value(channel.tx, WEIR_AT(shape, &shapes[0])), WEIR_ERANGE);
  assert_int_equal(accounts_created(), before);
}

/* ---- copies by chance: whatever is measured fits exactly, and is equal ---- */

static size_t below(size_t n) { return draw() % n; }

enum { POOL = 12 };
static struct {
  struct shape shapes[POOL];
  struct point points[POOL];
} pool;

static const char *some_text(void)
{
  static const char *const texts[] = {NULL, "", "a", "seven..", "eight...", "a longer text, of more than 32 bytes"};
  return texts[below(6)];
}

static void fill_pool(void)
{
  for (size_t i = POOL; i-- > 0;) {
    pool.points[i] = (struct point){(int32_t)i, -(int32_t)i, some_text()};
    pool.shapes[i] = (struct shape){.name = some_text(),
                                    .origin = {1, 2, some_text()},
                                    .tags = {some_text(), some_text()},
                                    .images = {{"0123456789", below(10), NULL}},
                                    .points = pool.points,
                                    .point_count = below(POOL - i),
                                    .inner = i + 1 < POOL && below(3) ? &pool.shapes[i + 1] : NULL};
  }
}

static void a_copy_has_the_size_that_was_measured(void **state)
{
  (void)state;
  static _Alignas(16) char room[1 << 16], twin[1 << 16];
  const weir_message *type = weir_message_shape();
  for (int64_t n = 0; n < count_or(2000, 200); n++) {
    size_t bytes;
    fill_pool();
    assert_int_equal(weir__measure(type, &pool.shapes[0], &bytes), WEIR_OK);
    assert_true(bytes < sizeof room);
    assert_int_equal(weir__copy_if_fits(type, &pool.shapes[0], room, bytes), bytes);
    assert_int_equal(weir__copy_if_fits(type, &pool.shapes[0], room, bytes - 1), 0);
    assert_int_equal(weir__copy_if_fits(type, &pool.shapes[0], room, bytes), bytes);
    assert_int_equal(weir__copy_if_fits(type, room, twin, sizeof twin), bytes); /* of the copy */
    for (size_t f = 0; f < type->count; f++)
      assert_int_equal(weir__field_hash(&type->fields[f], twin), weir__field_hash(&type->fields[f], &pool.shapes[0]));
  }
}

/* ---- copies by a plan ---- */

/* Six pointers; and with nine there are too many for a plan. */
struct card {
  int32_t before;
  const char *name;
  struct point origin;
  weir_bytes images[2];
  const char *tags[2];
  char after[3];
};
struct nine {
  const char *texts[9];
};
WEIR_MESSAGE(card, WEIR_FIELD(before), WEIR_FIELD(name), WEIR_NESTED(origin, point), WEIR_FIELD(images),
             WEIR_FIELD(tags), WEIR_FIELD(after));
WEIR_MESSAGE(nine, WEIR_FIELD(texts));

static void a_few_texts_and_bytes_are_copied_by_a_plan(void **state)
{
  (void)state;
  unsigned traits;
  assert_int_equal(weir__type_know(weir_message_card(), &traits), WEIR_OK);
  assert_int_equal(weir__type_know(weir_message_nine(), &traits), WEIR_OK);
  assert_int_equal(weir__type_know(weir_message_shape(), &traits), WEIR_OK);
  assert_non_null(weir__plan_of(weir_message_card()));
  assert_int_equal(weir__plan_of(weir_message_card())->pointers, 6);
  assert_null(weir__plan_of(weir_message_nine()));
  assert_null(weir__plan_of(weir_message_shape()));
}

static weir_bytes some_bytes(weir_bytes shared)
{
  return below(4) ? (weir_bytes){below(2) ? "0123456789" : NULL, 0, NULL} : shared;
}

/* Into the same room, so that its pointers are the same, too. */
static void a_copy_by_a_plan_is_that_of_the_walk(void **state)
{
  (void)state;
  static _Alignas(16) char room[1 << 10], walked[1 << 10];
  const weir_message *type = weir_message_card();
  weir_bytes shared = weir_bytes_copy("shared", 6);
  for (int64_t n = 0; n < count_or(2000, 200); n++) {
    size_t bytes;
    struct card c;
    memset(&c, 0, sizeof c); /* what lies between fields is copied, and compared, too */
    c.before = 1;
    c.name = some_text();
    c.origin = (struct point){2, 3, some_text()};
    c.images[0] = some_bytes(shared);
    c.images[1] = (weir_bytes){"0123456789", below(10), NULL};
    c.tags[0] = some_text();
    c.tags[1] = some_text();
    c.after[0] = 'z';
    assert_int_equal(weir__measure(type, &c, &bytes), WEIR_OK);
    memset(room, 0, sizeof room);
    assert_int_equal(weir__copy_walking(type, &c, room, bytes), bytes);
    memcpy(walked, room, sizeof room);
    weir__release(type, room);
    memset(room, 0, sizeof room);
    assert_int_equal(weir__copy_if_fits(type, &c, room, bytes), bytes);
    assert_memory_equal(room, walked, sizeof room);
    weir__release(type, room);
    memset(room, 0, sizeof room);
    weir__copy_value(type, &c, room, bytes);
    assert_memory_equal(room, walked, sizeof room);
    weir__release(type, room);
    for (size_t less = 1; less < 40 && less < bytes; less++)
      assert_int_equal(weir__copy_if_fits(type, &c, room, bytes - less), 0);
  }
  weir_bytes_drop(shared);
}

static void a_hash_goes_by_content(void **state)
{
  (void)state;
  const weir_message *type = weir_message_shape();
  struct point a[] = {{1, 2, "x"}, {3, 4, "y"}}, b[] = {{1, 2, "x"}, {3, 4, "z"}};
  struct shape s = {.points = a, .point_count = 2}, t = {.points = b, .point_count = 2};
  const weir_field *points = &type->fields[4];
  assert_string_equal(points->name, "points");
  assert_int_not_equal(weir__field_hash(points, &s), weir__field_hash(points, &t));
  t.point_count = s.point_count = 1;
  assert_int_equal(weir__field_hash(points, &s), weir__field_hash(points, &t));
  t.point_count = 0;
  assert_int_not_equal(weir__field_hash(points, &s), weir__field_hash(points, &t));
}

/* The compiler may have found it by another path in another translation unit. */
static void a_declaration_is_one_by_whatever_path_its_file_was_found(void **state)
{
  (void)state;
  static struct weir__known_type notes[4];
  static weir_message same[4];
  static const char *const files[] = {"point.h", "../../include/point.h", "/usr/include/point.h", "other_point.h"};
  for (int i = 0; i < 4; i++) {
    same[i] = *weir_message_point();
    same[i].file = files[i];
    same[i].note = &notes[i];
  }
  for (int i = 0; i < 3; i++) {
    assert_true(weir_message_same(&same[0], &same[i]));
    assert_false(weir_message_same(&same[3], &same[i]));
  }
}

/* ---- tables that are refused ---- */

/* A type of its own that differs from `point` in its rows. */
static void refuse(const weir_field *fields, size_t count, size_t size, const char *text)
{
  unsigned traits;
  struct weir__known_type note = {.known = NULL};
  weir_message type = {.name = "odd",
                       .size = size,
                       .align = 8,
                       .fields = fields,
                       .count = count,
                       .file = "odd.c",
                       .line = 7,
                       .note = &note};
  for (int again = 0; again < 2; again++) { /* it stays refused */
    assert_int_equal(weir__type_know(&type, &traits), WEIR_EINVAL);
    if (!strstr(weir_error_text(), text)) fail_msg("\"%s\" is not in \"%s\"", text, weir_error_text());
    assert_non_null(strstr(weir_error_text(), "(declared at odd.c:7)"));
  }
}

struct odd {
  int64_t a, b;
  const int32_t *list;
  size_t n;
  const char *text;
};
#define ROW(f, k, ...)                                                                                                 \
  {                                                                                                                    \
    .name = #f, .offset = offsetof(struct odd, f), .size = 8, .align = 8, .kind = k, __VA_ARGS__                       \
  }
#define REFUSE(text, ...)                                                                                              \
  refuse((const weir_field[]){__VA_ARGS__}, sizeof((const weir_field[]){__VA_ARGS__}) / sizeof(weir_field),            \
         sizeof(struct odd), text)
#define A ROW(a, WEIR_KIND_I64, .help = "")
#define B ROW(b, WEIR_KIND_I64, .help = "")
#define LIST ROW(list, WEIR_KIND_LIST, .item = WEIR_KIND_I32, .count_offset = offsetof(struct odd, n))
#define TEXT ROW(text, WEIR_KIND_TEXT, .help = "")

static void a_table_that_leaves_bytes_out_is_refused(void **state)
{
  (void)state;
  REFUSE("odd: bytes 8 to 15 of the struct are in no row of its table", A, LIST, TEXT);
  REFUSE("odd: bytes 0 to 7 of the struct are in no row", B, LIST, TEXT);
  REFUSE("odd: bytes 32 to 39 of the struct are in no row", A, B, LIST);
  refuse(NULL, 0, 2, "odd: bytes 0 to 1 of the struct are in no row");
}

static void a_table_that_contradicts_itself_is_refused(void **state)
{
  (void)state;
  REFUSE("odd: a and twin overlap at byte 0", A,
         {.name = "twin", .offset = 0, .size = 8, .align = 8, .kind = WEIR_KIND_I64}, B, LIST, TEXT);
  REFUSE("odd.far: it ends at byte 48, and the struct has 40", A, B, LIST, TEXT,
         {.name = "far", .offset = 40, .size = 8, .align = 8, .kind = WEIR_KIND_I64});
  REFUSE("odd.list: a list without a count", A, B, TEXT,
         ROW(list, WEIR_KIND_LIST, .item = WEIR_KIND_I32, .count_offset = offsetof(struct odd, list)));
  REFUSE("odd.list: its count lies beyond the struct", A, B, TEXT,
         ROW(list, WEIR_KIND_LIST, .item = WEIR_KIND_I32, .count_offset = 36));
  REFUSE("odd.list: there are no lists of such items", A, B, TEXT,
         ROW(list, WEIR_KIND_LIST, .item = WEIR_KIND_LIST, .count_offset = offsetof(struct odd, n)));
  REFUSE("odd.b: its size is not that of its kind", A, ROW(b, WEIR_KIND_I32, .help = ""), LIST, TEXT);
  REFUSE("odd.b: the type of its struct is missing", A, ROW(b, WEIR_KIND_OPTIONAL, .help = ""), LIST, TEXT);
}

static void options_that_make_no_sense_are_refused(void **state)
{
  (void)state;
  REFUSE("odd.b: its bounds, 3 to 2, hold nothing", A, ROW(b, WEIR_KIND_I64, .min = 3, .max = 2), LIST, TEXT);
  REFUSE("odd.text: only numbers, durations and rates have bounds", A, B, LIST, ROW(text, WEIR_KIND_TEXT, .max = 2));
  REFUSE("odd.text: only integers have a unit", A, B, LIST, ROW(text, WEIR_KIND_TEXT, .unit = WEIR_UNIT_BYTES));
  REFUSE("odd.b: its unit is unknown", A, ROW(b, WEIR_KIND_I64, .unit = (weir_unit)9), LIST, TEXT);
  REFUSE("odd.b: only texts and bytes are secret", A, ROW(b, WEIR_KIND_I64, .secret = true), LIST, TEXT);
  REFUSE("odd.b: what a reload does with it is unknown", A, ROW(b, WEIR_KIND_I64, .reload = (weir_reload)9), LIST,
         TEXT);
  REFUSE("odd.b: only texts have choices, and integers a word that stands for 0", A,
         ROW(b, WEIR_KIND_F64, .one_of = "1|2"), LIST, TEXT);
}

struct forgetful {
  int32_t a;
  int32_t forgotten;
  int32_t b;
};
WEIR_MESSAGE(forgetful, WEIR_FIELD(a), WEIR_FIELD(b));
struct carrier {
  const struct forgetful *f;
};
WEIR_MESSAGE(carrier, WEIR_OPTIONAL(f, forgetful));

static void a_send_of_a_refused_type_says_where_it_was_declared(void **state)
{
  (void)state;
  assert_int_equal(weir_channel_send(channel.tx, forgetful, .a = 1), WEIR_EINVAL);
  assert_non_null(strstr(weir_error_text(), "forgetful: bytes 4 to 7 of the struct are in no row of its table"));
  assert_non_null(strstr(weir_error_text(), "test_fields.c:"));
  assert_int_equal(weir_channel_send(channel.tx, carrier, .f = NULL), WEIR_EINVAL); /* what it can hold counts */
  assert_non_null(strstr(weir_error_text(), "forgetful: "));
}

/* ---- printing ---- */

static void expect_print(const struct shape *s, const char *expected)
{
  char text[2048], few[8];
  size_t length = weir_print(shape, s, text, sizeof text);
  assert_string_equal(text, expected);
  assert_int_equal(length, strlen(expected));
  assert_int_equal(weir_print(shape, s, few, sizeof few), length);
  assert_int_equal(strlen(few), 7);
  assert_memory_equal(few, expected, 7);
  assert_int_equal(weir_print(shape, s, NULL, 0), length);
}

static void values_are_printed_for_people(void **state)
{
  (void)state;
  weir_ref refs[] = {{UINT64_C(3) << 32 | 17}, {0}};
  weir_duration times[] = {WEIR_SECONDS(90), WEIR_MILLIS(1.5), WEIR_FOREVER, {0}};
  struct point points[10] = {{1, -2, "a \"b\"\n\x1b"}};
  struct shape inner = {.name = "in"};
  expect_print(&(struct shape){.name = "river",
                               .inner = &inner,
                               .points = points,
                               .point_count = 10,
                               .refs = refs,
                               .ref_count = 2,
                               .times = times,
                               .time_count = 4,
                               .matrix = {0.1, 1e300},
                               .images = {{"0123456789abcdef+", 17, NULL}, {"\x01", 1, NULL}}},
               "shape { name: \"river\", origin: { x: 0, y: 0, label: none }, corners: [{ x: 0, y: 0, label: none }, "
               "{ x: 0, y: 0, label: none }], inner: { name: \"in\", origin: { x: 0, y: 0, label: none }, corners: "
               "[{ x: 0, y: 0, label: none }, { x: 0, y: 0, label: none }], inner: none, points: [], sizes: [0, 0, 0, "
               "0], matrix: [0, 0], tags: [none, none], images: [<0 bytes>, <0 bytes>], refs: [], times: [], blobs: "
               "[] }, points: [{ x: 1, y: -2, label: \"a \\\"b\\\"\\n\\x1b\" }, { x: 0, y: 0, label: none }, { x: 0, "
               "y: 0, label: none }, { x: 0, y: 0, label: none }, { x: 0, y: 0, label: none }, { x: 0, y: 0, label: "
               "none }, { x: 0, y: 0, label: none }, { x: 0, y: 0, label: none }, ... 2 more], sizes: [0, 0, 0, 0], "
               "matrix: [0.1, 1e+300], tags: [none, none], images: [\"0123456789abcdef+\", <1 bytes: 01>], refs: "
               "[actor 17, nobody], times: [90s, 1500us, forever, 0s], blobs: "
               "[] }");
}

static void a_long_text_is_shortened_between_characters(void **state)
{
  (void)state;
  char text[256];
  struct point p = {.label = "123456789 123456789 123456789 123456789 123456789 123456789\xc3\xa9\xc3\xa9"};
  weir_print(point, &p, text, sizeof text);
  assert_string_equal(text, "point { x: 0, y: 0, label: \"123456789 123456789 123456789 123456789 123456789 "
                            "123456789\"... 63 bytes }");
  weir_print(signal, &(struct signal){0}, text, sizeof text);
  assert_string_equal(text, "signal {}");
}

#define ON_CHANNEL(test) cmocka_unit_test_setup_teardown(test, channel_up, channel_down)

int main(void)
{
  chance_begin();
  const struct CMUnitTest tests[] = {
      ON_CHANNEL(structs_travel_with_all_that_they_hold),
      ON_CHANNEL(a_value_is_at_most_64_structs_deep),
      ON_CHANNEL(a_copy_has_the_size_that_was_measured),
      ON_CHANNEL(a_few_texts_and_bytes_are_copied_by_a_plan),
      ON_CHANNEL(a_copy_by_a_plan_is_that_of_the_walk),
      ON_CHANNEL(a_hash_goes_by_content),
      ON_CHANNEL(a_declaration_is_one_by_whatever_path_its_file_was_found),
      ON_CHANNEL(a_table_that_leaves_bytes_out_is_refused),
      ON_CHANNEL(a_table_that_contradicts_itself_is_refused),
      ON_CHANNEL(options_that_make_no_sense_are_refused),
      ON_CHANNEL(a_send_of_a_refused_type_says_where_it_was_declared),
      ON_CHANNEL(values_are_printed_for_people),
      ON_CHANNEL(a_long_text_is_shortened_between_characters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
