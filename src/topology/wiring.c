/* wiring.c: who sends to whom (checking.h).
 *
 * "to" is read for each actor; that of a use of a template for the actor that the template calls its "out". Then each
 * output is looked at, and each actor's inputs, and the graph as a whole: whoever waits must not wait for itself. */
#include <stdio.h>
#include <string.h>

#include "topology/checking.h"

/* What is being read: one output of one actor, in what stands in one "to". */
struct reading {
  struct weir__check *c;
  struct weir__graph_actor *actor;
  struct weir__output *output;
  size_t use; /* where the names are to be found */
};

/* ---- outputs ---- */

static const char *declared_output(const struct weir__stock *stock, size_t i)
{
  const char *name = i < 8 ? stock->actor->outputs[i] : NULL;
  return i == 0 && !name ? "out" : name;
}

/* Those of its type; and where records go that it refuses, or with which it fails. Of an unknown type it has "out". */
static void make_outputs(struct weir__check *c, struct weir__graph_actor *actor)
{
  enum { MOST = 8 };
  const struct weir__stock *stock = actor->stock;
  bool gives = !stock || stock->gives, has_failed = stock && !stock->takes;
  actor->outputs = weir__arena_array(c->arena, MOST + 2, sizeof *actor->outputs); /* one for a breaker, later */
  if (!actor->outputs) return;
  for (size_t i = 0; gives && i < MOST; i++) {
    const char *name = stock ? declared_output(stock, i) : i ? NULL : "out";
    if (!name) break;
    has_failed = has_failed || strcmp(name, WEIR__FAILED_OUTPUT) == 0;
    actor->outputs[actor->output_count++] = (struct weir__output){.name = name, .node = WEIR__NO_NODE};
  }
  if (!has_failed)
    actor->outputs[actor->output_count++] = (struct weir__output){.name = WEIR__FAILED_OUTPUT, .node = WEIR__NO_NODE};
}

static bool is_failed(const struct weir__output *output) { return strcmp(output->name, WEIR__FAILED_OUTPUT) == 0; }

static struct weir__output *find_output(struct weir__graph_actor *actor, const char *name)
{
  for (size_t i = 0; i < actor->output_count; i++)
    if (strcmp(actor->outputs[i].name, name) == 0) return &actor->outputs[i];
  return NULL;
}

/* ---- one receiver ---- */

static size_t use_of(const struct weir__check *c, const struct weir__graph_actor *actor)
{
  return c->items[actor - c->graph->actors].use;
}

size_t weir__check_port(struct weir__check *c, const struct weir__checked_use *use, bool out)
{
  const char *port = out ? use->of->settings->out : use->of->settings->in;
  size_t index = (size_t)(use - c->uses);
  char full[WEIR__FULL_NAME_BYTES];
  if (!port || !*use->name) return WEIR__NO_INDEX;
  snprintf(full, sizeof full, "%s.%s", use->name, port);
  const struct weir__name *found = weir__names_find(&c->names, full);
  if (!found || (found->what == WEIR__NAMES_ACTOR && c->items[found->index].use != index)) return WEIR__NO_INDEX;
  if (found->what == WEIR__NAMES_ACTOR) return found->index;
  const struct weir__checked_use *inner = &c->uses[found->index]; /* it is a use itself */
  return inner->of ? weir__check_port(c, inner, out) : WEIR__NO_INDEX;
}

size_t weir__check_receiver(struct weir__check *c, uint32_t node, const char *name, size_t use)
{
  const struct weir__name *found = weir__check_find(c, node, name, use);
  if (!found) return WEIR__NO_INDEX;
  if (found->what == WEIR__NAMES_ACTOR) return found->index;
  const struct weir__checked_use *of = &c->uses[found->index];
  if (found->what == WEIR__NAMES_SUPERVISOR || !of->of) return WEIR__NO_INDEX;
  size_t in = weir__check_port(c, of, false);
  if (in == WEIR__NO_INDEX && !of->of->settings->in) /* else that is reported, where it is said */
    weir__document_error(c->document, node, "\"%s\" takes no records: its template (%s) names no actor as \"in\"", name,
                         of->of->name);
  return in;
}

