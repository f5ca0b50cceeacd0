/* excerpt.c: see excerpt.h. */
#include "topology/excerpt.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "topology/tables.h"

#define NOWHERE SIZE_MAX

/* ---- which actors run (X1) ---- */

/* Actors that are reached, in the order in which they were. */
struct reach {
  const struct weir__graph *graph;
  unsigned char *parts;
  size_t *list;
  size_t count;
};

static void reach(struct reach *r, size_t actor)
{
  if (r->parts[actor] & WEIR__PART_REACHED) return;
  r->parts[actor] |= WEIR__PART_REACHED;
  r->list[r->count++] = actor;
}

static void reach_on(struct reach *r, const struct weir__graph_actor *actor)
{
  for (size_t o = 0; o < actor->output_count; o++)
    for (size_t w = 0; w < actor->outputs[o].count; w++) {
      reach(r, actor->outputs[o].wires[w].to);
      if (actor->outputs[o].wires[w].when_full == WEIR__FULL_DIVERTS) reach(r, actor->outputs[o].wires[w].instead);
    }
}

static void reach_all(struct reach *r, const struct weir__graph_test *test)
{
  for (size_t i = 0; i < test->feed_count; i++) reach(r, test->feeds[i].actor);
  for (size_t i = 0; i < test->stub_count; i++)
    if (!r->graph->actors[test->stubs[i].actor].stock->takes) reach(r, test->stubs[i].actor);
  for (size_t i = 0; i < r->count; i++) reach_on(r, &r->graph->actors[r->list[i]]);
}

/* Does that edge lead to what is expected? Where one receiver of a wire with two does, the other one decides over it. */
static bool wire_leads(unsigned char *parts, const struct weir__wire *wire)
{
  bool diverts = wire->when_full == WEIR__FULL_DIVERTS;
  bool leads = (parts[wire->to] | (diverts ? parts[wire->instead] : 0)) & WEIR__PART_LEADS;
  if (leads && diverts) parts[wire->to] |= WEIR__PART_LEADS, parts[wire->instead] |= WEIR__PART_LEADS;
  return leads;
}

static bool actor_leads(unsigned char *parts, const struct weir__graph_actor *actor)
{
  bool leads = false;
  for (size_t o = 0; o < actor->output_count; o++)
    for (size_t w = 0; w < actor->outputs[o].count; w++)
      leads = wire_leads(parts, &actor->outputs[o].wires[w]) || leads;
  return leads;
}

/* What was reached last is mostly the furthest downstream. */
static void find_leading(struct reach *r, const struct weir__graph_test *test)
{
  bool dead_letters = false, more = true;
  for (size_t i = 0; i < test->expected_count; i++) {
    const struct weir__test_expected *e = &test->expected[i];
    dead_letters = dead_letters || e->point == WEIR__POINT_DEAD;
    if (e->point != WEIR__POINT_DEAD) r->parts[e->actor] |= WEIR__PART_LEADS;
  }
  for (size_t i = 0; dead_letters && i < r->count; i++) r->parts[r->list[i]] |= WEIR__PART_LEADS;
  while (more) {
    more = false;
    for (size_t i = r->count; i-- > 0;) {
      unsigned char *part = &r->parts[r->list[i]];
      if (!actor_leads(r->parts, &r->graph->actors[r->list[i]]) || (*part & WEIR__PART_LEADS)) continue;
      *part |= WEIR__PART_LEADS;
      more = true;
    }
  }
}

bool weir__excerpt_find(const struct weir__graph *graph, const struct weir__graph_test *test, unsigned char *parts)
{
  struct reach r = {.graph = graph, .parts = parts, .list = malloc((graph->count + 1) * sizeof *r.list)};
  if (!r.list) return false;
  reach_all(&r, test);
  find_leading(&r, test);
  free(r.list);
  return true;
}

/* ---- what stands in for others (X2, X3) ---- */

static const struct weir__test_stub *stub_of(const struct weir__graph_test *test, size_t actor)
{
  for (size_t i = 0; i < test->stub_count; i++)
    if (test->stubs[i].actor == actor) return &test->stubs[i];
  return NULL;
}

static bool is_real(const struct weir__graph_test *test, size_t actor)
{
  for (size_t i = 0; i < test->real_count; i++)
    if (test->real[i] == actor) return true;
  return false;
}

/* Files, addresses, or what opens something there. */
static bool names_outside(const weir_message *config)
{
  for (size_t i = 0; i < config->count; i++) {
    const weir_field *f = &config->fields[i];
    if (f->use != WEIR_USE_NONE || f->secret || (f->kind == WEIR_KIND_NESTED && names_outside(f->of()))) return true;
  }
  return false;
}

bool weir__excerpt_is_outside(const struct weir__graph *graph, const struct weir__graph_test *test,
                              const unsigned char *parts, size_t actor)
{
  const struct weir__stock *stock = graph->actors[actor].stock;
  return parts[actor] == WEIR__PART_RUNS && stock->gives && stock->config && names_outside(stock->config()) &&
         !stub_of(test, actor) && !is_real(test, actor);
}

