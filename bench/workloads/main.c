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
