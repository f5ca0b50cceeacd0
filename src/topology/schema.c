/* schema.c: a JSON Schema (2020-12) of topologies, from the tables of the actor types.
 *
 * What it can't say is left to the checker: that names are unique and known, that records fit, that numbers with units
 * are within bounds. It refuses nothing that the checker accepts. */
#include <string.h>

#include "actor/edge.h"
#include "channel/bounds.h"
#include "channel/print.h"
#include "channel/type.h"
#include "channel/units.h"
#include "topology/describe.h"
#include "topology/tables.h"

enum { DEPTH_MOST = 8 }; /* of structs inside each other; deeper ones are any objects */

#define NUMBER "[0-9]+(\\\\.[0-9]+)?"
#define DURATION "^-?" NUMBER "(ns|us|ms|s|min|h)$"
#define SIZE "^" NUMBER "(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)$"
#define RATE "^[0-9]+/(" NUMBER ")?(ns|us|ms|s|min|h)$"
#define BASE64 "^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$"

/* ---- values of a field ---- */

static void add_object(struct weir__draft *t, const weir_message *type, int depth);

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
static void add_plain(struct weir__draft *t, const weir_field *f, weir_kind kind, int depth)
{
  if (f->unit) {
    weir__draft_add(t, "\"type\":\"string\",\"pattern\":\"" SIZE "\"");
    return;
  }
  switch (kind) {
  case WEIR_KIND_TEXT:
    weir__draft_add(t, "\"type\":\"string\"");
    if (f->one_of) weir__describe_choices(t, "enum", f->one_of);
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

/* In place of what is secret a secret may be named. */
static void add_one(struct weir__draft *t, const weir_field *f, weir_kind kind, int depth)
{
  if (f->secret) weir__draft_add(t, "\"anyOf\":[{\"$ref\":\"#/$defs/secret_name\"},{");
  add_plain(t, f, kind, depth);
  if (f->secret) weir__draft_add(t, "}]");
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

/* Is a text with a variable in it a text of this kind already? */
static bool is_any_text(const weir_field *f) { return f->kind == WEIR_KIND_TEXT && !f->one_of; }

static bool is_list(const weir_field *f) { return f->kind == WEIR_KIND_LIST || f->kind == WEIR_KIND_ARRAY; }

static bool is_object(const weir_field *f) { return f->kind == WEIR_KIND_NESTED || f->kind == WEIR_KIND_OPTIONAL; }

/* The help as what editors show, the default, and the value; null where that stands for nothing, the word that stands for
 * a number, and any text with a variable in it, which is not known here. */
static void add_field(struct weir__draft *t, const weir_field *f, int depth)
{
  bool null = f->kind == WEIR_KIND_OPTIONAL || (f->def && strcmp(f->def, "null") == 0);
  bool word = f->one_of && (f->unit || f->kind == WEIR_KIND_I32 || f->kind == WEIR_KIND_I64 ||
                            f->kind == WEIR_KIND_U32 || f->kind == WEIR_KIND_U64);
  bool variable = !is_any_text(f) && !is_list(f) && !is_object(f) && f->kind != WEIR_KIND_REF;
  bool several = null || word || variable;
  weir__draft_quote(t, weir__field_key(f));
  weir__draft_add(t, ":{");
  if (f->help) weir__draft_add(t, "\"description\":"), weir__draft_quote(t, f->help), weir__draft_add(t, ",");
  if (f->def) weir__draft_add(t, "\"default\":%s,", f->def);
  if (several) weir__draft_add(t, "\"anyOf\":[{");
  if (is_list(f))
    add_items(t, f, depth);
  else
    add_one(t, f, f->kind, depth);
  if (several) weir__draft_add(t, "}");
  if (word) weir__draft_add(t, ",{\"const\":\"%s\"}", f->one_of);
  if (null) weir__draft_add(t, ",{\"type\":\"null\"}");
  if (variable) weir__draft_add(t, ",{\"$ref\":\"#/$defs/variable\"}");
  weir__draft_add(t, several ? "]}" : "}");
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

static void add_properties(struct weir__draft *t, const weir_message *type, int depth)
{
  for (size_t i = 0; type && i < type->count; i++) {
    if (i) weir__draft_add(t, ",");
    add_field(t, &type->fields[i], depth + 1);
  }
}

/* The members of an object's schema; `type` is NULL: it has none. */
static void add_object(struct weir__draft *t, const weir_message *type, int depth)
{
  weir__draft_add(t, "\"type\":\"object\"");
  if (depth == DEPTH_MOST) return;
  weir__draft_add(t, ",\"additionalProperties\":false,\"properties\":{");
  add_properties(t, type, depth);
  weir__draft_add(t, "}");
  if (type) add_required(t, type);
}

/* ---- actor types ---- */

/* By which fields a hash route may go. */
static void add_route(struct weir__draft *t, const weir_message *record)
{
  bool any = false;
  weir__draft_add(t, "\"route\":{\"properties\":{\"hash\":{\"anyOf\":[{\"$ref\":\"#/$defs/variable\"},{\"enum\":[");
  for (size_t i = 0; i < record->count; i++) {
    if (record->fields[i].kind == WEIR_KIND_LIST) continue;
    if (any) weir__draft_add(t, ",");
    weir__draft_quote(t, weir__field_key(&record->fields[i]));
    any = true;
  }
  weir__draft_add(t, "]}]}}},");
}

/* Outputs by name are those that it has, and where records go with which it fails. */
static void add_outputs(struct weir__draft *t, const struct weir__stock *type)
{
  size_t count = weir__type_outputs(type);
  bool fails = type->takes; /* else it refuses nothing */
  for (size_t i = 0; i < count; i++) fails = fails && strcmp(weir__type_output(type, i), WEIR__FAILED_OUTPUT) != 0;
  weir__draft_add(t,
                  "\"to\":{\"if\":{\"type\":\"object\",\"not\":{\"required\":[\"to\"]}},\"then\":{\"propertyNames\":{"
                  "\"enum\":[");
  for (size_t i = 0; i < count; i++) weir__draft_add(t, "%s\"%s\"", i ? "," : "", weir__type_output(type, i));
  weir__draft_add(t, "%s%s]}}", count && fails ? "," : "", fails ? "\"" WEIR__FAILED_OUTPUT "\"" : "");
  weir__draft_add(t, count ? "}," : ",\"else\":{\"type\":\"array\",\"maxItems\":0}},");
}

static void add_type(struct weir__draft *t, const struct weir__stock *type)
{
  const char *name = type->actor->name;
  const weir_message *config = type->config ? type->config() : NULL;
  bool needs_to = weir__type_outputs(type), needs_config = config && needs_something(config);
  weir__draft_add(
      t, "\"type:%s\":{\"if\":{\"properties\":{\"type\":{\"const\":\"%s\"}},\"required\":[\"type\"]},\"then\":{", name,
      name);
  if (type->actor->help)
    weir__draft_add(t, "\"description\":"), weir__draft_quote(t, type->actor->help), weir__draft_add(t, ",");
  if (needs_to || needs_config)
    weir__draft_add(t, "\"required\":[%s%s%s],", needs_to ? "\"to\"" : "", needs_to && needs_config ? "," : "",
                    needs_config ? "\"config\"" : "");
  weir__draft_add(t, "\"properties\":{");
  if (type->takes)
    add_route(t, type->takes());
  else
    weir__draft_add(t, "\"instances\":{\"anyOf\":[{\"const\":1},{\"$ref\":\"#/$defs/variable\"}]},\"route\":false,");
  add_outputs(t, type);
  weir__draft_add(t, "\"config\":{");
  add_object(t, config, 0);
  weir__draft_add(t, "}}}}");
}

/* ---- the document: its plain keys by their tables, the rest by hand ---- */

/* A definition: an object with the keys of a table, and some more. */
static void add_definition(struct weir__draft *t, const char *name, const weir_message *table, const char *more)
{
  weir__draft_add(t, ",\"%s\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{", name);
  add_properties(t, table, 0);
  weir__draft_add(t, "%s%s}", table->count && *more ? "," : "", more);
  add_required(t, table);
  weir__draft_add(t, "}");
}

#define REF(name) "{\"$ref\":\"#/$defs/" name "\"}"
#define LIST(item) "{\"type\":\"array\",\"items\":" item "}"
#define MAP(item) "{\"type\":\"object\",\"additionalProperties\":" item "}"
#define DESCRIPTION "\"description\":{\"type\":\"string\",\"description\":\"for people\"}"

static void add_test(struct weir__draft *t)
{
  static const char keys[] =
      "\"environment\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"},"
      "\"description\":\"variables of the environment, for this test alone\"},"
      "\"feed\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":true},"
      "\"description\":\"records for actors, by name\"},"
      "\"stub\":{\"anyOf\":[{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/actor_name\"}},"
      "{\"type\":\"object\",\"additionalProperties\":{\"anyOf\":[{\"const\":true},{\"type\":\"array\",\"items\":true},"
      "{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":true}}]}}],"
      "\"description\":\"actors that do not run: they pass on what they take, or give these records\"},"
      "\"real\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/$defs/actor_name\"},"
      "\"description\":\"actors that run though they touch what is outside\"},"
      "\"expect\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"array\",\"items\":true},"
      "\"description\":\"records by place: an actor, \\\"actor.output\\\", \\\"actor.in\\\", or "
      "\\\"dead_letters\\\"\"}";
  add_definition(t, "test", weir_message_weir__test(), keys);
}

