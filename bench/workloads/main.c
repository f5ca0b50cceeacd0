/* weir-bench: twelve workloads that measure passing messages, one a run. See --help. */
#include <getopt.h>
#include <time.h>

#include "bench.h"

static const struct workload {
  const char *name;
  uint64_t n;
  size_t capacity;
  bench_run *run;
  const char *help;
} workloads[] = {
    {"pingpong", 1000000, 1024, bench_pingpong, "two actors, one message to and fro; N round trips"},
    {"ring", 5000000, 1024, bench_ring, "1,000 actors in a ring, one token; N hops"},
    {"counting", 10000000, 1024, bench_counting, "one producer, one counter; N messages"},
    {"fanin", 8000000, 1024, bench_fanin, "8 producers, one consumer; N messages"},
    {"create", 1000000, 1, bench_create, "spawn an actor, send it one message, it ends; N actors"},
    {"idle", 1000000, 1, bench_idle, "N actors that wait; their memory"},
    {"fjthr", 12000000, 1024, bench_fjthr, "one producer, 60 actors in turn; N messages"},
    {"big", 2000000, 1024, bench_big, "200 actors ping each other at random; N round trips"},
    {"chameneos", 1000000, 1024, bench_chameneos, "100 creatures meet in a mall; N meetings"},
    {"ask", 1600000, 1024, bench_ask, "16 clients, one server; N requests"},
    {"pipeline", 2000000, 256, bench_pipeline, "source, 4 stages, sink; N items"},
    {"skynet", 1000000, 10, bench_skynet, "a tree of actors with N leaves (a power of ten)"},
};
enum { WORKLOADS = sizeof workloads / sizeof workloads[0] };

static void help(FILE *to)
{
  fprintf(to, "usage: weir-bench WORKLOAD [--n N] [--workers N] [--flavor multi|current] [--capacity N]\n\n"
              "Runs one workload and prints one line of JSON.\n\n");
  for (int i = 0; i < WORKLOADS; i++)
    fprintf(to, "  %-10s %s (N = %" PRIu64 ")\n", workloads[i].name, workloads[i].help, workloads[i].n);
  fprintf(to, "\n  --n N          how many operations\n"
              "  --workers N    threads of the multi-thread runtime (2)\n"
              "  --flavor F     multi, or current: all on one thread\n"
              "  --capacity N   of the mailboxes (1024; create, idle 1, pipeline 256, skynet 10)\n");
}

/* ---- for the workloads ---- */

double bench_now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

long bench_status_kb(const char *key)
{
  char line[256];
  long kb = 0;
  FILE *f = fopen("/proc/self/status", "r");
  while (f && fgets(line, sizeof line, f))
    if (strncmp(line, key, strlen(key)) == 0) kb = strtol(line + strlen(key) + 1, NULL, 10);
  if (f) fclose(f);
  return kb;
}

void bench_begin(struct bench *b) { b->seconds = bench_now(); }
void bench_end(struct bench *b) { b->seconds = bench_now() - b->seconds; }

void bench_wrong(const char *what, uint64_t is, uint64_t should_be)
{
  fprintf(stderr, "weir-bench: %s is %" PRIu64 ", and should be %" PRIu64 "\n", what, is, should_be);
  exit(1);
}

int bench_must(int rc, const char *what)
{
  if (rc) exit(weir_die(rc, what));
  return rc;
}

weir_ref bench_actor(weir_ref ref)
{
  bench_must(weir_ref_error(ref), "spawn");
  return ref;
}

void latch_make(struct latch *l, uint64_t n)
{
  atomic_store_explicit(&l->left, n, memory_order_relaxed);
  bench_must(weir_oneshot(&l->done, &l->all), "oneshot");
}

void latch_down(struct latch *l)
{
  if (atomic_fetch_sub_explicit(&l->left, 1, memory_order_acq_rel) == 1) weir_promise_send(l->done, number);
}

void latch_wait(struct latch *l)
{
  struct number *none;
  bench_must(weir_future_wait(l->all, WEIR_FOREVER, &none, number), "wait for all");
  weir_free(none);
}

/* ---- the run ---- */

struct options {
  const struct workload *workload;
  struct bench bench;
  weir_runtime_options runtime;
};

static uint64_t number_of(const char *text, const char *option)
{
  char *end;
  uint64_t n = strtoull(text, &end, 10);
  if (!*text || *text == '-' || *end || !n) {
    fprintf(stderr, "weir-bench: %s takes a whole number from 1, not \"%s\"\n", option, text);
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
  for (int i = 0; name && i < WORKLOADS; i++)
    if (strcmp(workloads[i].name, name) == 0) return &workloads[i];
  if (name)
    fprintf(stderr, "weir-bench: no workload \"%s\"; weir-bench --help lists them\n", name);
  else
    help(stderr);
  exit(2);
}

static struct options read_options(int argc, char **argv)
{
  static const struct option known[] = {
      {"n", required_argument, NULL, 'n'},      {"workers", required_argument, NULL, 'w'},
      {"flavor", required_argument, NULL, 'f'}, {"capacity", required_argument, NULL, 'c'},
      {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
  struct options o = {.runtime = {.workers = 2}};
  int option;
  while ((option = getopt_long(argc, argv, "h", known, NULL)) != -1) switch (option) {
    case 'n':
      o.bench.n = number_of(optarg, "--n");
      break;
    case 'w':
      o.runtime.workers = (int)number_of(optarg, "--workers");
      break;
    case 'f':
      o.runtime.flavor = flavor_of(optarg);
      break;
    case 'c':
      o.bench.capacity = number_of(optarg, "--capacity");
      break;
    case 'h':
      help(stdout);
      exit(0);
    default:
      exit(2);
    }
  o.workload = workload_of(argv[optind]);
  if (o.runtime.flavor == WEIR_CURRENT_THREAD) o.runtime.workers = 1;
  if (!o.bench.n) o.bench.n = o.workload->n;
  if (!o.bench.capacity) o.bench.capacity = o.workload->capacity;
  return o;
}

static int run(struct options *o) { return o->workload->run(&o->bench); }

static void print(const struct options *o)
{
  const struct bench *b = &o->bench;
  printf("{\"peer\":\"weir\",\"version\":\"weir %s\",\"threads\":%d,\"flavor\":\"%s\",\"bench\":\"%s\",\"n\":%" PRIu64
         ",\"seconds\":%.6f,\"ops_per_s\":%.1f,\"peak_rss_kb\":%ld",
         weir_version(), o->runtime.workers, o->runtime.flavor == WEIR_CURRENT_THREAD ? "current" : "multi",
         o->workload->name, b->n, b->seconds, (double)b->n / b->seconds, bench_status_kb("VmHWM:"));
  if (b->bytes_per_actor > 0)
    printf(",\"bytes_per_actor\":%.1f,\"spawn_s\":%.6f,\"stop_s\":%.6f", b->bytes_per_actor, b->spawn_s, b->stop_s);
  puts("}");
}

int main(int argc, char **argv)
{
  struct options o = read_options(argc, argv);
  weir_runtime *rt;
  bench_must(weir_runtime_start(&o.runtime, &rt), "start");
  weir_task *t = weir_task_start(rt, run, &o);
  int rc = t ? WEIR_OK : WEIR_ENOMEM;
  bench_must(rc, "start a task");
  bench_must(weir_task_join(t, WEIR_FOREVER, &rc), "join");
  bench_must(rc, o.workload->name);
  print(&o);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(10)));
}
