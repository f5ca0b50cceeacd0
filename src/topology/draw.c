/* draw.c: a topology as a picture: for Graphviz (DOT), or for Mermaid.
 *
 * Actors are boxes, with their type, instances, mailbox and what is done when they fail. Records go along solid lines;
 * along dashed ones where a full mailbox makes them go elsewhere, or nowhere. Supervisors are ellipses, and grey lines lead
 * to whom they start anew. */
#include <stdio.h>
#include <string.h>

#include "actor/edge.h"
#include "channel/units.h"
#include "topology/tables.h"
#include "topology/topology.h"
#include "topology/types.h"
#include "json/draft.h"

struct drawing {
  struct weir__draft text;
  const struct weir__graph *graph;
  bool dot;
  bool discards, buries; /* some record is discarded, or becomes a dead letter */
};

#define ADD(...) weir__draft_add(&d->text, __VA_ARGS__)

/* Between the lines of a label. */
static const char *line_break(const struct drawing *d) { return d->dot ? "\\n" : "<br>"; }

/* ---- what a node is called: names have dots, which Mermaid does not take ---- */

static void add_actor_id(struct drawing *d, size_t actor) { ADD("a%zu", actor); }
static void add_supervisor_id(struct drawing *d, size_t supervisor) { ADD("s%zu", supervisor); }

/* ---- nodes ---- */

static void add_disposing(struct drawing *d, const struct weir__disposing *where)
{
  if (where->how == WEIR__DISPOSE_TO)
    ADD("%s", d->graph->actors[where->to].name);
  else
    ADD(where->how == WEIR__DISPOSE_OUT ? "discard" : "dead letters");
}

static void add_duration(struct drawing *d, weir_duration duration)
{
  char text[WEIR__DURATION_TEXT];
  weir__duration_text(duration, text);
  ADD("%s", text);
}

static void add_failing(struct drawing *d, const struct weir__graph_actor *a)
{
  if (a->on_failure) {
    ADD("%sfails: %u tries more, then ", line_break(d), a->on_failure->retry);
    add_disposing(d, &a->then);
  }
  if (a->breaker) {
    ADD("%sbreaker: %u failures, ", line_break(d), a->breaker->failures);
    add_duration(d, a->breaker->reset);
    ADD(", meanwhile ");
    add_disposing(d, &a->while_open);
  }
}

static size_t capacity_of(const struct weir__graph_actor *a)
{
  size_t own = a->stock->actor->capacity;
  return a->capacity ? a->capacity : own ? own : 64;
}

static void add_actor_label(struct drawing *d, const struct weir__graph_actor *a)
{
  ADD("%s", a->name);
  if (a->instances > 1) ADD(" × %zu", a->instances);
  ADD("%s%s", line_break(d), a->stock->actor->name);
  if (a->stock->takes) ADD("%smailbox: %zu", line_break(d), capacity_of(a));
  if (a->field)
    ADD(", by %s", a->field);
  else if (a->instances > 1)
    ADD(", in turn");
  add_failing(d, a);
}

static void add_actor(struct drawing *d, size_t i)
{
  const struct weir__graph_actor *a = &d->graph->actors[i];
  ADD("  ");
  add_actor_id(d, i);
  if (d->dot)
    ADD(" [label=\"");
  else
    ADD("%s\"", a->stock->takes ? "[" : "([");
  add_actor_label(d, a);
  if (d->dot)
    ADD("\"%s%s];\n", a->instances > 1 ? ", peripheries=2" : "", a->stock->takes ? "" : ", style=rounded");
  else
    ADD("\"%s\n", a->stock->takes ? "]" : "])");
}

/* Up to the last dot: the use of a template that it is of. */
static size_t outer_size(const char *name)
{
  const char *dot = strrchr(name, '.');
  return dot ? (size_t)(dot - name) : 0;
}

