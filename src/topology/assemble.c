/* assemble.c: see assemble.h. */
#include "topology/assemble.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include <weir/link.h>
#include <weir/supervisor.h>

#include "actor/child.h"
#include "topology/tables.h"

/* The failure that was told last: if the supervisors give up, that was why. */
struct weir__blame {
  bool silent; /* restarts are not told on standard error */
  uv_mutex_t lock;
  int code;
  char who[256], text[1024]; /* under the lock, as the code is */
};

static bool leaves_down(const struct weir__graph_supervisor *s)
{
  return strcmp(s->settings->on_exhausted, "leave_down") == 0;
}

/* Whoever is below such a supervisor. */
static void mark_left_down(struct weir__assembly *a, size_t supervisor, bool left)
{
  const struct weir__graph_supervisor *s = &a->graph->supervisors[supervisor];
  left = left || (supervisor && leaves_down(s));
  for (size_t i = 0; i < s->count; i++) {
    if (s->children[i].is_supervisor)
      mark_left_down(a, s->children[i].index, left);
    else
      a->left_down[s->children[i].index] = left;
  }
}

/* ---- making ---- */

/* "count", or "count[2]" where there are several. */
static const char *instance_name(struct weir__assembly *a, const struct weir__graph_actor *actor, size_t instance)
{
  if (actor->instances == 1) return actor->name;
  size_t room = strlen(actor->name) + 32;
  char *name = weir__arena_alloc(a->arena, room);
  if (name) snprintf(name, room, "%s[%zu]", actor->name, instance);
  return name;
}

static struct weir__wired wired_as(const struct weir__assembly *a, size_t index)
{
  const struct weir__graph_actor *actor = &a->graph->actors[index];
  struct weir__wired wired = {.inputs = actor->inputs,
                              .supervised = true,
                              .pinned = actor->pinned,
                              .ended = a->ended,
                              .lost = a->lost,
                              .dead = a->dead,
                              .step = a->step,
                              .step_arg = a->step_arg,
                              .takes = a->takes,
                              .gives = a->gives,
                              .ends_anyway = a->left_down[index]};
  if (a->step && index == a->first)
    wired.follows = actor->stock->takes ? WEIR__FOLLOWS_FIRST_GOT : WEIR__FOLLOWS_FIRST_GIVEN;
  if (actor->on_failure) {
    wired.retries = actor->on_failure->retry;
    wired.retry_first = actor->on_failure->backoff[0];
    wired.retry_most = actor->on_failure->backoff[1];
  }
  if (actor->breaker) {
    wired.breaker_failures = actor->breaker->failures;
    wired.breaker_reset = actor->breaker->reset;
  }
  return wired;
}

int weir__assembly_make(struct weir__assembly *a, size_t index, size_t instance, bool held)
{
  const struct weir__graph_actor *actor = &a->graph->actors[index];
  const char *name = a->names[index][instance] = instance_name(a, actor, instance);
  struct weir__wired wired = wired_as(a, index);
  if (held) wired.held = true, wired.inputs = actor->inputs ? 1 : 0;
  wired.arg = a->instances[index][instance] = name ? a->instance(a->arg, name) : NULL;
  if (!wired.arg) return weir_error(WEIR_ENOMEM, "no memory for an actor");
  weir_spawn_options options = {.name = name, .capacity = actor->capacity, .on = a->rt};
  if (actor->config) options.config = (weir_value){.type = actor->stock->config, .at = actor->config};
  weir_ref ref = a->refs[index][instance] = weir__spawn_wired(actor->stock->actor, &options, &wired);
  return weir_ref_error(ref);
}

