/* run.c: a topology runs.
 *
 *     spawn, receivers first ---> wait until settled ---> stop the runtime ---> report
 *                                  '--- a signal ---> the sources are stopped; their ends go downstream ---^
 *
 * R1  The run is settled once: when the last actor has ended, or when the first one has failed. Settling drops the
 *     promise: that takes no memory, so it can't fail.
 * R2  All that callbacks touch is in struct run, under its lock. The lock is a leaf, and held for a few stores and the
 *     printing of a line.
 * R3  Callbacks come until the runtime has been stopped; after that the run belongs to its thread alone.
 * R4  The refs are written before `all_spawned` is set, under the lock; a signal that comes earlier is heeded then. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include <weir/link.h>
#include <weir/oneshot.h>

#include "actor/edge.h"
#include "actor/shutdown.h"
#include "topology/tables.h"
#include "topology/topology.h"

/* How many lost messages are described; the rest is counted. */
enum { LOST_DESCRIBED = 3 };

/* One instance of an actor. What its callbacks are given. */
struct instance {
  struct run *run;
  weir_actor_account account; /* under the run's lock */
};

struct run {
  const struct weir__graph *graph;
  struct weir__arena arena;
  weir_runtime *rt;
  weir_ref **refs;            /* of each actor's instances; filled in before anybody can send to them */
  struct instance *instances; /* all of them, in the order in which they are spawned */
  size_t spawned;
  uv_mutex_t lock;
  /* Under the lock: */
  struct weir__report report;
  size_t living; /* instances that have not ended, those that are still to be spawned included */
  uint64_t lost;
  int failure; /* the code with which the run fails; WEIR_OK so far */
  char failure_text[2048];
  bool settled;
  bool all_spawned, ends; /* R4; a signal came … */
  bool late;              /* … and its time is over: what is left is being stopped */
  weir_promise promise;   /* dropped when the run is settled */
  const weir_listener *listener;
  struct weir__shutdown shutdown;
};

/* ---- what callbacks do ---- */

/* Notes the first failure of the run: what comes after it comes of it. With the lock held. */
static void fail(struct run *run, int code, const char *what, const char *text)
{
  if (run->failure) return;
  run->failure = code;
  snprintf(run->failure_text, sizeof run->failure_text, "%s: %s", what, text && *text ? text : weir_strerror(code));
}

/* Notes that a call on the run's own thread failed. */
static void fail_here(struct run *run, int code, const char *what)
{
  uv_mutex_lock(&run->lock);
  fail(run, code, what, weir_error_text());
  uv_mutex_unlock(&run->lock);
}

/* R1 */
static void settle(struct run *run)
{
  uv_mutex_lock(&run->lock);
  bool first = !run->settled;
  run->settled = true;
  uv_mutex_unlock(&run->lock);
  if (first) weir_promise_drop(run->promise);
}

static void on_ended(void *arg, const struct weir__ending *ending)
{
  struct instance *instance = arg;
  struct run *run = instance->run;
  uv_mutex_lock(&run->lock);
  instance->account.code = ending->code;
  instance->account.mailbox_high = ending->high_water;
  instance->account.mailbox_capacity = ending->capacity;
  run->living--;
  if (ending->code) fail(run, ending->code, ending->name, ending->text);
  bool settles = !run->living || (run->failure && !run->late);
  uv_mutex_unlock(&run->lock);
  if (settles) settle(run);
}

static void on_lost(void *arg, const char *actor, const char *message, int code, const char *text)
{
  struct run *run = ((struct instance *)arg)->run;
  uv_mutex_lock(&run->lock);
  run->lost++;
  if (run->lost <= LOST_DESCRIBED)
    weir__report_add(&run->report, NULL, 0, 0, "%s lost a message (%s): %s", actor, message,
                     text && *text ? text : weir_strerror(code));
  uv_mutex_unlock(&run->lock);
}

/* ---- spawning ---- */

/* "count", or "count[2]" where there are several. */
static const char *instance_name(struct run *run, const struct weir__graph_actor *actor, size_t instance)
{
  if (actor->instances == 1) return actor->name;
  size_t room = strlen(actor->name) + 32;
  char *name = weir__arena_alloc(&run->arena, room);
  if (name) snprintf(name, room, "%s[%zu]", actor->name, instance);
  return name;
}

static int spawn_instance(struct run *run, const struct weir__graph_actor *actor, size_t index,
                          struct weir__wired *wired, weir_ref *ref)
{
  struct instance *instance = &run->instances[run->spawned];
  const char *name = instance_name(run, actor, index);
  if (!name) return WEIR_ENOMEM;
  weir_spawn_options options = {.name = name, .capacity = actor->capacity, .on = run->rt};
  if (actor->config) options.config = (weir_value){.type = actor->stock->config, .at = actor->config};
  *instance = (struct instance){.run = run, .account.actor = name};
  wired->arg = instance;
  *ref = weir__spawn_wired(actor->stock->actor, &options, wired);
  int rc = weir_ref_error(*ref);
  if (rc)
    fail_here(run, rc, name);
  else
    run->spawned++;
  return rc;
}

