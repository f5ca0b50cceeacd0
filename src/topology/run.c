/* run.c: a topology runs.
 *
 *     assemble (assemble.h) ---> wait until settled ---> stop the runtime ---> report
 *                                     '--- a signal ---> the sources are stopped; their ends go downstream ---^
 *
 * R1  The run is settled once: when the last actor has ended, or when the supervisors have given up. Settling drops the
 *     promise: that takes no memory, so it can't fail.
 * R2  What callbacks change is in struct run, under its lock. The lock is a leaf, and held for a few stores and the
 *     printing of a line.
 * R3  Callbacks come until the runtime has been stopped; after that the run belongs to its thread alone.
 * R4  A signal that comes before `all_spawned` is set is heeded then; who makes an instance later looks whether one came. */
#include "topology/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/link.h>

#include "actor/rewire.h"
#include "topology/reload.h"
#include "topology/tables.h"

/* How many lost messages are described; the rest is counted. */
enum { LOST_DESCRIBED = 3, DRAIN_S = 10 };

/* ---- what callbacks do ---- */

/* Notes the first failure of the run: what comes after it comes of it. With the lock held. */
static void fail(struct weir__run *run, int code, const char *what, const char *text)
{
  if (run->failure) return;
  run->failure = code;
  snprintf(run->failure_text, sizeof run->failure_text, "%s: %s", what, text && *text ? text : weir_strerror(code));
}

/* Notes that a call on the run's own thread failed. */
static void fail_here(struct weir__run *run, int code, const char *what)
{
  uv_mutex_lock(&run->lock);
  fail(run, code, what, weir_error_text());
  uv_mutex_unlock(&run->lock);
}

/* R1 */
static void settle(struct weir__run *run)
{
  uv_mutex_lock(&run->lock);
  bool first = !run->settled;
  run->settled = true;
  uv_mutex_unlock(&run->lock);
  if (first) weir_promise_drop(run->promise);
}

static void on_ended(void *arg, const struct weir__ending *ending)
{
  struct weir__instance *instance = arg;
  struct weir__run *run = instance->run;
  uv_mutex_lock(&run->lock);
  instance->account.code = ending->code;
  instance->account.mailbox_high = ending->high_water;
  instance->account.mailbox_capacity = ending->capacity;
  instance->account.dropped = ending->dropped;
  instance->account.diverted = ending->diverted;
  instance->account.turned_away = ending->turned_away;
  instance->account.dead_letters = ending->dead;
  run->dead += ending->dead;
  bool settles = !--run->living;
  uv_mutex_unlock(&run->lock);
  if (settles) settle(run);
}

/* With the lock held. */
static void describe_dead(struct weir__run *run, const char *actor, const char *message, int code, const char *text)
{
  if (run->dead_told++ < LOST_DESCRIBED)
    weir__report_add(&run->report, NULL, 0, 0, "%s: a record (%s) became a dead letter: %s", actor, message,
                     text && *text ? text : weir_strerror(code));
}

/* What one that was removed had not handled by its time becomes dead letters: nobody failed. */
static void on_lost(void *arg, const char *actor, const char *message, int code, const char *text)
{
  const struct weir__instance *instance = arg;
  struct weir__run *run = instance->run;
  uv_mutex_lock(&run->lock);
  if (instance->removed)
    run->dead++, describe_dead(run, actor, message, code, text);
  else if (run->lost++ < LOST_DESCRIBED)
    weir__report_add(&run->report, NULL, 0, 0, "%s lost a message (%s): %s", actor, message,
                     text && *text ? text : weir_strerror(code));
  uv_mutex_unlock(&run->lock);
}

static void on_dead(void *arg, const char *actor, const char *message, int code, const char *text)
{
  struct weir__run *run = ((struct weir__instance *)arg)->run;
  uv_mutex_lock(&run->lock);
  describe_dead(run, actor, message, code, text);
  uv_mutex_unlock(&run->lock);
}

