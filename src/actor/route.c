/* route.c: several instances of an actor behind one ref; and what is common to all relays. See relay.h. */
#include "actor/relay.h"

#include <stdlib.h>

#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "channel/fields.h"
#include "channel/line.h"
#include "channel/mpsc.h"

struct weir__route {
  struct weir__cell *cell;
  struct weir__name *name; /* NULL: none */
  int how;
  size_t count;           /* instances; written before it is opened, like what follows */
  _Atomic(size_t) holds;  /* T2; acq_rel: the last one frees it */
  _Atomic(size_t) living; /* instances that have not left; acq_rel: the last one closes it */
  _Atomic(size_t) turn;   /* relaxed: any number does */
  weir_ref instances[];
};

/* ---- making ---- */

struct weir__route *weir__route_make(weir_runtime *rt, int how, size_t count)
{
  struct weir__route *r = calloc(1, sizeof *r + count * sizeof r->instances[0]);
  if (r) r->cell = weir__cell_take();
  if (!r || !r->cell) {
    free(r);
    weir_error(WEIR_ENOMEM, "no memory for a route");
    return NULL;
  }
  r->how = how;
  atomic_store_explicit(&r->holds, 1, memory_order_relaxed);
  r->cell->rt = rt;
  atomic_store_explicit(&r->cell->kind, WEIR__CELL_ROUTE, memory_order_relaxed);
  return r;
}

int weir__route_name(struct weir__route *route, const char *name)
{
  return weir__name_add(route->cell->rt, name, route->cell, &route->name);
}

void weir__route_add(struct weir__route *route, struct weir__cell *instance)
{
  instance->extras->route = route;
  route->instances[route->count++] = weir__ref_of(instance);
}

weir_ref weir__route_open(struct weir__route *route)
{
  atomic_store_explicit(&route->living, route->count, memory_order_relaxed);
  weir_ref ref = weir__ref_of(route->cell);
  struct weir__bucket *bucket = weir__bucket_lock(route->cell);
  route->cell->small.state = route;
  weir__bucket_unlock(bucket);
  return ref;
}

static void release(struct weir__route *r)
{
  if (atomic_fetch_sub_explicit(&r->holds, 1, memory_order_acq_rel) == 1) free(r);
}

void weir__route_unmake(struct weir__route *route)
{
  if (route->name) weir__name_remove(route->cell->rt, route->name);
  weir__cell_untake(route->cell);
  release(route);
}

/* Nobody finds it any more. */
static void close_route(struct weir__route *r)
{
  struct weir__cell *cell = r->cell;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  cell->small.state = NULL;
  weir__bucket_unlock(bucket);
  weir__route_unmake(r);
}

void weir__route_leave(struct weir__cell *instance)
{
  struct weir__route *r = instance->extras->route;
  if (!r) return;
  instance->extras->route = NULL;
  if (atomic_fetch_sub_explicit(&r->living, 1, memory_order_acq_rel) == 1) close_route(r);
}

/* ---- finding ---- */

/* T2. NULL: it is no route, or its instances have ended. */
static struct weir__route *hold(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  bool is = weir__is_relay(cell, ref) && atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_ROUTE;
  struct weir__route *r = is ? cell->small.state : NULL;
  if (r) atomic_fetch_add_explicit(&r->holds, 1, memory_order_relaxed);
  weir__bucket_unlock(bucket);
  return r;
}

static int all_gone(weir_ref ref)
{
  return weir_error(WEIR_EDEAD, "all instances behind ref %u are gone", weir__slot_of(ref));
}

/* ---- which instance ---- */

enum { NONE_LIVES = -1 };

/* T1: the first that lives, from that one on. */
static ptrdiff_t first_alive(const struct weir__route *r, size_t from)
{
  for (size_t i = 0; i < r->count; i++) {
    size_t at = (from + i) % r->count;
    if (weir_alive(r->instances[at])) return (ptrdiff_t)at;
  }
  return NONE_LIVES;
}

/* What it has to do: the message in hand counts, too. */
static uint32_t load_of(const struct weir__cell *cell)
{
  uintptr_t inbox = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  return weir__mpsc_length(cell) + (inbox != WEIR__CELL_IDLE);
}

/* Of those with the least, the next in turn. */
static ptrdiff_t least_busy(const struct weir__route *r, size_t from)
{
  ptrdiff_t best = NONE_LIVES;
  uint32_t least = UINT32_MAX;
  for (size_t i = 0; i < r->count && least; i++) {
    size_t at = (from + i) % r->count;
    uint32_t load = weir_alive(r->instances[at]) ? load_of(weir__cell_at(weir__slot_of(r->instances[at]))) : UINT32_MAX;
    if (load < least) least = load, best = (ptrdiff_t)at;
  }
  return best;
}

/* Spreads a hash anew: for the next key, for the next try. */
static uint32_t hash_again(uint32_t hash)
{
  uint64_t h = (hash + UINT64_C(1)) * UINT64_C(0x9e3779b97f4a7c15);
  return (uint32_t)((h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9) >> 32);
}

/* Of all fields that are marked as key, together. */
static int hash_keys(const weir_message *type, const void *value, uint32_t *hash)
{
  size_t keys = 0;
  if (!type)
    return weir_error(WEIR_EINVAL, "no place can be reserved at a route by hash: the key comes with the message");
  for (size_t i = 0; i < type->count; i++) {
    if (!type->fields[i].key) continue;
    uint32_t one = weir__field_hash(&type->fields[i], value);
    *hash = keys++ ? hash_again(*hash) ^ one : one;
  }
  if (keys) return WEIR_OK;
  return weir_error(WEIR_EINVAL, "%s has no field with .key = true for a hash route to go by (declared at %s:%d)",
                    type->name, type->file, type->line);
}

