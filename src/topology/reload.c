/* reload.c: see reload.h. */
#include "topology/reload.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/ask.h>
#include <weir/blocking.h>
#include <weir/link.h>
#include <weir/mailbox.h>
#include <weir/registry.h>
#include <weir/stash.h>
#include <weir/supervisor.h>

#include "actor/change.h"
#include "actor/rewire.h"
#include "actor/supervisor.h"
#include "platform/clock.h"
#include "runtime/wait.h"
#include "topology/plan.h"
#include "topology/run.h"
#include "topology/tables.h"

#define GRACE WEIR_SECONDS(1) /* for what was killed */

/* An instance that is new, or removed. */
struct moving {
  struct weir__instance *instance;
  weir_ref ref;
  weir_ref tree; /* its supervisor */
  size_t actor, index;
  bool started; /* new: its supervisor, which is not, has it */
  weir_watch watch;
};

/* A supervisor that is new, or removed, as its own one is not. */
struct tree {
  const char *name;
  weir_ref above;
  size_t index;
};

/* A configuration that was changed. */
struct changed {
  weir_ref ref;
  size_t before, after; /* indexes of its actor */
};

struct reloading {
  struct weir__run *run;
  const struct weir_reload_file *asked;
  weir_topology *next;            /* owned until it is in force … */
  weir_topology *old;             /* … and from then on the one before, if a reload had brought it */
  struct weir__assembly assembly; /* of the next one */
  struct weir__reload_plan plan;
  struct weir__arena arena; /* of this reload alone */
  struct moving *added, *removed;
  size_t added_count, removed_count;
  struct weir__rewiring **rewirings;
  size_t rewiring_count;
  struct changed *changes, *settings; /* of actors, and of supervisors */
  size_t change_count, setting_count;
  struct tree *new_trees, *old_trees;
  size_t new_tree_count, old_tree_count;
  size_t *first_added; /* of each actor: where its new instances begin in `added`; they stand one behind the other */
  int64_t deadline;
  struct weir_reloaded answer;
  size_t problem_room;
};

static const struct weir__graph *before_of(const struct reloading *r) { return r->run->graph; }
static const struct weir__graph *after_of(const struct reloading *r) { return &r->next->graph; }

static weir_duration left_of(const struct reloading *r)
{
  int64_t left = r->deadline - weir__now_ns();
  return WEIR__NS(left > 1 ? left : 1);
}

/* ---- the answer ---- */

static int failed_with(struct reloading *r, const char *outcome, const char *what, int code)
{
  char text[1024];
  const char *why = weir_error_text();
  snprintf(text, sizeof text, "%s%s%s", what, *what ? ": " : "", *why ? why : weir_strerror(code));
  r->answer.outcome = outcome;
  r->answer.why = weir__arena_text(&r->arena, text);
  return code;
}

static int failed(struct reloading *r, const char *what, int code) { return failed_with(r, "failed", what, code); }

static const char *copy_of(struct reloading *r, const char *text)
{
  return text ? weir__arena_text(&r->arena, text) : NULL;
}

/* The names are those of graphs, of which one may be gone when the answer is given. */
static void take_plan(struct reloading *r)
{
  struct weir_reload_step *steps = weir__arena_array(&r->arena, r->plan.count + 1, sizeof *steps);
  for (size_t i = 0; steps && i < r->plan.count; i++) {
    const struct weir__plan_line *line = &r->plan.lines[i];
    const char mark[2] = {line->mark, 0};
    steps[i] = (struct weir_reload_step){copy_of(r, mark), copy_of(r, line->name), copy_of(r, line->text)};
  }
  r->answer.plan = steps;
  r->answer.step_count = steps ? r->plan.count : 0;
}

