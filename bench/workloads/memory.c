/* memory: after many actors have lived at once, as in `idle`: when is their memory back with the system? */
#include "bench.h"

static void add_kb(struct bench *b, const char *name, const char *key)
{
  bench_add(b, name, (double)bench_status_kb(key));
}

int bench_memory(struct bench *b)
{
  add_kb(b, "before_kb", "VmRSS:");
  bench_must(bench_idle(b), "idle");
  double end = bench_now();
  add_kb(b, "top_kb", "VmHWM:");
  static const struct {
    double after_s;
    const char *name;
  } looks[] = {{0, "after_kb"}, {0.1, "after_100ms_kb"}, {0.5, "after_500ms_kb"}, {1, "after_1s_kb"}};
  for (size_t i = 0; i < sizeof looks / sizeof looks[0]; i++) {
    double left = end + looks[i].after_s - bench_now();
    if (left > 0) bench_must(weir_sleep((weir_duration){(int64_t)(left * 1e9)}), "sleep");
    add_kb(b, looks[i].name, "VmRSS:");
  }
  return WEIR_OK;
}
