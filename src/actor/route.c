/* route.c: several instances of an actor behind one ref; and what is common to all relays. See relay.h. */
#include "actor/relay.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "channel/fields.h"
#include "channel/mpsc.h"

/* Loads of what T2 allows to be read at any time are acquire, and stores release: who reads what a later route has
 * written sees that the cell's generation has ended. */
struct weir__route {
  struct weir__cell *cell;  /* T2; NULL: its generations are used up. This and the next two: of who makes or ends it */
  struct weir__name *name;  /* NULL: none */
  size_t made;              /* instances that were added */
  struct weir__route *next; /* in the pool; its lock */
  size_t room;              /* for instances; written once */
  _Atomic(int) how;         /* T2 */
  _Atomic(size_t) count;    /* T2: of instances; 0: it is not open */
  _Atomic(size_t) living;   /* instances that have not left; acq_rel: the last one closes it */
  _Atomic(size_t) turn WEIR__ALIGNED;     /* relaxed: any number does. A line of its own: each send writes it */
  _Atomic(uint64_t) refs[] WEIR__ALIGNED; /* T2: of the instances */
};

/* ---- the pool ---- */

enum { SIZES = 17 }; /* rooms of 1, 2, 4, … up to INSTANCES_MOST of spawn.c */

static struct {
  pthread_mutex_t lock;
  struct weir__route *free[SIZES];
} pool = {.lock = PTHREAD_MUTEX_INITIALIZER};

static unsigned size_of(size_t count)
{
  unsigned size = 0;
  while (((size_t)1 << size) < count) size++;
  return size;
}

static struct weir__route *make_record(size_t room)
{
  size_t bytes = sizeof(struct weir__route) + room * sizeof(uint64_t);
  struct weir__route *r = aligned_alloc(WEIR__LINE, (bytes + WEIR__LINE - 1) / WEIR__LINE * WEIR__LINE);
  if (!r) return NULL;
  memset(r, 0, bytes);
  r->room = room;
  return r;
}

static void put_back(struct weir__route *r)
{
  unsigned size = size_of(r->room);
  pthread_mutex_lock(&pool.lock);
  r->next = pool.free[size];
  pool.free[size] = r;
  pthread_mutex_unlock(&pool.lock);
}

/* NULL: no memory. */
static struct weir__route *take_record(size_t count)
{
  unsigned size = size_of(count);
  pthread_mutex_lock(&pool.lock);
  struct weir__route *r = pool.free[size];
  if (r) pool.free[size] = r->next;
  pthread_mutex_unlock(&pool.lock);
  return r ? r : make_record((size_t)1 << size);
}

/* ---- making ---- */

/* The cell leads to the record before it has a ref that anybody knows. */
static bool has_cell(struct weir__route *r)
{
  if (r->cell) return true;
  r->cell = weir__cell_take();
  if (!r->cell) return false;
  atomic_store_explicit(&r->cell->kind, WEIR__CELL_ROUTE, memory_order_relaxed);
  r->cell->small.state = r;
  return true;
}

struct weir__route *weir__route_make(weir_runtime *rt, int how, size_t count)
{
  struct weir__route *r = take_record(count);
  if (!r || !has_cell(r)) {
    if (r) put_back(r);
    weir_error(WEIR_ENOMEM, "no memory for a route");
    return NULL;
  }
  r->cell->rt = rt;
  r->name = NULL;
  r->made = 0;
  atomic_store_explicit(&r->turn, 0, memory_order_relaxed);
  atomic_store_explicit(&r->how, how, memory_order_release);
  return r;
}

int weir__route_name(struct weir__route *route, const char *name)
{
  return weir__name_add(route->cell->rt, name, route->cell, &route->name);
}

void weir__route_add(struct weir__route *route, struct weir__cell *instance)
{
  instance->extras->rare->route = route;
  atomic_store_explicit(&route->refs[route->made++], weir__ref_of(instance).bits, memory_order_release);
}

weir_ref weir__route_open(struct weir__route *route)
{
  atomic_store_explicit(&route->living, route->made, memory_order_relaxed);
  weir_ref ref = weir__ref_of(route->cell);
  atomic_store_explicit(&route->count, route->made, memory_order_release);
  return ref;
}

