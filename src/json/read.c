/* read.c: see read.h. */
#include "json/read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/bounds.h"
#include "channel/default.h"
#include "channel/fields.h"
#include "platform/number.h"
#include "json/base64.h"
#include "json/expect.h"
#include "json/quantity.h"
#include "json/suggest.h"

/* One value on its way into a struct. */
struct reading {
  struct weir__document *document;
  struct weir__arena *arena;
  const weir_field *field;
  uint32_t node;                  /* the value's */
  int depth;                      /* of structs inside each other */
  const char *secret;             /* the text that the value stands for; NULL: it stands for itself */
  const struct weir__key *others; /* of the outermost one */
};

static void read_struct(const struct reading *r, uint32_t owner, const weir_message *type, void *into);

static const char *key_of(const weir_field *field) { return field->json ? field->json : field->name; }

static bool is(const struct reading *r, enum weir__json_kind kind)
{
  return weir__document_is(r->document, r->node, kind);
}

/* NULL: it is no text. */
static const char *text_of(const struct reading *r)
{
  return r->secret ? r->secret : weir__document_text(r->document, r->node);
}

/* The value must be something else. What a secret is said to be instead is not shown. */
static void expected(const struct reading *r, const char *format, ...) WEIR_PRINTF(2, 3);
static void expected(const struct reading *r, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  weir__expectedv(r->document, r->node, !r->field->secret, format, arguments);
  va_end(arguments);
}

/* ---- numbers ---- */

static bool is_integer(const struct reading *r) { return weir__document_is_integer(r->document, r->node); }

static void expected_integer(const struct reading *r, int64_t least, int64_t most)
{
  if (r->field->one_of)
    expected(r, "an integer from %" PRId64 " to %" PRId64 ", or \"%s\"", least, most, r->field->one_of);
  else if (most < INT64_MAX)
    expected(r, "an integer from %" PRId64 " to %" PRId64, least, most);
  else if (least > INT64_MIN)
    expected(r, "an integer of at least %" PRId64, least);
  else
    expected(r, "an integer of 64 bits");
}

static void read_integer(const struct reading *r, weir_kind kind, void *at)
{
  int64_t least, most;
  weir__integer_range(r->field, kind, &least, &most);
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
  uint64_t least, most;
  weir__unsigned_range(r->field, &least, &most);
  const char *text = weir__document_number(r->document, r->node);
  bool is = is_integer(r) && (*text != '-' || strtoll(text, NULL, 10) == 0);
  uint64_t number = is && *text != '-' ? strtoull(text, NULL, 10) : 0;
  if (is && number >= least && number <= most)
    *at = number;
  else if (most < UINT64_MAX)
    expected(r, "an integer from %" PRIu64 " to %" PRIu64, least, most);
  else
    expected(r, "an integer of at least %" PRIu64, least);
}

static void read_real(const struct reading *r, double *at)
{
  const weir_field *f = r->field;
  bool is_number = is(r, WEIR__NUMBER);
  double number = is_number ? weir__number_read(weir__document_number(r->document, r->node), NULL) : 0;
  if (is_number && !(weir__has_bounds(f) && (number < f->min || number > f->max)))
    *at = number;
  else if (weir__has_bounds(f))
    expected(r, "a number from %.15g to %.15g", f->min, f->max);
  else
    expected(r, "a number");
}

/* ---- texts and bytes ---- */

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
    expected(r, "one of: %s", choices);
  else if (text)
    *at = weir__arena_text(r->arena, text);
  else
    expected(r, "a text");
}

static void read_chars(const struct reading *r, char *at)
{
  const char *text = text_of(r);
  size_t most = r->field->size - 1;
  if (text && strlen(text) <= most)
    memcpy(at, text, strlen(text) + 1);
  else
    expected(r, "a text of at most %zu bytes", most);
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
    expected(r, "bytes as base64");
}

/* ---- fields ---- */

