/* schema.c: a JSON Schema (2020-12) of topologies, from the tables of the actor types.
 *
 * What it can't say is left to the checker: that names are unique and known, that records fit, that numbers with units
 * are within bounds. It refuses nothing that the checker accepts. */
#include <string.h>

#include "channel/bounds.h"
#include "channel/print.h"
#include "channel/type.h"
#include "channel/units.h"
#include "topology/describe.h"
#include "topology/graph.h"

enum { DEPTH_MOST = 8 }; /* of structs inside each other; deeper ones are any objects */

#define NUMBER "[0-9]+(\\\\.[0-9]+)?"
#define DURATION "^-?" NUMBER "(ns|us|ms|s|min|h)$"
#define SIZE "^" NUMBER "(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"
#define RATE "^[0-9]+/(" NUMBER ")?(ns|us|ms|s|min|h)$"
#define BASE64 "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

/* ---- values of a field ---- */

static void add_object(struct weir__draft *t, const weir_message *type, int depth);

static void add_choices(struct weir__draft *t, const char *choices)
{
  weir__draft_add(t, ",\"enum\":[");
  for (const char *at = choices; at;) {
    size_t size = strcspn(at, "|");
    weir__draft_add(t, "%s\"%.*s\"", at == choices ? "" : ",", (int)size, at);
    at = at[size] ? at + size + 1 : NULL;
  }
  weir__draft_add(t, "]");
}

/* 64 bits are more than a double tells apart: such bounds are those of the type, and left out. */
static void add_integer(struct weir__draft *t, const weir_field *f, weir_kind kind)
{
  int64_t least, most;
  uint64_t low, high;
  weir__draft_add(t, "\"type\":\"integer\"");
  weir__integer_range(f, kind, &least, &most);
  if (kind == WEIR_KIND_U64) {
    weir__unsigned_range(f, &low, &high);
    least = low > INT64_MAX ? INT64_MAX : (int64_t)low;
    most = high > INT64_MAX ? INT64_MAX : (int64_t)high;
  }
  if (least > -(INT64_C(1) << 53)) weir__draft_add(t, ",\"minimum\":%lld", (long long)least);
  if (most < INT64_C(1) << 53) weir__draft_add(t, ",\"maximum\":%lld", (long long)most);
}

static void add_number(struct weir__draft *t, const weir_field *f)
{
  char least[WEIR__DOUBLE_TEXT], most[WEIR__DOUBLE_TEXT];
  weir__draft_add(t, "\"type\":\"number\"");
  if (!weir__has_bounds(f)) return;
  weir__double_text(f->min, least);
  weir__double_text(f->max, most);
  weir__draft_add(t, ",\"minimum\":%s,\"maximum\":%s", least, most);
}

/* The members of one value's schema, without braces. */
static void add_one(struct weir__draft *t, const weir_field *f, weir_kind kind, int depth)
{
  if (f->unit) {
    weir__draft_add(t, "\"type\":\"string\",\"pattern\":\"" SIZE "\"");
    return;
  }
  switch (kind) {
  case WEIR_KIND_TEXT:
    weir__draft_add(t, "\"type\":\"string\"");
    if (f->one_of) add_choices(t, f->one_of);
    break;
  case WEIR_KIND_CHARS:
    weir__draft_add(t, "\"type\":\"string\",\"maxLength\":%zu", f->size - 1);
    break;
  case WEIR_KIND_BOOL:
    weir__draft_add(t, "\"type\":\"boolean\"");
    break;
  case WEIR_KIND_F64:
    add_number(t, f);
    break;
  case WEIR_KIND_BYTES:
    weir__draft_add(t, "\"type\":\"string\",\"pattern\":\"" BASE64 "\"");
    break;
  case WEIR_KIND_DURATION:
    weir__draft_add(t, "\"type\":\"string\",\"pattern\":\"" DURATION "\"");
    break;
  case WEIR_KIND_RATE:
    weir__draft_add(t, "\"type\":\"string\",\"pattern\":\"" RATE "\"");
    break;
  case WEIR_KIND_NESTED:
  case WEIR_KIND_OPTIONAL:
    add_object(t, f->of(), depth);
    break;
  case WEIR_KIND_REF:
    weir__draft_add(t, "\"type\":\"null\"");
    break;
  case WEIR_KIND_LIST:
  case WEIR_KIND_ARRAY:
    break; /* not inside each other */
  default:
    add_integer(t, f, kind);
    break;
  }
}

static void add_items(struct weir__draft *t, const weir_field *f, int depth)
{
  weir__draft_add(t, "\"type\":\"array\",\"items\":{");
  add_one(t, f, f->item, depth);
  weir__draft_add(t, "}");
  if (f->kind != WEIR_KIND_ARRAY) return;
  size_t count = f->size / weir__kind_bytes(f, f->item);
  weir__draft_add(t, ",\"minItems\":%zu,\"maxItems\":%zu", count, count);
}