static void on_problem(void *arg, const weir_problem *problem)
{
  struct reloading *r = arg;
  struct weir_reloaded *a = &r->answer;
  if (a->problem_count == r->problem_room) {
    size_t room = r->problem_room ? 2 * r->problem_room : 16;
    struct weir_reload_problem *more = weir__arena_array(&r->arena, room, sizeof *more);
    if (!more) return;
    if (a->problem_count) memcpy(more, a->problems, a->problem_count * sizeof *more);
    a->problems = more;
    r->problem_room = room;
  }
  ((struct weir_reload_problem *)(uintptr_t)a->problems)[a->problem_count++] =
      (struct weir_reload_problem){.file = copy_of(r, problem->file),
                                   .line = problem->line,
                                   .column = problem->column,
                                   .pointer = copy_of(r, problem->pointer),
                                   .text = copy_of(r, problem->text),
                                   .message = copy_of(r, problem->what)};
}

/* ---- reading, and the plan ---- */

/* On the blocking pool. */
static int read_file(struct reloading *r)
{
  weir_listener listener = {.problem = on_problem, .arg = r};
  struct weir__topology_options options = {.types = r->run->types, .reads_secrets = true, .before = r->run->graph};
  return weir__topology_read(&options, &(struct weir__origin){.name = r->run->serving.file}, &listener, &r->next);
}

static bool has_ended(struct weir__run *run)
{
  uv_mutex_lock(&run->lock);
  bool ended = run->ends || run->settled;
  uv_mutex_unlock(&run->lock);
  return ended;
}

/* WEIR_OK: it is to be done. Else the answer is there. */
static int decide(struct reloading *r)
{
  int rc = weir_run_blocking(read_file, r);
  r->answer.outcome = "refused";
  if (rc) return r->answer.problem_count ? rc : failed_with(r, rc == WEIR_ENOMEM ? "failed" : "refused", "", rc);
  if (!weir__plan_reload(before_of(r), after_of(r), &r->arena, &r->plan))
    return failed(r, "no memory for a plan", WEIR_ENOMEM);
  take_plan(r);
  if (r->plan.refuses) return WEIR_EINVAL;
  if (!r->plan.count)
    r->answer.outcome = "unchanged";
  else if (r->asked->dry_run)
    r->answer.outcome = "would_apply";
  else if (has_ended(r->run))
    return failed(r, "the run is ending", weir_error(WEIR_ESHUTDOWN, "nothing is changed any more"));
  else
    return WEIR_OK;
  return WEIR_STOP;
}

/* ---- what is new ---- */

/* One that is there. */
static weir_ref supervisor_at(const struct reloading *r, const struct weir__graph *g, size_t supervisor)
{
  return supervisor ? weir_find(g->supervisors[supervisor].name) : r->run->assembly.root;
}

static bool is_new_tree(const struct reloading *r, size_t supervisor)
{
  return after_of(r)->supervisor_count && r->plan.supervisors[supervisor].before == WEIR__PLAN_NEW;
}

static size_t kept_instances(const struct reloading *r, size_t actor)
{
  size_t before = r->plan.actors[actor].before, now = after_of(r)->actors[actor].instances;
  size_t was = before == WEIR__PLAN_NEW ? 0 : before_of(r)->actors[before].instances;
  return was < now ? was : now;
}

