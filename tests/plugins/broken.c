/* Plugins that are refused, one by each definition. */
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

#ifdef OLD_ABI
#undef WEIR_ABI
#define WEIR_ABI 2
#endif

struct total {
  int64_t n;
};
static int total_add(struct total *t, const struct record *m)
{
  t->n += m->time_ms;
  return WEIR_OK;
}
#ifdef BAD_OUTPUT
WEIR_ACTOR(total, WEIR_ON(record, total_add), .outputs = {"not a name"});
#else
WEIR_ACTOR(total, WEIR_ON(record, total_add));
#endif

#ifdef TWICE
WEIR_PLUGIN("broken", "1.0.0", &total, &total);
#elif defined NO_NAME
WEIR_PLUGIN(NULL, "1.0.0", &total);
#elif !defined NO_TABLE
WEIR_PLUGIN("broken", "1.0.0", &total);
#else
const void *unused(void) { return &total; }
#endif
