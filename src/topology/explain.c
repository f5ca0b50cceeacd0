/* explain.c: see explain.h. Values are shown as they stand in the document, with variables replaced; defaults as their
 * tables have them. What is secret is not shown. */
#include "topology/explain.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/checking.h"
#include "topology/tables.h"
#include "json/expect.h"

struct explaining {
  struct weir__document *document;
  const struct weir__graph *graph;
  struct weir__arena arena;
  void (*setting)(void *arg, const weir_setting *setting);
  void *arg;
};

/* ---- values as texts: written twice, first for the size ---- */

struct output {
  char *text; /* NULL: only the size is wanted */
  size_t size;
};

static void put(struct output *o, const char *text, size_t size)
{
  if (o->text) memcpy(o->text + o->size, text, size);
  o->size += size;
}

static void put_quoted(struct output *o, const char *text)
{
  char escape[8];
  put(o, "\"", 1);
  for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
    if (*c >= 0x20 && *c != 0x7f && *c != '"' && *c != '\\') {
      put(o, (const char *)c, 1);
      continue;
    }
    int size = snprintf(escape, sizeof escape, *c == '"' || *c == '\\' ? "\\%c" : "\\u%04x", *c);
    put(o, escape, (size_t)size);
  }
  put(o, "\"", 1);
}

static const char *key_of(const weir_field *f) { return f->json ? f->json : f->name; }

/* The field of a struct that is a child of an object; an item belongs to the field of its list. */
static const weir_field *field_of(const struct weir__document *d, uint32_t child, const weir_field *f, bool is_object)
{
  const weir_message *type = f && f->of ? f->of() : NULL;
  if (!is_object) return f;
  for (size_t i = 0; type && i < type->count; i++)
    if (strcmp(key_of(&type->fields[i]), weir__document_key(d, child)) == 0) return &type->fields[i];
  return NULL;
}

/* Of a secret that stands there itself nothing is shown; which one is named is. `f` is what it is by its table; NULL: not known. */
static bool is_hidden(const struct weir__document *d, uint32_t node, const weir_field *f)
{
  bool single = weir__document_kind(d, node) != WEIR__LIST && weir__document_member(d, node, "secret") == WEIR__NO_NODE;
  return f && f->secret && single;
}

static void put_value(struct output *o, const struct weir__document *d, uint32_t node, const weir_field *f)
{
  enum weir__json_kind kind = weir__document_kind(d, node);
  bool is_object = kind == WEIR__OBJECT;
  if (is_hidden(d, node, f)) {
    put(o, "null", 4);
  } else if (kind == WEIR__TEXT) {
    put_quoted(o, weir__document_text(d, node));
  } else if (kind == WEIR__OBJECT || kind == WEIR__LIST) {
    put(o, is_object ? "{" : "[", 1);
    for (uint32_t child = weir__document_child(d, node); child != WEIR__NO_NODE; child = d->nodes[child].next) {
      if (d->nodes[child].index) put(o, ", ", 2);
      if (is_object) put_quoted(o, weir__document_key(d, child)), put(o, ": ", 2);
      put_value(o, d, child, field_of(d, child, f, is_object));
    }
    put(o, is_object ? "}" : "]", 1);
  } else {
    const char *text = d->text + d->nodes[node].offset;
    put(o, text, strspn(text, "+-.0123456789eEtrufalsn"));
  }
}

static const char *value_text(struct explaining *e, uint32_t node, const weir_field *f)
{
  struct output size = {0};
  put_value(&size, e->document, node, f);
  struct output o = {.text = weir__arena_alloc(&e->arena, size.size + 1)};
  if (o.text) put_value(&o, e->document, node, f);
  return o.text;
}

/* ---- one setting ---- */

static void tell(struct explaining *e, const char *path, const char *value, const char *from)
{
  if (value) e->setting(e->arg, &(weir_setting){.path = path, .value = value, .from = from});
}

/* A value that is written; `path` is where it belongs, `f` its field, if it has one. */
static void tell_node(struct explaining *e, const char *path, uint32_t node, const weir_field *f, const char *words)
{
  const struct weir__document *d = e->document;
  const struct weir__json_node *n = &d->nodes[node];
  bool shows_variables = n->replaced && !is_hidden(d, node, f); /* they may have defaults */
  const char *file = weir__document_file(d, node), *written = d->text + n->offset + 1;
  char pointer[WEIR__PATH_BYTES], from[WEIR__PATH_BYTES];
  weir__document_pointer(d, node, pointer, sizeof pointer);
  snprintf(from, sizeof from, "%s%s%s:%u:%u%s%.*s", words ? words : "", words ? ", " : "", file, (unsigned)n->line,
           (unsigned)n->column, shows_variables ? ", of " : "", shows_variables ? (int)strcspn(written, "\"") : 0,
           written);
  const char *value = value_text(e, node, f);
  weir_setting setting = {.path = path,
                          .pointer = pointer,
                          .value = value,
                          .from = from,
                          .file = file,
                          .line = (int)n->line,
                          .column = (int)n->column};
  if (value) e->setting(e->arg, &setting);
}

static bool is_for_people(const weir_field *f)
{
  return strcmp(key_of(f), "description") == 0 || strcmp(key_of(f), "$schema") == 0;
}

/* The fields of a table, of an object below `path`; WEIR__NO_NODE: it is not written. */
static void explain_table(struct explaining *e, const char *path, const weir_message *table, uint32_t object)
{
  for (size_t i = 0; i < table->count; i++) {
    const weir_field *f = &table->fields[i];
    uint32_t node = object == WEIR__NO_NODE ? object : weir__document_member(e->document, object, key_of(f));
    char at[WEIR__PATH_BYTES];
    snprintf(at, sizeof at, "%s%s%s", path, *path ? "." : "", key_of(f));
    if (is_for_people(f)) continue;
    if (node != WEIR__NO_NODE)
      tell_node(e, at, node, f, NULL);
    else if (f->def && strcmp(f->def, "null") != 0)
      tell(e, at, f->secret ? "null" : f->def, "default");
  }
}