static int prepare(struct reloading *r)
{
  const struct weir__graph *before = before_of(r), *after = after_of(r);
  size_t was = 0, now = 0;
  for (size_t i = 0; i < before->count; i++) was += before->actors[i].instances;
  for (size_t i = 0; i < after->count; i++) now += after->actors[i].instances;
  const struct weir__assembly *runs = &r->run->assembly;
  r->assembly = (struct weir__assembly){.graph = after,
                                        .arena = &r->next->arena,
                                        .rt = runs->rt,
                                        .instance = runs->instance,
                                        .ended = runs->ended,
                                        .lost = runs->lost,
                                        .dead = runs->dead,
                                        .takes = runs->takes,
                                        .gives = runs->gives,
                                        .silent = runs->silent,
                                        .blame = runs->blame,
                                        .gave_up = runs->gave_up,
                                        .arg = runs->arg,
                                        .step = runs->step,
                                        .step_arg = runs->step_arg,
                                        .first = SIZE_MAX}; /* who was followed first was there at the start */
  int rc = weir__assembly_prepare(&r->assembly);
  r->added = weir__arena_array(&r->arena, now + 1, sizeof *r->added);
  r->removed = weir__arena_array(&r->arena, was + 1, sizeof *r->removed);
  r->rewirings = weir__arena_array(&r->arena, now + 1, sizeof *r->rewirings);
  r->changes = weir__arena_array(&r->arena, now + 1, sizeof *r->changes);
  r->settings = weir__arena_array(&r->arena, after->supervisor_count + 1, sizeof *r->settings);
  r->new_trees = weir__arena_array(&r->arena, after->supervisor_count + 1, sizeof *r->new_trees);
  r->old_trees = weir__arena_array(&r->arena, before->supervisor_count + 1, sizeof *r->old_trees);
  r->first_added = weir__arena_array(&r->arena, after->count + 1, sizeof *r->first_added);
  if (rc || r->arena.failed) return failed(r, "", weir_error(WEIR_ENOMEM, "no memory for a reload"));
  for (size_t i = 0; i < after->count; i++)
    for (size_t k = 0; k < kept_instances(r, i); k++) {
      r->assembly.refs[i][k] = r->run->assembly.refs[r->plan.actors[i].before][k];
      r->assembly.instances[i][k] = r->run->assembly.instances[r->plan.actors[i].before][k];
    }
  return WEIR_OK;
}

/* It never was, as far as the run knows. */
static void forget(struct weir__run *run, struct weir__instance *instance)
{
  uv_mutex_lock(&run->lock);
  instance->undone = true;
  run->living--;
  uv_mutex_unlock(&run->lock);
}

static int make_new(struct reloading *r, size_t actor, size_t index)
{
  struct moving *m = &r->added[r->added_count];
  int rc = weir__assembly_make(&r->assembly, actor, index, true);
  struct weir__instance *instance = r->assembly.instances[actor][index];
  *m = (struct moving){.instance = instance, .ref = r->assembly.refs[actor][index], .actor = actor, .index = index};
  if (rc && instance) forget(r->run, instance);
  if (rc) return failed(r, after_of(r)->actors[actor].name, rc);
  r->added_count++;
  size_t above = r->plan.after.of_actor[actor];
  if (!is_new_tree(r, above)) m->tree = supervisor_at(r, after_of(r), above);
  m->watch = weir_monitor(m->ref);
  if (weir__run_has_made(instance, m->ref, after_of(r)->actors[actor].inputs == 0)) return WEIR_OK;
  return failed(r, "the run is ending", weir_error(WEIR_ESHUTDOWN, "nothing is changed any more"));
}

/* Receivers before their senders. */
static int make_all_new(struct reloading *r)
{
  const struct weir__graph *g = after_of(r);
  int rc = WEIR_OK;
  for (size_t i = 0; !rc && i < g->count; i++) {
    r->first_added[g->order[i]] = r->added_count;
    for (size_t k = kept_instances(r, g->order[i]); !rc && k < g->actors[g->order[i]].instances; k++)
      rc = make_new(r, g->order[i], k);
  }
  return rc;
}

/* All of them count a new sender, also if one has ended: then this sender's end will tell them that there is none. */
static int begin_inputs(const struct weir__wired *wired)
{
  int rc = WEIR_OK;
  for (size_t o = 0; o < wired->output_count; o++)
    for (size_t t = 0; t < wired->outputs[o].count; t++) {
      const struct weir__target *target = &wired->outputs[o].targets[t];
      for (size_t i = 0; i < target->count && !target->closes; i++) {
        int why = weir__input_begins(target->instances[i]);
        if (!rc) rc = why;
      }
    }
  return rc;
}

