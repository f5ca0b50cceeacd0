/* budget.c: what a topology can take, against what its runtime may; and what two actors can't both have (checking.h). */
#include <stdio.h>
#include <string.h>

#include "channel/fields.h"
#include "channel/message.h"
#include "channel/units.h"
#include "topology/checking.h"

/* ---- memory: what is queued, what is in hand, what is under way, and stacks; more than 64 bits stays the most ---- */

static uint64_t add(uint64_t a, uint64_t b) { return a > UINT64_MAX - b ? UINT64_MAX : a + b; }
static uint64_t times(uint64_t a, uint64_t b) { return b && a > UINT64_MAX / b ? UINT64_MAX : a * b; }

/* One batch for each pair of instances. */
static uint64_t under_way(const struct weir__graph *g, const struct weir__graph_actor *actor)
{
  uint64_t batches = 0;
  for (size_t o = 0; o < actor->output_count; o++)
    for (size_t w = 0; w < actor->outputs[o].count; w++) {
      const struct weir__wire *wire = &actor->outputs[o].wires[w];
      batches = add(batches, times(actor->instances, g->actors[wire->to].instances));
      if (wire->when_full == WEIR__FULL_DIVERTS)
        batches = add(batches, times(actor->instances, g->actors[wire->instead].instances));
    }
  return times(batches, WEIR__PLACE_BYTES);
}

static uint64_t memory_of(const struct weir__graph *g, const struct weir__graph_actor *actor, uint64_t stack)
{
  uint64_t places = actor->stock && actor->stock->takes ? add(weir__graph_capacity(actor), 1) : 0;
  uint64_t each = add(times(places, WEIR__PLACE_BYTES), stack);
  return add(times(each, actor->instances), under_way(g, actor));
}

/* In whole KiB or MiB, upwards, as a budget would be given. */
static void size_text(uint64_t bytes, char text[WEIR__SIZE_TEXT])
{
  uint64_t unit = bytes >> 24 ? 1 << 20 : 1 << 10;
  uint64_t rounded = bytes > UINT64_MAX - unit ? bytes : (bytes + unit - 1) / unit * unit;
  weir__size_text(rounded, text);
}

static void check_memory(struct weir__check *c, uint32_t runtime)
{
  struct weir__graph *g = c->graph;
  const struct weir__settings *s = g->settings;
  uint64_t stack = s ? (uint64_t)s->stack : 0, most = 0;
  const struct weir__graph_actor *largest = NULL;
  for (size_t i = 0; i < g->count; i++) {
    uint64_t memory = memory_of(g, &g->actors[i], stack);
    g->memory = add(g->memory, memory);
    if (memory > most) most = memory, largest = &g->actors[i];
  }
  uint32_t node = runtime == WEIR__NO_NODE ? runtime : weir__check_member(c, runtime, "memory");
  if (node == WEIR__NO_NODE || !s || !s->memory || g->memory <= (uint64_t)s->memory || !largest || !c->actors_known)
    return;
  char all[WEIR__SIZE_TEXT], one[WEIR__SIZE_TEXT];
  size_text(g->memory, all);
  size_text(most, one);
  weir__document_error(
      c->document, node,
      "mailboxes, batches under way and stacks can come to \"%s\", the most of it (\"%s\") for \"%s\": "
      "raise this, or lower capacities",
      all, one, largest->name);
}

/* ---- what one actor alone can have ---- */

struct claims {
  struct weir__check *c;
  struct weir__names taken; /* what is exclusive: files that are written, addresses, standard input and output */
  struct weir__names read;  /* files that are read */
  size_t actor;
};

/* A path without what changes nothing: "a//b/./c" is "a/b/c". */
static const char *plain(struct weir__arena *arena, const char *path)
{
  char *copy = weir__arena_alloc(arena, strlen(path) + 1), *to = copy;
  while (copy && *path) {
    bool at_start = to == copy || to[-1] == '/';
    if (*path == '/' && to > copy && to[-1] == '/')
      path++;
    else if (at_start && path[0] == '.' && path[1] == '/')
      path += 2;
    else
      *to++ = *path++;
  }
  return copy;
}

static const char *said_of(weir_use use, const char *text)
{
  if (strcmp(text, "-") == 0) return use == WEIR_USE_READS ? "the standard input" : "the standard output";
  return use == WEIR_USE_LISTENS ? "the address" : "the file";
}