void weir__route_unmake(struct weir__route *route)
{
  if (route->name) weir__name_remove(route->cell->rt, route->name);
  route->cell->rt = NULL;
  atomic_store_explicit(&route->count, 0, memory_order_release);
  if (!weir__cell_renew(route->cell)) route->cell = NULL;
  put_back(route);
}

void weir__route_leave(struct weir__cell *instance)
{
  struct weir__route *r = instance->extras->rare->route;
  if (!r) return;
  instance->extras->rare->route = NULL;
  if (atomic_fetch_sub_explicit(&r->living, 1, memory_order_acq_rel) == 1) weir__route_unmake(r);
}

/* ---- finding ---- */

/* T2: what was read of its record is true. */
static bool still_is(weir_ref ref)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  return weir__generation_in(atomic_load_explicit(&cell->places, memory_order_relaxed)) == weir__generation_of(ref);
}

/* Its record, to be read as T2 says, and how many instances it has. NULL: it is no route, or all of them have ended. */
static struct weir__route *find(weir_ref ref, size_t *count)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(ref));
  bool is = weir__is_relay(cell, ref) && atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_ROUTE;
  struct weir__route *r = is ? cell->small.state : NULL;
  *count = r ? atomic_load_explicit(&r->count, memory_order_acquire) : 0;
  return *count ? r : NULL;
}

static int how_of(const struct weir__route *r) { return atomic_load_explicit(&r->how, memory_order_acquire); }

static weir_ref instance_of(const struct weir__route *r, size_t at)
{
  return (weir_ref){atomic_load_explicit(&r->refs[at], memory_order_acquire)};
}

static int all_gone(weir_ref ref)
{
  return weir_error(WEIR_EDEAD, "all instances behind ref %u are gone", weir__slot_of(ref));
}

/* ---- which instance ---- */

static const weir_ref none = {0};

/* T1: the first that lives, from that one on. */
static weir_ref first_alive(const struct weir__route *r, size_t count, size_t from)
{
  for (size_t i = 0; i < count; i++) {
    weir_ref one = instance_of(r, (from + i) % count);
    if (weir_alive(one)) return one;
  }
  return none;
}

/* What it has to do: the message in hand counts, too. */
static uint32_t load_of(const struct weir__cell *cell)
{
  uintptr_t inbox = atomic_load_explicit(&cell->inbox, memory_order_relaxed);
  return weir__mpsc_length(cell) + (inbox != WEIR__CELL_IDLE);
}

