/* permit.c: places in actors' mailboxes that are held, or asked for: see channel/permit.h, channel/notice.h. */
#include "channel/permit.h"

#include "actor/edge.h"
#include "actor/relay.h"
#include "channel/notice.h"
#include "channel/send.h"

struct weir__permit **weir__actor_permits(void)
{
  struct weir__rare *rare = weir__rare(weir__cell_here());
  return rare ? &rare->permits : NULL;
}

int weir__actor_notices(struct weir__notice_record ***list)
{
  struct weir__cell *cell = weir__cell_here();
  if (cell->phase == WEIR__ZOMBIE) return weir_error(WEIR_EDEAD, "%s has ended", weir__actor_name(cell));
  struct weir__rare *rare = weir__rare(cell);
  if (!rare) return WEIR_ENOMEM;
  weir__stay_here(cell);
  *list = &rare->notices;
  return WEIR_OK;
}

/* The one actor's cell that is meant, `*to` its ref. */
static int find(weir_ref *to, struct weir__cell **cell)
{
  int rc = weir__ref_check(*to);
  *cell = weir__cell_at(weir__slot_of(*to));
  if (!rc && !*cell) return WEIR_EDEAD;
  if (!rc) rc = weir__edge_check(*cell);
  if (rc || !weir__is_relay(*cell, *to)) return rc;
  rc = weir__relay_pick(to, NULL, NULL, "reserved at");
  *cell = weir__cell_at(weir__slot_of(*to));
  return rc;
}

static int with_text(int rc, weir_ref to)
{
  return rc == WEIR_EDEAD ? weir_error(rc, "actor %u is gone", weir__slot_of(to)) : rc;
}

static int reserve(weir_ref to, size_t n, bool waits, weir_duration within, weir_permit *permit)
{
  struct weir__cell *cell;
  *permit = (weir_permit){0};
  int rc = find(&to, &cell);
  if (!rc)
    rc = weir__permit_reserve(cell, weir__generation_of(to), n, waits, waits ? weir__deadline(within) : 0, WEIR_EDEAD,
                              permit);
  return with_text(rc, to);
}

int weir_notify_writable(weir_ref to, weir_writable f, void *arg, weir_notice *notice)
{
  struct weir__cell *cell;
  if (notice) *notice = (weir_notice){0};
  int rc = find(&to, &cell);
  if (!rc) rc = weir__notice_register(cell, weir__generation_of(to), WEIR_EDEAD, f, arg, notice);
  return with_text(rc, to);
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
