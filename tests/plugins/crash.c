/* A plugin with a type that crashes at its first record. */
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct crash {
  int *nowhere;
};
static int crash_take(struct crash *c)
{
  *(volatile int *)c->nowhere = 1;
  return WEIR_OK;
}
WEIR_ACTOR(crash, WEIR_ON(record, crash_take), .help = "crashes");
WEIR_PLUGIN("crash", "1.0.0", &crash);