/* The high bits are the good ones. */
static size_t place_of(uint32_t hash, size_t count) { return (size_t)((uint64_t)hash * count >> 32); }

/* The keys of an instance that has ended go over to the others, each to one of its own; all other keys stay. */
static ptrdiff_t by_hash(const struct weir__route *r, uint32_t hash)
{
  for (size_t tries = 0; tries < 16; tries++, hash = hash_again(hash)) {
    size_t at = place_of(hash, r->count);
    if (weir_alive(r->instances[at])) return (ptrdiff_t)at;
  }
  return first_alive(r, place_of(hash, r->count));
}

/* Held. */
static int pick(struct weir__route *r, const weir_message *type, const void *value, weir_ref *to)
{
  uint32_t hash = 0;
  int rc = r->how == WEIR_BY_HASH ? hash_keys(type, value, &hash) : WEIR_OK;
  if (rc) return rc;
  size_t turn = r->how == WEIR_BY_HASH ? 0 : atomic_fetch_add_explicit(&r->turn, 1, memory_order_relaxed) % r->count;
  ptrdiff_t at = r->how == WEIR_BY_HASH      ? by_hash(r, hash)
                 : r->how == WEIR_LEAST_BUSY ? least_busy(r, turn)
                                             : first_alive(r, turn);
  if (at == NONE_LIVES) return all_gone(*to);
  *to = r->instances[at];
  return WEIR_OK;
}

int weir__relay_pick(weir_ref *to, const weir_message *type, const void *value, const char *what)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(*to));
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE)
    return weir_error(WEIR_EINVAL, "an output of a topology can't be %s", what);
  struct weir__route *r = hold(*to);
  if (!r) return all_gone(*to);
  int rc = r->how == WEIR_BROADCAST
               ? weir_error(WEIR_EINVAL, "a route that broadcasts can't be %s: all would get it", what)
               : pick(r, type, value, to);
  release(r);
  return rc;
}

/* ---- sending ---- */

/* Each of those that live; one that is full is waited for, or misses it. */
static int broadcast(struct weir__route *r, weir_ref ref, const struct weir__parcel *value, bool waits,
                     int64_t deadline_ns)
{
  bool sent = false, missed = false;
  for (size_t i = 0; i < r->count; i++) {
    struct weir__parcel p = *value;
    int rc = weir__send_to_actor(r->instances[i], &p, waits, deadline_ns);
    if (rc == WEIR_EDEAD) continue;
    if (rc && rc != WEIR_EFULL) return rc;
    sent = true;
    missed = missed || rc;
  }
  return !sent ? all_gone(ref) : missed ? WEIR_EFULL : WEIR_OK;
}

/* One that ended meanwhile is not picked again. */
static int send_to_one(struct weir__route *r, weir_ref ref, const struct weir__parcel *value, bool waits,
                       int64_t deadline_ns)
{
  for (;;) {
    struct weir__parcel p = *value;
    weir_ref to = ref;
    int rc = pick(r, value->type, value->value, &to);
    if (!rc) rc = weir__send_to_actor(to, &p, waits, deadline_ns);
    if (rc != WEIR_EDEAD || to.bits == ref.bits) return rc;
  }
}

static int route_send(weir_ref ref, const struct weir__parcel *value, bool waits, int64_t deadline_ns)
{
  struct weir__route *r = hold(ref);
  if (!r) return weir__tell_refused(ref, value->type, weir__turned_away(all_gone(ref)), false);
  int rc = r->how == WEIR_BROADCAST ? broadcast(r, ref, value, waits, deadline_ns)
                                    : send_to_one(r, ref, value, waits, deadline_ns);
  release(r);
  return weir__tell_refused(ref, value->type, rc, false);
}

int weir__relay_send(struct weir__cell *cell, weir_ref ref, const struct weir__parcel *value, bool waits,
                     int64_t deadline_ns)
{
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE)
    return weir__edge_send(cell, value->type, value->value, waits, deadline_ns);
  return route_send(ref, value, waits, deadline_ns);
}

int weir__route_send_later(weir_ref route, const struct weir__parcel *value)
{
  struct weir__route *r = hold(route);
  if (!r) return weir__turned_away(WEIR_EDEAD);
  bool to_all = r->how == WEIR_BROADCAST;
  int rc = to_all ? broadcast(r, route, value, false, 0) : send_to_one(r, route, value, false, 0);
  release(r);
  return to_all && rc == WEIR_EFULL ? WEIR_OK : rc;
}

/* ---- all of them ---- */

size_t weir__route_room(weir_ref ref)
{
  size_t sum = 0;
  struct weir__route *r = hold(ref);
  for (size_t i = 0; r && i < r->count; i++) {
    uint32_t room, length;
    weir__mpsc_look(weir__cell_at(weir__slot_of(r->instances[i])), weir__generation_of(r->instances[i]), &room,
                    &length);
    sum += room;
  }
  if (r) release(r);
  return sum;
}

size_t weir__route_each(weir_ref ref, int (*f)(weir_ref, uint32_t), uint32_t flags)
{
  size_t lived = 0;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  struct weir__route *r = weir__is_relay(cell, ref) ? hold(ref) : NULL;
  for (size_t i = 0; r && i < r->count; i++) lived += f(r->instances[i], flags) == WEIR_OK;
  if (r) release(r);
  return lived;
}