int weir__assembly_prepare(struct weir__assembly *a)
{
  const struct weir__graph *g = a->graph;
  a->refs = weir__arena_array(a->arena, g->count, sizeof *a->refs);
  a->instances = weir__arena_array(a->arena, g->count, sizeof *a->instances);
  a->names = weir__arena_array(a->arena, g->count, sizeof *a->names);
  a->left_down = weir__arena_array(a->arena, g->count, sizeof(bool));
  for (size_t i = 0; a->refs && a->instances && a->names && i < g->count; i++) {
    a->refs[i] = weir__arena_array(a->arena, g->actors[i].instances, sizeof(weir_ref));
    a->instances[i] = weir__arena_array(a->arena, g->actors[i].instances, sizeof(void *));
    a->names[i] = weir__arena_array(a->arena, g->actors[i].instances, sizeof(char *));
  }
  if (a->arena->failed) return weir_error(WEIR_ENOMEM, "no memory for the actors");
  if (g->supervisor_count) mark_left_down(a, 0, false);
  return WEIR_OK;
}

static int make_actor(struct weir__assembly *a, size_t index)
{
  int rc = WEIR_OK;
  for (size_t i = 0; !rc && i < a->graph->actors[index].instances; i++) rc = weir__assembly_make(a, index, i, false);
  return rc;
}

/* ---- wiring ---- */

static struct weir__target target_of(const struct weir__assembly *a, size_t index)
{
  const struct weir__graph_actor *receiver = &a->graph->actors[index];
  return (struct weir__target){.instances = a->refs[index],
                               .count = receiver->instances,
                               .route = receiver->field ? WEIR__HASH : WEIR__ROUND_ROBIN,
                               .field = receiver->field};
}

static int nowhere_of(int leads) { return leads == WEIR__LEADS_OUT ? WEIR__DISCARDED : WEIR__DEAD_LETTERS; }

/* `targets`: room for two for each wire. */
static struct weir__wiring wiring_of(const struct weir__assembly *a, const struct weir__output *output,
                                     struct weir__target *targets)
{
  size_t count = 0;
  for (size_t i = 0; i < output->count; i++) {
    const struct weir__wire *wire = &output->wires[i];
    struct weir__target *to = &targets[count++];
    *to = target_of(a, wire->to);
    to->when_full = wire->when_full;
    to->closes = wire->closes;
    if (wire->when_full != WEIR__FULL_DIVERTS) continue;
    to->instead = count;
    targets[count] = target_of(a, wire->instead);
    targets[count++].is_spare = true;
  }
  return (struct weir__wiring){
      .output = output->name, .targets = targets, .count = count, .nowhere = nowhere_of(output->leads)};
}

int weir__assembly_outputs(const struct weir__assembly *a, size_t index, struct weir__outputs *o)
{
  const struct weir__graph_actor *actor = &a->graph->actors[index];
  size_t wires = 0;
  for (size_t i = 0; i < actor->output_count; i++) wires += actor->outputs[i].count;
  struct weir__target *targets = calloc(2 * wires + 1, sizeof *targets);
  struct weir__wiring *wirings = calloc(actor->output_count + 1, sizeof *wirings);
  *o = (struct weir__outputs){.wired = wired_as(a, index), .targets = targets, .wirings = wirings};
  if (!targets || !wirings) {
    weir__assembly_outputs_free(o);
    return weir_error(WEIR_ENOMEM, "no memory for an actor's edges");
  }
  for (size_t i = 0; i < actor->output_count; i++) {
    wirings[i] = wiring_of(a, &actor->outputs[i], targets);
    targets += wirings[i].count;
  }
  o->wired.outputs = wirings;
  o->wired.output_count = actor->output_count;
  return WEIR_OK;
}

void weir__assembly_outputs_free(struct weir__outputs *o)
{
  free(o->targets);
  free(o->wirings);
  *o = (struct weir__outputs){.targets = NULL};
}

static int wire_actor(struct weir__assembly *a, size_t index)
{
  struct weir__outputs o;
  int rc = weir__assembly_outputs(a, index, &o);
  if (rc) return rc;
  for (size_t i = 0; !rc && i < a->graph->actors[index].instances; i++)
    rc = weir__wire(a->refs[index][i], o.wired.outputs, o.wired.output_count);
  weir__assembly_outputs_free(&o);
  return rc;
}

/* ---- supervisors ---- */

/* They are on workers of their own choice, while a reload may change the assembly: so they know this alone. The lock is a leaf,
 * and held for the copying of a text. */
