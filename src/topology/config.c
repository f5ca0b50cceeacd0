/* config.c: see config.h. */
#include "topology/config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "topology/expect.h"
#include "topology/suggest.h"

/* One value on its way into a struct. */
struct reading {
  struct weir__document *document;
  struct weir__arena *arena;
  const weir_field *field;
  uint32_t node; /* the value's; for a default the object's, where errors of it are reported */
  const json_t *value;
};

static const char *key_of(const weir_field *field) { return field->json ? field->json : field->name; }

static bool has_bounds(const weir_field *field) { return field->min < field->max; }

/* ---- numbers ---- */

/* A bound as an integer; a double near 2^63 does not fit. */
static int64_t to_integer(double bound)
{
  if (bound >= 0x1p63) return INT64_MAX;
  return bound <= -0x1p63 ? INT64_MIN : (int64_t)bound;
}

/* What an integer may be: the range of its kind, within the field's bounds. JSON is read in 64 bits with a sign. */
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
    weir__expected_not(r->document, r->node, r->value, "an integer from %" PRId64 " to %" PRId64, least, most);
  else if (least > INT64_MIN)
    weir__expected_not(r->document, r->node, r->value, "an integer of at least %" PRId64, least);
  else
    weir__expected_not(r->document, r->node, r->value, "an integer");
}

static void read_integer(const struct reading *r, weir_kind kind, void *at)
{
  int64_t least, most;
  integer_range(r->field, kind, &least, &most);
  int64_t number = json_integer_value(r->value);
  if (!json_is_integer(r->value) || number < least || number > most)
    expected_integer(r, least, most);
  else if (kind == WEIR_KIND_I32)
    *(int32_t *)at = (int32_t)number;
  else if (kind == WEIR_KIND_U32)
    *(uint32_t *)at = (uint32_t)number;
  else
    *(int64_t *)at = number; /* of an uint64_t, too: it is not negative */
}

static void read_real(const struct reading *r, double *at)
{
  const weir_field *field = r->field;
  double number = json_number_value(r->value);
  if (!json_is_number(r->value) || (has_bounds(field) && (number < field->min || number > field->max))) {
    if (has_bounds(field))
      weir__expected_not(r->document, r->node, r->value, "a number from %.15g to %.15g", field->min, field->max);
    else
      weir__expected_not(r->document, r->node, r->value, "a number");
    return;
  }
  *at = number;
}

/* ---- texts and durations ---- */

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
  const char *choices = r->field->one_of;
  if (json_is_string(r->value) && choices && !is_one_of(choices, json_string_value(r->value)))
    weir__expected_not(r->document, r->node, r->value, "one of: %s", choices);
  else if (json_is_string(r->value))
    *at = weir__arena_text(r->arena, json_string_value(r->value));
  else
    weir__expected_not(r->document, r->node, r->value, "a text");
}

static void read_chars(const struct reading *r, char *at)
{
  const char *text = json_string_value(r->value);
  size_t most = r->field->size - 1;
  if (text && strlen(text) <= most)
    memcpy(at, text, strlen(text) + 1);
  else
    weir__expected_not(r->document, r->node, r->value, "a text of at most %zu bytes", most);
}

/* Nanoseconds of one `unit`; 0: there is no such unit. */
static double unit_ns(const char *unit)
{
  static const struct {
    const char *unit;
    double ns;
  } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"min", 60e9}, {"h", 3600e9}};
  for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
    if (strcmp(unit, units[i].unit) == 0) return units[i].ns;
  return 0;
}

/* "500ms", "1.5s". A bare number would leave it to the reader which unit is meant, so it is refused. */
static void read_duration(const struct reading *r, weir_duration *at)
{
  const char *text = json_string_value(r->value);
  char *unit = NULL;
  bool number = text && *text >= '0' && *text <= '9';
  double ns = number ? strtod(text, &unit) : 0;
  if (number) ns *= unit_ns(unit);
  if (!number || unit_ns(unit) == 0)
    weir__expected_not(r->document, r->node, r->value, "a duration like \"500ms\" (ns, us, ms, s, min, h)");
  else if (has_bounds(r->field) && (ns < r->field->min || ns > r->field->max))
    weir__expected_not(r->document, r->node, r->value, "from %.15gms to %.15gms", r->field->min / 1e6,
                       r->field->max / 1e6);
  else
    at->ns = to_integer(ns);
}