static int wire_new(struct reloading *r, const struct moving *m)
{
  struct weir__outputs o;
  int rc = weir__assembly_outputs(&r->assembly, m->actor, &o);
  if (rc) return failed(r, m->instance->name, rc);
  rc = weir__wire(m->ref, o.wired.outputs, o.wired.output_count);
  if (!rc) rc = begin_inputs(&o.wired);
  weir__assembly_outputs_free(&o);
  return rc ? failed(r, m->instance->name, rc) : WEIR_OK;
}

static int start_new(struct reloading *r, struct moving *m)
{
  weir_child child = weir__assembly_child(&r->assembly, m->actor, m->index);
  int rc = weir__plan_child(m->tree, left_of(r), &child);
  m->started = true;
  if (rc == WEIR_EINDOUBT || rc == WEIR_ETIMEDOUT) weir__kill_for_good(m->ref);
  if (!rc || rc == WEIR_ESHUTDOWN) return WEIR_OK; /* it has nothing to do */
  return failed(r, m->instance->name, rc);
}

static int start_instances(struct reloading *r, size_t actor)
{
  int rc = WEIR_OK;
  for (size_t i = r->first_added[actor]; !rc && i < r->added_count && r->added[i].actor == actor; i++)
    rc = start_new(r, &r->added[i]);
  return rc;
}

/* Is the actor below that supervisor? */
static bool is_below(const struct weir__family *family, size_t actor, size_t supervisor)
{
  size_t above = family->of_actor[actor];
  while (above && above != supervisor) above = family->of_supervisor[above];
  return above == supervisor;
}

/* It starts all that is below it. */
static int start_tree(struct reloading *r, size_t supervisor)
{
  size_t above = r->plan.after.of_supervisor[supervisor];
  struct tree *t = &r->new_trees[r->new_tree_count];
  *t = (struct tree){after_of(r)->supervisors[supervisor].name, supervisor_at(r, after_of(r), above), supervisor};
  weir_child child = weir__assembly_tree(&r->assembly, supervisor);
  if (r->assembly.arena->failed) return failed(r, t->name, weir_error(WEIR_ENOMEM, "no memory for a supervisor"));
  r->new_tree_count++;
  int rc = weir__plan_child(t->above, left_of(r), &child);
  for (size_t i = 0; (rc == WEIR_EINDOUBT || rc == WEIR_ETIMEDOUT) && i < r->added_count; i++)
    if (is_below(&r->plan.after, r->added[i].actor, supervisor)) weir__kill_for_good(r->added[i].ref);
  return rc ? failed(r, t->name, rc) : WEIR_OK;
}

/* In the order of the document, which is that in which they are restarted. */
static int start_children(struct reloading *r, size_t supervisor)
{
  const struct weir__graph_supervisor *s = &after_of(r)->supervisors[supervisor];
  int rc = WEIR_OK;
  for (size_t i = 0; !rc && i < s->count; i++) {
    size_t child = s->children[i].index;
    if (!s->children[i].is_supervisor)
      rc = start_instances(r, child);
    else
      rc = is_new_tree(r, child) ? start_tree(r, child) : start_children(r, child);
  }
  return rc;
}

static int start_all_new(struct reloading *r)
{
  int rc = make_all_new(r);
  for (size_t i = 0; !rc && i < r->added_count; i++) rc = wire_new(r, &r->added[i]);
  if (after_of(r)->supervisor_count) return rc ? rc : start_children(r, 0);
  for (size_t i = 0; !rc && i < r->added_count; i++) rc = start_new(r, &r->added[i]);
  return rc;
}

/* ---- what stays ---- */