static void read_bool(const struct reading *r, bool *at)
{
  if (is(r, WEIR__TRUE) || is(r, WEIR__FALSE))
    *at = is(r, WEIR__TRUE);
  else
    expected(r, "true or false");
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

/* Is it the word that stands for 0? The struct is zeroed. */
static bool is_word_for_zero(const struct reading *r)
{
  const char *text = r->field->one_of ? text_of(r) : NULL;
  return text && strcmp(text, r->field->one_of) == 0;
}

static void read_one(const struct reading *r, weir_kind kind, void *at);

/* Is it {"secret": NAME}? A struct may have a key of that name. */
static bool names_secret(const struct reading *r, weir_kind kind)
{
  return WEIR__UNLIKELY(r->document->secret && !r->secret) && kind != WEIR_KIND_NESTED && kind != WEIR_KIND_OPTIONAL &&
         is(r, WEIR__OBJECT) && weir__document_member(r->document, r->node, "secret") != WEIR__NO_NODE;
}

/* As if the text stood here. What is not secret by its table could be shown. */
static void read_secret(const struct reading *r, weir_kind kind, void *at)
{
  static const struct weir__key keys[] = {{.name = "secret"}, {0}};
  struct reading named = *r;
  weir__expect_keys(r->document, r->node, keys);
  named.secret = r->document->secret(r->document->secret_arg, weir__document_member(r->document, r->node, "secret"));
  if (!r->field->secret)
    weir__document_error(r->document, r->node, "no secret may stand here: what does is shown to who asks for it");
  else if (named.secret)
    read_one(&named, kind, at);
}

static void read_one(const struct reading *r, weir_kind kind, void *at)
{
  if (names_secret(r, kind)) {
    read_secret(r, kind, at);
    return;
  }
  if (kind != WEIR_KIND_TEXT && is_word_for_zero(r)) return;
  if (r->field->unit) {
    weir__read_size(r->document, r->node, r->field, kind, at);
    return;
  }
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
    weir__read_duration(r->document, r->node, r->field, at);
    break;
  case WEIR_KIND_RATE:
    weir__read_rate(r->document, r->node, r->field, at);
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
static bool make_default(const struct reading *r, uint32_t where, void *into)
{
  struct weir__report report = {0};
  read_default(r, &report, into);
  const weir_problem *problem = weir__report_first(&report);
  if (problem) weir__document_error(r->document, where, "%s", problem->text);
  if (report.failed) r->arena->failed = true;
  bool good = !problem && !report.failed && !r->arena->failed;
  weir__report_free(&report);
  return good;
}

/* A default that was made: what it points to lies in the arena, and may be shared, as nobody changes it. */
struct weir__made_default {
  struct weir__made_default *next;
  const weir_field *field;
  const struct weir__arena *arena;
  size_t count; /* of a list */
  int depth;
  char bytes[]; /* of the field */
};

static const struct weir__made_default *find_default(const struct reading *r)
{
  const struct weir__made_default *made = r->document->defaults[((uintptr_t)r->field >> 4) % WEIR__DEFAULT_LISTS];
  while (made && (made->field != r->field || made->arena != r->arena || made->depth != r->depth)) made = made->next;
  return made;
}

/* So that the next one of the same field is a copy. */
static void keep_default(const struct reading *r, const char *into)
{
  const weir_field *f = r->field;
  struct weir__made_default *made = weir__arena_alloc(r->arena, sizeof *made + f->size);
  struct weir__made_default **list = &r->document->defaults[((uintptr_t)f >> 4) % WEIR__DEFAULT_LISTS];
  if (!made) return;
  made->next = *list, made->field = f, made->arena = r->arena, made->depth = r->depth;
  memcpy(made->bytes, into + f->offset, f->size);
  if (f->kind == WEIR_KIND_LIST) memcpy(&made->count, into + f->count_offset, sizeof made->count);
  *list = made;
}

static void use_default(const struct reading *r, uint32_t where, char *into)
{
  const weir_field *f = r->field;
  const struct weir__made_default *made = find_default(r);
  if (!made) {
    if (make_default(r, where, into)) keep_default(r, into);
    return;
  }
  memcpy(into + f->offset, made->bytes, f->size);
  if (f->kind == WEIR_KIND_LIST) memcpy(into + f->count_offset, &made->count, sizeof made->count);
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

/* Keys that are read by somebody else, or refused: read.h. */
static bool is_other(struct weir__document *document, uint32_t node, const struct weir__key *others, const char *key)
{
  for (; others && others->name; others++)
    if (strcmp(others->name, key) == 0) {
      if (others->refused) weir__document_key_error(document, node, "%s", others->refused);
      return true;
    }
  return false;
}

static void check_key(struct weir__document *document, uint32_t node, const weir_message *type,
                      const struct weir__key *others)
{
  const char *key = weir__document_key(document, node);
  for (size_t i = 0; i < type->count; i++)
    if (strcmp(key, key_of(&type->fields[i])) == 0) return;
  if (is_other(document, node, others, key)) return;
  struct weir__suggestion suggestion = weir__suggest(key);
  for (size_t i = 0; i < type->count; i++) weir__suggest_offer(&suggestion, key_of(&type->fields[i]));
  for (; others && others->name; others++)
    if (!others->refused) weir__suggest_offer(&suggestion, others->name);
  weir__document_key_error(document, node, "unknown key%s", weir__suggest_text(&suggestion));
}

static void check_keys(struct weir__document *document, uint32_t object, const weir_message *type,
                       const struct weir__key *others)
{
  for (uint32_t child = weir__document_child(document, object); child != WEIR__NO_NODE;
       child = document->nodes[child].next)
    check_key(document, child, type, others);
}

static void read_struct(const struct reading *r, uint32_t owner, const weir_message *type, void *into)
{
  uint32_t object = r->node;
  if (r->depth == WEIR__VALUE_DEPTH) {
    weir__document_error(r->document, owner, "structs inside each other, more than %d deep", (int)WEIR__VALUE_DEPTH);
    return;
  }
  if (object != WEIR__NO_NODE && !weir__expect_object(r->document, object)) return;
  if (object != WEIR__NO_NODE) check_keys(r->document, object, type, r->depth ? NULL : r->others);
  for (size_t i = 0; i < type->count; i++) {
    struct reading field = *r;
    field.field = &type->fields[i];
    field.depth = r->depth + 1;
    read_field(&field, object, owner, into);
  }
}

void weir__json_read_field(struct weir__document *document, uint32_t node, const weir_field *field,
                           struct weir__arena *arena, void *into)
{
  read_value(&(struct reading){.document = document, .arena = arena, .node = node, .field = field}, into);
}

void *weir__json_read_object(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                             struct weir__arena *arena)
{
  return weir__json_read_part(document, node, owner, type, arena, NULL);
}

void *weir__json_read_part(struct weir__document *document, uint32_t node, uint32_t owner, const weir_message *type,
                           struct weir__arena *arena, const struct weir__key *others)
{
  unsigned traits;
  void *into = weir__arena_alloc(arena, type->size);
  int rc = weir__type_know(type, &traits);
  if (rc == WEIR_ENOMEM)
    arena->failed = true;
  else if (rc)
    weir__document_error(document, node == WEIR__NO_NODE ? owner : node, "%s", weir_error_text());
  if (!into || rc) return into;
  struct reading r = {.document = document, .arena = arena, .node = node, .others = others};
  read_struct(&r, owner, type, into);
  return into;
}
