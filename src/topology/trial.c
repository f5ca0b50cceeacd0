/* trial.c: see trial.h. */
#include "topology/trial.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/actor.h>
#include <weir/link.h>
#include <weir/oneshot.h>

#include "runtime/runtime.h"
#include "runtime/simulation.h"
#include "topology/assemble.h"
#include "topology/tables.h"

enum { STEPS_LEAST = 1000000, STEPS_A_RECORD = 100 };

/* One instance of an actor. What its callbacks are given. */
struct seat {
  struct run *run;
  size_t actor; /* of the excerpt */
  const char *name;
  bool ended;
};

struct run {
  const struct weir__trial *trial;
  struct weir__outcome *outcome;
  weir_runtime *rt;
  struct weir__assembly assembly;
  struct seat *seats; /* in the order in which they are made: by order[at], `instances` of each */
  size_t seat_count, seated, at, instance;
  size_t living;
  bool settled, over;   /* the last one has ended, or the supervisors have given up; T2 */
  bool buries;          /* dead letters are expected */
  weir_promise promise; /* dropped when it has settled … */
  weir_future future;
  bool waited; /* … which was waited for: the future is no more */
};

/* ---- what goes wrong: the first that does is told ---- */

static WEIR_PRINTF(2, 3) void fail(struct run *run, const char *format, ...)
{
  va_list arguments;
  if (*run->outcome->error || run->over) return;
  va_start(arguments, format);
  vsnprintf(run->outcome->error, sizeof run->outcome->error, format, arguments);
  va_end(arguments);
}

static const char *why(int code, const char *text) { return text && *text ? text : weir_strerror(code); }

/* ---- what comes ---- */

static void add(struct run *run, size_t place, const void *record)
{
  const struct weir__test_expected *e = &run->trial->test->expected[place];
  struct weir__arena *arena = &run->outcome->arena;
  struct weir__came *came = &run->outcome->came[place];
  if (came->count == came->room) {
    size_t room = came->room ? 2 * came->room : 16;
    const char *const **more = weir__arena_array(arena, room, sizeof *more);
    if (!more) return;
    if (came->count) memcpy(more, came->records, came->count * sizeof *more);
    came->records = more, came->room = room;
  }
  const char *const *texts = weir__leaves_write(e->leaves, record, arena);
  if (texts) came->records[came->count++] = texts;
}

/* The actor of the whole graph; a feeder is none. */
static size_t whole_of(const struct seat *seat) { return seat->run->trial->excerpt.whole[seat->actor]; }

static void on_takes(void *arg, const weir_message *type, const void *record)
{
  struct seat *seat = arg;
  const struct weir__graph_test *test = seat->run->trial->test;
  (void)type;
  if (seat->run->over) return;
  for (size_t i = 0; i < test->expected_count; i++)
    if (test->expected[i].point == WEIR__POINT_IN && test->expected[i].actor == whole_of(seat))
      add(seat->run, i, record);
}

static bool is_output(const struct weir__trial *trial, const struct weir__test_expected *e, const char *name)
{
  return strcmp(trial->graph->actors[e->actor].outputs[e->output].name, name) == 0;
}

/* Of the excerpt; NULL: the document says nothing of it. */
static const struct weir__output *output_said(const struct seat *seat, const char *name)
{
  const struct weir__graph_actor *actor = &seat->run->trial->excerpt.graph.actors[seat->actor];
  for (size_t i = 0; i < actor->output_count; i++)
    if (strcmp(actor->outputs[i].name, name) == 0 && actor->outputs[i].node != WEIR__NO_NODE) return &actor->outputs[i];
  return NULL;
}

static void bury(struct run *run, const char *actor, const char *record, const char *error)
{
  const struct weir__graph_test *test = run->trial->test;
  struct weir__buried buried = {.actor = actor, .record = record, .error = error};
  for (size_t i = 0; i < test->expected_count; i++)
    if (test->expected[i].point == WEIR__POINT_DEAD) add(run, i, &buried);
}

static void on_gives(void *arg, const char *output, const weir_message *type, const void *record)
{
  struct seat *seat = arg;
  const struct weir__graph_test *test = seat->run->trial->test;
  if (seat->run->over) return;
  for (size_t i = 0; i < test->expected_count; i++) {
    const struct weir__test_expected *e = &test->expected[i];
    if (e->point == WEIR__POINT_OUT && e->actor == whole_of(seat) && is_output(seat->run->trial, e, output))
      add(seat->run, i, record);
  }
  const struct weir__output *o = output_said(seat, output);
  if (o && o->leads == WEIR__LEADS_TO_DEAD && strcmp(output, WEIR__FAILED_OUTPUT) != 0)
    bury(seat->run, seat->name, type->name, "its output is the dead letters");
}