/* The first failure: there is nobody who restarts what has failed. */
static void on_gave_up(void *arg, int code, const char *who, const char *text)
{
  struct weir__run *run = arg;
  uv_mutex_lock(&run->lock);
  if (!run->settled) fail(run, code, who, text);
  uv_mutex_unlock(&run->lock);
  settle(run);
}

/* Behind the others: so they are found in the order in which they were made. */
static void *on_instance(void *arg, const char *name)
{
  struct weir__run *run = arg;
  size_t bytes = strlen(name) + 1;
  struct weir__instance *instance = calloc(1, sizeof *instance + bytes);
  if (!instance) return NULL;
  memcpy(instance->name, name, bytes);
  instance->run = run;
  instance->account.actor = instance->name;
  uv_mutex_lock(&run->lock);
  *(run->last ? &run->last->next : &run->first) = instance;
  run->last = instance;
  run->living++;
  uv_mutex_unlock(&run->lock);
  return instance;
}

/* A listener wants the steps of a record. */
static int follow_one(struct weir__run *run)
{
  const struct weir__graph *g = run->graph;
  const char *name = run->listener->follow;
  size_t first = name ? weir__graph_find(g, name) : 0;
  while (!name && first < g->count && g->actors[first].stock->takes) first++;
  if (first == g->count) return weir_error(WEIR_EINVAL, "no actor \"%s\" to be followed", name ? name : "");
  int rc = weir__follow_begin(&run->follow, run->listener);
  if (rc) return rc;
  run->assembly.step = weir__follow_step;
  run->assembly.step_arg = &run->follow;
  run->assembly.first = first;
  return WEIR_OK;
}

static int assemble(struct weir__run *run)
{
  run->assembly = (struct weir__assembly){.graph = run->graph,
                                          .arena = &run->arena,
                                          .rt = run->rt,
                                          .instance = on_instance,
                                          .ended = on_ended,
                                          .lost = on_lost,
                                          .dead = on_dead,
                                          .gave_up = on_gave_up,
                                          .arg = run};
  int rc = run->listener && run->listener->step ? follow_one(run) : WEIR_OK;
  if (!rc) rc = weir__assemble(&run->assembly);
  if (rc) fail_here(run, rc, "can't spawn the actors");
  return rc;
}

/* ---- a signal comes ---- */

/* The next one, or the first (NULL). They stay until the run has ended. */
static struct weir__instance *instance_after(struct weir__run *run, const struct weir__instance *before)
{
  uv_mutex_lock(&run->lock);
  struct weir__instance *next = before ? before->next : run->first;
  uv_mutex_unlock(&run->lock);
  return next;
}

/* One that has ended already does not mind; one that is being made is told by who makes it (R4). */
static void tell(struct weir__run *run, bool sources_only, int (*what)(weir_ref))
{
  for (struct weir__instance *i = instance_after(run, NULL); i; i = instance_after(run, i)) {
    uv_mutex_lock(&run->lock);
    weir_ref ref = sources_only && !i->is_source ? (weir_ref){0} : i->ref;
    uv_mutex_unlock(&run->lock);
    if (ref.bits) what(ref);
  }
}

bool weir__run_has_made(struct weir__instance *instance, weir_ref ref, bool is_source)
{
  struct weir__run *run = instance->run;
  uv_mutex_lock(&run->lock);
  instance->ref = ref;
  instance->is_source = is_source;
  bool goes_on = !run->ends;
  uv_mutex_unlock(&run->lock);
  return goes_on;
}

static void note_made(struct weir__run *run)
{
  const struct weir__assembly *a = &run->assembly;
  for (size_t i = 0; i < run->graph->count; i++)
    for (size_t k = 0; k < run->graph->actors[i].instances; k++)
      (void)weir__run_has_made(a->instances[i][k], a->refs[i][k], run->graph->actors[i].inputs == 0);
}

/* No supervisor starts them again. */
int weir__stop_for_good(weir_ref ref) { return weir__tell(ref, WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD); }

int weir__kill_for_good(weir_ref ref)
{
  weir__stop_for_good(ref);
  return weir_kill(ref);
}

