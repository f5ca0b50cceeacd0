/* read.c: see read.h. */
#include "json/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/default.h"
#include "channel/fields.h"
#include "json/base64.h"

#include "platform/number.h"
#include "json/expect.h"
#include "json/suggest.h"

/* One value on its way into a struct. */
struct reading {
  struct weir__document *document;
  struct weir__arena *arena;
  const weir_field *field;
  uint32_t node; /* the value's */
  int depth;     /* of structs inside each other */
};

static void read_struct(const struct reading *r, uint32_t owner, const weir_message *type, void *into);

static const char *key_of(const weir_field *field) { return field->json ? field->json : field->name; }

static bool has_bounds(const weir_field *field) { return field->min < field->max; }

static bool is(const struct reading *r, enum weir__json_kind kind)
{
  return weir__document_is(r->document, r->node, kind);
}

/* NULL: it is no text. */
static const char *text_of(const struct reading *r) { return weir__document_text(r->document, r->node); }

/* ---- numbers ---- */

static bool is_integer(const struct reading *r) { return weir__document_is_integer(r->document, r->node); }

/* A bound as an integer; a double near 2^63 does not fit. */
static int64_t to_integer(double bound)
{
  if (bound >= 0x1p63) return INT64_MAX;
  return bound <= -0x1p63 ? INT64_MIN : (int64_t)bound;
}

static uint64_t to_unsigned(double bound)
{
  if (bound >= 0x1p64) return UINT64_MAX;
  return bound <= 0 ? 0 : (uint64_t)bound;
}

/* What an integer may be: the range of its kind, within the field's bounds. */
static void integer_range(const weir_field *field, weir_kind kind, int64_t *least, int64_t *most)
{
  *least = kind == WEIR_KIND_I32 ? INT32_MIN : kind == WEIR_KIND_I64 ? INT64_MIN : 0;
  *most = kind == WEIR_KIND_I32 ? INT32_MAX : kind == WEIR_KIND_U32 ? UINT32_MAX : INT64_MAX;
  if (!has_bounds(field)) return;
  int64_t min = to_integer(field->min), max = to_integer(field->max);
  /* Inwards, where a bound is no whole number. */
  if ((double)min < field->min) min++;
  if ((double)max > field->max) max--;
  if (min > *least) *least = min;
  if (max < *most) *most = max;
}

static void expected_integer(const struct reading *r, int64_t least, int64_t most)
{
  if (most < INT64_MAX)
    weir__expected(r->document, r->node, "an integer from %" PRId64 " to %" PRId64, least, most);
  else if (least > INT64_MIN)
    weir__expected(r->document, r->node, "an integer of at least %" PRId64, least);
  else
    weir__expected(r->document, r->node, "an integer of 64 bits");
}

static void read_integer(const struct reading *r, weir_kind kind, void *at)
{
  int64_t least, most;
  integer_range(r->field, kind, &least, &most);
  errno = 0;
  int64_t number = is_integer(r) ? strtoll(weir__document_number(r->document, r->node), NULL, 10) : 0;
  if (!is_integer(r) || errno == ERANGE || number < least || number > most)
    expected_integer(r, least, most);
  else if (kind == WEIR_KIND_I32)
    *(int32_t *)at = (int32_t)number;
  else if (kind == WEIR_KIND_U32)
    *(uint32_t *)at = (uint32_t)number;
  else
    *(int64_t *)at = number;
}

static void read_unsigned(const struct reading *r, uint64_t *at)
{
  const weir_field *f = r->field;
  uint64_t least = has_bounds(f) ? to_unsigned(f->min) : 0, most = has_bounds(f) ? to_unsigned(f->max) : UINT64_MAX;
  if (has_bounds(f) && (double)least < f->min) least++;
  const char *text = weir__document_number(r->document, r->node);
  bool is = is_integer(r) && (*text != '-' || strtoll(text, NULL, 10) == 0);
  uint64_t number = is && *text != '-' ? strtoull(text, NULL, 10) : 0;
  if (is && number >= least && number <= most)
    *at = number;
  else if (most < UINT64_MAX)
    weir__expected(r->document, r->node, "an integer from %" PRIu64 " to %" PRIu64, least, most);
  else
    weir__expected(r->document, r->node, "an integer of at least %" PRIu64, least);
}

