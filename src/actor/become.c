/* become.c: an actor's present clauses: its type's, or those of a behaviour. */
#include <weir/become.h>

#include <string.h>

#include "actor/actor.h"
#include "actor/simulated.h"
#include "platform/trap.h"

WEIR__ENTRY int weir__dispatch_as(const struct weir__cell *cell, weir__call *call)
{
  int rc;
  if (!call->probe && weir__simulated_instead(cell, &rc)) return rc;
  if (!cell->became) return cell->type->dispatch(call); /* there was a fault, and it goes on */
  return cell->extras->rare->behaviour->dispatch(call);
}

const char *weir__behaves_as(const struct weir__cell *cell)
{
  return cell->became ? cell->extras->rare->behaviour->name : NULL;
}

const weir_message *weir__clause_for(const struct weir__cell *cell, const weir_message *type)
{
  struct weir__probe probe = {.takes = type};
  weir__call call = {.probe = &probe};
  weir__dispatch(cell, &call);
  return probe.found;
}

static int check(const struct weir__cell *cell, const weir_behaviour *b)
{
  if (!b->dispatch || !b->name || !b->actor) return weir_error(WEIR_EINVAL, "weir_become(): a broken behaviour");
  if (b->state_bytes != cell->type->state_bytes || strcmp(b->actor, cell->type->name) != 0)
    return weir_error(WEIR_EINVAL, "%s is a behaviour of %s, not of %s", b->name, b->actor, cell->type->name);
  struct weir__probe probe = {.takes = NULL};
  weir__call call = {.probe = &probe};
  b->dispatch(&call);
  if (!probe.starts && !probe.ends) return WEIR_OK;
  return weir_error(WEIR_EINVAL, "%s: a behaviour has no %s clause: it is its type's", b->name,
                    probe.starts ? "start" : "end");
}

int weir_become(const weir_behaviour *behaviour)
{
  struct weir__cell *cell = weir__cell_here();
  if (!cell) return weir_error(WEIR_EINVAL, "weir_become() is for an actor's handler");
  int rc = behaviour ? check(cell, behaviour) : WEIR_OK;
  if (!rc && behaviour && !weir__rare(cell)) rc = WEIR_ENOMEM;
  if (rc) return rc;
  if (behaviour) cell->extras->rare->behaviour = behaviour;
  cell->became = behaviour != NULL;
  return WEIR_OK;
}