static void add_parts(struct weir__draft *t)
{
  weir__draft_add(
      t,
      "\"variable\":{\"type\":\"string\",\"pattern\":\"\\\\$\\\\{\",\"description\":\"read as the kind that is "
      "wanted when its variables have been replaced\"},"
      "\"name\":{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9_]{0,62}$\"},"
      "\"secret_name\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"secret\"],\"properties\":{"
      "\"secret\":{\"type\":\"string\",\"description\":\"one of the secrets\"}}},"
      "\"actor_name\":{\"anyOf\":[{\"type\":\"string\",\"pattern\":\"^[a-z][a-z0-9_]*(\\\\.[a-z][a-z0-9_]*)*$\"}"
      "," REF(
          "variable") "],\"description\":\"an actor, or the use of a template\"},"
                      "\"edge\":{\"anyOf\":[" REF(
                          "actor_name") ",{\"type\":\"object\",\"additionalProperties\":false,"
                                        "\"required\":[\"to\"],\"properties\":{" DESCRIPTION ",\"to\":" REF(
                                            "actor_name") ",\"when_full\":{"
                                                          "\"anyOf\":[{\"enum\":[\"wait\",\"drop\"]},{\"type\":"
                                                          "\"object\",\"additionalProperties\":false,"
                                                          "\"required\":[\"to\"],\"properties\":{\"to\":" REF(
                                                              "actor_"
                                                              "name") "}}," REF("variable") "],"
                                                                                            "\"default\":\"wait\","
                                                                                            "\"description\":\"what "
                                                                                            "becomes of a record "
                                                                                            "for which there is no "
                                                                                            "room\"}}}]},"
                                                                                            "\"output\":{\"anyOf\":"
                                                                                            "[" REF("edge") "," LIST(REF(
                                                                                                "edge")) "],"
                                                                                                         "\"descript"
                                                                                                         "ion\":"
                                                                                                         "\"who "
                                                                                                         "gets its "
                                                                                                         "records, "
                                                                                                         "each "
                                                                                                         "of a list "
                                                                                                         "all of "
                                                                                                         "them; or "
                                                                                                         "\\\"discar"
                                                                                                         "d\\\", or "
                                                                                                         "\\\"dead_"
                                                                                                         "letters\\"
                                                                                                         "\"\"},"
                                                                                                         "\"to\":{"
                                                                                                         "\"anyOf\":"
                                                                                                         "[" REF(
                                                                                                             "outpu"
                                                                                                             "t") ","
                                                                                                                  "{"
                                                                                                                  "\"ty"
                                                                                                                  "pe\""
                                                                                                                  ":"
                                                                                                                  "\"ob"
                                                                                                                  "ject"
                                                                                                                  "\","
                                                                                                                  "\"no"
                                                                                                                  "t\":"
                                                                                                                  "{"
                                                                                                                  "\"re"
                                                                                                                  "quir"
                                                                                                                  "ed\""
                                                                                                                  ":["
                                                                                                                  "\"to"
                                                                                                                  "\"]}"
                                                                                                                  ","
                                                                                                                  "\"ad"
                                                                                                                  "diti"
                                                                                                                  "onal"
                                                                                                                  "Prop"
                                                                                                                  "e"
                                                                                                                  "r"
                                                                                                                  "t"
                                                                                                                  "i"
                                                                                                                  "e"
                                                                                                                  "s"
                                                                                                                  "\""
                                                                                                                  ":" REF(
                                                                                                                      "output") "}],"
                                                                                                                                "\"d"
                                                                                                                                "esc"
                                                                                                                                "rip"
                                                                                                                                "tio"
                                                                                                                                "n\""
                                                                                                                                ":\""
                                                                                                                                "who"
                                                                                                                                " ge"
                                                                                                                                "ts "
                                                                                                                                "its"
                                                                                                                                " re"
                                                                                                                                "cor"
                                                                                                                                "ds,"
                                                                                                                                " or"
                                                                                                                                " ou"
                                                                                                                                "tpu"
                                                                                                                                "ts "
                                                                                                                                "by "
                                                                                                                                "nam"
                                                                                                                                "e\""
                                                                                                                                "}");
  add_definition(t, "runtime", weir_message_weir__settings(), "");
  add_definition(t, "mailbox", weir_message_weir__mailbox_settings(), "");
  add_definition(t, "defaults", &(weir_message){.name = ""}, DESCRIPTION ",\"mailbox\":" REF("mailbox"));
  add_definition(t, "secret", weir_message_weir__secret(), "");
  add_definition(t, "plugin", weir_message_weir__plugin_entry(), "");
  add_definition(
      t, "template", weir_message_weir__template(),
      "\"params\":" MAP("{\"type\":\"object\",\"required\":[\"kind\"]}") ",\"actors\":" LIST("{\"type\":\"object\"}"));
  add_definition(t, "supervisor", weir_message_weir__supervision(),
                 "\"children\":" LIST("{\"anyOf\":[{\"const\":\"*\"}," REF("actor_name") "," REF("supervisor") "]}"));
  add_definition(t, "on_failure", weir_message_weir__on_failure(), "");
  add_definition(t, "breaker", weir_message_weir__breaker_settings(), "");
  add_test(t);
  add_definition(
      t, "use", weir_message_weir__use_settings(),
      "\"name\":" REF("name") ",\"use\":{\"type\":\"string\",\"description\":\"a template\"},\"with\":{\"type\":"
                              "\"object\",\"description\":\"values of its params\"},\"to\":" REF("to"));
}

