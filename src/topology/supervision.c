/* supervision.c: who is started again by whom (checking.h). */
#include <stdlib.h>
#include <string.h>

#include "topology/checking.h"
#include "json/read.h"

/* All the rest: those that no supervisor names. */
struct rest {
  bool given;
  size_t supervisor;
  uint32_t node;
};

struct reading {
  struct weir__check *c;
  uint32_t *named; /* of each actor: where a supervisor names it; WEIR__NO_NODE: nowhere */
  struct rest rest;
  size_t room; /* of graph->supervisors */
};

enum { SUPERVISORS_DEEP = 32 };

static size_t read_supervisor(struct reading *r, uint32_t node, int depth);

/* ---- children ---- */

static void add_child(struct reading *r, size_t supervisor, struct weir__graph_child child)
{
  struct weir__graph_supervisor *s = &r->c->graph->supervisors[supervisor];
  if ((s->count & (s->count - 1)) == 0) { /* room for twice as many at each power of two */
    struct weir__graph_child *more = weir__arena_array(r->c->arena, s->count ? 2 * s->count : 1, sizeof *more);
    if (!more) return;
    if (s->count) memcpy(more, s->children, s->count * sizeof *more);
    s->children = more;
  }
  s->children[s->count++] = child;
}

static void add_actor(struct reading *r, size_t supervisor, size_t actor, uint32_t node)
{
  struct weir__document *d = r->c->document;
  if (r->named[actor] != WEIR__NO_NODE) {
    const struct weir__json_node *first = &d->nodes[r->named[actor]];
    weir__document_error(d, node, "\"%s\" has a supervisor already (at %u:%u)", r->c->graph->actors[actor].name,
                         (unsigned)first->line, (unsigned)first->column);
    return;
  }
  r->named[actor] = node;
  add_child(r, supervisor, (struct weir__graph_child){.index = actor, .node = node});
}

static void add_rest(struct reading *r, size_t supervisor, uint32_t node)
{
  struct weir__document *d = r->c->document;
  if (r->rest.given) {
    const struct weir__json_node *first = &d->nodes[r->rest.node];
    weir__document_error(d, node, "\"*\" stands for all the rest, and can do so once (first at %u:%u)",
                         (unsigned)first->line, (unsigned)first->column);
    return;
  }
  r->rest = (struct rest){true, supervisor, node};
}

static void read_name(struct reading *r, size_t supervisor, uint32_t node)
{
  struct weir__check *c = r->c;
  const char *text = weir__document_text(c->document, node);
  if (strcmp(text, "*") == 0) {
    add_rest(r, supervisor, node);
    return;
  }
  const struct weir__name *found = weir__check_find(c, node, text, WEIR__NO_INDEX);
  if (!found) return;
  if (found->what == WEIR__NAMES_SUPERVISOR) {
    weir__document_error(c->document, node, "\"%s\" is a supervisor: it stands where it is described", text);
  } else if (found->what == WEIR__NAMES_ACTOR) {
    add_actor(r, supervisor, found->index, node);
  } else {
    const struct weir__checked_use *use = &c->uses[found->index];
    for (size_t i = use->first; i < use->first + use->count; i++) add_actor(r, supervisor, i, node);
  }
}

static void read_child(struct reading *r, size_t supervisor, uint32_t node, int depth)
{
  struct weir__document *d = r->c->document;
  if (weir__document_is(d, node, WEIR__TEXT)) {
    read_name(r, supervisor, node);
  } else if (!weir__document_is(d, node, WEIR__OBJECT)) {
    weir__expected(d, node, "an actor's name, \"*\", or a supervisor");
  } else {
    size_t child = read_supervisor(r, node, depth + 1);
    if (child != WEIR__NO_INDEX)
      add_child(r, supervisor, (struct weir__graph_child){.is_supervisor = true, .index = child, .node = node});
  }
}

/* ---- supervisors ---- */