static void read_real(const struct reading *r, double *at)
{
  const weir_field *f = r->field;
  bool is_number = is(r, WEIR__NUMBER);
  double number = is_number ? weir__number_read(weir__document_number(r->document, r->node), NULL) : 0;
  if (is_number && !(has_bounds(f) && (number < f->min || number > f->max)))
    *at = number;
  else if (has_bounds(f))
    weir__expected(r->document, r->node, "a number from %.15g to %.15g", f->min, f->max);
  else
    weir__expected(r->document, r->node, "a number");
}

/* ---- texts, bytes and durations ---- */

/* "a|b|c" */
static bool is_one_of(const char *choices, const char *text)
{
  size_t length = strlen(text);
  while (choices) {
    size_t choice = strcspn(choices, "|");
    if (choice == length && memcmp(choices, text, length) == 0) return true;
    choices = choices[choice] ? choices + choice + 1 : NULL;
  }
  return false;
}

static void read_text(const struct reading *r, const char **at)
{
  const char *choices = r->field->one_of, *text = text_of(r);
  if (text && choices && !is_one_of(choices, text))
    weir__expected(r->document, r->node, "one of: %s", choices);
  else if (text)
    *at = weir__arena_text(r->arena, text);
  else
    weir__expected(r->document, r->node, "a text");
}

static void read_chars(const struct reading *r, char *at)
{
  const char *text = text_of(r);
  size_t most = r->field->size - 1;
  if (text && strlen(text) <= most)
    memcpy(at, text, strlen(text) + 1);
  else
    weir__expected(r->document, r->node, "a text of at most %zu bytes", most);
}

static void read_bytes(const struct reading *r, weir_bytes *at)
{
  const char *text = text_of(r);
  size_t length = text ? strlen(text) : 0;
  char *data = text ? weir__arena_alloc(r->arena, length / 4 * 3 + 1) : NULL;
  if (text && !data) return;
  if (text && weir__base64_decode(text, length, data, &at->size))
    at->data = data;
  else
    weir__expected(r->document, r->node, "bytes as base64");
}

