/* fuzz_json.c: messages from JSON and to JSON.
 *
 * The first byte says what the rest is:
 *
 *   's' 'l' 'd'  a document of struct scalars, lists or deep: it is read or refused with a reason; what was read is printed,
 *                copied by a channel, written, read again, and must be the same all the time
 *   'p'          a JSON pointer, a newline, and a document, of which that part is read
 *   other        the bytes of a value: it is written, unless JSON can't hold it, and must be read back as it was */
#include <float.h>
#include <math.h>

#include "fuzz.h"
#include "same.h"

struct point {
  int32_t x, y;
  const char *name;
};
WEIR_MESSAGE(point, WEIR_FIELD(x, .min = -100, .max = 100), WEIR_FIELD(y, .def = "7"),
             WEIR_FIELD(name, .def = "null", .json = "the name"));

/* Every kind that is one value, with and without bounds. */
struct scalars {
  const char *text, *color;
  char chars[8];
  bool flag;
  int32_t i32, small;
  uint32_t u32;
  int64_t i64, wide;
  uint64_t u64, odd;
  double f64, share;
  weir_ref ref;
  weir_bytes bytes;
  weir_duration span, any_span;
  int64_t size;
  uint64_t disk;
  weir_rate rate, slow;
};
WEIR_MESSAGE(scalars, WEIR_FIELD(text, .def = "null"),
             WEIR_FIELD(color, .def = "\"red\"", .one_of = "red|green|dark blue"), WEIR_FIELD(chars, .def = "\"\""),
             WEIR_FIELD(flag, .def = "true"), WEIR_FIELD(i32, .def = "0"),
             WEIR_FIELD(small, .def = "3", .min = -5, .max = 5.5), WEIR_FIELD(u32, .def = "4294967295"),
             WEIR_FIELD(i64, .def = "-9223372036854775808"), WEIR_FIELD(wide, .def = "0", .min = -1e18, .max = 1e18),
             WEIR_FIELD(u64, .def = "18446744073709551615"), WEIR_FIELD(odd, .def = "2", .min = 1.5, .max = 1e19),
             WEIR_FIELD(f64, .def = "0.1"), WEIR_FIELD(share, .def = "1", .min = 0, .max = 1),
             WEIR_FIELD(ref, .def = "null"), WEIR_FIELD(bytes, .def = "\"AAEC/w==\""),
             WEIR_FIELD(span, .def = "\"5s\""), WEIR_FIELD(any_span, .def = "\"-1ms\"", .min = -0x1p63, .max = 0x1p63),
             WEIR_FIELD(size, .def = "\"64KiB\"", .max = 1e9, .unit = WEIR_UNIT_BYTES),
             WEIR_FIELD(disk, .def = "\"1.5TB\"", .unit = WEIR_UNIT_BYTES), WEIR_FIELD(rate, .def = "\"3/10s\""),
             WEIR_FIELD(slow, .def = "\"1/h\"", .max = 1));

/* Lists and arrays of every kind. */
struct lists {
  const char *const *texts;
  const bool *bools;
  const int32_t *ints;
  const uint32_t *unsigneds;
  const int64_t *longs;
  const uint64_t *numbers;
  const double *reals;
  const weir_bytes *blobs;
  const weir_duration *times;
  const struct point *points;
  size_t text_count, bool_count, int_count, unsigned_count, long_count, number_count, real_count, blob_count,
      time_count, point_count;
  const char *two_texts[2];
  bool bits[3];
  int32_t four[4];
  double pair[2];
  weir_bytes two_blobs[2];
  weir_duration spans[2];
  struct point corners[2];
};
WEIR_MESSAGE(lists, WEIR_LIST(texts, text_count, .def = "[]"), WEIR_LIST(bools, bool_count, .def = "[true]"),
             WEIR_LIST(ints, int_count, .def = "[1, 2]", .min = -10, .max = 10),
             WEIR_LIST(unsigneds, unsigned_count, .def = "[]"), WEIR_LIST(longs, long_count, .def = "[]"),
             WEIR_LIST(numbers, number_count, .def = "[]"), WEIR_LIST(reals, real_count, .def = "[]"),
             WEIR_LIST(blobs, blob_count, .def = "[\"YQ==\"]"), WEIR_LIST(times, time_count, .def = "[]"),
             WEIR_LIST_OF(points, point_count, point, .def = "[]"), WEIR_FIELD(two_texts, .def = "[\"a\", \"b\"]"),
             WEIR_FIELD(bits, .def = "[true, false, true]"), WEIR_FIELD(four, .def = "[1, 2, 3, 4]"),
             WEIR_FIELD(pair, .def = "[0.5, 1e300]"), WEIR_FIELD(two_blobs, .def = "[\"\", \"YQ==\"]"),
             WEIR_FIELD(spans, .def = "[\"1ms\", \"2h\"]"),
             WEIR_NESTED(corners, point, .def = "[{\"x\": 2}, {\"x\": 3}]"));