static void on_lost(void *arg, const char *actor, const char *record, int code, const char *text)
{
  struct seat *seat = arg;
  if (seat->run->over) return;
  bury(seat->run, actor, record, why(code, text));
  fail(seat->run, "%s: a %s was lost: %s", actor, record, why(code, text));
}

/* That is well where it is expected, and where the document says so. */
static void on_dead(void *arg, const char *actor, const char *record, int code, const char *text)
{
  struct seat *seat = arg;
  if (seat->run->over) return;
  bury(seat->run, actor, record, why(code, text));
  if (seat->run->buries || code == WEIR_EOPEN || output_said(seat, WEIR__FAILED_OUTPUT)) return;
  fail(seat->run, "%s: a %s became a dead letter: %s", actor, record, why(code, text));
}

/* ---- who lives ---- */

static void settle(struct run *run)
{
  bool first = !run->settled;
  run->settled = true;
  if (first) weir_promise_drop(run->promise);
}

static void on_ended(void *arg, const struct weir__ending *ending)
{
  struct seat *seat = arg;
  (void)ending;
  seat->ended = true;
  if (!--seat->run->living) settle(seat->run);
}

static void on_gave_up(void *arg, int code, const char *who, const char *text)
{
  struct run *run = arg;
  if (!run->settled) fail(run, "%s failed: %s", who, why(code, text));
  settle(run);
}

static void *on_instance(void *arg, const char *name)
{
  struct run *run = arg;
  const struct weir__graph *g = &run->trial->excerpt.graph;
  struct seat *seat = &run->seats[run->seated++];
  *seat = (struct seat){.run = run, .actor = g->order[run->at], .name = name};
  if (++run->instance == g->actors[g->order[run->at]].instances) run->at++, run->instance = 0;
  return seat;
}

static bool assemble(struct run *run)
{
  const struct weir__graph *g = &run->trial->excerpt.graph;
  for (size_t i = 0; i < g->count; i++) run->seat_count += g->actors[i].instances;
  run->living = run->seat_count;
  run->seats = weir__arena_array(&run->outcome->arena, run->seat_count, sizeof *run->seats);
  run->assembly = (struct weir__assembly){.graph = g,
                                          .arena = &run->outcome->arena,
                                          .rt = run->rt,
                                          .instance = on_instance,
                                          .ended = on_ended,
                                          .lost = on_lost,
                                          .dead = on_dead,
                                          .takes = on_takes,
                                          .gives = on_gives,
                                          .silent = true,
                                          .gave_up = on_gave_up,
                                          .arg = run};
  int rc = run->seats ? weir__assemble(&run->assembly) : WEIR_ENOMEM;
  if (rc) fail(run, "can't spawn the actors: %s", weir_error_text());
  return !rc;
}

/* ---- the course of it ---- */

/* It is told by the actor's end. */
static void say_nothing(const weir_crash *crash, void *arg) { (void)crash, (void)arg; }

/* Who has not ended is named: it waits, or goes on without end. */
static void fail_hanging(struct run *run)
{
  char names[256] = "";
  size_t used = 0, left = 0;
  for (size_t i = 0; i < run->seated; i++) {
    if (run->seats[i].ended) continue;
    int size = snprintf(names + used, sizeof names - used, "%s%s", left++ ? ", " : "", run->seats[i].name);
    if (used + (size_t)size < sizeof names) used += (size_t)size;
  }
  names[used] = 0; /* the last one that has room */
  fail(run, "it does not end: %s (left: %s)", weir__simulation_why(weir__simulation_here()), names);
}

static bool rest(struct run *run)
{
  bool rests = weir__simulation_settles(weir__simulation_here());
  if (!rests) fail_hanging(run);
  return rests;
}

static bool advance(struct run *run, weir_duration by)
{
  if (!rest(run)) return false;
  bool passes = !weir_sleep(by);
  if (!passes) fail_hanging(run);
  return passes && rest(run);
}

/* Whoever failed has ended, and needs nothing. */
static void tell_sources(struct run *run, const weir_message *what)
{
  const struct weir__excerpt *x = &run->trial->excerpt;
  for (size_t i = 0; i < x->graph.count; i++)
    if (x->scripts[i] && !x->graph.actors[i].stock->takes)
      weir__send_typed(run->assembly.refs[i][0], what, &(struct weir__begin){0});
}

static void end_and_wait(struct run *run)
{
  struct weir_none *nothing = NULL;
  tell_sources(run, weir_message_weir__finish());
  int rc = weir_future_wait(run->future, WEIR_FOREVER, &nothing, weir_none);
  run->waited = rc == WEIR_ECLOSED;
  if (rc && rc != WEIR_ECLOSED) fail_hanging(run);
}