/* Of those with the least, the next in turn. */
static weir_ref least_busy(const struct weir__route *r, size_t count, size_t from)
{
  weir_ref best = none;
  uint32_t least = UINT32_MAX;
  for (size_t i = 0; i < count && least; i++) {
    weir_ref one = instance_of(r, (from + i) % count);
    uint32_t load = weir_alive(one) ? load_of(weir__cell_at(weir__slot_of(one))) : UINT32_MAX;
    if (load < least) least = load, best = one;
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
static weir_ref by_hash(const struct weir__route *r, size_t count, uint32_t hash)
{
  for (size_t tries = 0; tries < 16; tries++, hash = hash_again(hash)) {
    weir_ref one = instance_of(r, place_of(hash, count));
    if (weir_alive(one)) return one;
  }
  return first_alive(r, count, place_of(hash, count));
}

static size_t next_turn(struct weir__route *r) { return atomic_fetch_add_explicit(&r->turn, 1, memory_order_relaxed); }

/* `*to`, a route, becomes the instance that gets this value. WEIR_EDEAD: none lives. */
static int pick(struct weir__route *r, size_t count, const weir_message *type, const void *value, weir_ref *to)
{
  weir_ref one;
  uint32_t hash = 0;
  int how = how_of(r), rc = how == WEIR_BY_HASH ? hash_keys(type, value, &hash) : WEIR_OK;
  if (rc) return rc;
  if (how == WEIR_BY_HASH)
    one = by_hash(r, count, hash);
  else if (how == WEIR_LEAST_BUSY)
    one = least_busy(r, count, next_turn(r));
  else
    one = first_alive(r, count, next_turn(r));
  if (!one.bits || !still_is(*to)) return all_gone(*to);
  *to = one;
  return WEIR_OK;
}

int weir__relay_pick(weir_ref *to, const weir_message *type, const void *value, const char *what)
{
  struct weir__cell *cell = weir__cell_at(weir__slot_of(*to));
  if (atomic_load_explicit(&cell->kind, memory_order_relaxed) == WEIR__CELL_EDGE)
    return weir_error(WEIR_EINVAL, "an output of a topology can't be %s", what);
  size_t count;
  struct weir__route *r = find(*to, &count);
  if (!r) return all_gone(*to);
  if (how_of(r) != WEIR_BROADCAST) return pick(r, count, type, value, to);
  if (!still_is(*to)) return all_gone(*to);
  return weir_error(WEIR_EINVAL, "a route that broadcasts can't be %s: all would get it", what);
}

/* ---- sending ---- */

/* Each of those that live; one that is full is waited for, or misses it. */
static int broadcast(struct weir__route *r, size_t count, weir_ref ref, const struct weir__parcel *value, bool waits,
                     int64_t deadline_ns)
{
  bool sent = false;
  int missed = WEIR_OK; /* WEIR_EFULL, or WEIR_EOPEN */
  for (size_t i = 0; i < count; i++) {
    struct weir__parcel p = *value;
    weir_ref one = instance_of(r, i);
    if (!still_is(ref)) break; /* all have ended meanwhile */
    int rc = weir__send_to_actor(one, &p, waits, deadline_ns);
    if (rc == WEIR_EDEAD) continue;
    if (rc && rc != WEIR_EFULL && rc != WEIR_EOPEN) return rc;
    sent = true;
    if (rc) missed = rc;
  }
  return !sent ? all_gone(ref) : missed;
}

/* One that ended meanwhile is not picked again. */
static int send_to_one(struct weir__route *r, size_t count, weir_ref ref, const struct weir__parcel *value, bool waits,
                       int64_t deadline_ns)
{
  for (;;) {
    struct weir__parcel p = *value;
    weir_ref to = ref;
    int rc = pick(r, count, value->type, value->value, &to);
    if (!rc) rc = weir__send_to_actor(to, &p, waits, deadline_ns);
    if (rc != WEIR_EDEAD || to.bits == ref.bits) return rc;
  }
}

/* `to_all`: is it a broadcast? */
static int send_through(weir_ref ref, const struct weir__parcel *value, bool waits, int64_t deadline_ns, bool *to_all)
{
  size_t count;
  struct weir__route *r = find(ref, &count);
  if (!r) return weir__turned_away(all_gone(ref));
  *to_all = how_of(r) == WEIR_BROADCAST && still_is(ref);
  return *to_all ? broadcast(r, count, ref, value, waits, deadline_ns)
                 : send_to_one(r, count, ref, value, waits, deadline_ns);
}

static int route_send(weir_ref ref, const struct weir__parcel *value, bool waits, int64_t deadline_ns)
{
  bool to_all = false;
  return weir__tell_refused(ref, value->type, send_through(ref, value, waits, deadline_ns, &to_all), false);
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
  bool to_all = false;
  int rc = send_through(route, value, false, 0, &to_all);
  return rc == WEIR_EOPEN || (to_all && rc == WEIR_EFULL) ? WEIR_OK : rc;
}

/* ---- all of them ---- */

size_t weir__route_room(weir_ref ref)
{
  size_t sum = 0, count;
  struct weir__route *r = find(ref, &count);
  for (size_t i = 0; r && i < count; i++) {
    uint32_t room, length;
    weir_ref one = instance_of(r, i);
    if (!still_is(ref)) break;
    weir__mpsc_look(weir__cell_at(weir__slot_of(one)), weir__generation_of(one), &room, &length);
    sum += room;
  }
  return sum;
}

size_t weir__route_each(weir_ref ref, int (*f)(weir_ref, uint32_t), uint32_t flags)
{
  size_t lived = 0, count;
  struct weir__route *r = find(ref, &count);
  for (size_t i = 0; r && i < count; i++) {
    weir_ref one = instance_of(r, i);
    if (!still_is(ref)) break;
    lived += f(one, flags) == WEIR_OK;
  }
  return lived;
}