/* ---- fields ---- */

static void read_bool(const struct reading *r, bool *at)
{
  if (json_is_boolean(r->value))
    *at = json_is_true(r->value);
  else
    weir__expected_not(r->document, r->node, r->value, "true or false");
}

static void read_scalar(const struct reading *r, weir_kind kind, void *at)
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
  case WEIR_KIND_U64:
    read_integer(r, kind, at);
    break;
  case WEIR_KIND_F64:
    read_real(r, at);
    break;
  case WEIR_KIND_DURATION:
    read_duration(r, at);
    break;
  case WEIR_KIND_REF:
  case WEIR_KIND_BYTES:
  case WEIR_KIND_LIST:
  case WEIR_KIND_ARRAY:
  case WEIR_KIND_NESTED:
  case WEIR_KIND_OPTIONAL:
    weir__document_error(r->document, r->node, "can't be given in a document");
    break;
  }
}

static size_t item_size(weir_kind kind)
{
  switch (kind) {
  case WEIR_KIND_TEXT:
    return sizeof(char *);
  case WEIR_KIND_BOOL:
    return sizeof(bool);
  case WEIR_KIND_I32:
  case WEIR_KIND_U32:
    return sizeof(int32_t);
  default:
    return sizeof(int64_t);
  }
}

/* `r->node` is the list's own, or for a default that of the object; then all items are reported there. */
static void read_list(const struct reading *r, bool is_default, void *config)
{
  if (!json_is_array(r->value)) {
    weir__expected_not(r->document, r->node, r->value, "a list");
    return;
  }
  size_t count = json_array_size(r->value), size = item_size(r->field->item);
  char *items = weir__arena_array(r->arena, count, size);
  if (!items) return;
  struct reading item = *r;
  if (!is_default) item.node = weir__document_child(r->document, r->node);
  for (size_t i = 0; i < count; i++) {
    item.value = json_array_get(r->value, i);
    read_scalar(&item, r->field->item, items + i * size);
    if (!is_default) item.node = r->document->nodes[item.node].next;
  }
  *(void **)((char *)config + r->field->offset) = items;
  *(size_t *)((char *)config + r->field->count_offset) = count;
}

static void read_value(const struct reading *r, bool is_default, void *config)
{
  const char *def = r->field->def;
  if (json_is_null(r->value) && def && strcmp(def, "null") == 0) return; /* nothing was given, and that is fine */
  if (r->field->kind == WEIR_KIND_LIST)
    read_list(r, is_default, config);
  else
    read_scalar(r, r->field->kind, (char *)config + r->field->offset);
}

static void read_default(struct reading *r, void *config)
{
  errno = 0;
  json_t *value = json_loads(r->field->def, JSON_DECODE_ANY, NULL);
  r->value = value;
  if (value)
    read_value(r, true, config);
  else if (errno == ENOMEM) /* jansson itself does not tell reliably */
    r->arena->failed = true;
  else
    weir__document_error(r->document, r->node, "the default of \"%s\" is no JSON", key_of(r->field));
  json_decref(value);
}

static void read_field(struct reading *r, uint32_t object, uint32_t owner, void *config)
{
  const char *key = key_of(r->field);
  uint32_t member = object == WEIR__NO_NODE ? WEIR__NO_NODE : weir__document_member(r->document, object, key);
  r->node = object == WEIR__NO_NODE ? owner : object;
  if (member != WEIR__NO_NODE) {
    r->node = member;
    r->value = r->document->nodes[member].value;
    read_value(r, false, config);
  } else if (r->field->def) {
    read_default(r, config);
  } else {
    weir__document_error(r->document, r->node, "%s\"%s\" is missing", object == WEIR__NO_NODE ? "its config: " : "",
                         key);
  }
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

void *weir__config_read(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                        struct weir__arena *arena)
{
  void *config = weir__arena_alloc(arena, type->size);
  bool is_object = node == WEIR__NO_NODE || weir__expect_object(document, node);
  if (!config || !is_object) return config;
  if (node != WEIR__NO_NODE)
    for (uint32_t child = weir__document_child(document, node); child != WEIR__NO_NODE;
         child = document->nodes[child].next)
      check_key(document, child, type);
  for (size_t i = 0; i < type->count; i++) {
    struct reading reading = {.document = document, .arena = arena, .field = &type->fields[i]};
    read_field(&reading, node, owner, config);
  }
  return config;
}