static int rewire_instance(struct reloading *r, size_t actor, size_t index, const struct weir__wired *wired)
{
  struct weir__rewiring *rewiring;
  size_t count;
  int rc = weir__rewiring_make(r->assembly.refs[actor][index], wired, &rewiring);
  if (rc == WEIR_EDEAD) return WEIR_OK; /* it sends no more */
  if (rc) return failed(r, after_of(r)->actors[actor].name, rc);
  r->rewirings[r->rewiring_count++] = rewiring;
  const weir_ref *begins = weir__rewiring_begins(rewiring, &count);
  for (size_t i = 0; i < count; i++) {
    int why = weir__input_begins(begins[i]);
    if (!rc) rc = why;
  }
  return rc ? failed(r, after_of(r)->actors[actor].name, rc) : WEIR_OK;
}

static int rewire_actor(struct reloading *r, size_t actor)
{
  struct weir__outputs o;
  int rc = weir__assembly_outputs(&r->assembly, actor, &o);
  if (rc) return failed(r, after_of(r)->actors[actor].name, rc);
  for (size_t k = 0; !rc && k < kept_instances(r, actor); k++) rc = rewire_instance(r, actor, k, &o.wired);
  weir__assembly_outputs_free(&o);
  return rc;
}

/* From one configuration to the other, as its table says. */
static int change_config(weir_ref ref, const struct weir__graph_actor *from, const struct weir__graph_actor *to,
                         weir_duration within)
{
  weir_value config = {.type = to->stock->config, .at = to->config};
  weir_reload how = weir__config_difference(config.type(), from->config, to->config, NULL);
  int rc =
      how == WEIR_RELOAD_RESTART ? weir__restart_with(ref, config, within) : weir__reconfigure(ref, config, within);
  return rc == WEIR_RESTART ? WEIR_OK : rc;
}

static int change_actor(struct reloading *r, size_t actor)
{
  size_t before = r->plan.actors[actor].before;
  for (size_t k = 0; k < kept_instances(r, actor); k++) {
    weir_ref ref = r->assembly.refs[actor][k];
    int rc = change_config(ref, &before_of(r)->actors[before], &after_of(r)->actors[actor], left_of(r));
    if (rc == WEIR_EDEAD && !weir_alive(ref)) continue; /* it has ended: there is nobody to be changed */
    if (rc) return failed(r, after_of(r)->actors[actor].name, rc);
    r->changes[r->change_count++] = (struct changed){ref, before, actor};
  }
  return WEIR_OK;
}

static int change_settings(struct reloading *r, size_t supervisor)
{
  size_t before = r->plan.supervisors[supervisor].before;
  weir_supervisor_options now = weir__assembly_settings(&after_of(r)->supervisors[supervisor]);
  weir_ref ref = supervisor_at(r, after_of(r), supervisor);
  int rc = weir__change_supervisor(ref, left_of(r), &now);
  if (rc == WEIR_EDEAD && !weir_alive(ref)) return WEIR_OK; /* it has given up */
  if (rc) return failed(r, supervisor ? after_of(r)->supervisors[supervisor].name : "supervision", rc);
  r->settings[r->setting_count++] = (struct changed){ref, before, supervisor};
  return WEIR_OK;
}

static int change_all(struct reloading *r)
{
  int rc = WEIR_OK;
  for (size_t i = 0; !rc && i < after_of(r)->supervisor_count; i++)
    if (r->plan.supervisors[i].settings) rc = change_settings(r, i);
  for (size_t i = 0; !rc && i < after_of(r)->count; i++)
    if (r->plan.actors[i].before != WEIR__PLAN_NEW && r->plan.actors[i].wiring) rc = rewire_actor(r, i);
  for (size_t i = 0; !rc && i < after_of(r)->count; i++)
    if (r->plan.actors[i].config) rc = change_actor(r, i);
  return rc;
}

/* ---- waiting for ends ---- */

static bool is_one_of(const void *message, void *arg)
{
  const struct weir_down *down = message;
  const struct moving *m = arg;
  for (; m->ref.bits; m++)
    if (m->watch.bits == down->watch) return true;
  return false;
}