static void add_actor(struct weir__draft *t, const struct weir__types *types)
{
  struct weir__draft more = {0};
  weir__draft_add(&more, "\"name\":" REF("name") ",\"type\":{\"anyOf\":[{\"enum\":[");
  for (size_t i = 0; i < types->count; i++)
    weir__draft_add(&more, "%s\"%s\"", i ? "," : "", types->rows[i]->actor->name);
  weir__draft_add(
      &more,
      "]}," REF(
          "variable") "]},\"config\":{\"type\":\"object\",\"description\":\"what its type takes\"},"
                      "\"to\":" REF("to") ",\"mailbox\":" REF("mailbox") ",\"on_failure\":" REF(
                          "on_failure") ",\"breaker\":" REF("breaker") ",\"route\":{\"anyOf\":[{\"const\":\"round_"
                                                                       "robin\"},{\"type\":\"object\","
                                                                       "\"additionalProperties\":false,\"required\":["
                                                                       "\"hash\"],\"properties\":{\"hash\":{\"type\":"
                                                                       "\"string\","
                                                                       "\"description\":\"a field of the records that "
                                                                       "arrive\"}}}," REF(
                                                                           "variable") "],\"default\":"
                                                                                       "\"round_robin\","
                                                                                       "\"description\":\"which "
                                                                                       "instance gets a record: each "
                                                                                       "in turn, or always the same "
                                                                                       "for "
                                                                                       "the same value of a field\"}");
  if (more.text) add_definition(t, "actor", weir_message_weir__actor_settings(), more.text);
  t->failed |= more.failed;
  weir__draft_free(&more);
}

