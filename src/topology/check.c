/* check.c: see check.h. In three rounds: each object by itself; then, as all names are known, the wiring; then the
 * graph as a whole. */
#include "topology/check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json/expect.h"
#include "json/read.h"
#include "json/suggest.h"

struct check {
  struct weir__document *document;
  const struct weir__stock *const *types;
  struct weir__arena *arena;
  struct weir__graph *graph;
  bool wiring_known; /* every "to" could be read: only then is it known who gets nothing */
};

/* ---- keys ---- */

#define NOT_YET "not available in this version"

static const struct weir__key document_keys[] = {
    {.name = "$schema"},
    {.name = "weir"},
    {.name = "name"},
    {.name = "description"},
    {.name = "runtime"},
    {.name = "actors"},
    {.name = "supervision",
     .refused = NOT_YET ": supervisors do not exist yet; remove it (a failing actor ends the run with exit code 1)"},
    {.name = "include", .refused = NOT_YET ": a topology is one file"},
    {.name = "plugins", .refused = NOT_YET ": only the stock actor types exist"},
    {.name = "secrets", .refused = NOT_YET},
    {.name = "defaults", .refused = NOT_YET ": give each actor its own values"},
    {.name = "templates", .refused = NOT_YET},
    {.name = "tests", .refused = NOT_YET},
    {0},
};
static const struct weir__key runtime_keys[] = {
    {.name = "flavor"},
    {.name = "workers"},
    {.name = "description"},
    {.name = "stack", .refused = NOT_YET},
    {.name = "trap", .refused = NOT_YET},
    {.name = "memory", .refused = NOT_YET},
    {.name = "disk", .refused = NOT_YET},
    {.name = "state", .refused = NOT_YET},
    {.name = "drain", .refused = NOT_YET},
    {0},
};
static const struct weir__key actor_keys[] = {
    {.name = "name"},
    {.name = "type"},
    {.name = "description"},
    {.name = "config"},
    {.name = "to"},
    {.name = "instances"},
    {.name = "route"},
    {.name = "mailbox"},
    {.name = "delivery", .refused = NOT_YET},
    {.name = "batch", .refused = NOT_YET ": edges batch by themselves"},
    {.name = "max_record", .refused = NOT_YET},
    {.name = "isolation", .refused = NOT_YET},
    {.name = "pinned", .refused = NOT_YET},
    {.name = "ordered", .refused = NOT_YET},
    {.name = "on_failure", .refused = NOT_YET},
    {.name = "breaker", .refused = NOT_YET},
    {.name = "use", .refused = NOT_YET ": there are no templates"},
    {.name = "with", .refused = NOT_YET ": there are no templates"},
    {0},
};
static const struct weir__key mailbox_keys[] = {
    {.name = "capacity"},
    {.name = "description"},
    {.name = "overflow", .refused = NOT_YET ": a full mailbox makes its senders wait"},
    {0},
};
static const struct weir__key route_keys[] = {{.name = "hash"}, {0}};

static uint32_t member(const struct check *c, uint32_t node, const char *key)
{
  return weir__document_member(c->document, node, key);
}

static void check_text(struct check *c, uint32_t object, const char *key)
{
  uint32_t node = member(c, object, key);
  const char *text;
  if (node != WEIR__NO_NODE) weir__expect_text(c->document, node, &text);
}

/* ---- runtime ---- */

static void read_flavor(struct check *c, uint32_t node)
{
  const char *flavor;
  if (node == WEIR__NO_NODE || !weir__expect_text(c->document, node, &flavor)) return;
  if (strcmp(flavor, "current_thread") == 0)
    c->graph->flavor = WEIR_CURRENT_THREAD;
  else if (strcmp(flavor, "multi_thread") != 0)
    weir__expected(c->document, node, "\"multi_thread\" or \"current_thread\"");
}

static void read_workers(struct check *c, uint32_t node)
{
  if (node == WEIR__NO_NODE) return;
  const char *text = weir__document_text(c->document, node);
  if (text && strcmp(text, "auto") == 0) return;
  bool is_integer = weir__document_is_integer(c->document, node);
  long long workers = is_integer ? strtoll(weir__document_number(c->document, node), NULL, 10) : 0;
  if (workers < 1 || workers > WEIR__WORKERS_MAX)
    weir__expected(c->document, node, "an integer from 1 to %d, or \"auto\"", (int)WEIR__WORKERS_MAX);
  else if (c->graph->flavor == WEIR_CURRENT_THREAD && workers != 1)
    weir__document_error(c->document, node, "the current_thread flavor has no other threads: remove this");
  else
    c->graph->workers = (int)workers;
}