/* Nanoseconds of one `unit`; 0: there is no such unit. */
static int64_t unit_ns(const char *unit)
{
  static const struct {
    const char *unit;
    int64_t ns;
  } units[] = {{"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"min", 60000000000}, {"h", 3600000000000}};
  for (size_t i = 0; unit && i < sizeof units / sizeof units[0]; i++)
    if (strcmp(unit, units[i].unit) == 0) return units[i].ns;
  return 0;
}

/* "500ms", "1.5s". Whole numbers are exact, up to the largest time there is. */
static bool parse_duration(const char *text, double *ns, int64_t *exact)
{
  char *unit = NULL, *end = NULL;
  const char *digits = text + (*text == '-');
  if (*digits < '0' || *digits > '9' || (digits[1] | 0x20) == 'x') return false; /* strtod() also takes hexadecimal */
  *ns = weir__number_read(text, &unit);
  int64_t one = unit_ns(unit);
  if (!one) return false;
  *ns *= (double)one;
  errno = 0;
  int64_t whole = strtoll(text, &end, 10);
  if (end != unit || errno || __builtin_mul_overflow(whole, one, exact)) *exact = to_integer(*ns);
  return true;
}

/* A bare number would leave it to the reader which unit is meant, so it is refused. A time is not negative, unless the
 * bounds say so. */
static void read_duration(const struct reading *r, weir_duration *at)
{
  const weir_field *f = r->field;
  const char *text = text_of(r);
  double ns;
  int64_t exact;
  if (!text || !parse_duration(text, &ns, &exact) || (*text == '-' && !(has_bounds(f) && f->min < 0)))
    weir__expected(r->document, r->node, "a duration like \"500ms\" (ns, us, ms, s, min, h)");
  else if (has_bounds(f) && (ns < f->min || ns > f->max))
    weir__expected(r->document, r->node, "from %.15gms to %.15gms", f->min / 1e6, f->max / 1e6);
  else
    at->ns = exact;
}

/* ---- fields ---- */

static void read_bool(const struct reading *r, bool *at)
{
  if (is(r, WEIR__TRUE) || is(r, WEIR__FALSE))
    *at = is(r, WEIR__TRUE);
  else
    weir__expected(r->document, r->node, "true or false");
}

static void read_optional(const struct reading *r, void *at)
{
  if (is(r, WEIR__NULL)) return;
  const weir_message *type = r->field->of();
  void *made = weir__arena_alloc(r->arena, type->size);
  if (!made) return;
  memcpy(at, &made, sizeof made);
  read_struct(r, r->node, type, made);
}

static void read_one(const struct reading *r, weir_kind kind, void *at)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    read_text(r, at);
    break;
  case WEIR_KIND_CHARS:
    read_chars(r, at);
    break;
  case WEIR_KIND_BOOL:
    read_bool(r, at);
    break;
  case WEIR_KIND_I32:
  case WEIR_KIND_U32:
  case WEIR_KIND_I64:
    read_integer(r, kind, at);
    break;
  case WEIR_KIND_U64:
    read_unsigned(r, at);
    break;
  case WEIR_KIND_F64:
    read_real(r, at);
    break;
  case WEIR_KIND_BYTES:
    read_bytes(r, at);
    break;
  case WEIR_KIND_DURATION:
    read_duration(r, at);
    break;
  case WEIR_KIND_NESTED:
    read_struct(r, r->node, r->field->of(), at);
    break;
  case WEIR_KIND_OPTIONAL:
    read_optional(r, at);
    break;
  case WEIR_KIND_REF:
    weir__document_error(r->document, r->node, "a ref can't be given in JSON: it is set by the program");
    break;
  case WEIR_KIND_LIST:
  case WEIR_KIND_ARRAY:
    break; /* not inside each other */
  }
}

static void read_items(const struct reading *r, char *items)
{
  struct reading item = *r;
  size_t size = weir__kind_bytes(r->field, r->field->item);
  item.node = weir__document_child(r->document, r->node);
  for (; item.node != WEIR__NO_NODE; items += size, item.node = r->document->nodes[item.node].next)
    read_one(&item, r->field->item, items);
}

static void read_list(const struct reading *r, void *into)
{
  if (!weir__expect_list(r->document, r->node)) return;
  size_t count = weir__document_count(r->document, r->node);
  char *items = weir__arena_array(r->arena, count, weir__kind_bytes(r->field, r->field->item));
  if (!items) return;
  memcpy((char *)into + r->field->offset, &items, sizeof items);
  memcpy((char *)into + r->field->count_offset, &count, sizeof count);
  read_items(r, items);
}

static void read_array(const struct reading *r, void *at)
{
  size_t count = weir__array_count(r->field);
  if (!weir__expect_list(r->document, r->node)) return;
  uint32_t found = weir__document_count(r->document, r->node);
  if (found == count)
    read_items(r, at);
  else
    weir__document_error(r->document, r->node, "must be a list of %zu items, and has %u", count, found);
}

static void read_value(const struct reading *r, void *into)
{
  const char *def = r->field->def;
  void *at = (char *)into + r->field->offset;
  if (is(r, WEIR__NULL) && def && strcmp(def, "null") == 0) return; /* nothing was given, and that is fine */
  if (r->field->kind == WEIR_KIND_LIST)
    read_list(r, into);
  else if (r->field->kind == WEIR_KIND_ARRAY)
    read_array(r, at);
  else
    read_one(r, r->field->kind, at);
}

/* ---- defaults: small documents of their own ---- */

static void read_default(const struct reading *r, struct weir__report *report, void *into)
{
  struct weir__document document;
  int rc = weir__document_open(&document, NULL, r->field->def, strlen(r->field->def), report);
  struct reading own = {.document = &document, .arena = r->arena, .field = r->field, .depth = r->depth};
  if (!rc) read_value(&own, into);
  if (rc == WEIR_ENOMEM) r->arena->failed = true;
  weir__document_close(&document);
}

