/* A plugin with a type that names addresses: one that it listens at, and one that it connects to. */
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct door_config {
  const char *at, *to;
};
WEIR_MESSAGE(door_config, WEIR_FIELD(at, .use = WEIR_USE_LISTENS, .def = "null", .help = "where it listens"),
             WEIR_FIELD(to, .use = WEIR_USE_CONNECTS, .def = "null", .help = "to what it connects"));
struct door {
  WEIR_EMPTY;
};
static int door_start(struct door *d, const struct door_config *c)
{
  (void)d, (void)c;
  return weir_stop(weir_self());
}
WEIR_ACTOR(door, WEIR_ON_START(door_config, door_start), .source = true, .gives = {weir_message_record},
           .help = "names addresses");
WEIR_PLUGIN("door", "1.0.0", &door);