/* ---- the graph of those that run ---- */

struct making {
  struct weir__excerpt *excerpt;
  const struct weir__graph *whole;
  const struct weir__graph_test *test;
  struct weir__arena *arena;
  size_t *part; /* of each actor of the whole graph: its index in the excerpt, or NOWHERE */
};

/* What is given where nobody runs goes nowhere. */
static void plays(struct making *m, size_t index, const struct weir__test_records *gives)
{
  struct weir__graph_actor *actor = &m->excerpt->graph.actors[index];
  struct weir__stand_in *script = weir__stand_in_make(m->arena, actor, gives);
  if (!script) return;
  for (size_t i = 0; gives && i < actor->output_count; i++)
    if (!actor->outputs[i].count) actor->outputs[i].leads = WEIR__LEADS_OUT;
  m->excerpt->scripts[index] = script;
  actor->stock = &script->row;
  actor->config = weir__stand_in_config(m->arena, script);
  actor->instances = 1;
  actor->field = NULL;
  actor->on_failure = NULL;
  actor->breaker = NULL;
}

static void stand_in(struct making *m, size_t index)
{
  size_t whole = m->excerpt->whole[index];
  const struct weir__test_stub *stub = stub_of(m->test, whole);
  bool is_sink = !m->whole->actors[whole].stock->gives && !is_real(m->test, whole);
  if (stub || is_sink) plays(m, index, stub ? stub->gives : NULL);
}

/* A wire to where nobody runs is left out; of one with two receivers both run, or none. */
static void copy_wires(struct making *m, const struct weir__output *from, struct weir__output *to)
{
  to->wires = weir__arena_array(m->arena, from->count, sizeof *to->wires);
  to->count = 0;
  for (size_t i = 0; to->wires && i < from->count; i++) {
    struct weir__wire wire = from->wires[i];
    if (m->part[wire.to] == NOWHERE) continue;
    wire.to = m->part[wire.to];
    if (wire.when_full == WEIR__FULL_DIVERTS) wire.instead = m->part[wire.instead];
    to->wires[to->count++] = wire;
  }
  if (from->leads == WEIR__LEADS_ON && !to->count) to->leads = WEIR__LEADS_OUT;
}

static void copy_actor(struct making *m, size_t index)
{
  struct weir__graph_actor *actor = &m->excerpt->graph.actors[index];
  *actor = m->whole->actors[m->excerpt->whole[index]];
  const struct weir__output *outputs = actor->outputs;
  actor->outputs = weir__arena_array(m->arena, actor->output_count, sizeof *outputs);
  for (size_t i = 0; actor->outputs && i < actor->output_count; i++) {
    actor->outputs[i] = outputs[i];
    copy_wires(m, &outputs[i], &actor->outputs[i]);
  }
  if (actor->outputs) stand_in(m, index);
}

/* ---- feeders ---- */

static const char *feeder_name(struct making *m, const char *actor)
{
  char *name = weir__arena_alloc(m->arena, strlen(actor) + sizeof "feed:");
  if (name) sprintf(name, "feed:%s", actor);
  return name;
}

/* Behind the others: it feeds that actor of the excerpt. */
static void add_feeder(struct making *m, size_t to, const struct weir__test_records *records)
{
  struct weir__graph *g = &m->excerpt->graph;
  struct weir__stock *stock = weir__arena_alloc(m->arena, sizeof *stock);
  struct weir__output *output = weir__arena_alloc(m->arena, sizeof *output);
  struct weir__wire *wire = weir__arena_alloc(m->arena, sizeof *wire);
  const char *name = feeder_name(m, g->actors[to].name);
  if (!stock || !output || !wire || !name) return;
  *stock = (struct weir__stock){.actor = &weir__feeder, .gives = g->actors[to].stock->takes};
  *wire = (struct weir__wire){.to = to, .when_full = WEIR__FULL_WAITS, .node = WEIR__NO_NODE};
  *output =
      (struct weir__output){.name = "out", .leads = WEIR__LEADS_ON, .wires = wire, .count = 1, .node = WEIR__NO_NODE};
  size_t index = g->count++;
  m->excerpt->whole[index] = NOWHERE;
  g->actors[index] = (struct weir__graph_actor){.name = name,
                                                .stock = stock,
                                                .outputs = output,
                                                .output_count = 1,
                                                .node = WEIR__NO_NODE,
                                                .name_node = WEIR__NO_NODE,
                                                .inside = WEIR__NO_NODE};
  plays(m, index, records);
}

static void add_feeders(struct making *m)
{
  for (size_t i = 0; i < m->test->feed_count; i++) {
    const struct weir__test_feed *feed = &m->test->feeds[i];
    if (m->part[feed->actor] != NOWHERE) add_feeder(m, m->part[feed->actor], &feed->records);
  }
}