static void on_event(const weir_restart_event *event, void *arg)
{
  struct weir__blame *b = arg;
  if (!b->silent) weir__restart_event_print(event);
  if (event->code == WEIR_ESHUTDOWN || event->what == WEIR_CHILD_KILLED) return; /* a supervisor below has told why */
  uv_mutex_lock(&b->lock);
  b->code = event->code;
  snprintf(b->who, sizeof b->who, "%s", event->child_name);
  snprintf(b->text, sizeof b->text, "%s", event->text && *event->text ? event->text : weir_strerror(event->code));
  uv_mutex_unlock(&b->lock);
}

static int strategy_of(const char *name)
{
  return strcmp(name, "one_for_all") == 0    ? WEIR_ONE_FOR_ALL
         : strcmp(name, "rest_for_one") == 0 ? WEIR_REST_FOR_ONE
                                             : WEIR_ONE_FOR_ONE;
}

weir_child weir__assembly_child(const struct weir__assembly *a, size_t index, size_t instance)
{
  const struct weir__graph_actor *actor = &a->graph->actors[index];
  weir_ref made = a->refs[index][instance];
  weir_child child = {.type = actor->stock->actor,
                      .name = a->names[index][instance], /* the actor may have ended meanwhile */
                      .restart = WEIR_TRANSIENT,
                      .mailbox = WEIR_KEEP,
                      .made = made};
  if (actor->on_failure)
    child.backoff =
        (weir_backoff){.first = actor->on_failure->backoff[0], .most = actor->on_failure->backoff[1], .jitter = 0.2};
  return child;
}

static void add_instances(const struct weir__assembly *a, size_t index, weir_child *children, size_t *count)
{
  for (size_t i = 0; i < a->graph->actors[index].instances; i++)
    children[(*count)++] = weir__assembly_child(a, index, i);
}

static size_t children_of(const struct weir__assembly *a, const struct weir__graph_supervisor *s)
{
  size_t count = 0;
  for (size_t i = 0; i < s->count; i++)
    count += s->children[i].is_supervisor ? 1 : a->graph->actors[s->children[i].index].instances;
  return count;
}

static weir_children make_children(struct weir__assembly *a, const struct weir__graph_supervisor *s)
{
  weir_child *children = weir__arena_array(a->arena, children_of(a, s), sizeof *children);
  size_t count = 0;
  for (size_t i = 0; children && i < s->count; i++) {
    if (!s->children[i].is_supervisor) {
      add_instances(a, s->children[i].index, children, &count);
      continue;
    }
    children[count++] = weir__assembly_tree(a, s->children[i].index);
  }
  return (weir_children){.first = children, .count = count};
}

weir_supervisor_options weir__assembly_settings(const struct weir__graph_supervisor *s)
{
  int most = s->settings->max_restarts;
  return (weir_supervisor_options){.strategy = strategy_of(s->settings->strategy),
                                   .max_restarts = most ? most : WEIR_NO_RESTARTS,
                                   .within = s->settings->within};
}

/* NULL: no memory. */
static weir_supervisor_options *options_of(struct weir__assembly *a, size_t index)
{
  const struct weir__graph_supervisor *s = &a->graph->supervisors[index];
  weir_supervisor_options *o = weir__arena_alloc(a->arena, sizeof *o);
  if (!o) return NULL;
  *o = weir__assembly_settings(s);
  o->children = make_children(a, s);
  o->on_event = on_event;
  o->on_event_arg = a->blame;
  o->ends_made = index && leaves_down(s);
  return o;
}

weir_child weir__assembly_tree(struct weir__assembly *a, size_t index)
{
  const struct weir__graph_supervisor *s = &a->graph->supervisors[index];
  return (weir_child){
      .name = s->name, .restart = leaves_down(s) ? WEIR_TEMPORARY : WEIR_PERMANENT, .tree = options_of(a, index)};
}