/* Those of a use stand next to each other, in a frame. */
static void add_actors(struct drawing *d)
{
  const char *outer = "";
  size_t size = 0, frames = 0;
  for (size_t i = 0; i < d->graph->count; i++) {
    const char *name = d->graph->actors[i].name;
    size_t own = outer_size(name);
    if (own != size || strncmp(name, outer, size) != 0) {
      if (size) ADD(d->dot ? "  }\n" : "  end\n");
      if (own && d->dot) ADD("  subgraph cluster_%zu {\n  label=\"%.*s\"; style=dotted;\n", frames++, (int)own, name);
      if (own && !d->dot) ADD("  subgraph u%zu [\"%.*s\"]\n", frames++, (int)own, name);
    }
    outer = name, size = own;
    add_actor(d, i);
  }
  if (size) ADD(d->dot ? "  }\n" : "  end\n");
}

static void add_ends(struct drawing *d)
{
  if (d->discards) ADD(d->dot ? "  discard [shape=plaintext];\n" : "  discard[/discard/]\n");
  if (d->buries)
    ADD(d->dot ? "  dead_letters [label=\"dead letters\", shape=plaintext];\n" : "  dead_letters[/dead letters/]\n");
}

/* ---- edges ---- */

enum line { SOLID, DASHED };

static void add_arrow(struct drawing *d, enum line line, const char *label)
{
  if (d->dot) return;
  ADD(line == SOLID ? " -->" : " -.->");
  if (*label) ADD("|\"%s\"|", label);
  ADD(" ");
}

/* From an actor to what `to` names. */
static void add_edge(struct drawing *d, size_t from, const char *to, size_t actor, enum line line, const char *label)
{
  ADD("  ");
  add_actor_id(d, from);
  if (d->dot) ADD(" -> ");
  add_arrow(d, line, label);
  if (to)
    ADD("%s", to);
  else
    add_actor_id(d, actor);
  if (d->dot) ADD(" [label=\"%s\"%s]", label, line == SOLID ? "" : ", style=dashed");
  ADD(d->dot ? ";\n" : "\n");
}

/* What goes out there: what fails, or is kept from it, is what it takes. */
static const weir_message *records_of(const struct weir__graph_actor *a, size_t output)
{
  const char *name = a->outputs[output].name;
  bool own = name && output < weir__type_outputs(a->stock) && strcmp(name, WEIR__FAILED_OUTPUT) != 0;
  return own || !a->stock->takes ? weir__type_gives(a->stock, output) : a->stock->takes();
}

/* "next: line", or "line" where that is its only output of its own. */
static void label_of(const struct drawing *d, size_t actor, size_t output, const char *more, char *label, size_t size)
{
  const struct weir__graph_actor *a = &d->graph->actors[actor];
  bool only = output == 0 && weir__type_outputs(a->stock) == 1;
  const char *name = only || !a->outputs[output].name ? "" : a->outputs[output].name;
  snprintf(label, size, "%s%s%s%s", name, *name ? ": " : "", records_of(a, output)->name, more);
}

static void add_wire(struct drawing *d, size_t actor, size_t output, const struct weir__wire *w)
{
  char label[256];
  bool waits = w->when_full == WEIR__FULL_WAITS;
  label_of(d, actor, output, w->when_full == WEIR__FULL_DROPS ? ", dropped when full" : "", label, sizeof label);
  add_edge(d, actor, NULL, w->to, w->when_full == WEIR__FULL_DROPS ? DASHED : SOLID, label);
  if (waits || w->when_full == WEIR__FULL_DROPS) return;
  snprintf(label, sizeof label, "when %s is full", d->graph->actors[w->to].name);
  add_edge(d, actor, NULL, w->instead, DASHED, label);
}

/* What leads to dead letters since nothing is said of it is not. */
static bool is_drawn(const struct weir__output *o, int leads) { return o->leads == leads && o->node != WEIR__NO_NODE; }