/* The help as what editors show, the default, and the value; null where that stands for nothing. */
static void add_field(struct weir__draft *t, const weir_field *f, int depth)
{
  bool null = f->kind == WEIR_KIND_OPTIONAL || (f->def && strcmp(f->def, "null") == 0);
  weir__draft_quote(t, weir__field_key(f));
  weir__draft_add(t, ":{");
  if (f->help) weir__draft_add(t, "\"description\":"), weir__draft_quote(t, f->help), weir__draft_add(t, ",");
  if (f->def) weir__draft_add(t, "\"default\":%s,", f->def);
  if (null) weir__draft_add(t, "\"anyOf\":[{\"type\":\"null\"},{");
  if (f->kind == WEIR_KIND_LIST || f->kind == WEIR_KIND_ARRAY)
    add_items(t, f, depth);
  else
    add_one(t, f, f->kind, depth);
  weir__draft_add(t, null ? "}]}" : "}");
}

static void add_required(struct weir__draft *t, const weir_message *type)
{
  bool any = false;
  for (size_t i = 0; i < type->count; i++) {
    if (weir__field_optional(&type->fields[i])) continue;
    weir__draft_add(t, any ? "," : ",\"required\":[");
    weir__draft_quote(t, weir__field_key(&type->fields[i]));
    any = true;
  }
  if (any) weir__draft_add(t, "]");
}

static bool needs_something(const weir_message *type)
{
  size_t i = 0;
  while (i < type->count && weir__field_optional(&type->fields[i])) i++;
  return i < type->count;
}

/* The members of an object's schema; `type` is NULL: it has none. */
static void add_object(struct weir__draft *t, const weir_message *type, int depth)
{
  weir__draft_add(t, "\"type\":\"object\"");
  if (depth == DEPTH_MOST) return;
  weir__draft_add(t, ",\"additionalProperties\":false,\"properties\":{");
  for (size_t i = 0; type && i < type->count; i++) {
    if (i) weir__draft_add(t, ",");
    add_field(t, &type->fields[i], depth + 1);
  }
  weir__draft_add(t, "}");
  if (type) add_required(t, type);
}

/* ---- actor types ---- */

/* By which fields a hash route may go. */
static void add_route(struct weir__draft *t, const weir_message *record)
{
  bool any = false;
  weir__draft_add(t, "\"route\":{\"properties\":{\"hash\":{\"enum\":[");
  for (size_t i = 0; i < record->count; i++) {
    if (record->fields[i].kind == WEIR_KIND_LIST) continue;
    if (any) weir__draft_add(t, ",");
    weir__draft_quote(t, weir__field_key(&record->fields[i]));
    any = true;
  }
  weir__draft_add(t, "]}}},");
}

static void add_type(struct weir__draft *t, const struct weir__stock *type)
{
  const char *name = type->actor->name;
  const weir_message *config = type->config ? type->config() : NULL;
  size_t outputs = weir__type_outputs(type);
  weir__draft_add(t, "\"type:%s\":{\"if\":{\"properties\":{\"type\":{\"const\":\"%s\"}}},\"then\":{", name, name);
  if (type->actor->help)
    weir__draft_add(t, "\"description\":"), weir__draft_quote(t, type->actor->help), weir__draft_add(t, ",");
  if (outputs || (config && needs_something(config)))
    weir__draft_add(t, "\"required\":[%s%s%s],", outputs ? "\"to\"" : "",
                    outputs && config && needs_something(config) ? "," : "",
                    config && needs_something(config) ? "\"config\"" : "");
  weir__draft_add(t, "\"properties\":{");
  if (type->takes)
    add_route(t, type->takes());
  else
    weir__draft_add(t, "\"instances\":{\"const\":1},\"route\":false,");
  if (!outputs) weir__draft_add(t, "\"to\":{\"type\":\"array\",\"maxItems\":0},");
  weir__draft_add(t, "\"config\":{");
  add_object(t, config, 0);
  weir__draft_add(t, "}}}}");
}

/* ---- the document ---- */

#define DESCRIPTION "{\"type\":\"string\",\"description\":\"for people\"}"
#define NAME "{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9_]{0,62}$\"}"

static void add_runtime(struct weir__draft *t)
{
  weir__draft_add(
      t,
      "\"runtime\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
      "\"description\":{\"$ref\":\"#/$defs/description\"},"
      "\"flavor\":{\"enum\":[\"multi_thread\",\"current_thread\"],\"default\":\"multi_thread\",\"description\":"
      "\"many actors on several threads, or all on the one that runs the command\"},"
      "\"workers\":{\"oneOf\":[{\"type\":\"integer\",\"minimum\":1,\"maximum\":%d},{\"const\":\"auto\"}],"
      "\"default\":\"auto\",\"description\":\"threads of the multi_thread flavor; auto: one per core\"}}}",
      (int)WEIR__WORKERS_MAX);
}