static struct weir__target target_of(struct run *run, size_t to)
{
  const struct weir__graph_actor *receiver = &run->graph->actors[to];
  return (struct weir__target){.instances = run->refs[to],
                               .count = receiver->instances,
                               .route = receiver->field ? WEIR__HASH : WEIR__ROUND_ROBIN,
                               .field = receiver->field};
}

/* Those of its wires, then the spares that they divert to. */
static struct weir__target *targets_of(struct run *run, const struct weir__output *output, size_t *count)
{
  struct weir__target *targets = weir__arena_array(&run->arena, 2 * output->count, sizeof *targets);
  *count = targets ? output->count : 0;
  for (size_t i = 0; targets && i < output->count; i++) {
    const struct weir__wire *wire = &output->wires[i];
    targets[i] = target_of(run, wire->to);
    targets[i].when_full = wire->when_full;
    targets[i].closes = wire->closes;
    if (wire->when_full != WEIR__FULL_DIVERTS) continue;
    targets[i].instead = *count;
    targets[*count] = target_of(run, wire->instead);
    targets[(*count)++].is_spare = true;
  }
  return targets;
}

static int nowhere_of(const struct weir__output *output)
{
  return output->leads == WEIR__LEADS_OUT       ? WEIR__DISCARDED
         : output->leads == WEIR__LEADS_TO_DEAD ? WEIR__DEAD_LETTERS
                                                : WEIR__UNWIRED;
}

static int spawn_actor(struct run *run, size_t index)
{
  const struct weir__graph_actor *actor = &run->graph->actors[index];
  struct weir__wiring *outputs = weir__arena_array(&run->arena, actor->output_count, sizeof *outputs);
  weir_ref *refs = run->refs[index];
  size_t count = 0;
  if (!outputs) return WEIR_ENOMEM;
  for (size_t i = 0; i < actor->output_count; i++) {
    const struct weir__output *output = &actor->outputs[i];
    struct weir__wiring wiring = {.output = output->name, .nowhere = nowhere_of(output)};
    wiring.targets = targets_of(run, output, &wiring.count);
    if (output->leads || strcmp(output->name, WEIR__FAILED_OUTPUT) != 0) outputs[count++] = wiring;
  }
  const struct weir__on_failure *failing = actor->on_failure;
  struct weir__wired wired = {.outputs = outputs,
                              .output_count = count,
                              .retries = failing ? failing->retry : 0,
                              .retry_first = failing ? failing->backoff[0] : WEIR_MILLIS(0),
                              .retry_most = failing ? failing->backoff[1] : WEIR_MILLIS(0),
                              .inputs = actor->inputs,
                              .ended = on_ended,
                              .lost = on_lost};
  int rc = run->arena.failed ? WEIR_ENOMEM : WEIR_OK;
  for (size_t i = 0; !rc && i < actor->instances; i++) rc = spawn_instance(run, actor, i, &wired, &refs[i]);
  return rc;
}

/* In the graph's order: all that an actor sends to is there before it is; but for what is behind an edge that closes a
 * cycle, which is there before the sources are. So all refs have their room first, and are filled in as they come. */
static int spawn_all(struct run *run)
{
  run->refs = weir__arena_array(&run->arena, run->graph->count, sizeof *run->refs);
  run->instances = weir__arena_array(&run->arena, run->living, sizeof *run->instances);
  for (size_t i = 0; run->refs && i < run->graph->count; i++)
    run->refs[i] = weir__arena_array(&run->arena, run->graph->actors[i].instances, sizeof(weir_ref));
  int rc = run->arena.failed ? WEIR_ENOMEM : WEIR_OK;
  for (size_t i = 0; !rc && i < run->graph->count; i++) rc = spawn_actor(run, run->graph->order[i]);
  if (run->arena.failed) fail_here(run, WEIR_ENOMEM, "can't spawn the actors");
  return rc;
}

/* ---- a signal comes ---- */

static bool is_source(const struct weir__graph_actor *actor) { return actor->inputs == 0; }
static bool is_any(const struct weir__graph_actor *actor) { return actor != NULL; }

/* All have been spawned. One that has ended already does not mind. */
static void tell(struct run *run, bool (*who)(const struct weir__graph_actor *), int (*what)(weir_ref))
{
  for (size_t i = 0; i < run->graph->count; i++)
    for (size_t k = 0; who(&run->graph->actors[i]) && k < run->graph->actors[i].instances; k++) what(run->refs[i][k]);
}