/* An actor that only edges lead to which close a circle has nobody whose end would be that of its input. */
static bool add_missing_feeders(struct making *m)
{
  static const struct weir__test_records nothing;
  const struct weir__graph *g = &m->excerpt->graph;
  size_t count = g->count;
  for (size_t i = 0; i < count && !m->arena->failed; i++)
    if (g->actors[i].stock->takes && !g->actors[i].inputs) add_feeder(m, i, &nothing);
  return g->count > count;
}

/* ---- supervisors ---- */

static size_t copy_supervisor(struct making *m, size_t whole);

/* False: none of them runs. */
static bool copy_child(struct making *m, const struct weir__graph_child *from, struct weir__graph_child *to)
{
  *to = *from;
  to->index = from->is_supervisor ? copy_supervisor(m, from->index) : m->part[from->index];
  return to->index != NOWHERE;
}

/* Its index; NOWHERE: nobody who runs is below it. */
static size_t copy_supervisor(struct making *m, size_t whole)
{
  struct weir__graph *g = &m->excerpt->graph;
  struct weir__graph_supervisor s = m->whole->supervisors[whole];
  size_t index = g->supervisor_count++, count = s.count, feeders = whole ? 0 : g->count;
  const struct weir__graph_child *children = s.children;
  s.children = weir__arena_array(m->arena, count + feeders, sizeof *s.children);
  s.count = 0;
  for (size_t i = 0; s.children && i < count; i++)
    if (copy_child(m, &children[i], &s.children[s.count])) s.count++;
  for (size_t i = 0; s.children && i < feeders; i++)
    if (m->excerpt->whole[i] == NOWHERE) s.children[s.count++] = (struct weir__graph_child){.index = i, .node = s.node};
  g->supervisors[index] = s;
  if (s.count || !whole) return index;
  g->supervisor_count = index; /* those below it had nobody, either */
  return NOWHERE;
}

/* ---- all of it ---- */

static void nobody_waits_in_a_circle(void *arg, const struct weir__wire *wire, const char *cycle)
{
  (void)arg, (void)wire, (void)cycle; /* nor in the whole graph */
}

static size_t number(struct making *m, const unsigned char *parts)
{
  size_t count = 0;
  for (size_t i = 0; i < m->whole->count; i++) {
    m->part[i] = parts[i] == WEIR__PART_RUNS ? count : NOWHERE;
    if (m->part[i] != NOWHERE) m->excerpt->whole[count++] = i;
  }
  return count;
}

/* Also once more, with feeders that were missing. */
static void sort(struct making *m)
{
  struct weir__graph *g = &m->excerpt->graph;
  for (size_t i = 0; i < g->count; i++) {
    struct weir__graph_actor *actor = &g->actors[i];
    actor->inputs = 0;
    actor->ordered = false;
    for (size_t o = 0; o < actor->output_count; o++)
      for (size_t w = 0; w < actor->outputs[o].count; w++) actor->outputs[o].wires[w].closes = false;
  }
  if (weir__graph_index(g, m->arena) && weir__graph_sort(g, m->arena, nobody_waits_in_a_circle, NULL))
    weir__graph_count_inputs(g);
}

static void make(struct making *m, const unsigned char *parts)
{
  struct weir__graph *g = &m->excerpt->graph;
  size_t actors = g->count = number(m, parts);
  for (size_t i = 0; i < actors && !m->arena->failed; i++) copy_actor(m, i);
  if (!m->arena->failed) add_feeders(m);
  if (!m->arena->failed) sort(m);
  if (!m->arena->failed && add_missing_feeders(m)) sort(m);
  if (!m->arena->failed && m->whole->supervisor_count) copy_supervisor(m, 0);
}

int weir__excerpt_make(struct weir__excerpt *excerpt, const struct weir__graph *graph,
                       const struct weir__graph_test *test, struct weir__arena *arena)
{
  struct making m = {.excerpt = excerpt, .whole = graph, .test = test, .arena = arena};
  size_t most = 2 * graph->count + test->feed_count + 1; /* with a feeder for each */
  unsigned char *parts = weir__arena_alloc(arena, graph->count + 1);
  *excerpt = (struct weir__excerpt){.graph = {.flavor = WEIR_CURRENT_THREAD, .settings = graph->settings}};
  m.part = weir__arena_array(arena, graph->count, sizeof *m.part);
  excerpt->whole = weir__arena_array(arena, most, sizeof *excerpt->whole);
  excerpt->scripts = weir__arena_array(arena, most, sizeof *excerpt->scripts);
  excerpt->graph.actors = weir__arena_array(arena, most, sizeof *excerpt->graph.actors);
  excerpt->graph.supervisors = weir__arena_array(arena, graph->supervisor_count, sizeof *excerpt->graph.supervisors);
  if (!arena->failed && !weir__excerpt_find(graph, test, parts)) arena->failed = true;
  if (!arena->failed) make(&m, parts);
  return arena->failed ? weir_error(WEIR_ENOMEM, "no memory for a test") : WEIR_OK;
}
