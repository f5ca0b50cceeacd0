/* describe.c: see describe.h. */
#include "topology/describe.h"

#include <inttypes.h>
#include <string.h>
#include <weir/types.h>

#include "channel/bounds.h"
#include "channel/print.h"
#include "channel/type.h"
#include "channel/units.h"
#include "topology/plugin.h"
#include "json/report.h"
#include "json/suggest.h"

enum { DEPTH_MOST = 8 }; /* of structs inside each other: one may hold its own type */

/* ---- kinds ---- */

static bool has_items(const weir_field *f) { return f->kind == WEIR_KIND_LIST || f->kind == WEIR_KIND_ARRAY; }

static weir_kind item_of(const weir_field *f) { return has_items(f) ? f->item : f->kind; }

/* The struct whose fields it has; NULL: it is none. */
static const weir_message *struct_of(const weir_field *f)
{
  weir_kind kind = item_of(f);
  return kind == WEIR_KIND_NESTED || kind == WEIR_KIND_OPTIONAL ? f->of() : NULL;
}

static void add_bound(struct weir__draft *t, const weir_field *f, double bound)
{
  char text[WEIR__RATE_TEXT];
  switch (f->unit ? WEIR_KIND_LIST : item_of(f)) {
  case WEIR_KIND_LIST: /* stands for a size */
    weir__size_text((uint64_t)bound, text);
    break;
  case WEIR_KIND_DURATION:
    weir__duration_text((weir_duration){.ns = (int64_t)bound}, text);
    break;
  case WEIR_KIND_RATE:
    weir__rate_bound_text(bound, text);
    break;
  default:
    weir__double_text(bound, text);
    break;
  }
  weir__draft_add(t, "%s", text);
}

/* Bounds beyond these are those of the C type, or none. */
static bool is_bound(double bound) { return bound > -0x1p53 && bound < 0x1p53; }

static void add_bounds(struct weir__draft *t, const weir_field *f)
{
  if (!weir__has_bounds(f)) return;
  bool least = is_bound(f->min), most = is_bound(f->max);
  if (least) weir__draft_add(t, most ? " from " : " of at least "), add_bound(t, f, f->min);
  if (most) weir__draft_add(t, least ? " to " : " of at most "), add_bound(t, f, f->max);
}

static void add_choices(struct weir__draft *t, const char *choices)
{
  for (const char *at = choices; at;) {
    size_t size = strcspn(at, "|");
    bool last = !at[size], first = at == choices;
    weir__draft_add(t, "%s\"%.*s\"", first ? "" : last ? " or " : ", ", (int)size, at);
    at = last ? NULL : at + size + 1;
  }
}

/* In the singular, or of a list in the plural. */
static const char *word_of(const weir_field *f, bool many)
{
  if (f->unit) return many ? "sizes" : "size";
  switch (item_of(f)) {
  case WEIR_KIND_TEXT:
  case WEIR_KIND_CHARS:
    return many ? "texts" : "text";
  case WEIR_KIND_BOOL:
    return many ? "booleans" : "boolean";
  case WEIR_KIND_F64:
    return many ? "numbers" : "number";
  case WEIR_KIND_REF:
    return many ? "refs" : "ref";
  case WEIR_KIND_BYTES:
    return many ? "bytes each, as base64" : "bytes, as base64";
  case WEIR_KIND_DURATION:
    return many ? "durations" : "duration";
  case WEIR_KIND_RATE:
    return many ? "rates" : "rate";
  case WEIR_KIND_NESTED:
    return many ? "objects" : "object";
  case WEIR_KIND_OPTIONAL:
    return "object or null";
  default:
    return many ? "integers" : "integer";
  }
}

void weir__describe_kind(struct weir__draft *t, const weir_field *f)
{
  if (f->kind == WEIR_KIND_LIST) weir__draft_add(t, "list of ");
  if (f->kind == WEIR_KIND_ARRAY) weir__draft_add(t, "list of %zu ", f->size / weir__kind_bytes(f, f->item));
  if (f->one_of && !has_items(f)) {
    add_choices(t, f->one_of);
    return;
  }
  weir__draft_add(t, "%s", word_of(f, has_items(f)));
  if (f->one_of) weir__draft_add(t, ", each "), add_choices(t, f->one_of);
  if (f->kind == WEIR_KIND_CHARS) weir__draft_add(t, " of at most %zu bytes", f->size - 1);
  add_bounds(t, f);
}