static void read_runtime(struct check *c, uint32_t node)
{
  if (node == WEIR__NO_NODE || !weir__expect_object(c->document, node)) return;
  weir__expect_keys(c->document, node, runtime_keys);
  check_text(c, node, "description");
  read_flavor(c, member(c, node, "flavor"));
  read_workers(c, member(c, node, "workers"));
}

/* ---- one actor ---- */

static bool is_name(const char *text)
{
  size_t size = strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789_");
  return *text >= 'a' && *text <= 'z' && !text[size] && size <= WEIR__NAME_MAX;
}

static void read_name(struct check *c, struct weir__graph_actor *actor)
{
  const char *name;
  actor->name = "";
  actor->name_node = weir__expect_member(c->document, actor->node, "name");
  if (actor->name_node == WEIR__NO_NODE || !weir__expect_text(c->document, actor->name_node, &name)) return;
  if (is_name(name))
    actor->name = weir__arena_text(c->arena, name);
  else
    weir__expected(c->document, actor->name_node,
                   "at most %d lower-case letters, digits and _, beginning with a letter", (int)WEIR__NAME_MAX);
}

static void report_unknown_type(struct check *c, uint32_t node, const char *type)
{
  struct weir__suggestion suggestion = weir__suggest(type);
  struct weir__quoted quoted = weir__quote(type);
  char known[256] = "";
  for (size_t i = 0, used = 0; c->types[i] && used < sizeof known; i++) {
    weir__suggest_offer(&suggestion, c->types[i]->actor->name);
    used += (size_t)snprintf(known + used, sizeof known - used, "%s%s", i ? ", " : "", c->types[i]->actor->name);
  }
  if (suggestion.nearest)
    weir__document_error(c->document, node, "unknown type %s%s", quoted.text, weir__suggest_text(&suggestion));
  else
    weir__document_error(c->document, node, "unknown type %s (there are: %s)", quoted.text, known);
}

static void read_type(struct check *c, struct weir__graph_actor *actor)
{
  const char *type;
  uint32_t node = weir__expect_member(c->document, actor->node, "type");
  if (node == WEIR__NO_NODE || !weir__expect_text(c->document, node, &type)) return;
  for (size_t i = 0; c->types[i] && !actor->stock; i++)
    if (strcmp(c->types[i]->actor->name, type) == 0) actor->stock = c->types[i];
  if (!actor->stock) report_unknown_type(c, node, type);
}

static void read_config(struct check *c, struct weir__graph_actor *actor)
{
  uint32_t node = member(c, actor->node, "config");
  if (!actor->stock) return;
  if (actor->stock->config)
    actor->config = weir__json_read_object(c->document, node, actor->node, actor->stock->config(), c->arena);
  else if (node != WEIR__NO_NODE && weir__expect_object(c->document, node))
    weir__expect_keys(c->document, node, (const struct weir__key[]){{0}});
}

static void read_instances(struct check *c, struct weir__graph_actor *actor)
{
  uint32_t node = member(c, actor->node, "instances");
  int64_t instances = 1;
  if (node != WEIR__NO_NODE) weir__expect_integer(c->document, node, 1, WEIR__INSTANCES_MAX, &instances);
  actor->instances = (size_t)instances;
  if (instances > 1 && actor->stock && !actor->stock->takes)
    weir__document_error(c->document, node, "a source (%s) has one instance", actor->stock->actor->name);
}

/* The field of a hash route is one of the records that the actor's type takes. */
static void read_hash(struct check *c, struct weir__graph_actor *actor, uint32_t node)
{
  const char *name;
  if (!weir__expect_text(c->document, node, &name) || !actor->stock || !actor->stock->takes) return;
  const weir_message *record = actor->stock->takes();
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < record->count; i++) {
    const weir_field *field = &record->fields[i];
    const char *key = field->json ? field->json : field->name;
    weir__suggest_offer(&suggestion, key);
    if (strcmp(key, name) == 0) {
      actor->field = field->name;
      if (field->kind != WEIR_KIND_LIST) return;
      weir__document_error(c->document, node, "\"%s\" is a list: a route can't go by it", key);
      return;
    }
  }
  weir__document_error(c->document, node, "the %s records that arrive have no field %s%s", record->name,
                       weir__quote(name).text, weir__suggest_text(&suggestion));
}

