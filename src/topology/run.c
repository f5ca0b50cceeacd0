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
 * R4  The refs are written before `all_spawned` is set, under the lock; a signal that comes earlier is heeded then. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <uv.h>

#include <weir/link.h>
#include <weir/oneshot.h>

#include "actor/shutdown.h"
#include "topology/assemble.h"
#include "topology/tables.h"
#include "topology/topology.h"

/* How many lost messages are described; the rest is counted. */
enum { LOST_DESCRIBED = 3, DRAIN_S = 10 };

/* One instance of an actor. What its callbacks are given. */
struct instance {
  struct run *run;
  weir_actor_account account; /* under the run's lock */
};

struct run {
  const struct weir__graph *graph;
  struct weir__arena arena;
  weir_runtime *rt;
  struct weir__assembly assembly;
  struct instance *instances; /* all of them, in the order in which they are made */
  size_t made;
  const weir_listener *listener; /* borrowed, may be NULL */
  struct weir__shutdown shutdown;
  weir_promise promise; /* dropped when the run is settled: R1 */
  uv_mutex_t lock;
  /* Under the lock: */
  struct weir__report report;
  size_t living; /* instances that have not ended, those that are still to be spawned included */
  uint64_t lost;
  uint64_t dead; /* records that became dead letters; `described`: of how many that was told by itself */
  unsigned dead_described;
  int failure; /* the code with which the run fails; WEIR_OK so far */
  char failure_text[2048];
  bool settled, all_spawned; /* R1, R4 */
  bool ends;                 /* a signal came */
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
  instance->account.dropped = ending->dropped;
  instance->account.diverted = ending->diverted;
  instance->account.turned_away = ending->turned_away;
  instance->account.dead_letters = ending->dead;
  run->dead += ending->dead;
  run->living--;
  bool settles = !run->living;
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

static void on_dead(void *arg, const char *actor, const char *message, int code, const char *text)
{
  struct run *run = ((struct instance *)arg)->run;
  uv_mutex_lock(&run->lock);
  if (run->dead_described++ < LOST_DESCRIBED)
    weir__report_add(&run->report, NULL, 0, 0, "%s: a record (%s) became a dead letter: %s", actor, message,
                     text && *text ? text : weir_strerror(code));
  uv_mutex_unlock(&run->lock);
}

/* The first failure: there is nobody who restarts what has failed. */
static void on_gave_up(void *arg, int code, const char *who, const char *text)
{
  struct run *run = arg;
  uv_mutex_lock(&run->lock);
  if (!run->settled) fail(run, code, who, text);
  uv_mutex_unlock(&run->lock);
  settle(run);
}

static void *on_instance(void *arg, const char *name)
{
  struct run *run = arg;
  struct instance *instance = &run->instances[run->made++];
  *instance = (struct instance){.run = run, .account.actor = name};
  return instance;
}

static int assemble(struct run *run)
{
  run->instances = weir__arena_array(&run->arena, run->living, sizeof *run->instances);
  run->assembly = (struct weir__assembly){.graph = run->graph,
                                          .arena = &run->arena,
                                          .rt = run->rt,
                                          .instance = on_instance,
                                          .ended = on_ended,
                                          .lost = on_lost,
                                          .dead = on_dead,
                                          .gave_up = on_gave_up,
                                          .arg = run};
  int rc = run->instances ? weir__assemble(&run->assembly) : weir_error(WEIR_ENOMEM, "no memory for the actors");
  if (rc) fail_here(run, rc, "can't spawn the actors");
  return rc;
}

/* ---- a signal comes ---- */

static bool is_source(const struct weir__graph_actor *actor) { return actor->inputs == 0; }
static bool is_any(const struct weir__graph_actor *actor) { return actor != NULL; }

/* All have been spawned. One that has ended already does not mind. */
static void tell(struct run *run, bool (*who)(const struct weir__graph_actor *), int (*what)(weir_ref))
{
  for (size_t i = 0; i < run->graph->count; i++)
    for (size_t k = 0; who(&run->graph->actors[i]) && k < run->graph->actors[i].instances; k++)
      what(run->assembly.refs[i][k]);
}

/* No supervisor starts them again. */
static int stop_for_good(weir_ref ref) { return weir__tell(ref, WEIR__STOPPING | WEIR__CANCELLED | WEIR__FOR_GOOD); }

static int kill_for_good(weir_ref ref)
{
  stop_for_good(ref);
  return weir_kill(ref);
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
  if (may_tell(run)) tell(run, is_source, stop_for_good);
}

static void on_late(void *arg)
{
  struct run *run = arg;
  char what[64];
  snprintf(what, sizeof what, "not all was handled within %g s", (double)run->shutdown.within.ns / 1e9);
  uv_mutex_lock(&run->lock);
  bool late = run->living > 0;
  if (late && run->shutdown.within.ns) fail(run, WEIR_ETIMEDOUT, "told to end", what);
  uv_mutex_unlock(&run->lock);
  if (late && may_tell(run)) tell(run, is_any, stop_for_good);
}

static void on_very_late(void *arg)
{
  struct run *run = arg;
  if (may_tell(run)) tell(run, is_any, kill_for_good);
}

/* R4 */
static void spawned_all(struct run *run)
{
  uv_mutex_lock(&run->lock);
  run->all_spawned = true;
  bool ends = run->ends;
  uv_mutex_unlock(&run->lock);
  if (ends) tell(run, is_source, stop_for_good);
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
  if (!rc) rc = assemble(run);
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

static int finish(struct run *run, const weir_listener *listener)
{
  report_end(run);
  weir__tell_problems(&run->report, listener);
  for (size_t i = 0; listener && listener->account && i < run->made; i++)
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
  weir__disassemble(&run->assembly);
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
  const struct weir__settings *settings = topology->graph.settings;
  if (drain.ns < 0) drain = settings ? settings->drain : WEIR_SECONDS(DRAIN_S);
  struct run run = {.listener = listener,
                    .shutdown = {.within = drain, .begin = on_signal, .stop = on_late, .kill = on_very_late}};
  run.shutdown.arg = &run;
  return run_topology(topology, runtime, &run);
}