/* One that is DOWN would end as it failed; others are to know that nothing more comes. */
static int end_source(weir_ref ref)
{
  weir__node_ends_anyway(ref);
  return weir__stop_for_good(ref);
}

static bool may_tell(struct weir__run *run)
{
  uv_mutex_lock(&run->lock);
  bool may = run->all_spawned;
  uv_mutex_unlock(&run->lock);
  return may;
}

static void on_signal(void *arg, int signum)
{
  struct weir__run *run = arg;
  if (run->listener && run->listener->ending) run->listener->ending(run->listener->arg, signum);
  uv_mutex_lock(&run->lock);
  run->ends = true;
  run->shutdown.within = run->drain; /* read on this worker alone */
  uv_mutex_unlock(&run->lock);
  if (may_tell(run)) tell(run, true, end_source);
}

static void on_late(void *arg)
{
  struct weir__run *run = arg;
  char what[64];
  snprintf(what, sizeof what, "not all was handled within %g s", (double)run->shutdown.within.ns / 1e9);
  uv_mutex_lock(&run->lock);
  bool late = run->living > 0;
  if (late && run->shutdown.within.ns) fail(run, WEIR_ETIMEDOUT, "told to end", what);
  uv_mutex_unlock(&run->lock);
  if (late && may_tell(run)) tell(run, false, weir__stop_for_good);
}

static void on_very_late(void *arg)
{
  struct weir__run *run = arg;
  if (may_tell(run)) tell(run, false, weir__kill_for_good);
}

/* R4. The count of the living was one too many until here: so that nobody settles it before all are there. */
static void spawned_all(struct weir__run *run)
{
  note_made(run);
  uv_mutex_lock(&run->lock);
  run->all_spawned = true;
  bool ends = run->ends, settles = !--run->living;
  uv_mutex_unlock(&run->lock);
  if (settles) settle(run);
  if (ends) tell(run, true, end_source);
}

weir_duration weir__run_drain(const struct weir__run *run, const struct weir__graph *graph)
{
  if (run->serving.drain.ns >= 0) return run->serving.drain;
  return graph->settings ? graph->settings->drain : WEIR_SECONDS(DRAIN_S);
}

/* ---- from the start to the end ---- */

static void wait_until_settled(struct weir__run *run, weir_future future)
{
  struct weir_none *nothing = NULL;
  int rc = weir_future_wait(future, WEIR_FOREVER, &nothing, weir_none);
  if (rc == WEIR_ECLOSED) return;
  fail_here(run, rc, "can't wait for the actors");
  weir_future_drop(future);
}

/* Crashes are contained where that is possible at all. */
static int start_runtime(const weir_runtime_options *options, weir_runtime **rt)
{
  int rc = weir_runtime_start(options, rt);
  if (rc != WEIR_ENOTSUP || !options->contain_crashes) return rc;
  weir_runtime_options plain = *options;
  plain.contain_crashes = false;
  return weir_runtime_start(&plain, rt);
}

static void begin(struct weir__run *run)
{
  spawned_all(run);
  int rc = run->serving.began ? weir__reloader_start(run) : WEIR_OK;
  if (!rc) return;
  fail_here(run, rc, "it can't be changed while it runs");
  settle(run);
}

static void start_and_wait(struct weir__run *run, const weir_runtime_options *options)
{
  weir_future future;
  int rc = weir_oneshot(&run->promise, &future);
  if (rc) {
    fail_here(run, rc, "can't wait for actors");
    return;
  }
  rc = start_runtime(options, &run->rt);
  if (rc) fail_here(run, rc, "the runtime can't start");
  if (!rc && run->shutdown.begin && (rc = weir__shutdown_on_signals(run->rt, &run->shutdown)))
    fail_here(run, rc, "can't wait for signals");
  if (!rc) rc = assemble(run);
  if (rc)
    settle(run); /* what has been spawned may wait for an input that never comes */
  else
    begin(run);
  wait_until_settled(run, future);
}