static void read_route(struct check *c, struct weir__graph_actor *actor)
{
  uint32_t node = member(c, actor->node, "route");
  if (node == WEIR__NO_NODE) return;
  const char *text = weir__document_text(c->document, node);
  if (weir__document_is(c->document, node, WEIR__OBJECT)) {
    weir__expect_keys(c->document, node, route_keys);
    uint32_t hash = weir__expect_member(c->document, node, "hash");
    if (hash != WEIR__NO_NODE) read_hash(c, actor, hash);
  } else if (!text || strcmp(text, "round_robin") != 0) {
    weir__expected(c->document, node, "\"round_robin\" or {\"hash\": FIELD}");
  }
  if (actor->stock && !actor->stock->takes)
    weir__document_error(c->document, node, "a source (%s) takes no records that could be routed",
                         actor->stock->actor->name);
}

static void read_mailbox(struct check *c, struct weir__graph_actor *actor)
{
  uint32_t node = member(c, actor->node, "mailbox");
  int64_t capacity = 0;
  if (node == WEIR__NO_NODE || !weir__expect_object(c->document, node)) return;
  weir__expect_keys(c->document, node, mailbox_keys);
  check_text(c, node, "description");
  uint32_t at = member(c, node, "capacity");
  if (at != WEIR__NO_NODE && weir__expect_integer(c->document, at, 1, WEIR__MAILBOX_MAX, &capacity))
    actor->capacity = (size_t)capacity;
}

static void read_actor(struct check *c, struct weir__graph_actor *actor, uint32_t node)
{
  *actor = (struct weir__graph_actor){.name = "", .instances = 1, .node = node, .name_node = WEIR__NO_NODE};
  if (!weir__expect_object(c->document, node)) return;
  weir__expect_keys(c->document, node, actor_keys);
  check_text(c, node, "description");
  read_name(c, actor);
  read_type(c, actor);
  read_config(c, actor);
  read_instances(c, actor);
  read_route(c, actor);
  read_mailbox(c, actor);
}

/* ---- wiring ---- */

static void check_names_unique(struct check *c)
{
  const struct weir__graph *graph = c->graph;
  for (size_t i = 1; i < graph->count; i++) {
    const struct weir__graph_actor *actor = &graph->actors[graph->by_name[i]];
    if (!*actor->name) continue;
    const struct weir__json_node *first =
        &c->document->nodes[graph->actors[weir__graph_find(graph, actor->name)].name_node];
    if (strcmp(actor->name, graph->actors[graph->by_name[i - 1]].name) == 0)
      weir__document_error(c->document, actor->name_node, "\"%s\" is defined twice (first at %u:%u)", actor->name,
                           (unsigned)first->line, (unsigned)first->column);
  }
}

static void report_unknown_actor(struct check *c, uint32_t node, const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  for (size_t i = 0; i < c->graph->count; i++) weir__suggest_offer(&suggestion, c->graph->actors[i].name);
  weir__document_error(c->document, node, "unknown actor %s%s", weir__quote(name).text,
                       weir__suggest_text(&suggestion));
}

static bool check_fit(struct check *c, const struct weir__graph_actor *from, const struct weir__graph_actor *to,
                      uint32_t node)
{
  if (!from->stock || !to->stock) return true; /* a type that is unknown has been reported */
  const weir_message *given = from->stock->gives(), *taken = to->stock->takes ? to->stock->takes() : NULL;
  if (taken && weir_message_same(given, taken)) return true;
  if (taken)
    weir__document_error(c->document, node, "\"%s\" takes %s records, but \"%s\" gives %s records", to->name,
                         taken->name, from->name, given->name);
  else
    weir__document_error(c->document, node, "\"%s\" is a source (%s): it takes no records", to->name,
                         to->stock->actor->name);
  return false;
}

/* One name in an actor's "to". False: it is not known who is meant. */
static bool read_target(struct check *c, struct weir__graph_actor *actor, uint32_t node)
{
  const char *name;
  if (!weir__expect_text(c->document, node, &name)) return false;
  size_t to = *name ? weir__graph_find(c->graph, name) : c->graph->count;
  if (to == c->graph->count) {
    report_unknown_actor(c, node, name);
    return false;
  }
  struct weir__graph_actor *target = &c->graph->actors[to];
  if (target == actor) {
    weir__document_error(c->document, node, "an actor can't send to itself: it would wait for itself");
    return false;
  }
  if (target->last_sender == actor) {
    weir__document_error(c->document, node, "\"%s\" stands here twice: it would get each record twice", name);
    return false;
  }
  target->last_sender = actor;
  target->inputs += actor->instances;
  if (!check_fit(c, actor, target, node)) return true;
  actor->edges[actor->edge_count++] = (struct weir__wire){.to = to, .node = node};
  return true;
}

static void read_targets(struct check *c, struct weir__graph_actor *actor, uint32_t list)
{
  size_t count = weir__document_count(c->document, list);
  actor->edges = weir__arena_array(c->arena, count, sizeof *actor->edges);
  if (!actor->edges) return;
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE;
       item = c->document->nodes[item].next)
    if (!read_target(c, actor, item)) c->wiring_known = false;
}