static void add_actor(struct weir__draft *t, const struct weir__types *types)
{
  weir__draft_add(t, "\"actor\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"name\",\"type\"],"
                     "\"properties\":{\"name\":{\"$ref\":\"#/$defs/name\",\"description\":\"unique in the topology\"},"
                     "\"type\":{\"enum\":[");
  for (size_t i = 0; i < types->count; i++) weir__draft_add(t, "%s\"%s\"", i ? "," : "", types->rows[i]->actor->name);
  weir__draft_add(
      t,
      "],\"description\":\"its type\"},\"description\":{\"$ref\":\"#/$defs/description\"},"
      "\"config\":{\"type\":\"object\",\"description\":\"what its type takes\"},"
      "\"to\":{\"oneOf\":[{\"$ref\":\"#/$defs/name\"},{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/name\"},"
      "\"uniqueItems\":true}],\"description\":\"who gets its records; each of a list gets all of them\"},"
      "\"instances\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":%d,\"default\":1,\"description\":"
      "\"how many of it run side by side; a source has one\"},"
      "\"route\":{\"oneOf\":[{\"const\":\"round_robin\"},{\"type\":\"object\",\"additionalProperties\":false,"
      "\"required\":[\"hash\"],\"properties\":{\"hash\":{\"type\":\"string\",\"description\":"
      "\"a field of the records that arrive\"}}}],\"default\":\"round_robin\",\"description\":"
      "\"which instance gets a record: each in turn, or always the same for the same value of a field\"},"
      "\"mailbox\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
      "\"description\":{\"$ref\":\"#/$defs/description\"},\"capacity\":{\"type\":\"integer\",\"minimum\":1,"
      "\"maximum\":%d,\"description\":\"places of each instance's mailbox; when it is full its senders wait\"}}"
      "}}}",
      (int)WEIR__INSTANCES_MAX, (int)WEIR__MAILBOX_MAX);
}

static void add_document(struct weir__draft *t, const struct weir__types *types)
{
  weir__draft_add(
      t, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"topology.schema.json\","
         "\"title\":\"weir topology\",\"description\":\"A graph of actors that `weir run` runs. Written by `weir "
         "schema`. What a schema can't say, `weir run` checks: that names are unique and known, that records "
         "fit, that nothing waits for itself.\",\"type\":\"object\",\"additionalProperties\":false,\"required\":"
         "[\"actors\"],\"properties\":{\"$schema\":{\"type\":\"string\",\"description\":\"where this schema "
         "lies; for editors\"},\"weir\":{\"const\":1,\"description\":\"the version of the format\"},"
         "\"name\":{\"type\":\"string\",\"description\":\"what the topology is called\"},"
         "\"description\":{\"$ref\":\"#/$defs/description\"},");
  add_runtime(t);
  weir__draft_add(t,
                  ",\"actors\":{\"type\":\"array\",\"minItems\":1,\"items\":{\"$ref\":\"#/$defs/actor\",\"allOf\":[");
  for (size_t i = 0; i < types->count; i++)
    weir__draft_add(t, "%s{\"$ref\":\"#/$defs/type:%s\"}", i ? "," : "", types->rows[i]->actor->name);
  weir__draft_add(t, "]}}},\"$defs\":{\"description\":" DESCRIPTION ",\"name\":" NAME ",");
  add_actor(t, types);
  for (size_t i = 0; i < types->count; i++) {
    weir__draft_add(t, ",");
    add_type(t, types->rows[i]);
  }
  weir__draft_add(t, "}}");
}

/* ---- laid out for people ---- */

static void new_line(struct weir__draft *t, int depth) { weir__draft_add(t, "\n%*s", 2 * depth, ""); }

/* The size of a text in quotes, from its opening one. */
static size_t quoted_size(const char *at)
{
  size_t size = 1;
  while (at[size] != '"') size += at[size] == '\\' ? 2 : 1;
  return size + 1;
}

/* From an opening bracket to its closing one. */
static size_t bracket_size(const char *at)
{
  size_t size = 0;
  int depth = 0;
  do {
    if (at[size] == '"') {
      size += quoted_size(at + size);
      continue;
    }
    if (strchr("[{", at[size])) depth++;
    if (strchr("]}", at[size])) depth--;
    size++;
  } while (depth);
  return size;
}

/* What is short stands on one line. `json` has no spaces between its words. */
static void lay_out(struct weir__draft *t, const char *json, size_t size)
{
  enum { SHORT = 90 };
  int depth = 0;
  size_t flat = 0; /* up to where all stands on one line */
  for (size_t i = 0, n; i < size; i += n) {
    char c = json[i];
    bool opens = c == '{' || c == '[', closes = c == '}' || c == ']';
    n = c == '"' ? quoted_size(json + i) : 1;
    if (opens && i >= flat && bracket_size(json + i) <= SHORT) flat = i + bracket_size(json + i);
    bool broken = i >= flat;
    if (closes && broken) new_line(t, --depth);
    weir__draft_put(t, json + i, n);
    if (opens && broken) new_line(t, ++depth);
    if (c == ',' && broken) new_line(t, depth);
    if (c == ':' || (c == ',' && !broken)) weir__draft_put(t, " ", 1);
  }
  weir__draft_put(t, "\n", 1);
}

void weir__describe_schema(struct weir__draft *t, const struct weir__types *types)
{
  struct weir__draft json = {0};
  add_document(&json, types);
  if (json.failed)
    t->failed = true;
  else
    lay_out(t, json.text, json.size);
  weir__draft_free(&json);
}
