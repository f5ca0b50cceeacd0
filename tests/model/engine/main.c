/* main.c: the command: runs scenarios, says what was tried, and shows a run that failed. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

unsigned model_seed(void) { return engine->seed; }
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
  bool all, unbounded, deeper, quiet;
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
  engine->bound = o->unbounded ? 0 : o->bound ? o->bound : s->bound ? s->bound + o->deeper : 0;
  engine->old_reads = o->old_reads ? o->old_reads : (s->old_reads ? s->old_reads : 2) + o->deeper;
  engine->spurious = s->spurious || o->deeper;
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

/* Programs that are made up: those of the orders that are tried with the reduction are to lead to all that all orders lead
 * to; with a bound to some of it, and with a high one to all. */
static bool compares(const model_scenario *s, const struct options *o, unsigned programs)
{
  enum { BYTES = 1 << 18 };
  char *all = malloc(BYTES), *some = malloc(BYTES); /* not static: those are as at first in each run */
  uint64_t runs[2] = {0, 0};
  for (unsigned seed = 1; seed <= programs; seed++) {
    struct options each = *o;
    engine->seed = seed;
    each.all = true;
    prepare(s, &each);
    if (!explore()) return false;
    runs[0] += engine->runs;
    join_outcomes(all, BYTES);
    for (unsigned way = 0; way < 2; way++) {
      each.all = false;
      each.bound = way ? 100 : 0;
      prepare(s, &each);
      bool right = explore();
      if (!way) runs[1] += engine->runs;
      join_outcomes(some, BYTES);
      if (right && strcmp(all, some) == 0) continue;
      printf("%s %u%s: all orders lead to: %s\nthose that were tried to: %s\n", s->name, seed, way ? ", bounded" : "",
             all, some);
      return false;
    }
  }
  printf("%s: %u programs; all orders: %llu runs, those that were tried: %llu\n", s->name, programs,
         (unsigned long long)runs[0], (unsigned long long)runs[1]);
  return true;
}

/* ---- the command ---- */

static int usage(void)
{
  fprintf(stderr, "model [--all] [--deeper] [--unbounded] [--bound N] [--old-reads N] [--limit N] [--finds TEXT] "
                  "[--show] SCENARIO...\n"
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
  unsigned programs = 0;
  setvbuf(stdout, NULL, _IOLBF, 0);
  engine = map(sizeof *engine);
  for (; i < argc && argv[i][0] == '-'; i++) {
    if (strcmp(argv[i], "--list") == 0) {
      list();
      return 0;
    }
    if (strcmp(argv[i], "--all") == 0)
      o.all = true;
    else if (strcmp(argv[i], "--show") == 0)
      o.quiet = false;
    else if (strcmp(argv[i], "--deeper") == 0)
      o.deeper = true;
    else if (strcmp(argv[i], "--unbounded") == 0)
      o.unbounded = true;
    else if (strcmp(argv[i], "--replay") == 0)
      replay_it = true;
    else if (strcmp(argv[i], "--bound") == 0 && i + 1 < argc)
      o.bound = (unsigned)atoi(argv[++i]);
    else if (strcmp(argv[i], "--limit") == 0 && i + 1 < argc)
      o.most = strtoull(argv[++i], NULL, 10);
    else if (strcmp(argv[i], "--random") == 0 && i + 1 < argc)
      programs = (unsigned)atoi(argv[++i]);
    else if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc)
      engine->seed = (unsigned)atoi(argv[++i]);
    else if (strcmp(argv[i], "--finds") == 0 && i + 1 < argc)
      o.finds = argv[++i];
    else if (strcmp(argv[i], "--old-reads") == 0 && i + 1 < argc)
      o.old_reads = (unsigned)atoi(argv[++i]);
    else
      return usage();
  }
  if (i == argc) return usage();
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
    right &= programs ? compares(s, &o, programs) : run_scenario(s, &o);
  }
  return right ? 0 : 1;
}