static void read_to(struct check *c, struct weir__graph_actor *actor, uint32_t node)
{
  enum weir__json_kind kind = weir__document_kind(c->document, node);
  if (kind == WEIR__LIST) {
    read_targets(c, actor, node);
    return;
  }
  bool read = false;
  if (kind == WEIR__TEXT) {
    actor->edges = weir__arena_alloc(c->arena, sizeof *actor->edges);
    read = actor->edges && read_target(c, actor, node);
  } else if (kind == WEIR__OBJECT) {
    weir__document_error(c->document, node, "outputs by name are " NOT_YET ": give an actor's name, or a list of them");
  } else {
    weir__expected(c->document, node, "an actor's name, or a list of them");
  }
  c->wiring_known = c->wiring_known && read;
}

static void check_outputs(struct check *c, const struct weir__graph_actor *actor)
{
  uint32_t to = member(c, actor->node, "to");
  bool gives = actor->stock && actor->stock->gives;
  bool empty = to != WEIR__NO_NODE && weir__document_is(c->document, to, WEIR__LIST) &&
               weir__document_count(c->document, to) == 0;
  if (gives && to == WEIR__NO_NODE)
    weir__document_error(c->document, actor->node, "its records go nowhere: \"to\" is missing");
  else if (gives && empty)
    weir__document_error(c->document, to, "its records go nowhere: name an actor");
  else if (actor->stock && !gives && to != WEIR__NO_NODE && !empty)
    weir__document_error(c->document, to, "a sink (%s) gives no records: remove \"to\"", actor->stock->actor->name);
}

static void check_wiring(struct check *c, const struct weir__graph_actor *actor)
{
  check_outputs(c, actor);
  if (c->wiring_known && actor->stock && actor->stock->takes && !actor->inputs)
    weir__document_error(c->document, actor->node, "no actor sends to it");
}

static void check_cycles(struct check *c)
{
  char cycle[512];
  size_t ordered = weir__graph_sort(c->graph, c->arena);
  if (ordered == c->graph->count || c->arena->failed) return;
  const struct weir__wire *edge = weir__graph_cycle(c->graph, cycle, sizeof cycle);
  weir__document_error(c->document, edge->node, "the topology waits for itself in a circle: %s", cycle);
}

static void read_wiring(struct check *c)
{
  struct weir__graph *graph = c->graph;
  if (!weir__graph_index(graph, c->arena)) return;
  check_names_unique(c);
  for (size_t i = 0; i < graph->count; i++) {
    struct weir__graph_actor *actor = &graph->actors[i];
    uint32_t to = member(c, actor->node, "to");
    bool is_sink = actor->stock && !actor->stock->gives;
    if (to != WEIR__NO_NODE && !is_sink) read_to(c, actor, to);
    if (!*actor->name) c->wiring_known = false;
  }
  for (size_t i = 0; i < graph->count; i++) check_wiring(c, &graph->actors[i]);
  check_cycles(c);
}

/* ---- the document ---- */

static void read_actors(struct check *c, uint32_t list)
{
  if (list == WEIR__NO_NODE || !weir__expect_list(c->document, list)) return;
  size_t count = weir__document_count(c->document, list);
  if (!count) weir__document_error(c->document, list, "there must be at least one actor");
  c->graph->actors = weir__arena_array(c->arena, count, sizeof *c->graph->actors);
  if (!c->graph->actors) return;
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE;
       item = c->document->nodes[item].next)
    read_actor(c, &c->graph->actors[c->graph->count++], item);
  if (!c->arena->failed) read_wiring(c);
}

static void read_document(struct check *c)
{
  const uint32_t root = 0;
  int64_t version;
  if (!weir__expect_object(c->document, root)) return;
  weir__expect_keys(c->document, root, document_keys);
  check_text(c, root, "$schema");
  check_text(c, root, "name");
  check_text(c, root, "description");
  uint32_t weir = member(c, root, "weir");
  if (weir != WEIR__NO_NODE) weir__expect_integer(c->document, weir, 1, 1, &version);
  read_runtime(c, member(c, root, "runtime"));
  read_actors(c, weir__expect_member(c->document, root, "actors"));
}

int weir__check(struct weir__document *document, const struct weir__stock *const *types, struct weir__arena *arena,
                struct weir__graph *graph)
{
  struct check c = {.document = document, .types = types, .arena = arena, .graph = graph, .wiring_known = true};
  *graph = (struct weir__graph){.flavor = WEIR_MULTI_THREAD};
  read_document(&c);
  return arena->failed ? WEIR_ENOMEM : weir__report_code(document->report);
}