static void report_taken(struct claims *k, weir_use use, const char *text, uint32_t node,
                         const struct weir__name *first, bool is_read)
{
  const struct weir__document *d = k->c->document;
  bool dash = strcmp(text, "-") == 0;
  const char *how = dash ? "used by" : use == WEIR_USE_LISTENS ? "bound by" : is_read ? "read by" : "written by";
  const struct weir__json_node *at = &d->nodes[first->node];
  const char *file = weir__document_file(d, first->node);
  bool same_file = file == weir__document_file(d, node);
  weir__document_error(k->c->document, node, "%s%s%s is %s \"%s\" already (%s%s%u:%u)", said_of(use, text),
                       dash ? "" : " ", dash ? "" : weir__quote(text).text, how, k->c->graph->actors[first->index].name,
                       same_file ? "" : file, same_file ? "" : ":", (unsigned)at->line, (unsigned)at->column);
}

/* One text of an actor's configuration; `node` is where it stands, or else what its default belongs to. */
static void claim(struct claims *k, weir_use use, const char *text, uint32_t node)
{
  struct weir__check *c = k->c;
  const struct weir__graph_actor *actor = &c->graph->actors[k->actor];
  bool dash = strcmp(text, "-") == 0, exclusive = use != WEIR_USE_READS || dash;
  char prefix[2] = {use == WEIR_USE_LISTENS ? 'l' : dash && use == WEIR_USE_READS ? 'i' : 'f', 0};
  const char *path = plain(c->arena, text);
  char *key = path ? weir__arena_alloc(c->arena, strlen(path) + 2) : NULL;
  if (!key) return;
  sprintf(key, "%s%s", prefix, path);
  struct weir__name name = {.name = key, .what = WEIR__NAMES_ACTOR, .index = k->actor, .node = node};
  const struct weir__name *first = weir__names_find(&k->taken, key);
  const struct weir__name *reader = exclusive && !dash ? weir__names_find(&k->read, key) : NULL;
  if (first)
    report_taken(k, use, text, node, first, false);
  else if (reader && reader->index != k->actor)
    report_taken(k, use, text, node, reader, true);
  else if (exclusive && actor->instances > 1 && actor->stock->takes)
    weir__document_error(c->document, node, "%s%s%s can't be shared by its %zu instances: give it one",
                         said_of(use, text), dash ? "" : " ", dash ? "" : weir__quote(text).text, actor->instances);
  (void)weir__names_add(exclusive ? &k->taken : &k->read, c->arena, name);
}

static void claim_fields(struct claims *k, const weir_message *type, const char *value, uint32_t object,
                         uint32_t owner);

/* The texts of one field. */
static void claim_field(struct claims *k, const weir_field *f, const char *value, uint32_t object, uint32_t owner)
{
  const struct weir__document *d = k->c->document;
  uint32_t node = object == WEIR__NO_NODE ? object : weir__document_member(d, object, f->json ? f->json : f->name);
  uint32_t at = node == WEIR__NO_NODE ? owner : node;
  if (f->use == WEIR_USE_READS || f->use == WEIR_USE_WRITES || f->use == WEIR_USE_LISTENS) {
    const char *const *texts = (const char *const *)(const void *)(value + f->offset);
    size_t count = 1;
    if (f->kind == WEIR_KIND_LIST) {
      memcpy(&count, value + f->count_offset, sizeof count);
      texts = *(const char *const *const *)(const void *)(value + f->offset);
    }
    uint32_t item = f->kind == WEIR_KIND_LIST && node != WEIR__NO_NODE ? weir__document_child(d, node) : WEIR__NO_NODE;
    for (size_t i = 0; i < count; i++) {
      if (texts[i]) claim(k, f->use, texts[i], item == WEIR__NO_NODE ? at : item);
      if (item != WEIR__NO_NODE) item = d->nodes[item].next;
    }
  } else if (f->kind == WEIR_KIND_NESTED) {
    claim_fields(k, f->of(), value + f->offset, node, at);
  }
}

static void claim_fields(struct claims *k, const weir_message *type, const char *value, uint32_t object, uint32_t owner)
{
  for (size_t i = 0; i < type->count; i++) claim_field(k, &type->fields[i], value, object, owner);
}

static void check_claims(struct weir__check *c)
{
  struct claims k = {.c = c};
  for (; k.actor < c->graph->count && !c->arena->failed; k.actor++) {
    const struct weir__graph_actor *actor = &c->graph->actors[k.actor];
    if (actor->config)
      claim_fields(&k, actor->stock->config(), actor->config, weir__check_member(c, actor->node, "config"),
                   actor->node);
  }
}

void weir__check_budgets(struct weir__check *c)
{
  check_memory(c, weir__check_member(c, 0, "runtime"));
  check_claims(c);
}
