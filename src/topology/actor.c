/* actor.c: each actor's object by itself (checking.h). */
#include <stdio.h>
#include <string.h>

#include "topology/checking.h"
#include "topology/source.h"
#include "json/read.h"

static const struct weir__key actor_keys[] = {
    {.name = "name"},
    {.name = "type"},
    {.name = "config"},
    {.name = "to"},
    {.name = "route"},
    {.name = "mailbox"},
    {.name = "on_failure"},
    {.name = "breaker"},
    {.name = "with", .refused = "only the use of a template (\"use\") has this"},
    {.name = "delivery", .refused = WEIR__NOT_YET ": a record is delivered at most once"},
    {.name = "batch", .refused = WEIR__NOT_YET ": edges batch by themselves"},
    {.name = "max_record", .refused = WEIR__NOT_YET},
    {.name = "isolation", .refused = WEIR__NOT_YET ": an actor runs in the process of the command"},
    {.name = "ordered", .refused = WEIR__NOT_YET ": records keep their order by hash routes alone"},
    {0},
};
static const struct weir__key route_keys[] = {{.name = "hash"}, {0}};
static const struct weir__key no_keys[] = {{0}};

static void report_unknown_type(struct weir__check *c, uint32_t node, const char *type)
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

static void read_type(struct weir__check *c, struct weir__graph_actor *actor)
{
  const char *type;
  uint32_t node = weir__expect_member(c->document, actor->node, "type");
  if (node == WEIR__NO_NODE || !weir__expect_text(c->document, node, &type)) return;
  for (size_t i = 0; c->types[i] && !actor->stock; i++)
    if (strcmp(c->types[i]->actor->name, type) == 0) actor->stock = c->types[i];
  if (!actor->stock && c->types_known) report_unknown_type(c, node, type);
}

/* A path is relative to the file that holds it; a default to nothing. */
static void resolve_text(struct weir__check *c, const char **text, uint32_t node)
{
  if (*text && node != WEIR__NO_NODE)
    *text = weir__source_path(c->arena, weir__document_file(c->document, node), *text);
}

static void resolve_paths(struct weir__check *c, const weir_message *type, char *value, uint32_t object)
{
  if (object == WEIR__NO_NODE) return;
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    uint32_t node = weir__check_member(c, object, f->json ? f->json : f->name);
    void *at = value + f->offset;
    bool is_path = f->use == WEIR_USE_READS || f->use == WEIR_USE_WRITES;
    if (node == WEIR__NO_NODE) continue;
    if (is_path && f->kind == WEIR_KIND_LIST && weir__document_is(c->document, node, WEIR__LIST)) {
      const char **texts = *(const char ***)at;
      uint32_t item = weir__document_child(c->document, node);
      for (; texts && item != WEIR__NO_NODE; item = c->document->nodes[item].next) resolve_text(c, texts++, item);
    } else if (is_path && f->kind == WEIR_KIND_TEXT) {
      resolve_text(c, at, node);
    } else if (f->kind == WEIR_KIND_NESTED && weir__document_is(c->document, node, WEIR__OBJECT)) {
      resolve_paths(c, f->of(), at, node);
    }
  }
}

static void read_config(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t node = weir__check_member(c, actor->node, "config");
  if (!actor->stock) return;
  if (actor->stock->config) {
    actor->config = weir__json_read_object(c->document, node, actor->node, actor->stock->config(), c->arena);
    if (actor->config) resolve_paths(c, actor->stock->config(), actor->config, node);
    return;
  }
  if (node != WEIR__NO_NODE && weir__expect_object(c->document, node)) weir__expect_keys(c->document, node, no_keys);
}

/* The field of a hash route is one of the records that the actor's type takes. */
static void read_hash(struct weir__check *c, struct weir__graph_actor *actor, uint32_t node)
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

static void read_route(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t node = weir__check_member(c, actor->node, "route");
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

static void read_mailbox(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t node = weir__check_member(c, actor->node, "mailbox");
  const struct weir__mailbox_settings *own = NULL;
  if (node != WEIR__NO_NODE) own = weir__check_table(c, node, weir_message_weir__mailbox_settings(), no_keys);
  if (own && own->capacity)
    actor->capacity = (size_t)own->capacity;
  else if (c->mailbox)
    actor->capacity = (size_t)c->mailbox->capacity;
}

/* Who gets the records is found out later, when all names are known. */
static void read_failure(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t failure = weir__check_member(c, actor->node, "on_failure");
  uint32_t breaker = weir__check_member(c, actor->node, "breaker");
  if (failure != WEIR__NO_NODE)
    actor->on_failure = weir__check_table(c, failure, weir_message_weir__on_failure(), no_keys);
  if (breaker != WEIR__NO_NODE)
    actor->breaker = weir__check_table(c, breaker, weir_message_weir__breaker_settings(), no_keys);
  bool is_source = actor->stock && !actor->stock->takes;
  if (is_source && breaker != WEIR__NO_NODE)
    weir__document_error(c->document, breaker, "a source (%s) takes no records that could be kept from it",
                         actor->stock->actor->name);
  if (is_source && failure != WEIR__NO_NODE)
    weir__document_error(c->document, failure, "a source (%s) takes no records that it could fail with",
                         actor->stock->actor->name);
}

static void check_settings(struct weir__check *c, struct weir__graph_actor *actor)
{
  const struct weir__actor_settings *s =
      weir__check_table(c, actor->node, weir_message_weir__actor_settings(), actor_keys);
  actor->instances = s && s->instances > 0 ? (size_t)s->instances : 1;
  actor->pinned = s && s->pinned;
  if (!actor->stock) return;
  const char *type = actor->stock->actor->name;
  uint32_t instances = weir__check_member(c, actor->node, "instances");
  uint32_t pinned = weir__check_member(c, actor->node, "pinned");
  if (actor->instances > 1 && !actor->stock->takes)
    weir__document_error(c->document, instances, "a source (%s) has one instance", type);
  if (actor->pinned && actor->stock->actor->runs == WEIR_ON_BLOCKING_POOL)
    weir__document_error(c->document, pinned, "its type (%s) runs on the blocking pool, not with a worker", type);
  if (pinned != WEIR__NO_NODE && !actor->pinned && actor->stock->actor->runs == WEIR_PINNED)
    weir__document_error(c->document, pinned, "its type (%s) is always pinned", type);
}

static void read_actor(struct weir__check *c, struct weir__graph_actor *actor, const struct weir__item *item)
{
  *actor = (struct weir__graph_actor){.name = item->name,
                                      .instances = 1,
                                      .node = item->node,
                                      .name_node = item->name_node,
                                      .inside = item->use == WEIR__NO_INDEX ? WEIR__NO_NODE : c->uses[item->use].node};
  if (!weir__document_is(c->document, item->node, WEIR__OBJECT)) return;
  read_type(c, actor);
  if (!actor->stock) c->actors_known = false;
  check_settings(c, actor);
  read_config(c, actor);
  read_route(c, actor);
  read_mailbox(c, actor);
  read_failure(c, actor);
}

void weir__check_actors(struct weir__check *c)
{
  struct weir__graph *g = c->graph;
  g->actors = weir__arena_array(c->arena, c->item_count, sizeof *g->actors);
  if (!g->actors) return;
  for (; g->count < c->item_count; g->count++) read_actor(c, &g->actors[g->count], &c->items[g->count]);
}
