/* weir-bench: workloads that measure passing messages, one a run. See --help. */
#include "bench.h"

static int run(struct options *o) { return o->workload->run(&o->bench); }

static void print(const struct options *o)
{
  const struct bench *b = &o->bench;
  printf("{\"peer\":\"weir\",\"version\":\"weir %s\",\"threads\":%d,\"flavor\":\"%s\",\"bench\":\"%s\",\"n\":%" PRIu64
         ",\"seconds\":%.6f,\"ops_per_s\":%.1f,\"peak_rss_kb\":%ld",
         weir_version(), o->runtime.workers, o->runtime.flavor == WEIR_CURRENT_THREAD ? "current" : "multi",
         o->workload->name, b->n, b->seconds, (double)b->n / b->seconds, bench_status_kb("VmHWM:"));
  printf("%s}\n", b->more);
}

int main(int argc, char **argv)
{
  struct options o = read_options(argc, argv);
  bench_must(o.bench.starts_runtimes ? run(&o) : bench_run_task(&o.runtime, run, &o), o.workload->name);
  print(&o);
  return 0;
}
