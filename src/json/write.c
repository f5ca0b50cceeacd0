/* write.c: messages to JSON: see weir/json.h. */
#include "json/write.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/fields.h"
#include "channel/print.h"
#include "channel/units.h"
#include "platform/utf8.h"
#include "json/base64.h"

struct writing {
  char *text;
  size_t size, room;
  const weir_message *type; /* whose field this is */
  const weir_field *field;
  bool hides; /* what is secret is null */
  int code;   /* the first error; nothing is written after it */
};

static void write_struct(struct writing *w, const weir_message *type, const void *value);

static void fail(struct writing *w, int code, const char *what)
{
  if (!w->code) w->code = weir__field_error(w->type, w->field, code, "%s", what);
}

/* Room for so many bytes more, and a NUL; NULL: it is over. */
static char *room_for(struct writing *w, size_t bytes)
{
  if (w->code) return NULL;
  if (!w->text || w->room - w->size <= bytes) {
    size_t room = 2 * (w->size + bytes) + 64;
    char *text = realloc(w->text, room);
    if (!text) {
      w->code = weir_error(WEIR_ENOMEM, "no memory to write JSON");
      return NULL;
    }
    w->text = text;
    w->room = room;
  }
  char *at = w->text + w->size;
  w->size += bytes;
  at[bytes] = 0;
  return at;
}

static void put(struct writing *w, const char *text, size_t size)
{
  char *at = room_for(w, size);
  if (at) memcpy(at, text, size);
}

static void add(struct writing *w, const char *format, ...) WEIR_PRINTF(2, 3);
static void add(struct writing *w, const char *format, ...)
{
  char text[64];
  va_list args;
  va_start(args, format);
  int size = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  put(w, text, (size_t)size);
}

/* ---- texts ---- */

static void put_escape(struct writing *w, unsigned char c)
{
  static const char letters[] = "\b\f\n\r\t\"\\", escapes[] = "bfnrt\"\\";
  const char *letter = memchr(letters, c, sizeof letters - 1);
  if (letter)
    add(w, "\\%c", escapes[letter - letters]);
  else
    add(w, "\\u%04x", c);
}

static bool is_plain(unsigned char c) { return c >= 0x20 && c != '"' && c != '\\' && c != 0x7f; }

static void write_text(struct writing *w, const char *text, size_t size)
{
  const unsigned char *c = (const unsigned char *)text, *end = c + size;
  put(w, "\"", 1);
  while (c < end && !w->code) {
    size_t n = weir__utf8_size(c, end);
    if (!n)
      fail(w, WEIR_EINVAL, "the text is not UTF-8");
    else if (n > 1 || is_plain(*c))
      put(w, (const char *)c, n);
    else
      put_escape(w, *c);
    c += n;
  }
  put(w, "\"", 1);
}

static void write_pointer(struct writing *w, const char *text)
{
  if (text)
    write_text(w, text, strlen(text));
  else
    put(w, "null", 4);
}

static void write_bytes(struct writing *w, weir_bytes b)
{
  put(w, "\"", 1);
  char *at = room_for(w, weir__base64_size(b.size));
  if (at) weir__base64_encode(b.data, b.size, at);
  put(w, "\"", 1);
}

/* ---- kinds ---- */

static void write_double(struct writing *w, double number)
{
  char text[WEIR__DOUBLE_TEXT];
  if (!isfinite(number)) {
    fail(w, WEIR_ERANGE, "JSON has no numbers that are not finite");
    return;
  }
  weir__double_text(number, text);
  put(w, text, strlen(text));
}

static void write_duration(struct writing *w, weir_duration duration)
{
  char text[WEIR__DURATION_TEXT];
  weir__duration_text(duration, text);
  write_text(w, text, strlen(text));
}

static void write_rate(struct writing *w, weir_rate rate)
{
  char text[WEIR__RATE_TEXT];
  if (rate.count < 0 || rate.per.ns < 0 || (rate.count && !rate.per.ns)) {
    fail(w, WEIR_ERANGE, "a rate is so many times, 0 or more, in a time above 0");
    return;
  }
  weir__rate_text(rate, text);
  write_text(w, text, strlen(text));
}

static void write_size(struct writing *w, uint64_t bytes)
{
  char text[WEIR__SIZE_TEXT];
  weir__size_text(bytes, text);
  write_text(w, text, strlen(text));
}

static void write_ref(struct writing *w, weir_ref ref)
{
  if (ref.bits >> 32)
    add(w, "\"actor %" PRIu32 "\"", (uint32_t)ref.bits);
  else
    put(w, "null", 4);
}

static void write_optional(struct writing *w, const void *value)
{
  if (value)
    write_struct(w, w->field->of(), value);
  else
    put(w, "null", 4);
}