/* ---- what all forms say ---- */

static const char *const runs_words[] = {"on any worker", "pinned to one worker", "on the blocking pool"};
static const char *const runs_names[] = {"any_worker", "pinned", "blocking_pool"};
static const char *const overflow_words[] = {"a sender waits while it is full", "a sender waits while it is full",
                                             "what does not fit is rejected", "the newest is dropped",
                                             "the oldest is dropped"};
static const char *const overflow_names[] = {"wait", "wait", "reject", "drop_newest", "drop_oldest"};
static const char *const reload_names[] = {"live", "restart", "refuse"};
static const char *const reload_words[] = {"", "a change restarts the actor", "a change is refused"};

static size_t capacity_of(const weir_actor *a) { return a->capacity ? a->capacity : 64; }

static void add_help(struct weir__draft *t, const char *help) { weir__draft_add(t, "%s", help ? help : ""); }

/* Calls `f` for each field of a configuration, those of structs inside it behind the struct, with its path. */
struct walk {
  struct weir__draft *text;
  void (*f)(struct walk *walk, const char *path, const weir_field *field);
  size_t widest; /* of the paths */
};

static void each_field(struct walk *walk, const weir_message *type, const char *above, int depth)
{
  for (size_t i = 0; i < type->count && depth < DEPTH_MOST; i++) {
    const weir_field *f = &type->fields[i];
    struct weir__draft path = {0};
    weir__draft_add(&path, "%s%s%s", above, *above ? "." : "", weir__field_key(f));
    if (path.text) {
      walk->f(walk, path.text, f);
      if (has_items(f)) weir__draft_add(&path, "[]");
      const weir_message *inside = struct_of(f);
      if (inside && inside != type) each_field(walk, inside, path.text, depth + 1);
    }
    walk->text->failed |= path.failed;
    weir__draft_free(&path);
  }
}

/* ---- for people ---- */

void weir__describe_list(struct weir__draft *t, const struct weir__types *types)
{
  size_t widest = 0;
  for (size_t i = 0; i < types->count; i++) {
    size_t length = strlen(types->rows[i]->actor->name);
    if (length > widest) widest = length;
  }
  for (size_t i = 0; i < types->count; i++) {
    const weir_actor *a = types->rows[i]->actor;
    weir__draft_add(t, "%s", a->name);
    weir__draft_pad(t, widest + 2);
    add_help(t, a->help);
    weir__draft_add(t, "\n");
  }
}

static void measure_path(struct walk *walk, const char *path, const weir_field *field)
{
  (void)field;
  if (strlen(path) > walk->widest) walk->widest = strlen(path);
}

/* What follows the kind: default, and what is special. */
static void add_rest(struct weir__draft *t, const weir_field *f, const char *tick)
{
  if (f->def)
    weir__draft_add(t, "; %s%s%s", tick, f->def, tick);
  else if (!weir__field_optional(f))
    weir__draft_add(t, "; required");
  if (f->secret) weir__draft_add(t, "; secret");
  if (f->reload) weir__draft_add(t, "; %s", reload_words[f->reload]);
}

static void add_field_lines(struct walk *walk, const char *path, const weir_field *f)
{
  struct weir__draft *t = walk->text;
  weir__draft_add(t, "  %s", path);
  weir__draft_pad(t, walk->widest + 4);
  weir__describe_kind(t, f);
  add_rest(t, f, "");
  weir__draft_add(t, "\n");
  if (!f->help) return;
  weir__draft_pad(t, walk->widest + 4);
  weir__draft_add(t, "%s\n", f->help);
}

/* "line (text: bytes, as base64)" */
static void add_record(struct weir__draft *t, const weir_message *record)
{
  weir__draft_add(t, "%s", record->name);
  for (size_t i = 0; i < record->count; i++) {
    weir__draft_add(t, i ? ", %s: " : " (%s: ", weir__field_key(&record->fields[i]));
    weir__describe_kind(t, &record->fields[i]);
  }
  if (record->count) weir__draft_add(t, ")");
}