static bool check_fit(struct weir__check *c, const struct weir__graph_actor *from, const struct weir__output *output,
                      const struct weir__graph_actor *to, uint32_t node)
{
  if (!from->stock || !to->stock) return true; /* a type that is unknown has been reported */
  const weir_message *given = weir__graph_gives(from, (size_t)(output - from->outputs)),
                     *taken = to->stock->takes ? to->stock->takes() : NULL;
  if (taken && weir_message_same(given, taken)) return true;
  if (taken)
    weir__document_error(c->document, node, "\"%s\" takes %s records, but \"%s\" %s %s records", to->name, taken->name,
                         from->name, is_failed(output) ? "fails with" : "gives", given->name);
  else
    weir__document_error(c->document, node, "\"%s\" is a source (%s): it takes no records", to->name,
                         to->stock->actor->name);
  return false;
}

/* An actor that is named where a receiver is. False: it is not known who is meant, or it can't be. */
static bool find_receiver(const struct reading *r, uint32_t node, size_t *to)
{
  const char *name;
  struct weir__check *c = r->c;
  if (!weir__expect_text(c->document, node, &name)) return false;
  if (strcmp(name, "discard") == 0 || strcmp(name, "dead_letters") == 0) {
    weir__document_error(c->document, node, "\"%s\" stands alone: \"to\": \"%s\", or so for an output", name, name);
    return false;
  }
  *to = weir__check_receiver(c, node, name, r->use);
  if (*to == WEIR__NO_INDEX) return false;
  struct weir__graph_actor *target = &c->graph->actors[*to];
  if (target->last_sender == r->output) {
    weir__document_error(c->document, node, "\"%s\" stands here twice: it would get each record twice", name);
    return false;
  }
  target->last_sender = r->output;
  target->feeds++;
  return true;
}

/* "when_full" of an edge: "wait", "drop", or {"to": NAME}. */
static bool read_when_full(const struct reading *r, struct weir__wire *wire, uint32_t node)
{
  static const struct weir__key keys[] = {{.name = "to"}, {0}};
  struct weir__document *d = r->c->document;
  const char *text = weir__document_text(d, node);
  if (text && strcmp(text, "wait") == 0) return true;
  if (text && strcmp(text, "drop") == 0) {
    wire->when_full = WEIR__FULL_DROPS;
    return true;
  }
  if (!weir__document_is(d, node, WEIR__OBJECT)) {
    weir__expected(d, node, "\"wait\", \"drop\" or {\"to\": NAME}");
    return true;
  }
  wire->when_full = WEIR__FULL_DIVERTS;
  weir__expect_keys(d, node, keys);
  uint32_t to = weir__expect_member(d, node, "to");
  if (to == WEIR__NO_NODE || !find_receiver(r, to, &wire->instead)) return false;
  if (&r->c->graph->actors[wire->instead] == r->actor)
    wire->when_full = WEIR__FULL_DROPS, weir__document_error(d, to, "an actor can't wait for itself: name another one");
  else
    check_fit(r->c, r->actor, r->output, &r->c->graph->actors[wire->instead], to);
  return true;
}

/* One receiver: its name, or {"to": NAME, "when_full": …}. False: it is not known who is meant. */
static bool read_wire(const struct reading *r, uint32_t node)
{
  static const struct weir__key keys[] = {{.name = "to"}, {.name = "when_full"}, {.name = "description"}, {0}};
  struct weir__document *d = r->c->document;
  struct weir__wire wire = {.node = node};
  uint32_t name = node, when_full = WEIR__NO_NODE;
  if (weir__document_is(d, node, WEIR__OBJECT)) {
    weir__expect_keys(d, node, keys);
    name = weir__expect_member(d, node, "to");
    when_full = weir__check_member(r->c, node, "when_full");
    if (name == WEIR__NO_NODE) return false;
    wire.node = name;
  }
  if (!find_receiver(r, name, &wire.to)) return false;
  bool known = when_full == WEIR__NO_NODE || read_when_full(r, &wire, when_full);
  struct weir__graph_actor *target = &r->c->graph->actors[wire.to];
  if (target == r->actor && wire.when_full == WEIR__FULL_WAITS) {
    weir__document_error(d, name, "an actor can't send to itself: it would wait for itself");
    return false;
  }
  if (!known || !check_fit(r->c, r->actor, r->output, target, name)) return known;
  r->output->wires[r->output->count++] = wire;
  return true;
}

/* ---- one output ---- */

static bool leads_to_word(struct weir__output *output, const char *text)
{
  if (text && strcmp(text, "discard") == 0)
    output->leads = WEIR__LEADS_OUT;
  else if (text && strcmp(text, "dead_letters") == 0)
    output->leads = WEIR__LEADS_TO_DEAD;
  else
    return false;
  return true;
}