/* R3: on return the runtime is gone, and nobody else knows of the run. */
static void run_graph(struct weir__run *run, const weir_runtime_options *options)
{
  start_and_wait(run, options);
  int rc = weir_runtime_stop(run->rt, WEIR_MILLIS(0));
  if (rc) fail_here(run, rc, "the runtime did not stop as it should");
}

/* What was on its way when an actor failed is given up, before or after that is known here. That belongs to the
 * failure, in one line with it; single losses are described only where nothing else went wrong. */
static void report_end(struct weir__run *run)
{
  char lost[64] = "", dead[64] = "";
  if (run->lost)
    snprintf(lost, sizeof lost, "; %" PRIu64 " message%s lost", run->lost, run->lost == 1 ? " was" : "s were");
  if (run->dead)
    snprintf(dead, sizeof dead, "; %" PRIu64 " record%s", run->dead,
             run->dead == 1 ? " became a dead letter" : "s became dead letters");
  if (run->failure) weir__report_free(&run->report);
  if (run->failure)
    weir__report_add(&run->report, NULL, 0, 0, "%s%s%s", run->failure_text, lost, dead);
  else if (run->lost)
    weir__report_add(&run->report, NULL, 0, 0, "%s%s", lost + 2, dead);
  else if (run->dead)
    weir__report_add(&run->report, NULL, 0, 0, "%s", dead + 2);
}

static int finish(struct weir__run *run, const weir_listener *listener)
{
  report_end(run);
  weir__tell_problems(&run->report, listener);
  for (const struct weir__instance *i = run->first; listener && listener->account && i; i = i->next)
    if (!i->undone) listener->account(listener->arg, &i->account);
  if (run->failure) return weir_error(run->failure, "%s", run->failure_text);
  return run->lost ? weir_error(WEIR_EDEAD, "%" PRIu64 " messages were lost", run->lost) : WEIR_OK;
}

static int run_topology(const weir_topology *topology, const weir_runtime_options *runtime, struct weir__run *run)
{
  weir_runtime_options as_written;
  weir_topology_runtime(topology, &as_written);
  run->graph = &topology->graph;
  run->living = 1;
  int rc = uv_mutex_init(&run->lock);
  if (rc) return weir_error(rc, "no lock for a run");
  run_graph(run, runtime ? runtime : &as_written);
  rc = finish(run, run->listener);
  if (run->assembly.step) weir__follow_end(&run->follow);
  weir__disassemble(&run->assembly);
  uv_mutex_destroy(&run->lock);
  weir__arena_free(&run->arena);
  weir_topology_free(run->own);
  while (run->first) {
    struct weir__instance *instance = run->first;
    run->first = instance->next;
    free(instance);
  }
  return rc;
}

int weir_topology_run(const weir_topology *topology, const weir_runtime_options *runtime, const weir_listener *listener)
{
  struct weir__run run = {.listener = listener};
  return run_topology(topology, runtime, &run);
}

int weir__topology_serve(const weir_topology *topology, const weir_runtime_options *runtime,
                         const weir_listener *listener, const weir_serving *serving,
                         const struct weir__stock *const *types)
{
  struct weir__run run = {.listener = listener,
                          .serving = *serving,
                          .types = types,
                          .shutdown = {.begin = on_signal, .stop = on_late, .kill = on_very_late}};
  run.drain = weir__run_drain(&run, &topology->graph);
  run.shutdown.arg = &run;
  return run_topology(topology, runtime, &run);
}

int weir_topology_serve_file(const weir_topology *topology, const weir_runtime_options *runtime,
                             const weir_listener *listener, const weir_serving *serving)
{
  return weir__topology_serve(topology, runtime, listener, serving, weir__stock_types);
}

int weir_topology_serve(const weir_topology *topology, const weir_runtime_options *runtime,
                        const weir_listener *listener, weir_duration drain)
{
  return weir_topology_serve_file(topology, runtime, listener, &(weir_serving){.drain = drain});
}
