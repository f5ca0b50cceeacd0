/* A plugin with a type whose name is one of weir's own. */
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct count {
  int64_t n;
};
static int count_add(struct count *c, const struct record *m)
{
  c->n += m->time_ms;
  return WEIR_OK;
}
WEIR_ACTOR(count, WEIR_ON(record, count_add));
WEIR_PLUGIN("taken", "1.0.0", &count);