static bool may_tell(struct run *run)
{
  uv_mutex_lock(&run->lock);
  bool may = run->all_spawned;
  uv_mutex_unlock(&run->lock);
  return may;
}

static void on_signal(void *arg, int signum)
{
  struct run *run = arg;
  if (run->listener && run->listener->ending) run->listener->ending(run->listener->arg, signum);
  uv_mutex_lock(&run->lock);
  run->ends = true;
  uv_mutex_unlock(&run->lock);
  if (may_tell(run)) tell(run, is_source, weir_stop);
}

static void on_late(void *arg)
{
  struct run *run = arg;
  char what[64];
  snprintf(what, sizeof what, "not all was handled within %g s", (double)run->shutdown.within.ns / 1e9);
  uv_mutex_lock(&run->lock);
  bool late = run->late = run->living > 0;
  if (late && run->shutdown.within.ns) fail(run, WEIR_ETIMEDOUT, "told to end", what);
  uv_mutex_unlock(&run->lock);
  if (late && may_tell(run)) tell(run, is_any, weir_stop);
}

static void on_very_late(void *arg)
{
  struct run *run = arg;
  if (may_tell(run)) tell(run, is_any, weir_kill);
}

/* R4 */
static void spawned_all(struct run *run)
{
  uv_mutex_lock(&run->lock);
  run->all_spawned = true;
  bool ends = run->ends;
  uv_mutex_unlock(&run->lock);
  if (ends) tell(run, is_source, weir_stop);
}

/* ---- from the start to the end ---- */

static void wait_until_settled(struct run *run, weir_future future)
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

static void start_and_wait(struct run *run, const weir_runtime_options *options)
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
  if (!rc) rc = spawn_all(run);
  if (rc)
    settle(run); /* what has been spawned may wait for an input that never comes */
  else
    spawned_all(run);
  wait_until_settled(run, future);
}

/* R3: on return the runtime is gone, and nobody else knows of the run. */
static void run_graph(struct run *run, const weir_runtime_options *options)
{
  start_and_wait(run, options);
  int rc = weir_runtime_stop(run->rt, WEIR_MILLIS(0));
  if (rc) fail_here(run, rc, "the runtime did not stop as it should");
}

/* What was on its way when an actor failed is given up, before or after that is known here. That belongs to the
 * failure, in one line with it; single losses are described only where nothing else went wrong. */
static void report_end(struct run *run)
{
  char lost[64] = "";
  if (run->lost)
    snprintf(lost, sizeof lost, "%" PRIu64 " message%s lost", run->lost, run->lost == 1 ? " was" : "s were");
  if (run->failure) {
    weir__report_free(&run->report);
    weir__report_add(&run->report, NULL, 0, 0, "%s%s%s", run->failure_text, *lost ? "; " : "", lost);
  } else if (run->lost) {
    weir__report_add(&run->report, NULL, 0, 0, "%s", lost);
  }
}

static int finish(struct run *run, const weir_listener *listener)
{
  report_end(run);
  weir__tell_problems(&run->report, listener);
  for (size_t i = 0; listener && listener->account && i < run->spawned; i++)
    listener->account(listener->arg, &run->instances[i].account);
  if (run->failure) return weir_error(run->failure, "%s", run->failure_text);
  return run->lost ? weir_error(WEIR_EDEAD, "%" PRIu64 " messages were lost", run->lost) : WEIR_OK;
}

static int run_topology(const weir_topology *topology, const weir_runtime_options *runtime, struct run *run)
{
  weir_runtime_options as_written;
  weir_topology_runtime(topology, &as_written);
  run->graph = &topology->graph;
  for (size_t i = 0; i < run->graph->count; i++) run->living += run->graph->actors[i].instances;
  int rc = uv_mutex_init(&run->lock);
  if (rc) return weir_error(rc, "no lock for a run");
  run_graph(run, runtime ? runtime : &as_written);
  rc = finish(run, run->listener);
  uv_mutex_destroy(&run->lock);
  weir__arena_free(&run->arena);
  return rc;
}

int weir_topology_run(const weir_topology *topology, const weir_runtime_options *runtime, const weir_listener *listener)
{
  struct run run = {.listener = listener};
  return run_topology(topology, runtime, &run);
}

int weir_topology_serve(const weir_topology *topology, const weir_runtime_options *runtime,
                        const weir_listener *listener, weir_duration drain)
{
  struct run run = {.listener = listener,
                    .shutdown = {.within = drain, .begin = on_signal, .stop = on_late, .kill = on_very_late}};
  run.shutdown.arg = &run;
  if (drain.ns < 0) return weir_error(WEIR_EINVAL, "a negative time");
  return run_topology(topology, runtime, &run);
}
