/* print.c: see print.h. */
#include "channel/print.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/fields.h"
#include "channel/units.h"
#include "platform/number.h"
#include "platform/utf8.h"
#include "runtime/simulation.h"

enum { TEXT_MOST = 60, BYTES_MOST = 16, ITEMS_MOST = 8, DEPTH_MOST = 8 };

void weir__double_text(double number, char text[WEIR__DOUBLE_TEXT])
{
  for (int digits = 15; digits <= 17; digits++) {
    weir__number_write(text, WEIR__DOUBLE_TEXT, digits, number);
    if (weir__number_read(text, NULL) == number) return;
  }
}

/* ---- a text as it grows; what does not fit is counted ---- */

struct printing {
  char *buffer;
  size_t size, length;
  int depth;
};

static void put(struct printing *p, const char *text, size_t length)
{
  for (size_t i = 0; i < length; i++, p->length++)
    if (p->length + 1 < p->size) p->buffer[p->length] = text[i];
}

static void add(struct printing *p, const char *format, ...) WEIR_PRINTF(2, 3);
static void add(struct printing *p, const char *format, ...)
{
  char text[64];
  va_list args;
  va_start(args, format);
  int length = vsnprintf(text, sizeof text, format, args);
  va_end(args);
  if (length > 0) put(p, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void add_name(struct printing *p, const char *name) { put(p, name, strlen(name)); }

/* ---- kinds ---- */

static void add_character(struct printing *p, unsigned char c)
{
  if (c == '"' || c == '\\')
    add(p, "\\%c", c);
  else if (c == '\n')
    add(p, "\\n");
  else if (c < 0x20 || c == 0x7f)
    add(p, "\\x%02x", c);
  else
    put(p, (const char *)&c, 1);
}

/* Not cut in the middle of a character: its later bytes are 10xxxxxx. */
static void add_text(struct printing *p, const char *text, size_t length)
{
  size_t shown = length > TEXT_MOST ? TEXT_MOST : length;
  while (shown < length && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
  put(p, "\"", 1);
  for (size_t i = 0; i < shown; i++) add_character(p, (unsigned char)text[i]);
  put(p, "\"", 1);
  if (shown < length) add(p, "... %zu bytes", length);
}

/* What people can read. */
static bool is_text(weir_bytes b)
{
  const char *at = b.data;
  size_t i = 0;
  while (i < b.size && ((unsigned char)at[i] >= 0x20 || at[i] == '\n' || at[i] == '\t') && at[i] != 0x7f) i++;
  return b.size && i == b.size && weir__is_utf8(at, b.size);
}

static void add_bytes(struct printing *p, weir_bytes b)
{
  if (is_text(b)) {
    add_text(p, b.data, b.size);
    return;
  }
  add(p, "<%zu bytes", b.size);
  for (size_t i = 0; b.data && i < b.size && i < BYTES_MOST; i++)
    add(p, "%s%02x", i ? " " : ": ", ((const unsigned char *)b.data)[i]);
  add(p, b.size > BYTES_MOST ? " ...>" : ">");
}

static void add_ref(struct printing *p, weir_ref ref)
{
  struct weir__simulation *s = weir__simulation_here();
  char name[WEIR__SIM_NAME];
  if (s) { /* slots differ from run to run */
    weir__simulation_name(s, ref.bits, name);
    add_name(p, name);
  } else if (ref.bits >> 32) {
    add(p, "actor %" PRIu32, (uint32_t)ref.bits);
  } else {
    add(p, "nobody");
  }
}

static void add_double(struct printing *p, double number)
{
  char text[WEIR__DOUBLE_TEXT];
  if (isfinite(number))
    weir__double_text(number, text);
  else
    snprintf(text, sizeof text, "%g", number);
  add_name(p, text);
}

static void add_duration(struct printing *p, weir_duration duration)
{
  char text[WEIR__DURATION_TEXT];
  weir__duration_text(duration, text);
  add_name(p, duration.ns == INT64_MAX ? "forever" : text);
}

static void add_rate(struct printing *p, weir_rate rate)
{
  char text[WEIR__RATE_TEXT];
  weir__rate_text(rate, text);
  add_name(p, text);
}

static void add_size(struct printing *p, uint64_t bytes)
{
  char text[WEIR__SIZE_TEXT];
  weir__size_text(bytes, text);
  add_name(p, text);
}

static void add_struct(struct printing *p, const weir_message *type, const void *value);

static void add_optional(struct printing *p, const weir_field *f, const void *value)
{
  if (value)
    add_struct(p, f->of(), value);
  else
    add(p, "none");
}

/* What lies at `at`, in the table's own words. */
#define LOAD(T) (*(const T *)at)
static void add_one(struct printing *p, const weir_field *f, weir_kind kind, const void *at)
{
  uint64_t bytes;
  if (f->secret) {
    add_name(p, "secret");
    return;
  }
  if (weir__size_at(f, kind, at, &bytes)) {
    add_size(p, bytes);
    return;
  }
  switch (kind) {
  case WEIR_KIND_TEXT:
    if (LOAD(char *))
      add_text(p, LOAD(char *), strlen(LOAD(char *)));
    else
      add(p, "none");
    break;
  case WEIR_KIND_CHARS:
    add_text(p, at, strnlen(at, f->size));
    break;
  case WEIR_KIND_BOOL:
    add(p, LOAD(bool) ? "true" : "false");
    break;
  case WEIR_KIND_I32:
    add(p, "%" PRId32, LOAD(int32_t));
    break;
  case WEIR_KIND_U32:
    add(p, "%" PRIu32, LOAD(uint32_t));
    break;
  case WEIR_KIND_I64:
    add(p, "%" PRId64, LOAD(int64_t));
    break;
  case WEIR_KIND_U64:
    add(p, "%" PRIu64, LOAD(uint64_t));
    break;
  case WEIR_KIND_F64:
    add_double(p, LOAD(double));
    break;
  case WEIR_KIND_REF:
    add_ref(p, LOAD(weir_ref));
    break;
  case WEIR_KIND_BYTES:
    add_bytes(p, LOAD(weir_bytes));
    break;
  case WEIR_KIND_DURATION:
    add_duration(p, LOAD(weir_duration));
    break;
  case WEIR_KIND_RATE:
    add_rate(p, LOAD(weir_rate));
    break;
  case WEIR_KIND_NESTED:
    add_struct(p, f->of(), at);
    break;
  case WEIR_KIND_OPTIONAL:
    add_optional(p, f, LOAD(void *));
    break;
  case WEIR_KIND_LIST:
  case WEIR_KIND_ARRAY:
    break; /* not inside each other */
  }
}

static void add_items(struct printing *p, const weir_field *f, const char *items, size_t count)
{
  put(p, "[", 1);
  for (size_t i = 0; items && i < count && i < ITEMS_MOST; i++) {
    if (i) put(p, ", ", 2);
    add_one(p, f, f->item, items + i * weir__kind_bytes(f, f->item));
  }
  if (count > ITEMS_MOST) add(p, ", ... %zu more", count - ITEMS_MOST);
  put(p, "]", 1);
}

static void add_field(struct printing *p, const weir_field *f, const void *value)
{
  const void *at = (const char *)value + f->offset;
  add_name(p, f->name);
  put(p, ": ", 2);
  if (f->kind == WEIR_KIND_LIST)
    add_items(p, f, LOAD(char *), weir__list_count(f, value));
  else if (f->kind == WEIR_KIND_ARRAY)
    add_items(p, f, at, weir__array_count(f));
  else
    add_one(p, f, f->kind, at);
}

static void add_fields(struct printing *p, const weir_message *type, const void *value)
{
  if (!type->count) {
    put(p, "{}", 2);
    return;
  }
  for (size_t i = 0; i < type->count; i++) {
    add(p, i ? ", " : "{ ");
    add_field(p, &type->fields[i], value);
  }
  put(p, " }", 2);
}

static void add_struct(struct printing *p, const weir_message *type, const void *value)
{
  if (p->depth == DEPTH_MOST) {
    put(p, "...", 3);
    return;
  }
  p->depth++;
  add_fields(p, type, value);
  p->depth--;
}

size_t weir_print_value(weir_value value, char *buffer, size_t size)
{
  unsigned traits;
  struct printing p = {.buffer = buffer, .size = size};
  const weir_message *type = value.type && value.at ? value.type() : NULL;
  if (!type)
    add(&p, "nothing");
  else
    add_name(&p, type->name);
  put(&p, " ", type ? 1 : 0);
  if (type && weir__type_know(type, &traits))
    add(&p, "{ its table is refused }");
  else if (type)
    add_struct(&p, type, value.at);
  if (size) buffer[p.length < size ? p.length : size - 1] = 0;
  return p.length;
}