static void add_outputs(struct weir__draft *t, const struct weir__stock *type)
{
  size_t count = weir__type_outputs(type);
  for (size_t i = 0; i < count; i++) {
    weir__draft_add(t, i ? "            %s: " : "  gives     %s: ", weir__type_output(type, i));
    add_record(t, weir__type_gives(type, i));
    weir__draft_add(t, "\n");
  }
  if (!count) weir__draft_add(t, "  gives     nothing: it is a sink\n");
}

static const char *change_words(const struct weir__stock *type)
{
  return weir__type_changes(type) ? "in place where the actor can; else it is started anew"
                                  : "the actor is started anew";
}

void weir__describe_type(struct weir__draft *t, const struct weir__stock *type)
{
  const weir_actor *a = type->actor;
  weir__draft_add(t, "%s: ", a->name);
  add_help(t, a->help);
  if (type->plugin)
    weir__draft_add(t, "\n\n  from      %s %s: %s", type->plugin->table->name, type->plugin->table->version,
                    type->plugin->path);
  else
    weir__draft_add(t, "\n\n  from      weir");
  weir__draft_add(t, "\n  takes     ");
  if (type->takes)
    add_record(t, type->takes());
  else
    weir__draft_add(t, "nothing: it is a source");
  weir__draft_add(t, "\n");
  add_outputs(t, type);
  weir__draft_add(t, "  runs      %s\n  mailbox   %zu places; %s\n", runs_words[a->runs], capacity_of(a),
                  overflow_words[a->overflow]);
  if (!type->config) return;
  weir__draft_add(t, "  a change  %s\n\nconfiguration:\n", change_words(type));
  struct walk walk = {.text = t, .f = measure_path};
  each_field(&walk, type->config(), "", 0);
  walk.f = add_field_lines;
  each_field(&walk, type->config(), "", 0);
}

/* ---- a page ---- */

/* A bar would end the cell. */
static void add_cell(struct weir__draft *t, const char *text)
{
  for (; *text; text++) weir__draft_add(t, *text == '|' ? "\\%c" : "%c", *text);
}

static void add_field_row(struct walk *walk, const char *path, const weir_field *f)
{
  struct weir__draft *t = walk->text;
  struct weir__draft value = {0};
  weir__describe_kind(&value, f);
  add_rest(&value, f, "`");
  weir__draft_add(t, "| `%s` | ", path);
  add_cell(t, value.text ? value.text : "");
  weir__draft_add(t, " | ");
  add_cell(t, f->help ? f->help : "");
  weir__draft_add(t, " |\n");
  t->failed |= value.failed;
  weir__draft_free(&value);
}

static void add_section(struct weir__draft *t, const struct weir__stock *type)
{
  const weir_actor *a = type->actor;
  weir__draft_add(t, "\n## `%s`\n\n", a->name);
  add_help(t, a->help);
  weir__draft_add(t, ".\n\n");
  if (type->plugin)
    weir__draft_add(t, "* from: the plugin %s %s\n", type->plugin->table->name, type->plugin->table->version);
  weir__draft_add(t, "* takes: ");
  if (type->takes)
    add_record(t, type->takes());
  else
    weir__draft_add(t, "nothing, it is a source");
  size_t outputs = weir__type_outputs(type);
  for (size_t i = 0; i < outputs; i++) {
    weir__draft_add(t, "\n* gives, at `%s`: ", weir__type_output(type, i));
    add_record(t, weir__type_gives(type, i));
  }
  if (!outputs) weir__draft_add(t, "\n* gives: nothing, it is a sink");
  weir__draft_add(t, "\n* runs: %s; mailbox: %zu places, %s\n", runs_words[a->runs], capacity_of(a),
                  overflow_words[a->overflow]);
  if (!type->config) return;
  weir__draft_add(t, "* a change of its configuration: %s\n\n| key | value | |\n|---|---|---|\n", change_words(type));
  each_field(&(struct walk){.text = t, .f = add_field_row}, type->config(), "", 0);
}

void weir__describe_page(struct weir__draft *t, const struct weir__types *types)
{
  weir__draft_add(
      t, "# Actor types\n\nWhat a topology can name. This page is written by `weir types --markdown`, from the "
         "tables that check a topology.\n");
  for (size_t i = 0; i < types->count; i++) add_section(t, types->rows[i]);
}

/* ---- for programs ---- */

static void add_member(struct weir__draft *t, const char *key, const char *value)
{
  weir__draft_add(t, "\"%s\":", key);
  if (value)
    weir__draft_quote(t, value);
  else
    weir__draft_add(t, "null");
}

