/* A plugin with a type that another plugin has, too. */
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct total {
  int64_t n;
};
static int total_add(struct total *t, const struct record *m)
{
  t->n += m->time_ms;
  return WEIR_OK;
}
WEIR_ACTOR(total, WEIR_ON(record, total_add));
WEIR_PLUGIN("again", "1.0.0", &total);