/* All that are watched have ended, or the time is over. The list ends with a ref of all zeros. */
static void await_ends(struct moving *list, size_t count, int64_t deadline)
{
  while (count) {
    struct weir_down *down = NULL;
    int64_t left = deadline - weir__now_ns();
    int rc = weir_select(WEIR__NS(left > 0 ? left : 0), &down, weir_down, .when = is_one_of, .arg = list);
    if (rc) return;
    weir_free(down);
    count--;
  }
}

static void watch_no_more(struct moving *list, size_t count)
{
  for (size_t i = 0; i < count; i++) (void)weir_demonitor(list[i].watch);
}

static size_t living(const struct moving *list, size_t count)
{
  size_t n = 0;
  for (size_t i = 0; i < count; i++) n += weir_alive(list[i].ref);
  return n;
}

/* Its supervisor forgets it. One that has not ended, though it was killed, it keeps. */
static void take_from_supervisor(const struct moving *m)
{
  if (!weir_alive(m->ref)) (void)weir__remove_child(m->tree, GRACE, m->instance->name);
}

/* Likewise a supervisor: it would wait for whoever below it has not ended, and its own one for it. */
static void take_trees(const struct tree *trees, size_t count, const struct weir__family *family,
                       const struct moving *list, size_t list_count)
{
  for (size_t i = 0; i < count; i++) {
    bool lives = false;
    for (size_t k = 0; k < list_count && !lives; k++)
      lives = is_below(family, list[k].actor, trees[i].index) && weir_alive(list[k].ref);
    if (!lives) (void)weir__remove_child(trees[i].above, GRACE, trees[i].name);
  }
}

/* ---- it came to nothing ---- */

static void give_back(struct reloading *r)
{
  while (r->change_count) {
    const struct changed *c = &r->changes[--r->change_count];
    (void)change_config(c->ref, &after_of(r)->actors[c->after], &before_of(r)->actors[c->before], r->asked->timeout);
  }
  while (r->setting_count) {
    const struct changed *c = &r->settings[--r->setting_count];
    weir_supervisor_options before = weir__assembly_settings(&before_of(r)->supervisors[c->before]);
    (void)weir__change_supervisor(c->ref, r->asked->timeout, &before);
  }
  while (r->rewiring_count) {
    struct weir__rewiring *rewiring = r->rewirings[--r->rewiring_count];
    size_t count;
    const weir_ref *begins = weir__rewiring_begins(rewiring, &count);
    for (size_t i = 0; i < count; i++) (void)weir__input_ends(begins[i]);
    weir__rewiring_free(rewiring);
  }
}

static void undo(struct reloading *r)
{
  give_back(r);
  uv_mutex_lock(&r->run->lock);
  for (size_t i = 0; i < r->added_count; i++) r->added[i].instance->undone = r->added[i].instance->removed = true;
  uv_mutex_unlock(&r->run->lock);
  for (size_t i = 0; i < r->added_count; i++) weir__stop_for_good(r->added[i].ref);
  await_ends(r->added, r->added_count, weir__deadline(GRACE));
  for (size_t i = 0; i < r->added_count; i++)
    if (weir_alive(r->added[i].ref)) weir__kill_for_good(r->added[i].ref);
  await_ends(r->added, living(r->added, r->added_count), weir__deadline(GRACE));
  watch_no_more(r->added, r->added_count);
  for (size_t i = 0; i < r->added_count; i++)
    if (r->added[i].started) take_from_supervisor(&r->added[i]);
  take_trees(r->new_trees, r->new_tree_count, &r->plan.after, r->added, r->added_count);
}

/* ---- it is in force ---- */

