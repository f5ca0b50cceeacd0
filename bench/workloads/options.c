/* options.c: what the command line says. */
#include <getopt.h>
#include <stddef.h>

#include "bench.h"

/* Numbers of a workload: it knows those that its table row gives a default. */
static const struct number_option {
  const char *name;
  size_t at; /* in struct bench */
  uint64_t least;
  const char *help;
} numbers[] = {
    {"n", offsetof(struct bench, n), 1, "how many operations"},
    {"capacity", offsetof(struct bench, capacity), 1, "of the mailboxes"},
    {"producers", offsetof(struct bench, producers), 1, "how many send"},
    {"actors", offsetof(struct bench, actors), 1, "how many there are"},
    {"bytes", offsetof(struct bench, bytes), 0, "in each message"},
    {"rate", offsetof(struct bench, rate), 0, "requests a second; 0: 64 at any time"},
    {"seconds", offsetof(struct bench, for_s), 1, "for how long"},
};
enum { NUMBERS = sizeof numbers / sizeof numbers[0] };

static uint64_t *number_in(struct bench *b, int i) { return (uint64_t *)((char *)b + numbers[i].at); }

static void help(FILE *to)
{
  fprintf(to, "usage: weir-bench WORKLOAD [--n N] [--workers N] [--flavor multi|current] [--capacity N] [OPTION…]\n\n"
              "Runs one workload and prints one line of JSON.\n\n");
  for (size_t i = 0; i < workload_count; i++)
    fprintf(to, "  %-10s %s (N = %" PRIu64 ")\n", workloads[i].name, workloads[i].help, workloads[i].defaults.n);
  fprintf(to, "\n  --workers N    threads of the multi-thread runtime (2)\n"
              "  --flavor F     multi, or current: all on one thread\n"
              "  --n N          how many operations\n"
              "  --watched      its actors are supervised, linked and monitored: pingpong, counting\n");
  for (int i = 1; i < NUMBERS; i++) {
    fprintf(to, "  --%-12s %s:", numbers[i].name, numbers[i].help);
    for (size_t w = 0; w < workload_count; w++) {
      struct bench defaults = workloads[w].defaults;
      if (*number_in(&defaults, i)) fprintf(to, " %s %" PRIu64, workloads[w].name, *number_in(&defaults, i));
    }
    fputs("\n", to);
  }
}

static uint64_t number_of(const char *text, const char *option, uint64_t least)
{
  char *end;
  uint64_t n = strtoull(text, &end, 10);
  if (!*text || *text == '-' || *end || n < least) {
    fprintf(stderr, "weir-bench: --%s takes a whole number from %" PRIu64 ", not \"%s\"\n", option, least, text);
    exit(2);
  }
  return n;
}

static int flavor_of(const char *text)
{
  if (strcmp(text, "multi") == 0) return WEIR_MULTI_THREAD;
  if (strcmp(text, "current") == 0) return WEIR_CURRENT_THREAD;
  fprintf(stderr, "weir-bench: --flavor is multi or current, not \"%s\"\n", text);
  exit(2);
}

static const struct workload *workload_of(const char *name)
{
  for (size_t i = 0; name && i < workload_count; i++)
    if (strcmp(workloads[i].name, name) == 0) return &workloads[i];
  if (name)
    fprintf(stderr, "weir-bench: no workload \"%s\"; weir-bench --help lists them\n", name);
  else
    help(stderr);
  exit(2);
}

/* The workload's own numbers, and those that were given instead. */
static struct bench bench_of(const struct workload *w, const char *given[NUMBERS])
{
  struct bench b = w->defaults;
  for (int i = 0; i < NUMBERS; i++) {
    if (!given[i]) continue;
    if (!*number_in(&b, i)) {
      fprintf(stderr, "weir-bench: %s has no --%s; weir-bench --help says which have\n", w->name, numbers[i].name);
      exit(2);
    }
    *number_in(&b, i) = number_of(given[i], numbers[i].name, numbers[i].least);
  }
  return b;
}

static void on_crash(const weir_crash *crash, void *unused) { (void)crash, (void)unused; }

static void list_options(struct option known[NUMBERS + 5])
{
  for (int i = 0; i < NUMBERS; i++) known[i] = (struct option){numbers[i].name, required_argument, NULL, i};
  known[NUMBERS] = (struct option){"workers", required_argument, NULL, 'w'};
  known[NUMBERS + 1] = (struct option){"flavor", required_argument, NULL, 'f'};
  known[NUMBERS + 2] = (struct option){"help", no_argument, NULL, 'h'};
  known[NUMBERS + 3] = (struct option){"watched", no_argument, NULL, 's'};
  known[NUMBERS + 4] = (struct option){NULL, 0, NULL, 0};
}

struct options read_options(int argc, char **argv)
{
  struct option known[NUMBERS + 5];
  const char *given[NUMBERS] = {NULL};
  struct options o = {.workload = NULL};
  bool watched = false;
  int option;
  list_options(known);
  while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) switch (option) {
    case 'w':
      o.runtime.workers = (int)number_of(optarg, "workers", 1);
      break;
    case 'f':
      o.runtime.flavor = flavor_of(optarg);
      break;
    case 's':
      watched = true;
      break;
    case 'h':
      help(stdout);
      exit(0);
    case '?':
      exit(2);
    default:
      given[option] = optarg;
    }
  o.workload = workload_of(argv[optind]);
  if (o.workload->defaults.starts_runtimes && (o.runtime.workers || o.runtime.flavor)) {
    fprintf(stderr, "weir-bench: %s starts its own runtimes: no --workers, no --flavor\n", o.workload->name);
    exit(2);
  }
  if (!o.runtime.workers) o.runtime.workers = 2;
  if (o.runtime.flavor == WEIR_CURRENT_THREAD) o.runtime.workers = 1;
  o.bench = bench_of(o.workload, given);
  if (watched && !o.bench.may_be_watched) {
    fprintf(stderr, "weir-bench: %s has no --watched; weir-bench --help says which have\n", o.workload->name);
    exit(2);
  }
  o.bench.watched = watched;
  o.runtime.contain_crashes = o.bench.crashes;
  o.runtime.on_crash = on_crash;
  return o;
}