/* What stands for one output: a receiver, a list of them, or a word. */
static bool read_output(const struct reading *r, uint32_t node)
{
  struct weir__check *c = r->c;
  struct weir__output *output = r->output;
  bool is_list = weir__document_is(c->document, node, WEIR__LIST), known = true;
  size_t count = is_list ? weir__document_count(c->document, node) : 1;
  output->node = node;
  if (!is_list && leads_to_word(output, weir__document_text(c->document, node))) return true;
  output->leads = WEIR__LEADS_ON;
  if (is_list && !count) weir__document_error(c->document, node, "its records go nowhere: name an actor");
  output->wires = weir__arena_array(c->arena, count, sizeof *output->wires);
  if (!output->wires) return true;
  if (!is_list) return read_wire(r, node);
  for (uint32_t item = weir__document_child(c->document, node); item != WEIR__NO_NODE;
       item = c->document->nodes[item].next)
    if (!read_wire(r, item)) known = false;
  return known;
}

static bool is_edge(struct weir__check *c, uint32_t node) { return weir__check_member(c, node, "to") != WEIR__NO_NODE; }

static void report_unknown_output(struct weir__check *c, struct weir__graph_actor *actor, uint32_t node)
{
  const char *name = weir__document_key(c->document, node);
  struct weir__suggestion s = weir__suggest(name);
  for (size_t i = 0; i < actor->output_count; i++) weir__suggest_offer(&s, actor->outputs[i].name);
  if (s.nearest)
    weir__document_key_error(c->document, node, "%s has no such output%s", actor->stock->actor->name,
                             weir__suggest_text(&s));
  else
    weir__document_key_error(c->document, node, "%s has no such output: it has \"%s\"%s", actor->stock->actor->name,
                             actor->outputs[0].name, actor->output_count > 1 ? " and others" : "");
}

static bool read_outputs_by_name(struct reading *r, uint32_t node)
{
  struct weir__check *c = r->c;
  bool known = true;
  for (uint32_t child = weir__document_child(c->document, node); child != WEIR__NO_NODE;
       child = c->document->nodes[child].next) {
    r->output = find_output(r->actor, weir__document_key(c->document, child));
    if (!r->output && r->actor->stock)
      report_unknown_output(c, r->actor, child);
    else if (r->output && r->output->node != WEIR__NO_NODE)
      weir__document_key_error(c->document, child, "its receivers are named in the template already");
    else if (r->output)
      known = read_output(r, child) && known;
    if (!r->output) known = false;
  }
  return known;
}

static void read_to(struct weir__check *c, struct weir__graph_actor *actor, uint32_t node, size_t use)
{
  struct reading r = {.c = c, .actor = actor, .use = use};
  enum weir__json_kind kind = weir__document_kind(c->document, node);
  bool known;
  if (!actor->output_count) return;
  r.output = &actor->outputs[0];
  if (kind != WEIR__LIST && kind != WEIR__TEXT && kind != WEIR__OBJECT) {
    weir__expected(c->document, node, "an actor's name, a list of them, or outputs by name");
    known = false;
  } else if (kind == WEIR__OBJECT && !is_edge(c, node)) {
    known = read_outputs_by_name(&r, node);
  } else if (r.output->node != WEIR__NO_NODE) {
    weir__document_error(c->document, node, "the receivers of \"%s\" are named in the template already", actor->name);
    known = true;
  } else {
    known = read_output(&r, node);
  }
  c->wiring_known = c->wiring_known && known;
}

/* ---- the actors' outputs and inputs ---- */

static void read_own(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t to = weir__check_member(c, actor->node, "to");
  if (to == WEIR__NO_NODE) return;
  bool by_name = weir__document_is(c->document, to, WEIR__OBJECT) && !is_edge(c, to);
  bool empty = weir__document_is(c->document, to, WEIR__LIST) && weir__document_count(c->document, to) == 0;
  bool is_sink = actor->stock && !actor->stock->gives;
  if (!is_sink || by_name)
    read_to(c, actor, to, use_of(c, actor));
  else if (!empty)
    weir__document_error(c->document, to, "a sink (%s) gives no records: remove \"to\"", actor->stock->actor->name);
}