static bool make_room(struct reading *r)
{
  struct weir__graph *g = r->c->graph;
  if (g->supervisor_count < r->room) return true;
  size_t room = r->room ? 2 * r->room : 8;
  struct weir__graph_supervisor *more = weir__arena_array(r->c->arena, room, sizeof *more);
  if (!more) return false;
  if (g->supervisor_count) memcpy(more, g->supervisors, g->supervisor_count * sizeof *more);
  g->supervisors = more, r->room = room;
  return true;
}

static void read_own_name(struct reading *r, uint32_t node, size_t index, struct weir__graph_supervisor *s)
{
  struct weir__check *c = r->c;
  uint32_t name_node;
  if (index) {
    s->name = weir__check_name(c, node, NULL, &name_node);
    if (*s->name) weir__check_add_name(c, s->name, WEIR__NAMES_SUPERVISOR, index, name_node);
  } else if (weir__check_member(c, node, "name") != WEIR__NO_NODE) {
    s->name = weir__check_name(c, node, NULL, &name_node);
  }
}

static size_t read_supervisor(struct reading *r, uint32_t node, int depth)
{
  static const struct weir__key others[] = {{.name = "children"}, {0}};
  struct weir__check *c = r->c;
  struct weir__graph_supervisor s = {.node = node};
  if (depth > SUPERVISORS_DEEP) {
    weir__document_error(c->document, node, "supervisors inside each other, more than %d deep", (int)SUPERVISORS_DEEP);
    return WEIR__NO_INDEX;
  }
  s.settings = weir__check_table(c, node, weir_message_weir__supervision(), others);
  if (!s.settings || !make_room(r)) return WEIR__NO_INDEX;
  size_t index = c->graph->supervisor_count++;
  read_own_name(r, node, index, &s);
  c->graph->supervisors[index] = s;
  uint32_t list = weir__check_member(c, node, "children");
  if (list == WEIR__NO_NODE && index)
    weir__document_error(c->document, node, "\"children\" is missing");
  else if (list == WEIR__NO_NODE)
    add_rest(r, index, node); /* the root alone: all are its children */
  if (list == WEIR__NO_NODE || !weir__expect_list(c->document, list)) return index;
  if (!weir__document_count(c->document, list))
    weir__document_error(c->document, list, "a supervisor without children does nothing: name some, or \"*\"");
  for (uint32_t item = weir__document_child(c->document, list); item != WEIR__NO_NODE;
       item = c->document->nodes[item].next)
    read_child(r, index, item, depth);
  return index;
}

/* ---- the rest ---- */

static void place_rest(struct reading *r, uint32_t node)
{
  struct weir__check *c = r->c;
  size_t missing = 0;
  const char *first = NULL;
  for (size_t i = 0; i < c->graph->count; i++) {
    if (r->named[i] != WEIR__NO_NODE) continue;
    if (r->rest.given)
      add_child(r, r->rest.supervisor, (struct weir__graph_child){.index = i, .node = r->rest.node});
    else if (!missing++)
      first = c->graph->actors[i].name;
  }
  if (missing == 1)
    weir__document_error(c->document, node, "\"%s\" has no supervisor: name it, or all the rest as \"*\"", first);
  else if (missing)
    weir__document_error(c->document, node,
                         "\"%s\" and %zu more have no supervisor: name them, or all the rest as \"*\"", first,
                         missing - 1);
}

void weir__check_supervision(struct weir__check *c, uint32_t node)
{
  struct reading r = {.c = c};
  if (node == WEIR__NO_NODE) return;
  r.named = malloc((c->graph->count + 1) * sizeof *r.named);
  if (!r.named) {
    c->arena->failed = true;
    return;
  }
  memset(r.named, 0xff, (c->graph->count + 1) * sizeof *r.named);
  if (read_supervisor(&r, node, 0) != WEIR__NO_INDEX && c->actors_known) place_rest(&r, node);
  free(r.named);
}