static int collect_removed(struct reloading *r)
{
  const struct weir__graph *before = before_of(r);
  size_t *first = weir__arena_array(&r->arena, before->count + 1, sizeof *first); /* of those, which goes first */
  if (!first) return failed(r, "", weir_error(WEIR_ENOMEM, "no memory for a reload"));
  for (size_t i = 0; i < after_of(r)->count; i++)
    if (r->plan.actors[i].before != WEIR__PLAN_NEW) first[r->plan.actors[i].before] = kept_instances(r, i);
  for (size_t i = 0; i < before->count; i++)
    for (size_t k = first[i]; k < before->actors[i].instances; k++)
      r->removed[r->removed_count++] = (struct moving){.instance = r->run->assembly.instances[i][k],
                                                       .ref = r->run->assembly.refs[i][k],
                                                       .tree = supervisor_at(r, before, r->plan.before.of_actor[i]),
                                                       .actor = i,
                                                       .index = k};
  for (size_t i = 1; i < before->supervisor_count; i++) {
    size_t above = r->plan.before.of_supervisor[i];
    if (!r->plan.removed_supervisors[i] || r->plan.removed_supervisors[above]) continue;
    r->old_trees[r->old_tree_count++] = (struct tree){before->supervisors[i].name, supervisor_at(r, before, above), i};
  }
  return WEIR_OK;
}

static void remove_all(struct reloading *r)
{
  uv_mutex_lock(&r->run->lock);
  for (size_t i = 0; i < r->removed_count; i++) r->removed[i].instance->removed = true;
  uv_mutex_unlock(&r->run->lock);
  for (size_t i = 0; i < r->removed_count; i++) {
    struct moving *m = &r->removed[i];
    m->watch = weir_monitor(m->ref);
    weir__node_ends_anyway(m->ref);
    if (m->instance->is_source) weir__stop_for_good(m->ref);
  }
}

static void take_graph(struct reloading *r)
{
  struct weir__run *run = r->run;
  weir_topology *old = run->own;
  uv_mutex_lock(&run->lock);
  run->graph = after_of(r);
  run->drain = weir__run_drain(run, after_of(r));
  uv_mutex_unlock(&run->lock);
  run->assembly.graph = after_of(r);
  run->assembly.arena = r->assembly.arena;
  run->assembly.refs = r->assembly.refs;
  run->assembly.instances = r->assembly.instances;
  run->assembly.names = r->assembly.names;
  run->assembly.left_down = r->assembly.left_down;
  run->own = r->next;
  run->generation++;
  r->old = old;
}

/* A signal that came meanwhile has told those that were there. */
static void let_all_go(struct reloading *r)
{
  for (size_t i = 0; i < r->added_count; i++) {
    struct moving *m = &r->added[i];
    weir__let_go(m->ref);
    if (!m->instance->is_source) (void)weir__input_ends(m->ref); /* D3 */
    (void)weir_demonitor(m->watch);
    if (m->instance->is_source && has_ended(r->run)) weir__stop_for_good(m->ref);
  }
}

static void put_in_force(struct reloading *r)
{
  const struct weir__graph *after = after_of(r);
  for (size_t i = 0; i < after->count; i++)
    for (size_t k = 0; r->plan.actors[i].capacity && k < kept_instances(r, i); k++)
      (void)weir_set_capacity(r->assembly.refs[i][k], weir__graph_capacity(&after->actors[i]));
  while (r->rewiring_count) weir__rewire(r->rewirings[--r->rewiring_count]);
  remove_all(r);
  take_graph(r);
  let_all_go(r);
}

static void end_removed(struct reloading *r)
{
  weir_duration drain = weir__run_drain(r->run, r->run->graph);
  await_ends(r->removed, r->removed_count, weir__deadline(drain));
  const char **killed = weir__arena_array(&r->arena, r->removed_count + 1, sizeof *killed);
  for (size_t i = 0; i < r->removed_count; i++) {
    if (!weir_alive(r->removed[i].ref)) continue;
    if (killed) killed[r->answer.killed_count++] = r->removed[i].instance->name;
    weir__kill_for_good(r->removed[i].ref);
  }
  r->answer.killed = killed;
  await_ends(r->removed, living(r->removed, r->removed_count), weir__deadline(GRACE));
  watch_no_more(r->removed, r->removed_count);
  for (size_t i = 0; i < r->removed_count; i++) take_from_supervisor(&r->removed[i]);
  take_trees(r->old_trees, r->old_tree_count, &r->plan.before, r->removed, r->removed_count);
}