static const char *kind_name(const weir_field *f)
{
  if (f->unit) return "size";
  switch (item_of(f)) {
  case WEIR_KIND_TEXT:
  case WEIR_KIND_CHARS:
    return "text";
  case WEIR_KIND_BOOL:
    return "bool";
  case WEIR_KIND_F64:
    return "number";
  case WEIR_KIND_REF:
    return "ref";
  case WEIR_KIND_BYTES:
    return "bytes";
  case WEIR_KIND_DURATION:
    return "duration";
  case WEIR_KIND_RATE:
    return "rate";
  case WEIR_KIND_NESTED:
  case WEIR_KIND_OPTIONAL:
    return "object";
  default:
    return "int";
  }
}

/* A bound as it would stand in the document. */
static void add_json_bound(struct weir__draft *t, const char *key, const weir_field *f, double bound)
{
  if (!weir__has_bounds(f) || !is_bound(bound)) return;
  weir_kind kind = item_of(f);
  const char *quote = f->unit || kind == WEIR_KIND_DURATION || kind == WEIR_KIND_RATE ? "\"" : "";
  weir__draft_add(t, ",\"%s\":%s", key, quote);
  add_bound(t, f, bound);
  weir__draft_add(t, "%s", quote);
}

void weir__describe_choices(struct weir__draft *t, const char *key, const char *choices)
{
  weir__draft_add(t, ",\"%s\":[", key);
  for (const char *at = choices; at;) {
    size_t size = strcspn(at, "|");
    weir__draft_add(t, "%s\"%.*s\"", at == choices ? "" : ",", (int)size, at);
    at = at[size] ? at + size + 1 : NULL;
  }
  weir__draft_add(t, "]");
}

static void add_json_fields(struct weir__draft *t, const weir_message *type, bool config, int depth);

static void add_json_field(struct weir__draft *t, const weir_message *type, const weir_field *f, bool config, int depth)
{
  weir__draft_add(t, "{");
  add_member(t, "key", weir__field_key(f));
  weir__draft_add(t, ",");
  add_member(t, "kind", kind_name(f));
  if (has_items(f)) weir__draft_add(t, ",\"list\":true");
  if (f->kind == WEIR_KIND_ARRAY) weir__draft_add(t, ",\"items\":%zu", f->size / weir__kind_bytes(f, f->item));
  if (f->kind == WEIR_KIND_OPTIONAL) weir__draft_add(t, ",\"null\":true");
  add_json_bound(t, "min", f, f->min);
  add_json_bound(t, "max", f, f->max);
  if (f->one_of) weir__describe_choices(t, "one_of", f->one_of);
  if (f->def) weir__draft_add(t, ",\"default\":%s", f->def);
  if (config) weir__draft_add(t, ",\"required\":%s", weir__field_optional(f) ? "false" : "true");
  if (f->secret) weir__draft_add(t, ",\"secret\":true");
  if (config) weir__draft_add(t, ",\"reload\":\"%s\"", reload_names[f->reload]);
  if (f->help) weir__draft_add(t, ","), add_member(t, "help", f->help);
  const weir_message *inside = struct_of(f);
  if (inside && inside != type && depth < DEPTH_MOST) {
    weir__draft_add(t, ",\"fields\":");
    add_json_fields(t, inside, config, depth + 1);
  }
  weir__draft_add(t, "}");
}

static void add_json_fields(struct weir__draft *t, const weir_message *type, bool config, int depth)
{
  weir__draft_add(t, "[");
  for (size_t i = 0; i < type->count; i++) {
    if (i) weir__draft_add(t, ",");
    add_json_field(t, type, &type->fields[i], config, depth);
  }
  weir__draft_add(t, "]");
}

static void add_json_record(struct weir__draft *t, const weir_message *record)
{
  weir__draft_add(t, "{");
  add_member(t, "record", record->name);
  weir__draft_add(t, ",\"fields\":");
  add_json_fields(t, record, false, 0);
  weir__draft_add(t, "}");
}

static void add_json_outputs(struct weir__draft *t, const struct weir__stock *type)
{
  weir__draft_add(t, ",\"outputs\":[");
  for (size_t i = 0; i < weir__type_outputs(type); i++) {
    weir__draft_add(t, i ? ",{" : "{");
    add_member(t, "name", weir__type_output(type, i));
    weir__draft_add(t, ",\"gives\":");
    add_json_record(t, weir__type_gives(type, i));
    weir__draft_add(t, "}");
  }
  weir__draft_add(t, "]");
}