/* The "to" of a use belongs to the actor that its template calls "out". */
static void read_use(struct weir__check *c, struct weir__checked_use *use)
{
  uint32_t to = weir__check_member(c, use->node, "to");
  if (!use->of) return;
  size_t in = use->of->settings->in ? weir__check_port(c, use, false) : 0;
  if (in == WEIR__NO_INDEX)
    weir__document_error(c->document, weir__check_member(c, use->of->node, "in"), "the template has no such actor");
  size_t out = use->of->settings->out ? weir__check_port(c, use, true) : WEIR__NO_INDEX;
  if (use->of->settings->out && out == WEIR__NO_INDEX)
    weir__document_error(c->document, weir__check_member(c, use->of->node, "out"), "the template has no such actor");
  if (out == WEIR__NO_INDEX && to != WEIR__NO_NODE && !use->of->settings->out)
    weir__document_error(c->document, to, "its template (%s) names no actor as \"out\"", use->of->name);
  if (to == WEIR__NO_NODE) return;
  if (out == WEIR__NO_INDEX) {
    c->wiring_known = false;
    return;
  }
  struct weir__graph_actor *actor = &c->graph->actors[out];
  use->wired = true;
  if (actor->stock && !actor->stock->gives)
    weir__document_error(c->document, to, "\"%s\" is a sink (%s) and gives no records: remove \"to\"", actor->name,
                         actor->stock->actor->name);
  else
    read_to(c, actor, to, use->outer);
}

/* Is it the "out" of the use that it is in? Then the use's "to" is missing, not its own. */
static uint32_t where_to_is_missing(struct weir__check *c, const struct weir__graph_actor *actor)
{
  size_t use = use_of(c, actor);
  uint32_t node = actor->node;
  while (use != WEIR__NO_INDEX && c->uses[use].of && c->uses[use].of->settings->out &&
         weir__check_port(c, &c->uses[use], true) == (size_t)(actor - c->graph->actors))
    node = c->uses[use].node, use = c->uses[use].outer;
  return node;
}

static bool can_be_to(const struct weir__check *c, uint32_t node)
{
  enum weir__json_kind kind = weir__document_kind(c->document, node);
  return kind == WEIR__LIST || kind == WEIR__TEXT || kind == WEIR__OBJECT;
}

/* What fails goes to the dead letters where nothing is said of it; all else must be said. */
static void check_outputs(struct weir__check *c, struct weir__graph_actor *actor)
{
  struct weir__output *failed = find_output(actor, WEIR__FAILED_OUTPUT);
  bool any = false;
  uint32_t to = weir__check_member(c, actor->node, "to");
  if (failed && !failed->leads) failed->leads = WEIR__LEADS_TO_DEAD;
  if (!actor->stock || !actor->stock->gives) return;
  for (size_t i = 0; i < actor->output_count; i++)
    any = any || (actor->outputs[i].leads && !is_failed(&actor->outputs[i]));
  for (size_t i = 0; i < actor->output_count; i++) {
    const struct weir__output *output = &actor->outputs[i];
    if (output->leads || is_failed(output)) continue;
    if (to != WEIR__NO_NODE && !can_be_to(c, to)) return; /* that is reported */
    if (any || to != WEIR__NO_NODE)
      weir__document_error(c->document, to == WEIR__NO_NODE ? actor->node : to,
                           "the records of its output \"%s\" go nowhere: name an actor, or \"discard\"", output->name);
    else if (i == 0)
      weir__document_error(c->document, where_to_is_missing(c, actor), "its records go nowhere: \"to\" is missing");
  }
}

static void check_inputs(struct weir__check *c, const struct weir__graph_actor *actor)
{
  if (!c->wiring_known || !actor->stock || !actor->stock->takes) return;
  if (!actor->feeds)
    weir__document_error(c->document, actor->node, "no actor sends to it");
  else if (!actor->inputs && actor->closed && c->graph->order)
    weir__document_error(c->document, actor->node,
                         "it gets records only along edges that close a circle: its input would never end");
}

/* ---- failing ---- */