/* Nobody is restarted. */
static weir_supervisor_options *options_without_document(struct weir__assembly *a)
{
  const struct weir__graph *g = a->graph;
  size_t count = 0, instances = 0;
  for (size_t i = 0; i < g->count; i++) instances += g->actors[i].instances;
  weir_supervisor_options *o = weir__arena_alloc(a->arena, sizeof *o);
  weir_child *children = weir__arena_array(a->arena, instances, sizeof *children);
  if (!o || !children) return NULL;
  for (size_t i = 0; i < g->count; i++) add_instances(a, g->order[i], children, &count);
  *o = (weir_supervisor_options){.max_restarts = WEIR_NO_RESTARTS,
                                 .children = {.first = children, .count = count},
                                 .on_event = on_event,
                                 .on_event_arg = a->blame};
  return o;
}

/* ---- who keeps the supervisors ---- */

struct weir__keep {
  uint64_t assembly, options; /* addresses, of what outlives the runtime */
};
WEIR_SHARED(weir__keep, "weir.keep", WEIR_FIELD(assembly), WEIR_FIELD(options));

struct keeper {
  struct weir__assembly *assembly;
};

static int keeper_start(struct keeper *k, const struct weir__keep *c)
{
  if (!c) return weir_error(WEIR_EINVAL, "nothing to keep");
  k->assembly = (struct weir__assembly *)(uintptr_t)c->assembly;
  weir_ref root = weir__supervise((const weir_supervisor_options *)(uintptr_t)c->options);
  int rc = weir_ref_error(root);
  k->assembly->root = root;
  if (!rc) rc = weir_monitor(root).error;
  if (!rc) return WEIR_OK;
  k->assembly->gave_up(k->assembly->arg, rc, "supervision", weir_error_text());
  return WEIR_STOP;
}

static int keeper_down(struct keeper *k, const struct weir_down *m)
{
  struct weir__assembly *a = k->assembly;
  struct weir__blame *b = a->blame;
  uv_mutex_lock(&b->lock);
  int code = b->code;
  uv_mutex_unlock(&b->lock); /* nobody writes it any more: the supervisors are gone */
  a->gave_up(a->arg, code ? code : m->code, code ? b->who : "supervision", code ? b->text : m->text);
  return WEIR_STOP;
}

/* Who asks this is answered after the start. */
static int keeper_nothing(struct keeper *k)
{
  (void)k;
  return WEIR_OK;
}

WEIR_ACTOR(keeper,
           WEIR_ON_START(weir__keep, keeper_start) WEIR_ON(weir_down, keeper_down) WEIR_ON(weir_none, keeper_nothing));

static int start_keeper(struct weir__assembly *a)
{
  const weir_supervisor_options *o = a->graph->supervisor_count ? options_of(a, 0) : options_without_document(a);
  if (!o || a->arena->failed) return weir_error(WEIR_ENOMEM, "no memory for supervisors");
  struct weir__keep keep = {(uintptr_t)a, (uintptr_t)o};
  weir_spawn_options options = {.config = WEIR_AT(weir__keep, &keep), .on = a->rt};
  a->keeper = weir__spawn(&keeper, &options);
  return weir_ref_error(a->keeper);
}

/* ---- all of it ---- */

static int make_blame(struct weir__assembly *a)
{
  struct weir__blame *blame = weir__arena_alloc(a->arena, sizeof *blame);
  if (!blame) return weir_error(WEIR_ENOMEM, "no memory for the actors");
  if (uv_mutex_init(&blame->lock)) return weir_error(WEIR_ENOMEM, "no lock for the actors");
  blame->silent = a->silent || !a->graph->supervisor_count;
  a->blame = blame;
  return WEIR_OK;
}

int weir__assemble(struct weir__assembly *a)
{
  const struct weir__graph *g = a->graph;
  int rc = weir__assembly_prepare(a);
  if (!rc) rc = make_blame(a);
  for (size_t i = 0; !rc && i < g->count; i++) rc = make_actor(a, g->order[i]);
  for (size_t i = 0; !rc && i < g->count; i++) rc = wire_actor(a, i);
  return rc ? rc : start_keeper(a);
}

void weir__disassemble(struct weir__assembly *a)
{
  if (a->blame) uv_mutex_destroy(&a->blame->lock);
}