static void add_json_plugin(struct weir__draft *t, const struct weir__plugin *plugin)
{
  weir__draft_add(t, ",\"plugin\":");
  if (!plugin) {
    weir__draft_add(t, "null");
    return;
  }
  weir__draft_add(t, "{");
  add_member(t, "name", plugin->table->name);
  weir__draft_add(t, ",");
  add_member(t, "version", plugin->table->version);
  weir__draft_add(t, ",");
  add_member(t, "path", plugin->path);
  weir__draft_add(t, "}");
}

static void add_json_type(struct weir__draft *t, const struct weir__stock *type)
{
  const weir_actor *a = type->actor;
  weir__draft_add(t, "{");
  add_member(t, "name", a->name);
  weir__draft_add(t, ",");
  add_member(t, "help", a->help);
  add_json_plugin(t, type->plugin);
  weir__draft_add(t, ",\"takes\":");
  if (type->takes)
    add_json_record(t, type->takes());
  else
    weir__draft_add(t, "null");
  add_json_outputs(t, type);
  weir__draft_add(t, ",\"runs\":\"%s\",\"mailbox\":{\"capacity\":%zu,\"overflow\":\"%s\"},\"version\":%d",
                  runs_names[a->runs], capacity_of(a), overflow_names[a->overflow], a->version);
  weir__draft_add(t, ",\"changes_in_place\":%s,\"config\":", weir__type_changes(type) ? "true" : "false");
  if (type->config)
    add_json_fields(t, type->config(), true, 0);
  else
    weir__draft_add(t, "[]");
  weir__draft_add(t, "}");
}

void weir__describe_json(struct weir__draft *t, const struct weir__types *types, const struct weir__stock *only)
{
  weir__draft_add(t, "[");
  bool first = true;
  for (size_t i = 0; i < types->count; i++) {
    if (only && types->rows[i] != only) continue;
    weir__draft_add(t, first ? "" : ",\n");
    add_json_type(t, types->rows[i]);
    first = false;
  }
  weir__draft_add(t, "]\n");
}

/* ---- the call ---- */

static int add_plugins(struct weir__types *types, const weir_types_options *o)
{
  const struct weir__plugin *plugin;
  int rc = WEIR_OK;
  for (size_t i = 0; i < o->plugin_count && !rc; i++) {
    rc = weir__plugin_load(o->plugins[i], &plugin);
    if (!rc) rc = weir__types_add(types, plugin);
  }
  return rc;
}

static int unknown(const struct weir__types *types, const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < types->count; i++) weir__suggest_offer(&suggestion, types->rows[i]->actor->name);
  return weir_error(-ENOENT, "there is no actor type %s%s", weir__quote(name).text, weir__suggest_text(&suggestion));
}

static int describe(struct weir__draft *t, const struct weir__types *types, const weir_types_options *o)
{
  const struct weir__stock *only = o->name ? weir__types_find(types, o->name) : NULL;
  if (o->name && !only) return unknown(types, o->name);
  if (o->form == WEIR_TYPES_JSON)
    weir__describe_json(t, types, only);
  else if (o->form == WEIR_TYPES_MARKDOWN)
    weir__describe_page(t, types);
  else if (o->form == WEIR_TYPES_SCHEMA)
    weir__describe_schema(t, types);
  else if (only)
    weir__describe_type(t, only);
  else
    weir__describe_list(t, types);
  return WEIR_OK;
}

int weir__types_describe(char **text, size_t *size, const weir_types_options *options)
{
  static const weir_types_options plain;
  const weir_types_options *o = options ? options : &plain;
  struct weir__types types;
  struct weir__draft t = {0};
  *text = NULL;
  if (size) *size = 0;
  if (o->form < 0 || o->form > WEIR_TYPES_SCHEMA) return weir_error(WEIR_EINVAL, ".form is %d", o->form);
  int rc = weir__types_make(&types);
  if (!rc) rc = add_plugins(&types, o);
  if (!rc) rc = describe(&t, &types, o);
  weir__types_free(&types);
  return rc ? rc : weir__draft_take(&t, text, size);
}