int weir__default_check(const weir_message *type, const weir_field *field)
{
  struct weir__arena arena = {0};
  struct weir__report report = {0};
  void *into = weir__arena_alloc(&arena, type->size);
  if (into) read_default(&(struct reading){.arena = &arena, .field = field}, &report, into);
  const weir_problem *problem = weir__report_first(&report);
  int rc = arena.failed || report.failed ? weir_error(WEIR_ENOMEM, "no memory to check the defaults of %s", type->name)
           : problem ? weir__field_error(type, field, WEIR_EINVAL, "its default, %.40s: %s", field->def, problem->text)
                     : WEIR_OK;
  weir__report_free(&report);
  weir__arena_free(&arena);
  return rc;
}

/* They were checked when the type was met: all that can go wrong is memory, and structs that are too deep. */
static void use_default(const struct reading *r, uint32_t where, void *into)
{
  struct weir__report report = {0};
  read_default(r, &report, into);
  const weir_problem *problem = weir__report_first(&report);
  if (problem) weir__document_error(r->document, where, "%s", problem->text);
  if (report.failed) r->arena->failed = true;
  weir__report_free(&report);
}

/* ---- structs ---- */

/* `object` is WEIR__NO_NODE where there is none: then `owner` is where things are reported. */
static void read_field(struct reading *r, uint32_t object, uint32_t owner, void *into)
{
  bool is_object = object != WEIR__NO_NODE;
  const char *key = key_of(r->field);
  r->node = is_object ? weir__document_member(r->document, object, key) : WEIR__NO_NODE;
  if (r->node != WEIR__NO_NODE)
    read_value(r, into);
  else if (r->field->def)
    use_default(r, is_object ? object : owner, into);
  else if (r->field->kind != WEIR_KIND_OPTIONAL)
    weir__document_error(r->document, is_object ? object : owner, "%s\"%s\" is missing",
                         is_object ? "" : "its config: ", key);
}

static void check_key(struct weir__document *document, uint32_t node, const weir_message *type)
{
  const char *key = weir__document_key(document, node);
  struct weir__suggestion suggestion = weir__suggest(key);
  for (size_t i = 0; i < type->count; i++) {
    if (strcmp(key, key_of(&type->fields[i])) == 0) return;
    weir__suggest_offer(&suggestion, key_of(&type->fields[i]));
  }
  weir__document_key_error(document, node, "unknown key%s", weir__suggest_text(&suggestion));
}

static void check_keys(struct weir__document *document, uint32_t object, const weir_message *type)
{
  for (uint32_t child = weir__document_child(document, object); child != WEIR__NO_NODE;
       child = document->nodes[child].next)
    check_key(document, child, type);
}

static void read_struct(const struct reading *r, uint32_t owner, const weir_message *type, void *into)
{
  uint32_t object = r->node;
  if (r->depth == WEIR__VALUE_DEPTH) {
    weir__document_error(r->document, owner, "structs inside each other, more than %d deep", (int)WEIR__VALUE_DEPTH);
    return;
  }
  if (object != WEIR__NO_NODE && !weir__expect_object(r->document, object)) return;
  if (object != WEIR__NO_NODE) check_keys(r->document, object, type);
  for (size_t i = 0; i < type->count; i++) {
    struct reading field = *r;
    field.field = &type->fields[i];
    field.depth = r->depth + 1;
    read_field(&field, object, owner, into);
  }
}

void *weir__json_read_object(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                             struct weir__arena *arena)
{
  unsigned traits;
  void *into = weir__arena_alloc(arena, type->size);
  int rc = weir__type_know(type, &traits);
  if (rc == WEIR_ENOMEM)
    arena->failed = true;
  else if (rc)
    weir__document_error(document, node == WEIR__NO_NODE ? owner : node, "%s", weir_error_text());
  if (!into || rc) return into;
  read_struct(&(struct reading){.document = document, .arena = arena, .node = node}, owner, type, into);
  return into;
}