static void go(struct run *run)
{
  const struct weir__test *settings = run->trial->test->settings;
  bool advances = settings->advance.ns > 0;
  if (!assemble(run)) return;
  tell_sources(run, weir_message_weir__begin());
  if (advances && !advance(run, settings->advance)) return;
  if (!advances || settings->end) end_and_wait(run);
}

/* Crashes are contained where that is possible at all, unless the document says that they are not to be. */
static int start(const struct weir__settings *settings, uint64_t seed, const weir_simulation_options *simulated,
                 weir_runtime **rt)
{
  weir_runtime_options options = {.flavor = WEIR_CURRENT_THREAD,
                                  .stack_bytes = simulated->stack_bytes,
                                  .contain_crashes = !settings || settings->trap,
                                  .on_crash = say_nothing};
  int rc = weir__runtime_simulate(&options, seed, simulated, rt);
  return rc == WEIR_ENOTSUP ? weir_simulation_start(seed, simulated, rt) : rc;
}

/* Until it is over callbacks come; then the runtime is stopped, whatever goes on. */
static void run_in_simulation(struct run *run, uint64_t seed)
{
  int rc = weir_oneshot(&run->promise, &run->future);
  if (rc) {
    fail(run, "can't wait for actors: %s", weir_error_text());
    return;
  }
  const struct weir__graph *g = run->trial->graph;
  weir_simulation_options options = {.steps_most = STEPS_LEAST,
                                     .trace = run->trial->trace,
                                     .trace_arg = run->trial->trace_arg,
                                     .stack_bytes = g->settings ? (size_t)g->settings->stack : 0};
  for (size_t i = 0; i < run->trial->test->feed_count; i++)
    options.steps_most += STEPS_A_RECORD * run->trial->test->feeds[i].records.count;
  rc = start(g->settings, seed, &options, &run->rt);
  if (rc)
    fail(run, "the runtime can't start: %s", weir_error_text());
  else
    go(run);
  run->over = true;
  rc = run->rt ? weir_runtime_stop(run->rt, WEIR_MILLIS(0)) : WEIR_OK;
  run->over = false;
  if (rc) fail(run, "the runtime did not stop as it should: %s", weir_error_text());
  weir__disassemble(&run->assembly);
  settle(run);
  if (!run->waited) weir_future_drop(run->future);
}

/* ---- from the whole graph to an outcome ---- */

/* One instance sends what comes there. */
static bool has_order(const struct weir__trial *trial, const struct weir__test_expected *e)
{
  const struct weir__excerpt *x = &trial->excerpt;
  if (trial->test->settings->any_order || e->point == WEIR__POINT_DEAD) return false;
  for (size_t i = 0; i < x->graph.count; i++) {
    const struct weir__graph_actor *actor = &x->graph.actors[i];
    if (x->whole[i] == e->actor) return actor->instances == 1 && (e->point == WEIR__POINT_OUT || actor->inputs == 1);
  }
  return true; /* nothing comes */
}

int weir__trial_make(struct weir__trial *trial, const struct weir__graph *graph, const struct weir__graph_test *test)
{
  *trial = (struct weir__trial){.graph = graph, .test = test};
  return weir__excerpt_make(&trial->excerpt, graph, test, &trial->arena);
}

int weir__trial_run(const struct weir__trial *trial, uint64_t seed, struct weir__outcome *outcome)
{
  const struct weir__graph_test *test = trial->test;
  struct run run = {.trial = trial, .outcome = outcome};
  *outcome = (struct weir__outcome){0};
  outcome->came = weir__arena_array(&outcome->arena, test->expected_count, sizeof *outcome->came);
  outcome->ordered = weir__arena_array(&outcome->arena, test->expected_count, sizeof *outcome->ordered);
  if (outcome->arena.failed) return weir_error(WEIR_ENOMEM, "no memory for a test");
  for (size_t i = 0; i < test->expected_count; i++) {
    outcome->ordered[i] = has_order(trial, &test->expected[i]);
    run.buries = run.buries || test->expected[i].point == WEIR__POINT_DEAD;
  }
  for (size_t i = 0; i < trial->excerpt.graph.count; i++)
    if (trial->excerpt.scripts[i]) weir__stand_in_rewind(trial->excerpt.scripts[i]);
  if (trial->excerpt.graph.count) run_in_simulation(&run, seed);
  return outcome->arena.failed ? weir_error(WEIR_ENOMEM, "no memory for a test") : WEIR_OK;
}

void weir__trial_free(struct weir__trial *trial) { weir__arena_free(&trial->arena); }
