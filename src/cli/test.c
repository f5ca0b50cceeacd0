/* test.c: weir test: runs the tests of topologies. */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

#include <weir/tests.h>

#include "cli/options.h"
#include "cli/say.h"
#include "runtime/last_words.h"
#include "json/suggest.h"

enum { LIMIT_S = 10, LIMIT_MOST_S = 1000000 };

static const char help[] =
    "usage: weir test [options] FILE... [NAME...]\n"
    "\n"
    "Checks topologies and runs their tests: those in FILE (a name that ends with .json or .jsonc), in the files that "
    "it\n"
    "includes and in the one beside it (a.test.json beside a.json), or those called NAME alone. If FILE is such a file "
    "of\n"
    "tests, those in it. Each is run under several seeds of a simulated runtime, which decide the order of events; "
    "time\n"
    "is simulated. Nothing outside is touched but by actors that a test names as \"real\".\n"
    "\n"
    "options:\n"
    "  --seeds N    runs each test under N seeds, whatever it says\n"
    "  --seed S     runs it under that seed alone: it does the same each time\n"
    "  --trace      prints each event on standard error\n"
    "  --timeout S  so many seconds of processor time are too much for one seed: a handler does not return; 10\n"
    "  --json       prints one JSON object: \"tests\" (name, file, line, column, passed, seeds, seed, error, "
    "failures),\n"
    "               \"passed\" and \"failed\"\n"
    "  --help       shows this\n"
    "\n"
    "exit codes:\n"
    "  0   all tests passed\n"
    "  1   a test failed, there are none, there is no memory, or output could not be written\n"
    "  2   the command line is wrong, or no test has that name\n"
    "  78  a topology or a test is wrong, or can't be read; nothing was run\n";

struct options {
  uint64_t seeds, seed; /* 0: not given */
  uint64_t timeout;     /* in seconds of processor time, for one seed */
  bool trace, json;
  char **arguments; /* in the place of those that were read: files, then names … */
  int files, names; /* … so many */
};

struct run {
  const struct options *options;
  char **files, **names;
  weir_tests **tests; /* by file */
  size_t passed, failed;
};

/* ---- the command line ---- */

static int read_number(const char *option, const char *value, uint64_t *number)
{
  char *end;
  errno = 0;
  *number = strtoull(value, &end, 10);
  if (*value >= '0' && *value <= '9' && !*end && !errno && *number) return WEIR__EXIT_SUCCESS;
  return weir__say_usage("test", "test: %s is a number from 1, not \"%s\"", option, value);
}

static int read_seeds(void *options, const char *value)
{
  return read_number("--seeds", value, &((struct options *)options)->seeds);
}
static int read_seed(void *options, const char *value)
{
  return read_number("--seed", value, &((struct options *)options)->seed);
}

static int read_timeout(void *options, const char *value)
{
  struct options *o = options;
  int code = read_number("--timeout", value, &o->timeout);
  if (o->timeout > LIMIT_MOST_S) o->timeout = LIMIT_MOST_S;
  return code;
}

static int take_name(void *options, char *name)
{
  struct options *o = options;
  o->arguments[o->names++] = name;
  return WEIR__EXIT_SUCCESS;
}

static const struct weir__option known[] = {
    {"--seeds", WEIR__VALUE, .read = read_seeds},       {"--seed", WEIR__VALUE, .read = read_seed},
    {"--timeout", WEIR__VALUE, .read = read_timeout},   {"--trace", .flag = offsetof(struct options, trace)},
    {"--json", .flag = offsetof(struct options, json)}, {0}};
static const struct weir__line command_line = {known, take_name};

static bool is_file(const char *argument)
{
  const char *dot = strrchr(argument, '.');
  return dot && (strcmp(dot, ".json") == 0 || strcmp(dot, ".jsonc") == 0);
}