/* ---- actors ---- */

static void explain_capacity(struct explaining *e, const struct weir__graph_actor *actor, const char *path)
{
  struct weir__document *d = e->document;
  char at[WEIR__PATH_BYTES], value[32];
  uint32_t own = weir__document_member(d, actor->node, "mailbox"), defaults = weir__document_member(d, 0, "defaults");
  uint32_t capacity = own == WEIR__NO_NODE ? own : weir__document_member(d, own, "capacity");
  const char *words = NULL;
  if (!actor->stock->takes) return;
  snprintf(at, sizeof at, "%s.mailbox.capacity", path);
  if (capacity == WEIR__NO_NODE && defaults != WEIR__NO_NODE) {
    uint32_t mailbox = weir__document_member(d, defaults, "mailbox");
    capacity = mailbox == WEIR__NO_NODE ? mailbox : weir__document_member(d, mailbox, "capacity");
    words = "the defaults";
  }
  if (capacity != WEIR__NO_NODE) {
    tell_node(e, at, capacity, NULL, words);
    return;
  }
  size_t places = actor->stock->actor->capacity;
  snprintf(value, sizeof value, "%zu", places ? places : 64);
  tell(e, at, value, places ? "its type" : "default");
}

static const char *leads_word(const struct weir__output *output)
{
  return output->leads == WEIR__LEADS_OUT ? "\"discard\"" : "\"dead_letters\"";
}

static void explain_outputs(struct explaining *e, const struct weir__graph_actor *actor, const char *path)
{
  for (size_t i = 0; i < actor->output_count; i++) {
    const struct weir__output *o = &actor->outputs[i];
    char at[WEIR__PATH_BYTES];
    snprintf(at, sizeof at, "%s.to.%s", path, o->name);
    if (o->node != WEIR__NO_NODE && strcmp(o->name, "breaker") != 0)
      tell_node(e, at, o->node, NULL, NULL);
    else if (o->leads == WEIR__LEADS_TO_DEAD)
      tell(e, at, leads_word(o), "default");
  }
}

static void explain_actor(struct explaining *e, const struct weir__graph_actor *actor)
{
  struct weir__document *d = e->document;
  char path[WEIR__PATH_BYTES / 2], at[WEIR__PATH_BYTES];
  weir__document_path(d, actor->node, path, sizeof path);
  snprintf(at, sizeof at, "%s.type", path);
  tell_node(e, at, weir__document_member(d, actor->node, "type"), NULL, NULL);
  snprintf(at, sizeof at, "%s.config", path);
  if (actor->stock->config)
    explain_table(e, at, actor->stock->config(), weir__document_member(d, actor->node, "config"));
  explain_table(e, path, weir_message_weir__actor_settings(), actor->node);
  uint32_t route = weir__document_member(d, actor->node, "route");
  snprintf(at, sizeof at, "%s.route", path);
  if (route != WEIR__NO_NODE)
    tell_node(e, at, route, NULL, NULL);
  else if (actor->instances > 1)
    tell(e, at, "\"round_robin\"", "default");
  explain_capacity(e, actor, path);
  explain_outputs(e, actor, path);
  snprintf(at, sizeof at, "%s.on_failure", path);
  if (actor->on_failure)
    explain_table(e, at, weir_message_weir__on_failure(), weir__document_member(d, actor->node, "on_failure"));
  snprintf(at, sizeof at, "%s.breaker", path);
  if (actor->breaker)
    explain_table(e, at, weir_message_weir__breaker_settings(), weir__document_member(d, actor->node, "breaker"));
}

/* ---- all of it ---- */

static void explain_rest(struct explaining *e)
{
  const struct weir__graph *g = e->graph;
  char path[WEIR__PATH_BYTES / 2], at[WEIR__PATH_BYTES], value[32];
  for (size_t i = 0; i < g->supervisor_count; i++) {
    weir__document_path(e->document, g->supervisors[i].node, path, sizeof path);
    explain_table(e, path, weir_message_weir__supervision(), g->supervisors[i].node);
    uint32_t children = weir__document_member(e->document, g->supervisors[i].node, "children");
    snprintf(at, sizeof at, "%s.children", path);
    if (children == WEIR__NO_NODE) tell(e, at, "[\"*\"]", "default");
  }
  for (size_t i = 0; i < g->secret_count; i++) {
    weir__document_path(e->document, g->secrets[i].node, path, sizeof path);
    explain_table(e, path, weir_message_weir__secret(), g->secrets[i].node);
  }
  snprintf(value, sizeof value, "%llu", (unsigned long long)g->memory);
  tell(e, "memory", value, "the most bytes that mailboxes, batches under way and stacks can come to");
}

bool weir__explain(struct weir__document *document, const struct weir__graph *graph,
                   void (*setting)(void *arg, const weir_setting *setting), void *arg)
{
  struct explaining e = {.document = document, .graph = graph, .setting = setting, .arg = arg};
  bool failed = false;
  explain_table(&e, "", weir_message_weir__header(), 0);
  explain_table(&e, "runtime", weir_message_weir__settings(), weir__document_member(document, 0, "runtime"));
  for (size_t i = 0; i < graph->count && !failed; i++) {
    explain_actor(&e, &graph->actors[i]);
    failed = e.arena.failed;
    weir__arena_free(&e.arena); /* texts of one actor */
  }
  explain_rest(&e);
  failed = failed || e.arena.failed;
  weir__arena_free(&e.arena);
  return !failed;
}