static void add_document(struct weir__draft *t, const struct weir__types *types)
{
  weir__draft_add(
      t, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\",\"$id\":\"topology.schema.json\","
         "\"title\":\"weir topology\",\"description\":\"A graph of actors that `weir run` runs. Written by `weir "
         "schema`. What a schema can't say, `weir check` checks: that names are unique and known, that records "
         "fit, that nothing waits for itself.\",\"type\":\"object\",\"additionalProperties\":false,\"anyOf\":["
         "{\"required\":[\"actors\"],\"properties\":{\"actors\":{\"minItems\":1}}},{\"required\":[\"include\"]},{"
         "\"required\":[\"templates\"]},{\"required\":[\"tests\"]}],\"properties\":{");
  add_properties(t, weir_message_weir__header(), 0);
  weir__draft_add(
      t,
      ",\"topology\":{\"type\":\"string\",\"description\":\"of a file of tests alone (a.test.json): which one they are "
      "for\"},"
      "\"weir\":{\"const\":1,\"description\":\"the version of the format\"},\"include\":" LIST("{\"type\":\"string\"}") ",\"runtime\":" REF("runtime") ",\"secrets\":" MAP(REF("secret")) ",\"defaults\":" REF(
          "defaults") ",\"plugins\":" LIST(REF("plugin")) ",\"templates\":" MAP(REF("template")) ",\"supervision\""
                                                                                                 ":" REF("supervisor") ",\"tests\":" LIST(
                                                                                                     REF("test")) ",\"a"
                                                                                                                  "ctor"
                                                                                                                  "s\":"
                                                                                                                  "{\"t"
                                                                                                                  "ype"
                                                                                                                  "\":"
                                                                                                                  "\"ar"
                                                                                                                  "ray"
                                                                                                                  "\","
                                                                                                                  "\"it"
                                                                                                                  "ems"
                                                                                                                  "\":{"
                                                                                                                  "\"if"
                                                                                                                  "\":{"
                                                                                                                  "\"re"
                                                                                                                  "quir"
                                                                                                                  "ed\""
                                                                                                                  ":["
                                                                                                                  "\"us"
                                                                                                                  "e\"]"
                                                                                                                  "},"
                                                                                                                  "\"th"
                                                                                                                  "en\""
                                                                                                                  ":" REF(
                                                                                                                      "use") ",\"else\":{\"$ref\":\"#/$defs/actor\",\"required\":"
                                                                                                                             "[\"name\",\"type\"],\"allOf\":[");
  for (size_t i = 0; i < types->count; i++)
    weir__draft_add(t, "%s{\"$ref\":\"#/$defs/type:%s\"}", i ? "," : "", types->rows[i]->actor->name);
  weir__draft_add(t, "]}}}},\"$defs\":{");
  add_parts(t);
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
