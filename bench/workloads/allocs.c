/* allocs: how often each of the twelve workloads calls the system's allocator in steady state: a run to warm up, and
 * one that counts, on the same runtime. What the program itself calls (`idle` keeps a table of its actors, and reads
 * /proc/self/status) is counted, too. */
#include <dlfcn.h>
#include <limits.h>
#include <unistd.h>

#include "bench.h"
#include "preload/count_calls.h"

static counted_calls_reader *read_calls; /* written before there is a runtime */

/* The program anew, with the counting functions before those of the C library. */
static int restart_with_counts(const struct bench *b)
{
  char path[PATH_MAX];
  ssize_t length = readlink("/proc/self/exe", path, sizeof path - sizeof "count_calls.so");
  if (length < 0) return weir_error(WEIR_EUSER(1), "/proc/self/exe can't be read");
  path[length] = '\0';
  memcpy(strrchr(path, '/') + 1, "count_calls.so", sizeof "count_calls.so");
  if (getenv("LD_PRELOAD")) return weir_error(WEIR_EUSER(1), "allocs: %s could not be preloaded", path);
  setenv("LD_PRELOAD", path, 1);
  char n[32];
  snprintf(n, sizeof n, "%" PRIu64, b->n);
  execl("/proc/self/exe", "weir-bench", "allocs", "--n", n, (char *)NULL);
  return weir_error(WEIR_EUSER(1), "the program could not be started anew");
}

struct twice {
  const struct workload *workload;
  struct bench bench;
  struct counted_calls before, after;
};

static int run_twice(struct twice *t)
{
  struct bench warm_up = t->bench;
  int rc = t->workload->run(&warm_up);
  if (rc) return rc;
  read_calls(&t->before);
  rc = t->workload->run(&t->bench);
  read_calls(&t->after);
  return rc;
}

static uint64_t print_calls(const struct twice *t)
{
  uint64_t sum = 0;
  printf("{\"bench\":\"allocs\",\"workload\":\"%s\",\"n\":%" PRIu64, t->workload->name, t->bench.n);
#define COUNTED_PRINT(name)                                                                                            \
  printf(",\"%s\":%" PRIu64, #name, t->after.name##_calls - t->before.name##_calls);                                   \
  sum += t->after.name##_calls - t->before.name##_calls;
  COUNTED_CALLS(COUNTED_PRINT)
  printf(",\"calls_per_op\":%.6f}\n", (double)sum / (double)t->bench.n);
  return sum;
}

int bench_allocs(struct bench *b)
{
  const weir_runtime_options two_workers = {.workers = 2};
  double worst = 0;
  *(void **)&read_calls = dlsym(RTLD_DEFAULT, "counted_calls_read");
  if (!read_calls) return restart_with_counts(b);
  bench_begin(b);
  for (size_t i = 0; i < workload_twelve; i++) {
    struct twice t = {.workload = &workloads[i], .bench = workloads[i].defaults};
    t.bench.n = b->n;
    bench_must(bench_run_task(&two_workers, run_twice, &t), workloads[i].name);
    double per_op = (double)print_calls(&t) / (double)t.bench.n;
    if (per_op > worst) worst = per_op;
  }
  bench_end(b);
  bench_add(b, "most_calls_per_op", worst);
  return WEIR_OK;
}