#define LOAD(T) (*(const T *)at)
static void write_one(struct writing *w, weir_kind kind, const void *at)
{
  static const char zeros[sizeof(uint64_t)];
  uint64_t bytes;
  if (w->field->one_of && kind != WEIR_KIND_TEXT && memcmp(at, zeros, weir__kind_bytes(w->field, kind)) == 0) {
    write_text(w, w->field->one_of, strlen(w->field->one_of)); /* the word that stands for it */
    return;
  }
  if (weir__size_at(w->field, kind, at, &bytes)) {
    write_size(w, bytes);
    return;
  }
  if (w->field->unit) {
    fail(w, WEIR_ERANGE, "a size is not below 0");
    return;
  }
  switch (kind) {
  case WEIR_KIND_TEXT:
    write_pointer(w, LOAD(char *));
    break;
  case WEIR_KIND_CHARS:
    write_text(w, at, strnlen(at, w->field->size));
    break;
  case WEIR_KIND_BOOL:
    add(w, LOAD(bool) ? "true" : "false");
    break;
  case WEIR_KIND_I32:
    add(w, "%" PRId32, LOAD(int32_t));
    break;
  case WEIR_KIND_U32:
    add(w, "%" PRIu32, LOAD(uint32_t));
    break;
  case WEIR_KIND_I64:
    add(w, "%" PRId64, LOAD(int64_t));
    break;
  case WEIR_KIND_U64:
    add(w, "%" PRIu64, LOAD(uint64_t));
    break;
  case WEIR_KIND_F64:
    write_double(w, LOAD(double));
    break;
  case WEIR_KIND_REF:
    write_ref(w, LOAD(weir_ref));
    break;
  case WEIR_KIND_BYTES:
    write_bytes(w, LOAD(weir_bytes));
    break;
  case WEIR_KIND_DURATION:
    write_duration(w, LOAD(weir_duration));
    break;
  case WEIR_KIND_RATE:
    write_rate(w, LOAD(weir_rate));
    break;
  case WEIR_KIND_NESTED:
    write_struct(w, w->field->of(), at);
    break;
  case WEIR_KIND_OPTIONAL:
    write_optional(w, LOAD(void *));
    break;
  case WEIR_KIND_LIST:
  case WEIR_KIND_ARRAY:
    break; /* not inside each other */
  }
}

static void write_items(struct writing *w, const char *items, size_t count)
{
  size_t one = weir__kind_bytes(w->field, w->field->item);
  put(w, "[", 1);
  for (size_t i = 0; i < count && !w->code; i++) {
    if (i) put(w, ",", 1);
    write_one(w, w->field->item, items + i * one);
  }
  put(w, "]", 1);
}

/* What a field of the struct holds. */
static void write_content(struct writing *w, const void *value)
{
  const weir_field *f = w->field;
  const void *at = (const char *)value + f->offset;
  if (f->secret && w->hides)
    put(w, "null", 4);
  else if (f->kind == WEIR_KIND_LIST)
    write_items(w, LOAD(char *), weir__list_count(f, value));
  else if (f->kind == WEIR_KIND_ARRAY)
    write_items(w, at, weir__array_count(f));
  else
    write_one(w, f->kind, at);
}

static void write_field(struct writing *w, const void *value)
{
  const char *key = w->field->json ? w->field->json : w->field->name;
  write_text(w, key, strlen(key));
  put(w, ":", 1);
  write_content(w, value);
}

static void write_struct(struct writing *w, const weir_message *type, const void *value)
{
  const weir_message *outer_type = w->type;
  const weir_field *outer_field = w->field;
  w->type = type;
  put(w, "{", 1);
  for (size_t i = 0; i < type->count && !w->code; i++) {
    w->field = &type->fields[i];
    if (i) put(w, ",", 1);
    write_field(w, value);
  }
  put(w, "}", 1);
  w->type = outer_type;
  w->field = outer_field;
}

/* Gives what was written away. */
static int finish(struct writing *w, char **text, size_t *size)
{
  if (w->code) {
    free(w->text);
    return w->code;
  }
  *text = w->text;
  if (size) *size = w->size;
  return WEIR_OK;
}

int weir__json_write_field(const weir_message *type, const weir_field *field, const void *value, char **text)
{
  struct writing w = {.type = type, .field = field};
  *text = NULL;
  write_content(&w, value);
  return finish(&w, text, NULL);
}

static int write_value(weir_value value, bool hides, char **text, size_t *size)
{
  size_t bytes;
  *text = NULL;
  if (size) *size = 0;
  if (!value.type || !value.at) return weir_error(WEIR_EINVAL, "no value was given");
  const weir_message *type = value.type();
  int rc = weir__measure(type, value.at, &bytes); /* sound, and not too deep */
  if (rc) return rc;
  struct writing w = {.hides = hides};
  write_struct(&w, type, value.at);
  return finish(&w, text, size);
}

int weir_json_write_value(weir_value value, char **text, size_t *size) { return write_value(value, false, text, size); }

int weir__json_show(weir_value value, char **text, size_t *size) { return write_value(value, true, text, size); }
