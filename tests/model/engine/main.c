/* main.c: the command: runs scenarios, says what was tried, and shows a run that failed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "engine/engine.h"

struct engine *engine OF_ENGINE = (struct engine *)1;
static model_scenario *scenarios; /* as at first in each run: those that registered before main() */

void model_register(model_scenario *scenario)
{
  model_scenario **at = &scenarios;
  while (*at && strcmp((*at)->name, scenario->name) < 0) at = &(*at)->next;
  scenario->next = *at;
  *at = scenario;
}

void model_fail(const char *file, int line, const char *format, ...)
{
  char text[400];
  va_list args;
  const char *name = strrchr(file, '/');
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  fail("thread %u: %s:%d: %s", engine->current, name ? name + 1 : file, line, text);
}

unsigned model_pick(unsigned n) { return choose_what(n); }

/* ---- outcomes: they are of all runs, so none of this is in the memory of one ---- */

void model_outcome(const char *format, ...)
{
  char text[256];
  va_list args;
  va_start(args, format);
  vsnprintf(text, sizeof text, format, args);
  va_end(args);
  unsigned i = 0;
  while (i < engine->outcome_count && strcmp(engine->outcomes[i], text) < 0) i++;
  if (i < engine->outcome_count && strcmp(engine->outcomes[i], text) == 0) return;
  if (engine->outcome_count == OUTCOMES) fail("more than %d outcomes", OUTCOMES);
  memmove(&engine->outcomes[i + 1], &engine->outcomes[i], (engine->outcome_count - i) * sizeof engine->outcomes[0]);
  engine->outcomes[i] = strdup(text);
  engine->outcome_count++;
}

static void join_outcomes(char *text, size_t bytes)
{
  size_t n = 0;
  text[0] = 0;
  for (unsigned i = 0; i < engine->outcome_count; i++)
    n += (size_t)snprintf(text + n, n < bytes ? bytes - n : 0, "%s%s", i ? " " : "", engine->outcomes[i]);
}

/* ---- one scenario ---- */

struct options {
  bool all, unbounded, quiet;
  unsigned bound, old_reads;
  uint64_t most;
  const char *schedule;
  const char *finds; /* the scenario must be found wrong, so */
};

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void prepare(const model_scenario *s, const struct options *o)
{
  engine->scenario = s;
  engine->reduce = !o->all;
  engine->bound = o->unbounded ? 0 : o->bound ? o->bound : s->bound;
  engine->old_reads = o->old_reads ? o->old_reads : s->old_reads ? s->old_reads : 2;
  engine->most = o->most ? o->most : UINT64_MAX;
  engine->runs = engine->cut = engine->steps = 0;
  engine->outcome_count = 0;
  engine->listing = false;
  list_clear();
  order_forget();
}

static void show(const model_scenario *s, const char *schedule)
{
  char failure[sizeof engine->failure];
  snprintf(failure, sizeof failure, "%s", engine->failure);
  printf("%s: %s\n", s->name, failure);
  engine->listing = true;
  replay(schedule);
  list_all();
  if (!engine->failed || strcmp(failure, engine->failure) != 0)
    printf("  (the replay says otherwise: %s)\n", engine->failed ? engine->failure : "nothing is wrong");
  printf("again: --replay %s %s\n", s->name, schedule);
}

/* Which objects are shared is part of the schedule: it is learned as in the search. */
static bool replays(const model_scenario *s, const struct options *o)
{
  prepare(s, o);
  explore();
  engine->listing = true;
  bool right = replay(o->schedule);
  list_all();
  printf("%s: %s\n", s->name, right ? "nothing is wrong" : engine->failure);
  return right;
}

static bool finds(const model_scenario *s, bool right, const char *what)
{
  bool found = !right && strstr(engine->failure, what);
  printf("%s: %s\n", s->name, right ? "nothing is wrong" : engine->failure);
  if (!found) printf("%s: to be found was: %s\n", s->name, what);
  return found;
}

static bool run_scenario(const model_scenario *s, const struct options *o)
{
  if (o->schedule) return replays(s, o);
  double began = now();
  prepare(s, o);
  bool right = explore();
  char limit[64] = "all orders", outcomes[4096];
  if (engine->runs == engine->most)
    snprintf(limit, sizeof limit, "no more than the limit");
  else if (engine->bound)
    snprintf(limit, sizeof limit, "all orders of at most %u preemptions", engine->bound);
  printf("%s: %llu runs (%llu more cut short), %llu steps, %.2f s: %s\n", s->name,
         (unsigned long long)(engine->runs - engine->cut), (unsigned long long)engine->cut,
         (unsigned long long)engine->steps, now() - began, right ? limit : "found wrong");
  join_outcomes(outcomes, sizeof outcomes);
  if (right && s->outcomes && strcmp(outcomes, s->outcomes) != 0) {
    printf("%s: not these outcomes: %s\n%*s  but these:          %s\n", s->name, s->outcomes, (int)strlen(s->name), "",
           outcomes);
    return false;
  }
  if (o->finds) return finds(s, right, o->finds);
  if (!right && !(s->fails && o->quiet)) {
    char schedule[NODES + 1];
    schedule_text(schedule, sizeof schedule);
    show(s, schedule);
  }
  return right == !s->fails;
}

/* ---- the command ---- */

static int usage(void)
{
  fprintf(stderr,
          "model [--all] [--unbounded] [--bound N] [--old-reads N] [--limit N] [--finds TEXT] [--show] SCENARIO...\n"
          "model --replay SCENARIO SCHEDULE\n"
          "model --list\n");
  return 2;
}

static void list(void)
{
  for (const model_scenario *s = scenarios; s; s = s->next) printf("%s\t%s\n", s->name, s->about ? s->about : "");
}

static const model_scenario *scenario_of(const char *name)
{
  const model_scenario *s = scenarios;
  while (s && strcmp(s->name, name) != 0) s = s->next;
  return s;
}

int main(int argc, char **argv)
{
  struct options o = {.quiet = true};
  int i = 1;
  bool replay_it = false;
  setvbuf(stdout, NULL, _IOLBF, 0);
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--list") == 0) {
      list();
      return 0;
    }
    if (strcmp(argv[i], "--all") == 0)
      o.all = true;
    else if (strcmp(argv[i], "--show") == 0)
      o.quiet = false;
    else if (strcmp(argv[i], "--unbounded") == 0)
      o.unbounded = true;
    else if (strcmp(argv[i], "--replay") == 0)
      replay_it = true;
    else if (strcmp(argv[i], "--bound") == 0 && i + 1 < argc)
      o.bound = (unsigned)atoi(argv[++i]);
    else if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc)
      o.most = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--finds") == 0 && i + 1 < argc)
      o.finds = argv[++i];
    else if (strcmp(argv[i], "--old-reads") == 0 && i + 1 < argc)
      o.old_reads = (unsigned)atoi(argv[++i]);
    else
      return usage();
  }
  if (i == argc) return usage();
  engine = mmap(NULL, sizeof *engine, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (engine == MAP_FAILED) return 2;
  races_init();
  arena_init();
  threads_init();
  bool right = true;
  if (replay_it && i + 1 < argc) o.schedule = argv[i + 1], argc = i + 1;
  for (; i < argc; i++) {
    const model_scenario *s = scenario_of(argv[i]);
    if (!s) {
      fprintf(stderr, "no such scenario: %s\n", argv[i]);
      return 2;
    }
    right &= run_scenario(s, &o);
  }
  return right ? 0 : 1;
}