/* Files to the front, names behind them, in the order in which they were given. */
static void put_files_first(struct options *o)
{
  int count = o->names;
  for (int i = 0; i < count; i++) {
    char *argument = o->arguments[i];
    if (!is_file(argument)) continue;
    memmove(&o->arguments[o->files + 1], &o->arguments[o->files], (size_t)(i - o->files) * sizeof *o->arguments);
    o->arguments[o->files++] = argument;
  }
  o->names = count - o->files;
}

static int read_options(struct options *o, int count, char **arguments)
{
  int code = weir__read_line(&weir__command_test, &command_line, o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  put_files_first(o);
  if (!o->files) return weir__say_usage("test", "test: which FILE? (one that ends with .json or .jsonc)");
  if (o->seed && o->seeds) return weir__say_usage("test", "test: --seed runs one seed, --seeds several: which?");
  return WEIR__GO_ON;
}

/* ---- which tests ---- */

static bool is_meant(const struct run *r, const char *test)
{
  for (int i = 0; i < r->options->names; i++)
    if (strcmp(r->names[i], test) == 0) return true;
  return !r->options->names;
}

static int check_name(const struct run *r, const char *name)
{
  struct weir__suggestion suggestion = weir__suggest(name);
  for (int f = 0; f < r->options->files; f++)
    for (size_t i = 0; i < weir_tests_count(r->tests[f]); i++) {
      if (strcmp(weir_tests_name(r->tests[f], i), name) == 0) return WEIR__EXIT_SUCCESS;
      weir__suggest_offer(&suggestion, weir_tests_name(r->tests[f], i));
    }
  return weir__say_usage("test", "test: no test is called \"%s\"%s", name, weir__suggest_text(&suggestion));
}

/* All that is wrong with any file is told before anything runs. */
static int load_all(struct run *r)
{
  int code = WEIR__EXIT_SUCCESS;
  for (int f = 0; f < r->options->files; f++) {
    int rc = weir_tests_load(r->files[f], &weir__say_problems, &r->tests[f]);
    if (rc == WEIR_ENOMEM) weir__say("no memory for the tests of %s", r->files[f]);
    if (rc) code = rc == WEIR_ENOMEM ? WEIR__EXIT_FAILED : WEIR__EXIT_CONFIGURATION;
  }
  for (int i = 0; !code && i < r->options->names; i++) code = check_name(r, r->names[i]);
  return code;
}

/* ---- for people ---- */

static bool in_colour(void)
{
  const char *no = getenv("NO_COLOR");
  return (!no || !*no) && isatty(STDOUT_FILENO);
}

/* For a shell. */
static void print_quoted(const char *text)
{
  putchar('\'');
  for (; *text; text++)
    if (*text == '\'')
      fputs("'\\''", stdout);
    else
      putchar(*text);
  putchar('\'');
}

static void print_result(const struct run *r, const char *file, const weir_test_result *result, bool passed)
{
  const char *colour = !in_colour() ? "" : passed ? "\033[32m" : "\033[1;31m", *plain = *colour ? "\033[0m" : "";
  printf("%s%s%s %s:%d:%d: %s ", colour, passed ? "ok    " : "FAILED", plain, result->file, result->line,
         result->column, result->name);
  if (passed && r->options->seed)
    printf("(seed %" PRIu64 ")\n", result->seed);
  else if (passed)
    printf("(%" PRIu64 " seed%s)\n", result->seeds, result->seeds == 1 ? "" : "s");
  if (passed) return;
  printf("(seed %" PRIu64 ")\n%s  replay it: weir test ", result->seed, result->text);
  print_quoted(file);
  putchar(' ');
  print_quoted(result->name);
  printf(" --seed %" PRIu64 "\n", result->seed);
}

static void print_summary(const struct run *r)
{
  size_t all = r->passed + r->failed;
  printf("%zu test%s: %zu passed", all, all == 1 ? "" : "s", r->passed);
  if (r->failed) printf(", %zu failed", r->failed);
  putchar('\n');
}

/* ---- a test that dies, or never returns ---- */

static void set_limit(uint64_t seconds)
{
  struct itimerval limit = {.it_value.tv_sec = (time_t)seconds};
  setitimer(ITIMER_PROF, &limit, NULL);
}

static void on_begin(const char *name, uint64_t seed, void *arg)
{
  const struct run *r = arg;
  weir__last_words("weir: this was the test \"%.150s\" with --seed %" PRIu64 "\n", name, seed);
  set_limit(r->options->timeout);
}

/* In a handler that never returns nothing else can be done. */
static void on_limit(int number)
{
  static const char text[] = "weir: a handler does not return: its time (--timeout) is over\n";
  (void)number;
  if (write(STDERR_FILENO, text, sizeof text - 1) == (ssize_t)sizeof text - 1) weir__last_words_say();
  _exit(WEIR__EXIT_FAILED);
}

/* ---- running ---- */

static void print_event(const char *line, void *arg)
{
  (void)arg;
  fprintf(stderr, "%s\n", line);
}

/* False: no memory. */
static bool run_test(struct run *r, int file, size_t index)
{
  const struct options *o = r->options;
  weir_test_options options = {.seeds = o->seed ? 1 : o->seeds,
                               .seed = o->seed,
                               .trace = o->trace ? print_event : NULL,
                               .begins = on_begin,
                               .begins_arg = r};
  weir_test_result result;
  int rc = weir_tests_run(r->tests[file], index, &options, &result);
  weir__last_words(NULL);
  set_limit(0);
  if (rc && rc != WEIR_EFAILED) {
    weir__say("%s: %s", weir_tests_name(r->tests[file], index), weir_error_text());
    return false;
  }
  if (o->json)
    printf(r->passed + r->failed ? ",\n  %s" : "\n  %s", result.json);
  else
    print_result(r, r->files[file], &result, !rc);
  ++*(rc ? &r->failed : &r->passed);
  fflush(stdout);
  return true;
}

static bool run_file(struct run *r, int file)
{
  bool good = true;
  size_t count = weir_tests_count(r->tests[file]);
  for (size_t i = 0; good && i < count; i++)
    if (is_meant(r, weir_tests_name(r->tests[file], i))) good = run_test(r, file, i);
  if (!count) weir__say("%s has no tests", r->files[file]);
  return good;
}

static int run_all(struct run *r)
{
  bool good = true;
  struct weir__listening listening = weir__last_words_begin();
  sigaction(SIGPROF, &(struct sigaction){.sa_handler = on_limit}, NULL);
  if (r->options->json) printf("{\"tests\": [");
  for (int f = 0; good && f < r->options->files; f++) good = run_file(r, f);
  if (r->options->json)
    printf("%s], \"passed\": %zu, \"failed\": %zu}\n", r->passed + r->failed ? "\n" : "", r->passed, r->failed);
  else if (r->passed + r->failed)
    print_summary(r);
  weir__last_words_end(&listening);
  return good && r->passed && !r->failed ? WEIR__EXIT_SUCCESS : WEIR__EXIT_FAILED;
}

static int test(int count, char **arguments)
{
  struct options o = {.timeout = LIMIT_S, .arguments = arguments};
  int code = read_options(&o, count, arguments);
  if (code != WEIR__GO_ON) return code;
  struct run r = {.options = &o, .files = arguments, .names = arguments + o.files};
  r.tests = calloc((size_t)o.files + 1, sizeof *r.tests);
  if (!r.tests) {
    weir__say("no memory for tests");
    return WEIR__EXIT_FAILED;
  }
  code = load_all(&r);
  if (!code) code = run_all(&r);
  for (int f = 0; f < o.files; f++) weir_tests_free(r.tests[f]);
  free(r.tests);
  return code;
}

const struct weir__command weir__command_test = {
    .name = "test",
    .summary = "runs the tests of topologies",
    .help = help,
    .run = test,
};