/* ---- the reloader ---- */

static int64_t dead_letters_of(struct weir__run *run)
{
  uv_mutex_lock(&run->lock);
  int64_t dead = run->dead_told;
  uv_mutex_unlock(&run->lock);
  return dead;
}

/* It may have been asked for before that. Once: later a restart that takes long holds up nobody. */
static int await_start(struct reloading *r)
{
  struct weir__run *run = r->run;
  if (run->has_started) return WEIR_OK;
  int rc = weir_ask(run->assembly.keeper, left_of(r), NULL, weir_none);
  if (!rc) rc = weir_count_children(run->assembly.root, left_of(r), NULL);
  if (rc == WEIR_EINDOUBT || rc == WEIR_ETIMEDOUT) weir_error(rc, "not all has started yet");
  if (rc) return failed(r, rc == WEIR_EDEAD ? "the run is ending" : "", rc);
  run->has_started = true;
  return WEIR_OK;
}

static void apply(struct reloading *r)
{
  int64_t dead = dead_letters_of(r->run);
  int rc = await_start(r);
  if (!rc) rc = prepare(r);
  if (!rc) rc = start_all_new(r);
  if (!rc) rc = collect_removed(r);
  if (!rc) rc = change_all(r);
  if (!rc) {
    put_in_force(r);
    end_removed(r);
    weir_topology_free(r->old);
    r->next = NULL; /* the run's */
    r->answer.outcome = "applied";
  } else {
    undo(r);
  }
  r->answer.dead_letters = dead_letters_of(r->run) - dead;
}

struct weir__reloader_plan {
  uint64_t run; /* its address */
};
WEIR_SHARED(weir__reloader_plan, "weir.reloader_plan", WEIR_FIELD(run));

struct reloader {
  struct weir__run *run;
};

static int reloader_start(struct reloader *s, const struct weir__reloader_plan *plan)
{
  s->run = (struct weir__run *)(uintptr_t)plan->run;
  return WEIR_OK;
}

static int reloader_reload(struct reloader *s, const struct weir_reload_file *m)
{
  struct reloading r = {.run = s->run, .asked = m, .deadline = weir__deadline(m->timeout)};
  weir_asker asker = weir_answer_later();
  if (!asker.bits) return WEIR_ENOMEM; /* before anything is done */
  weir_ignore_deadline();              /* what was begun is brought to an end */
  int rc = decide(&r);
  if (!rc) apply(&r);
  r.answer.generation = s->run->generation;
  if (asker.bits && weir_answer_value(asker, WEIR_AT(weir_reloaded, &r.answer)))
    weir_refuse(asker, WEIR_ENOMEM, "no memory for the answer");
  weir_topology_free(r.next);
  weir__arena_free(&r.arena);
  return WEIR_OK;
}

/* Of one that was killed, and ended later still. */
static int reloader_down(struct reloader *s, const struct weir_down *m)
{
  (void)s, (void)m;
  return WEIR_OK;
}

WEIR_ACTOR(reloader,
           WEIR_ON_START(weir__reloader_plan, reloader_start) WEIR_ON(weir_reload_file, reloader_reload)
               WEIR_ON(weir_down, reloader_down),
           .keeps_places = true);

int weir__reloader_start(struct weir__run *run)
{
  struct weir__reloader_plan plan = {(uintptr_t)run};
  weir_ref ref = weir_spawn(&reloader, .on = run->rt, .config = WEIR_AT(weir__reloader_plan, &plan));
  int rc = weir_ref_error(ref);
  return rc ? rc : run->serving.began(run->serving.arg, run->rt, ref);
}