/* Structs in structs, some of which may be missing; `id` may not. */
struct deep {
  int64_t id;
  struct point home;
  struct scalars inner;
  const struct deep *next;
  const struct point *maybe;
  const struct deep *children;
  size_t child_count;
};
WEIR_MESSAGE(deep, WEIR_FIELD(id), WEIR_NESTED(home, point, .def = "{\"x\": 1}"),
             WEIR_NESTED(inner, scalars, .def = "{\"color\": \"green\"}"), WEIR_OPTIONAL(next, deep),
             WEIR_OPTIONAL(maybe, point, .def = "{\"x\": 9, \"the name\": \"given\"}"),
             WEIR_LIST_OF(children, child_count, deep, .def = "[]"));

/* ---- what must hold of a value ---- */

/* The length of the whole text, whatever the buffer; and it is one line. */
static void check_printing(const weir_message *type, weir_value value)
{
  char text[4096], cut[24], none = 'x';
  size_t length = weir_print_value(value, text, sizeof text);
  CHECK(weir_print_value(value, NULL, 0) == length);
  CHECK(weir_print_value(value, &none, 1) == length && !none);
  CHECK(weir_print_value(value, cut, sizeof cut) == length);
  size_t shown = length < sizeof cut ? length : sizeof cut - 1;
  CHECK(strlen(cut) == shown && memcmp(text, cut, shown) == 0);
  CHECK(strncmp(text, type->name, strlen(type->name)) == 0);
  for (const char *c = text; *c; c++) CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

static void check_copying(const weir_message *type, weir_value value)
{
  weir_sender tx;
  weir_receiver rx;
  void *copy;
  CHECK(weir_mpsc(1024, &tx, &rx) == WEIR_OK);
  CHECK(weir_channel_try_send_value(tx, value) == WEIR_OK);
  CHECK(weir_try_receive_value(rx, type, &copy) == WEIR_OK);
  CHECK(same_value(type, value.at, copy));
  weir_free(copy);
  weir_sender_drop(tx);
  weir_receiver_drop(rx);
}

/* Written, read, and written again: each value has one text. */
static void check_round_trip(const weir_message *type, weir_value value)
{
  char *text, *again;
  size_t size, size_again;
  void *back;
  CHECK(weir_json_write_value(value, &text, &size) == WEIR_OK);
  CHECK(strlen(text) == size && fuzz_is_utf8(text) && !strpbrk(text, "\n\r\t"));
  CHECK(weir_json_read_value(type, &back, text, size, NULL) == WEIR_OK);
  CHECK(same_value(type, value.at, back));
  CHECK(weir_json_write_value((weir_value){value.type, back}, &again, &size_again) == WEIR_OK);
  CHECK(size == size_again && strcmp(text, again) == 0);
  weir_free(back);
  free(text);
  free(again);
}

/* ---- from a text ---- */

static void read_document(const weir_message *(*of)(void), const char *at, const uint8_t *text, size_t size)
{
  struct fuzz_told told = {.lines = fuzz_lines(text, size)}, again = told;
  void *message, *other;
  weir_json_options options = {.at = at, .problem = fuzz_tell, .arg = &told};
  int rc = weir_json_read_value(of(), &message, (const char *)text, size, &options);
  if (rc) {
    CHECK(rc == WEIR_EINVAL && !message && told.count);
    fuzz_check_line(weir_error_text());
  } else {
    CHECK(message && !told.count);
    weir_value value = {of, message};
    check_printing(of(), value);
    check_copying(of(), value);
    check_round_trip(of(), value);
  }
  options.arg = &again;
  CHECK(weir_json_read_value(of(), &other, (const char *)text, size, &options) == rc);
  CHECK(told.hash == again.hash && (rc || same_value(of(), message, other)));
  weir_free(message);
  weir_free(other);
}

static void read_part(const uint8_t *data, size_t size)
{
  char at[256];
  const uint8_t *end = memchr(data, '\n', size);
  size_t length = end ? (size_t)(end - data) : 0;
  if (!end || length >= sizeof at) return;
  memcpy(at, data, length);
  at[length] = 0;
  read_document(weir_message_point, at, end + 1, size - length - 1);
}

/* ---- from a value ---- */

struct drawing {
  const uint8_t *at, *end;
  weir_bytes blobs[2];
  const char *texts[2];
  char room[256]; /* of the texts */
  size_t used;
};

static uint8_t draw_byte(struct drawing *d) { return d->at < d->end ? *d->at++ : 0; }

static uint64_t draw_bits(struct drawing *d)
{
  uint64_t bits = 0;
  size_t bytes = draw_byte(d) % 9;
  for (size_t i = 0; i < bytes; i++) bits = bits << 8 | draw_byte(d);
  return bits;
}

static double draw_real(struct drawing *d)
{
  uint64_t bits = draw_bits(d);
  double real;
  memcpy(&real, &bits, sizeof real);
  return real;
}

static const char *draw_text(struct drawing *d)
{
  size_t length = draw_byte(d) % 16, i = 0;
  char *text = d->room + d->used;
  if (length == 15 || d->used + length + 1 > sizeof d->room) return NULL;
  for (; i < length; i++) text[i] = (char)draw_byte(d);
  text[i] = 0;
  d->used += length + 1;
  return text;
}

static weir_bytes draw_blob(struct drawing *d)
{
  size_t size = draw_byte(d) % 16;
  if (size > (size_t)(d->end - d->at)) size = (size_t)(d->end - d->at);
  weir_bytes blob = {size ? d->at : NULL, size, NULL};
  d->at += size;
  return blob;
}

static void draw_scalars(struct drawing *d, struct scalars *s)
{
  *s = (struct scalars){.text = draw_text(d), .color = "green", .share = 0.5, .odd = 2};
  s->i32 = (int32_t)draw_bits(d);
  s->u32 = (uint32_t)draw_bits(d);
  s->i64 = (int64_t)draw_bits(d);
  s->u64 = draw_bits(d);
  s->f64 = draw_real(d);
  s->bytes = draw_blob(d);
  s->span.ns = (int64_t)(draw_bits(d) >> 1);
  s->any_span.ns = (int64_t)draw_bits(d);
  s->flag = draw_byte(d) & 1;
  for (size_t i = 0; i < 7; i++) s->chars[i] = (char)draw_byte(d);
  s->chars[strlen(s->chars)] = 0;
}

static bool scalars_fit(const struct scalars *s)
{
  return isfinite(s->f64) && (!s->text || fuzz_is_utf8(s->text)) && fuzz_is_utf8(s->chars);
}

/* Texts that are no UTF-8 and numbers that are not finite are refused, and nothing else. */
static void write_value(const uint8_t *data, size_t size)
{
  struct drawing d = {.at = data, .end = data + size};
  struct scalars s;
  draw_scalars(&d, &s);
  struct deep inner = {.id = s.i64, .inner = s}, outer = {.id = 1, .inner = s, .next = &inner, .children = &inner};
  outer.child_count = draw_byte(&d) & 1;
  if (draw_byte(&d) & 1) outer.next = NULL;
  weir_value value = {weir_message_deep, &outer};
  check_printing(weir_message_deep(), value);
  check_copying(weir_message_deep(), value);
  char *text;
  int rc = weir_json_write_value(value, &text, NULL);
  CHECK(scalars_fit(&s) ? rc == WEIR_OK : (rc == WEIR_EINVAL || rc == WEIR_ERANGE) && !text);
  free(text);
  if (!rc) check_round_trip(weir_message_deep(), value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const weir_message *(*const types[])(void) = {weir_message_scalars, weir_message_lists, weir_message_deep};
  int letter = size ? *data : 0;
  if (letter == 'p')
    read_part(data + 1, size - 1);
  else if (letter == 's' || letter == 'l' || letter == 'd')
    read_document(types[letter == 's' ? 0 : letter == 'l' ? 1 : 2], NULL, data + 1, size - 1);
  else if (size)
    write_value(data + 1, size - 1);
  fuzz_check_accounts();
  return 0;
}
