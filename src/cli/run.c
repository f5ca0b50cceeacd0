/* run.c: weir run: checks a topology, then runs it. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/control.h"
#include "cli/follow.h"
#include "cli/options.h"
#include "cli/say.h"
#include "json/suggest.h"

static const char help[] =
    "usage: weir run [options] FILE\n"
    "\n"
    "Checks the topology in FILE, then runs it until its input has ended and everything that came of it has been\n"
    "handled. Nothing is started unless all of FILE is in order; every error in it is reported, with its place.\n"
    "\n"
    "SIGINT or SIGTERM ends it in order: the sources stop first, and what they have sent is handled; what is left\n"
    "after its time is stopped, and counted as lost. The second signal ends it at once.\n"
    "\n"
    "SIGHUP has it read FILE anew, and change while it runs: as weir reload, with the answer on standard error.\n"
    "\n"
    "options:\n"
    "  --flavor multi_thread|current_thread\n"
    "                    the runtime's flavor, whatever FILE says\n"
    "  --workers N|auto  threads of the multi_thread flavor, 1 to 256, whatever FILE says; auto: one per core\n"
    "  --drain SECONDS   how long after a signal what is on its way may take, whatever FILE says; 0: no time\n"
    "  --control PATH    where it listens for \"weir reload\"; without it in $XDG_RUNTIME_DIR, if that is set\n"
    "  --follow-one[=ACTOR]\n"
    "                    shows on standard error the way of the first record that ACTOR gives, if it is a source, or "
    "gets,\n"
    "                    and of all that comes of it; without ACTOR of the first source\n"
    "  --json            shows that way as JSON, a line for each step\n"
    "  --stats           at the end, says on standard error how full mailboxes were, what edges dropped, and how "
    "messages\n"
    "                    ended\n"
    "  --help            shows this\n"
    "\n"
    "exit codes:\n"
    "  0   success, also after a signal, if all that was on its way has been handled; records that were refused may "
    "have\n"
    "      become dead letters, which is told\n"
    "  1   failed while running: an actor failed (its message is on standard error), messages were lost, or not all\n"
    "      was handled in time after a signal\n"
    "  2   the command line is wrong\n"
    "  78  FILE can't be read, or is wrong; nothing was started\n"
    "After a second signal, or one that comes before anything is started, the shell sees that signal: 130, or 143.\n";

enum { FROM_FILE = -1 };

struct options {
  const char *file;
  int flavor;          /* or FROM_FILE */
  int workers;         /* 0: auto; or FROM_FILE */
  weir_duration drain; /* or FROM_FILE */
  const char *control; /* NULL: the usual path */
  bool follows;
  const char *follow; /* NULL: the first source */
  bool json;
  bool stats;
};

/* ---- the command line ---- */

static int read_flavor(void *options, const char *value)
{
  struct options *o = options;
  if (strcmp(value, "multi_thread") == 0)
    o->flavor = WEIR_MULTI_THREAD;
  else if (strcmp(value, "current_thread") == 0)
    o->flavor = WEIR_CURRENT_THREAD;
  else
    return weir__say_usage("run", "run: --flavor is multi_thread or current_thread, not \"%s\"", value);
  return WEIR__EXIT_SUCCESS;
}

static int read_workers(void *options, const char *value)
{
  enum { MOST = 256 };
  char *end;
  bool is_auto = strcmp(value, "auto") == 0;
  long workers = *value >= '0' && *value <= '9' ? strtol(value, &end, 10) : 0;
  if (!is_auto && (workers < 1 || workers > MOST || *end))
    return weir__say_usage("run", "run: --workers is a number from 1 to %d, or auto, not \"%s\"", (int)MOST, value);
  ((struct options *)options)->workers = is_auto ? 0 : (int)workers;
  return WEIR__EXIT_SUCCESS;
}

static int read_drain(void *options, const char *value)
{
  return weir__read_seconds(&weir__command_run, "--drain", value, &((struct options *)options)->drain);
}

static int read_follow(void *options, const char *value)
{
  struct options *o = options;
  o->follows = true;
  o->follow = value;
  return WEIR__EXIT_SUCCESS;
}

static int read_control(void *options, const char *value)
{
  if (!*value) return weir__say_usage("run", "run: --control needs a path");
  ((struct options *)options)->control = value;
  return WEIR__EXIT_SUCCESS;
}

