/* permit.c: places in actors' mailboxes that are held: see channel/permit.h. */
#include "channel/permit.h"

#include "actor/relay.h"
#include "channel/send.h"

struct weir__permit **weir__actor_permits(void)
{
  struct weir__extras *extras = weir__extras(weir__cell_here());
  return extras ? &extras->permits : NULL;
}

static int reserve(weir_ref to, size_t n, bool waits, weir_duration within, weir_permit *permit)
{
  *permit = (weir_permit){0};
  int rc = weir_ref_error(to);
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  if (!rc && !cell) rc = WEIR_EDEAD;
  if (!rc && weir__is_relay(cell, to)) {
    rc = weir__relay_pick(&to, NULL, NULL, "reserved at");
    if (rc == WEIR_EINVAL) return rc;
    cell = weir__cell_at(weir__slot_of(to));
  }
  if (!rc)
    rc = weir__permit_reserve(cell, weir__generation_of(to), n, waits, waits ? weir__deadline(within) : 0, WEIR_EDEAD,
                              permit);
  return rc == WEIR_EDEAD ? weir_error(rc, "actor %u is gone", weir__slot_of(to)) : rc;
}

size_t weir_room(weir_ref to)
{
  struct weir__cell *cell = weir_ref_error(to) ? NULL : weir__cell_at(weir__slot_of(to));
  uint32_t room = 0, length;
  if (cell && weir__is_relay(cell, to)) return weir__route_room(to);
  if (cell) weir__mpsc_look(cell, weir__generation_of(to), &room, &length);
  return room;
}

int weir_reserve(weir_ref to, weir_duration within, weir_permit *permit)
{
  return reserve(to, 1, true, within, permit);
}
int weir_try_reserve(weir_ref to, weir_permit *permit) { return reserve(to, 1, false, WEIR_FOREVER, permit); }
int weir_reserve_many(weir_ref to, size_t n, weir_duration within, weir_permit *permit)
{
  return reserve(to, n, true, within, permit);
}
int weir_try_reserve_many(weir_ref to, size_t n, weir_permit *permit)
{
  return reserve(to, n, false, WEIR_FOREVER, permit);
}