static void read_disposal(struct weir__check *c, struct weir__graph_actor *actor, uint32_t node, const char *text,
                          struct weir__disposing *disposing)
{
  if (strcmp(text, "dead_letters") == 0 || strcmp(text, "discard") == 0) {
    disposing->how = *text == 'd' && text[1] == 'i' ? WEIR__DISPOSE_OUT : WEIR__DISPOSE_DEAD;
    return;
  }
  disposing->to = weir__check_receiver(c, node, text, use_of(c, actor));
  if (disposing->to == WEIR__NO_INDEX) {
    c->wiring_known = false;
    return;
  }
  struct weir__graph_actor *to = &c->graph->actors[disposing->to];
  to->feeds++;
  const weir_message *record = actor->stock && actor->stock->takes ? actor->stock->takes() : NULL;
  const weir_message *taken = to->stock && to->stock->takes ? to->stock->takes() : NULL;
  disposing->how = WEIR__DISPOSE_DEAD; /* unless it can be that one */
  if (to == actor)
    weir__document_error(c->document, node, "an actor can't get what it failed with once more: see \"retry\"");
  else if (to->stock && !taken)
    weir__document_error(c->document, node, "\"%s\" is a source (%s): it takes no records", to->name,
                         to->stock->actor->name);
  else if (record && taken && !weir_message_same(record, taken))
    weir__document_error(c->document, node, "\"%s\" takes %s records, but these are %s records", to->name, taken->name,
                         record->name);
  else
    disposing->how = WEIR__DISPOSE_TO;
}

/* Along an edge: who sends waits, and the end travels along it. */
static void lead(struct weir__check *c, struct weir__output *output, uint32_t node,
                 const struct weir__disposing *disposing)
{
  if (disposing->how == WEIR__DISPOSE_TO) {
    output->wires = weir__arena_alloc(c->arena, sizeof *output->wires);
    if (!output->wires) return;
    *output->wires = (struct weir__wire){.to = disposing->to, .node = node};
    output->count = 1;
  }
  output->node = node;
  output->leads = disposing->how == WEIR__DISPOSE_TO    ? WEIR__LEADS_ON
                  : disposing->how == WEIR__DISPOSE_OUT ? WEIR__LEADS_OUT
                                                        : WEIR__LEADS_TO_DEAD;
}

static void read_failed(struct weir__check *c, struct weir__graph_actor *actor)
{
  struct weir__output *output = find_output(actor, WEIR__FAILED_OUTPUT);
  uint32_t node = weir__check_member(c, weir__check_member(c, actor->node, "on_failure"), "then");
  if (node != WEIR__NO_NODE && output && output->node != WEIR__NO_NODE)
    weir__document_error(c->document, node, "\"to\" says already where they go: \"%s\"", output->name);
  else if (node != WEIR__NO_NODE && actor->on_failure->then)
    read_disposal(c, actor, node, actor->on_failure->then, &actor->then);
  if (output && output->node == WEIR__NO_NODE) lead(c, output, node, &actor->then);
}

static void read_breaker(struct weir__check *c, struct weir__graph_actor *actor)
{
  uint32_t node = weir__check_member(c, weir__check_member(c, actor->node, "breaker"), "while_open");
  if (node == WEIR__NO_NODE || !actor->breaker->while_open) return;
  read_disposal(c, actor, node, actor->breaker->while_open, &actor->while_open);
  if (actor->while_open.how == WEIR__DISPOSE_DEAD) return;
  actor->outputs[actor->output_count] = (struct weir__output){.name = "breaker"};
  lead(c, &actor->outputs[actor->output_count++], node, &actor->while_open);
}

static void read_disposing(struct weir__check *c, struct weir__graph_actor *actor)
{
  if (actor->on_failure) read_failed(c, actor);
  if (actor->breaker) read_breaker(c, actor);
}

/* ---- the graph ---- */

static void tell_cycle(void *arg, const struct weir__wire *wire, const char *cycle)
{
  struct weir__check *c = arg;
  weir__document_error(c->document, wire->node,
                       "the topology waits for itself in a circle: %s (one of these edges must not wait: give it a "
                       "\"when_full\" of \"drop\", or {\"to\": NAME})",
                       cycle);
}

void weir__check_wiring(struct weir__check *c)
{
  struct weir__graph *g = c->graph;
  if (!weir__graph_index(g, c->arena)) return;
  for (size_t i = 0; i < g->count; i++) make_outputs(c, &g->actors[i]);
  if (c->arena->failed) return;
  for (size_t i = 0; i < g->count; i++) read_own(c, &g->actors[i]);
  for (size_t i = 0; i < c->use_count; i++) read_use(c, &c->uses[i]);
  for (size_t i = 0; i < g->count; i++) read_disposing(c, &g->actors[i]);
  for (size_t i = 0; i < g->count; i++) check_outputs(c, &g->actors[i]);
  if (!weir__graph_sort(g, c->arena, tell_cycle, c)) return;
  weir__graph_count_inputs(g);
  for (size_t i = 0; i < g->count; i++) check_inputs(c, &g->actors[i]);
}