static int take_file(void *options, char *file)
{
  struct options *o = options;
  if (o->file) return weir__say_usage("run", "run: one file at a time: \"%s\", or \"%s\"?", o->file, file);
  o->file = file;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {{"--flavor", WEIR__VALUE, .read = read_flavor},
                                            {"--workers", WEIR__VALUE, .read = read_workers},
                                            {"--drain", WEIR__VALUE, .read = read_drain},
                                            {"--control", WEIR__VALUE, .read = read_control},
                                            {"--follow-one", WEIR__VALUE_IF_GIVEN, .read = read_follow},
                                            {"--json", .flag = offsetof(struct options, json)},
                                            {"--stats", .flag = offsetof(struct options, stats)},
                                            {0}};
static const struct weir__line command_line = {known, take_file};

static int read_options(struct options *o, int count, char **arguments)
{
  int code = weir__read_line(&weir__command_run, &command_line, o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  if (o->json && !o->follows) return weir__say_usage("run", "run: --json is for --follow-one");
  return o->file ? WEIR__GO_ON : weir__say_usage("run", "run: which FILE?");
}

/* ---- the run ---- */

struct saying {
  size_t problems;
  size_t steps; /* written by one at a time: steps are told so */
  bool json;
};

static void say_problem(void *said, const weir_problem *problem)
{
  ((struct saying *)said)->problems++;
  weir__say_problems.problem(NULL, problem);
}

static void say_ending(void *said, int signum)
{
  (void)said;
  weir__say("%s: the sources stop; once more ends it at once", signum == SIGINT ? "SIGINT" : "SIGTERM");
}

static void say_step(void *arg, const weir_step *step)
{
  struct saying *said = arg;
  said->steps++;
  if (!said->json)
    weir__follow_say(step);
  else if (step->json)
    fprintf(stderr, "%s\n", step->json);
  else
    weir__say("no memory to show a step");
}

static int check_follow(const weir_topology *topology, const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  const char *actor;
  for (size_t i = 0; (actor = weir_topology_actor(topology, i)); i++) {
    if (strcmp(actor, name) == 0) return WEIR__EXIT_SUCCESS;
    weir__suggest_offer(&suggestion, actor);
  }
  return weir__say_usage("run", "run: no actor \"%s\" to follow%s", name, weir__suggest_text(&suggestion));
}

static void print_account(void *said, const weir_actor_account *a)
{
  (void)said;
  const struct count {
    uint64_t records;
    const char *what;
  } counts[] = {{a->dropped, "dropped"},
                {a->diverted, "diverted"},
                {a->turned_away, "turned away by its breaker"},
                {a->dead_letters, "to the dead letters"}};
  fprintf(stderr, "%s: mailbox: at most %" PRIu64 " of %" PRIu64 " places taken", a->actor, a->mailbox_high,
          a->mailbox_capacity);
  for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
    if (counts[i].records) fprintf(stderr, "; %" PRIu64 " %s", counts[i].records, counts[i].what);
  fputc('\n', stderr);
}

static void print_accounts(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  fprintf(stderr,
          "messages: created %" PRIu64 " = handled %" PRIu64 " + received %" PRIu64 " + withdrawn %" PRIu64
          " + dead %" PRIu64 " + freed %" PRIu64 " + unsent %" PRIu64 " + live %" PRIu64 "\n",
          a.created, a.handled, a.received, a.withdrawn, a.dead, a.freed, a.unsent, a.live);
}

/* SIGHUP is for who listens. One that is ignored stays so. */
static void block_hup(void)
{
  sigset_t hup;
  sigemptyset(&hup);
  sigaddset(&hup, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &hup, NULL);
}

static int serve(const weir_topology *topology, const weir_runtime_options *runtime, const weir_listener *listener,
                 const struct options *o)
{
  char path[WEIR__CONTROL_PATH];
  struct weir__control control = {
      .path = o->control, .wanted = o->control != NULL, .file = o->file, .socket = -1, .hup = -1, .stop = {-1, -1}};
  if (!o->control && weir__control_path(o->file, path)) control.path = path;
  weir_serving serving = {.drain = o->drain, .file = o->file, .began = weir__control_begin, .arg = &control};
  block_hup();
  int rc = weir_topology_serve_file(topology, runtime, listener, &serving);
  weir__control_end(&control);
  return rc;
}

static int run_topology(const weir_topology *topology, const struct options *o)
{
  weir_runtime_options runtime;
  weir_topology_runtime(topology, &runtime);
  if (o->flavor != FROM_FILE) runtime.flavor = o->flavor;
  if (o->workers != FROM_FILE) runtime.workers = o->workers;
  if (runtime.flavor == WEIR_CURRENT_THREAD) {
    if (o->workers > 1)
      return weir__say_usage("run", "run: the current_thread flavor has no other threads: --workers %d", o->workers);
    runtime.workers = 0;
  }
  struct saying said = {.json = o->json};
  int code = o->follow ? check_follow(topology, o->follow) : WEIR__EXIT_SUCCESS;
  if (code) return code;
  weir_listener listener = {.problem = say_problem,
                            .account = o->stats ? print_account : NULL,
                            .arg = &said,
                            .ending = say_ending,
                            .step = o->follows ? say_step : NULL,
                            .follow = o->follow};
  int rc = serve(topology, &runtime, &listener, o);
  if (o->follows && !said.steps) weir__say("there was no record to follow");
  if (rc && !said.problems) weir__say("%s", weir_strerror(rc)); /* there was no memory for more */
  if (o->stats) print_accounts();
  return rc ? WEIR__EXIT_FAILED : WEIR__EXIT_SUCCESS;
}

static int run(int count, char **arguments)
{
  struct options o = {.flavor = FROM_FILE, .workers = FROM_FILE, .drain = {FROM_FILE}};
  int code = read_options(&o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  weir_topology *topology;
  int rc = weir_topology_load(o.file, &weir__say_problems, &topology);
  if (rc == WEIR_ENOMEM) weir__say("no memory to read %s", o.file);
  if (rc) return rc == WEIR_ENOMEM ? WEIR__EXIT_FAILED : WEIR__EXIT_CONFIGURATION;
  code = run_topology(topology, &o);
  weir_topology_free(topology);
  return code;
}

const struct weir__command weir__command_run = {
    .name = "run",
    .summary = "checks a topology and runs it until its input has ended",
    .help = help,
    .run = run,
};