static void add_output(struct drawing *d, size_t actor, size_t output)
{
  const struct weir__output *o = &d->graph->actors[actor].outputs[output];
  char label[256];
  for (size_t i = 0; i < o->count; i++) add_wire(d, actor, output, &o->wires[i]);
  if (!is_drawn(o, WEIR__LEADS_OUT) && !is_drawn(o, WEIR__LEADS_TO_DEAD)) return;
  label_of(d, actor, output, "", label, sizeof label);
  add_edge(d, actor, o->leads == WEIR__LEADS_OUT ? "discard" : "dead_letters", 0, SOLID, label);
}

static bool leads_to(const struct drawing *d, int where)
{
  for (size_t i = 0; i < d->graph->count; i++)
    for (size_t o = 0; o < d->graph->actors[i].output_count; o++)
      if (is_drawn(&d->graph->actors[i].outputs[o], where)) return true;
  return false;
}

/* ---- supervision ---- */

static void add_supervisor(struct drawing *d, size_t i)
{
  const struct weir__graph_supervisor *s = &d->graph->supervisors[i];
  ADD("  ");
  add_supervisor_id(d, i);
  ADD(d->dot ? " [label=\"%s%s%s%s%d in " : "([\"%s%s%s%s%d in ", s->name ? s->name : "", s->name ? line_break(d) : "",
      s->settings->strategy, line_break(d), (int)s->settings->max_restarts);
  add_duration(d, s->settings->within);
  ADD(d->dot ? "\", shape=ellipse, color=grey50, fontcolor=grey40];\n" : "\"]):::supervisor\n");
}

static void add_children(struct drawing *d, size_t i)
{
  const struct weir__graph_supervisor *s = &d->graph->supervisors[i];
  for (size_t c = 0; c < s->count; c++) {
    ADD("  ");
    add_supervisor_id(d, i);
    ADD(d->dot ? " -> " : " -.- ");
    if (s->children[c].is_supervisor)
      add_supervisor_id(d, s->children[c].index);
    else
      add_actor_id(d, s->children[c].index);
    ADD(d->dot ? " [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];\n" : "\n");
  }
}

static void add_supervision(struct drawing *d)
{
  for (size_t i = 0; i < d->graph->supervisor_count; i++) add_supervisor(d, i);
  for (size_t i = 0; i < d->graph->supervisor_count; i++) add_children(d, i);
  if (d->graph->supervisor_count && !d->dot) ADD("  classDef supervisor stroke:#999,color:#666,fill:#fff\n");
}

static int draw(const struct weir__graph *graph, int form, char **text, size_t *size)
{
  struct drawing drawing = {.graph = graph, .dot = form == WEIR_DRAW_DOT}, *d = &drawing;
  d->discards = leads_to(d, WEIR__LEADS_OUT);
  d->buries = leads_to(d, WEIR__LEADS_TO_DEAD);
  ADD(d->dot ? "digraph topology {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge "
               "[fontname=\"sans-serif\", "
               "fontsize=10];\n"
             : "flowchart LR\n");
  add_actors(d);
  add_ends(d);
  for (size_t i = 0; i < d->graph->count; i++)
    for (size_t o = 0; o < d->graph->actors[i].output_count; o++) add_output(d, i, o);
  add_supervision(d);
  if (d->dot) ADD("}\n");
  return weir__draft_take(&d->text, text, size);
}

int weir_topology_draw(const char *file, int form, const weir_listener *listener, char **text, size_t *size)
{
  weir_topology *topology;
  struct weir__topology_options options = {.types = weir__stock_types};
  *text = NULL;
  if (size) *size = 0;
  if (form != WEIR_DRAW_DOT && form != WEIR_DRAW_MERMAID)
    return weir_error(WEIR_EINVAL, "the form of a drawing is %d", form);
  int rc = weir__topology_read(&options, &(struct weir__origin){.name = file}, listener, &topology);
  if (rc) return rc;
  rc = draw(&topology->graph, form, text, size);
  weir_topology_free(topology);
  return rc;
}
