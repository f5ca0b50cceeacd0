/* clauses.c: what clauses a type has. A dispatch function can be asked only by going through all of it, so what was
 * seen is kept, in a table with a place for each function: a spawn and an end each look there.
 *
 *   FREE --a CAS of `claimed`--> being written --`dispatch`, release--> WRITTEN, for good
 *
 * K1  `claimed` (relaxed) decides alone who writes the rest, and `dispatch` is stored last; who reads it (acquire) and
 *     finds its function may read the rest, which never changes.
 * K2  When no place is left near its hash a function is gone through each time.
 * K3  What is kept belongs to the function's code: code with actors in it is not unloaded (C5). */
#include <stdatomic.h>

#include "actor/actor.h"

enum { PLACES_TRIED = 4 };

struct weir__clauses_seen weir__clauses_seen[WEIR__CLAUSES_PLACES];

bool weir__is(const weir__call *call, int hook, const weir_message *type)
{
  if (call->probe) {
    struct weir__probe *p = call->probe;
    if (hook == WEIR__START) p->starts = true, p->config = type;
    if (hook == WEIR__ENDED) p->ends = true;
    if (hook == WEIR__CONFIG) p->change = type;
    if (hook == WEIR__MESSAGE_HOOK && p->messages && p->count++ < p->room) p->messages[p->count - 1] = type;
    if (hook == WEIR__MESSAGE_HOOK && p->takes && weir_message_same(type, p->takes)) p->found = type;
    return false;
  }
  if (call->hook != hook) return false;
  const weir_message *comes = hook == WEIR__MESSAGE_HOOK ? call->type : call->config;
  return hook == WEIR__ENDED || !comes || weir_message_same(type, comes);
}

bool weir__is_upgrade(const weir__call *call, int version, size_t bytes)
{
  if (!call->probe) return call->version == version;
  if (call->probe->version == version) call->probe->old_bytes = bytes;
  return false;
}

static struct weir__clauses go_through(weir__dispatch_function *dispatch)
{
  struct weir__probe probe = {.takes = NULL};
  weir__call call = {.probe = &probe};
  dispatch(&call);
  return (struct weir__clauses){.starts = probe.starts, .ends = probe.ends, .config = probe.config};
}

static struct weir__clauses note(weir__dispatch_function *dispatch)
{
  struct weir__clauses clauses = go_through(dispatch);
  for (unsigned i = 0; i < PLACES_TRIED; i++) {
    struct weir__clauses_seen *p = weir__clauses_place(dispatch, i);
    if (atomic_exchange_explicit(&p->claimed, true, memory_order_relaxed)) continue;
    p->clauses = clauses;
    atomic_store_explicit(&p->dispatch, dispatch, memory_order_release);
    break;
  }
  return clauses;
}

struct weir__clauses weir__clauses_look(weir__dispatch_function *dispatch)
{
  for (unsigned i = 0; i < PLACES_TRIED; i++) {
    struct weir__clauses_seen *p = weir__clauses_place(dispatch, i);
    if (atomic_load_explicit(&p->dispatch, memory_order_acquire) == dispatch) return p->clauses;
  }
  return note(dispatch);
}
