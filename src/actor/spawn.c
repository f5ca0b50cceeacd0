/* spawn.c: making an actor. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/child.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "actor/stash.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/overflow.h"
#include "channel/send.h"
#include "runtime/depot.h"

enum { CAPACITY = 64, INSTANCES_MOST = 1 << 16 };

/* ---- what it has beside its cell: blocks of the depot, of which an actor's end leaves some for the next ---- */

static void *make_zeroed(size_t bytes)
{
  void *block = weir__depot_take(weir__depot_class(bytes), bytes);
  return block ? memset(block, 0, bytes) : NULL;
}

static struct weir__extras *extras_of(struct weir__cell *cell)
{
  if (!cell->extras) cell->extras = make_zeroed(sizeof *cell->extras);
  if (!cell->extras) weir_error(WEIR_ENOMEM, "no memory for an actor");
  return cell->extras;
}

struct weir__extras *weir__extras(struct weir__cell *cell)
{
  struct weir__extras *extras = extras_of(cell);
  if (extras && !(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__FURNISHED))
    atomic_fetch_or_explicit(&cell->work.flags, WEIR__FURNISHED, memory_order_relaxed);
  return extras;
}

struct weir__rare *weir__rare(struct weir__cell *cell)
{
  struct weir__extras *extras = weir__extras(cell);
  if (extras && !extras->rare) extras->rare = make_zeroed(sizeof *extras->rare);
  if (extras && extras->rare) return extras->rare;
  weir_error(WEIR_ENOMEM, "no memory for an actor");
  return NULL;
}

/* Its lists are empty. */
static void free_rare(struct weir__rare *rare)
{
  if (rare->next_config) weir__message_end(rare->next_config, WEIR__FREED);
  if (rare->before_config) weir__message_end(rare->before_config, WEIR__FREED);
  free(rare->breaker);
  free(rare->kept);
  weir__depot_put(weir__depot_class(sizeof *rare), rare);
}

void weir__extras_free(struct weir__extras *extras)
{
  if (extras->config) weir__message_end(extras->config, WEIR__FREED);
  if (extras->papers) weir__message_end(extras->papers, WEIR__FREED);
  if (extras->rare) free_rare(extras->rare);
  weir__depot_put(weir__depot_class(sizeof *extras), extras);
}

void *weir__state_make(size_t bytes) { return make_zeroed(bytes); }

void weir__state_free(struct weir__cell *cell, size_t bytes)
{
  if (bytes > WEIR__STATE_INLINE && cell->small.state) weir__depot_put(weir__depot_class(bytes), cell->small.state);
  cell->small.state = NULL;
}

const char *weir__actor_name(const struct weir__cell *cell)
{
  return cell->extras && cell->extras->name ? weir__name_text(cell->extras->name) : cell->type->name;
}

/* ---- family: children are in a list of their parent's, under the lock of its bucket ---- */

static void join_family(struct weir__cell *cell, struct weir__cell *parent)
{
  struct weir__bucket *bucket = weir__bucket_lock(parent);
  cell->elder = atomic_load_explicit(&parent->child, memory_order_relaxed);
  if (cell->elder) weir__cell_linked(cell, cell->elder)->younger = cell->slot + 1;
  atomic_store_explicit(&parent->child, cell->slot + 1, memory_order_relaxed);
  atomic_store_explicit(&cell->parent, parent->slot + 1, memory_order_relaxed);
  weir__bucket_unlock(bucket);
}

/* ---- the steps of a spawn, and how each is taken back ---- */

static int overflow_of(const weir_actor *type, const weir_spawn_options *o)
{
  return o->overflow ? o->overflow : type->overflow;
}

static int check(const weir_actor *type, const weir_spawn_options *o, const struct weir__clauses *clauses)
{
  const weir_message *config = o->config.type ? o->config.type() : NULL;
  if (o->capacity > WEIR__CAPACITY_MAX || type->capacity > WEIR__CAPACITY_MAX)
    return weir_error(WEIR_ERANGE, "%s: capacity is %zu: 1 to %d", type->name,
                      o->capacity ? o->capacity : type->capacity, WEIR__CAPACITY_MAX);
  if (type->runs != WEIR_ON_ANY_WORKER && type->runs != WEIR_PINNED && type->runs != WEIR_ON_BLOCKING_POOL)
    return weir_error(WEIR_EINVAL, "%s: .runs is %d", type->name, type->runs);
  if (o->instances > INSTANCES_MOST)
    return weir_error(WEIR_ERANGE, "%s: %zu instances: at most %d", type->name, o->instances, INSTANCES_MOST);
  if (o->route < WEIR_ROUND_ROBIN || o->route > WEIR_BROADCAST)
    return weir_error(WEIR_EINVAL, "%s: .route is %d", type->name, o->route);
  if (o->route && !o->instances) return weir_error(WEIR_EINVAL, "%s: a .route needs .instances", type->name);
  int overflow = overflow_of(type, o);
  if (overflow < 0 || overflow > WEIR_DROP_OLDEST)
    return weir_error(WEIR_EINVAL, "%s: .overflow is %d", type->name, overflow);
  if (overflow == WEIR_DROP_OLDEST && type->keeps_places)
    return weir_error(WEIR_EINVAL, "%s: WEIR_DROP_OLDEST and .keeps_places don't go together", type->name);
  int rc = weir__breaker_check(type->name, &o->breaker);
  if (rc) return rc;
  if (config && !clauses->starts)
    return weir_error(WEIR_EINVAL, "%s has no start clause to take a %s", type->name, config->name);
  if (config && !weir_message_same(config, clauses->config))
    return weir_error(WEIR_EINVAL, "%s starts with a %s, not with a %s", type->name, clauses->config->name,
                      config->name);
  return WEIR_OK;
}

static int make_state(struct weir__cell *cell)
{
  size_t bytes = cell->type->state_bytes;
  if (bytes > WEIR__STATE_INLINE) cell->small.state = weir__state_make(bytes);
  return weir__state_of(cell) ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory for an actor's state");
}

struct weir__message *weir__config_of(const struct weir__cell *cell)
{
  return cell->extras ? cell->extras->config : NULL;
}

static int copy_config(struct weir__cell *cell, weir_value config)
{
  struct weir__parcel parcel;
  if (!config.type) return WEIR_OK;
  int rc = weir__parcel_of_value(&parcel, config);
  if (rc) return rc;
  struct weir__extras *extras = extras_of(cell);
  if (extras) extras->config = weir__parcel_message(&parcel);
  return extras && extras->config ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory for a configuration");
}

static int set_name(struct weir__cell *cell, const char *name)
{
  if (!name) return WEIR_OK;
  struct weir__extras *extras = weir__extras(cell);
  return extras ? weir__name_add(cell->rt, name, cell, &extras->name) : WEIR_ENOMEM;
}

/* Only the pool may have no room for it. */
static int choose_home(struct weir__cell *cell, bool pinned)
{
  if (cell->type->runs == WEIR_ON_BLOCKING_POOL && !cell->rt->simulation) { /* that one's pool is its worker */
    cell->work.home = WEIR__ON_POOL;
    return weir__blocking_move_in(cell->rt);
  }
  struct weir__worker *home = pinned ? weir__runtime_least_bound(cell->rt) : NULL;
  cell->work.home = home ? (uint16_t)home->index : WEIR__ANYWHERE;
  if (home) atomic_fetch_add_explicit(&home->bound, 1, memory_order_relaxed);
  return WEIR_OK;
}

void weir__leave_home(struct weir_runtime *rt, uint16_t home)
{
  if (home == WEIR__ON_POOL)
    weir__blocking_move_out(rt);
  else if (home != WEIR__ANYWHERE)
    atomic_fetch_sub_explicit(&rt->workers[home].bound, 1, memory_order_relaxed);
}

/* What all instances of one spawn have in common. */
struct order {
  struct weir_runtime *rt;
  const weir_actor *type;
  const struct weir__wired *wired;
  struct weir__message *papers; /* of a child of a supervisor; NULL: of none */
  struct weir__cell *parent;    /* NULL: nobody in that runtime */
  bool starts;
};

static bool keeps_places(const struct order *order)
{
  return order->type->keeps_places || (order->papers && weir__papers_retries(order->papers)) ||
         (order->wired && order->wired->supervised); /* E3 of actor/edge.h */
}

/* From now on they are the cell's. */
static int set_papers(struct weir__cell *cell, struct weir__message *papers)
{
  struct weir__extras *extras = weir__extras(cell);
  if (extras) extras->papers = papers;
  return extras ? WEIR_OK : WEIR_ENOMEM;
}

static int furnish(struct weir__cell *cell, const weir_spawn_options *o, const struct order *order)
{
  int rc = make_state(cell);
  if (!rc) rc = copy_config(cell, o->config);
  if (!rc && order->wired) rc = weir__node_make(cell, order->wired);
  if (!rc && keeps_places(order)) rc = weir__kept_make(cell);
  if (!rc) rc = set_name(cell, o->name);
  if (!rc) rc = weir__breaker_make(cell, &o->breaker);
  if (!rc) rc = weir__memory_limit(cell, o->memory);
  if (!rc && order->papers) rc = set_papers(cell, order->papers);
  return rc;
}

static void unfurnish(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  if (extras) {
    if (extras->node) weir__node_free(extras->node);
    if (extras->name) weir__name_remove(cell->rt, extras->name);
    weir__extras_free(extras);
  }
  weir__state_free(cell, cell->type->state_bytes);
  cell->extras = NULL;
  weir__cell_untake(cell);
}

/* Makes one that nobody can reach yet. NULL: `*rc` says why, with a text. */
static struct weir__cell *prepare(const struct order *order, const weir_spawn_options *o, int *rc)
{
  const weir_actor *type = order->type;
  *rc = WEIR_OK;
  if (!weir__runtime_enter(order->rt)) {
    *rc = weir_error(WEIR_EDEAD, "%s: the runtime is being stopped", type->name);
    return NULL;
  }
  struct weir__cell *cell = weir__cell_take();
  if (!cell) {
    *rc = weir_error(WEIR_ENOMEM, "no memory for an actor, or no slot is left");
  } else {
    size_t capacity = o->capacity ? o->capacity : type->capacity ? type->capacity : CAPACITY;
    atomic_store_explicit(&cell->kind, order->wired ? WEIR__CELL_STAGE : WEIR__CELL_ACTOR, memory_order_relaxed);
    if (order->wired) atomic_store_explicit(&cell->warm, WEIR__SHY, memory_order_relaxed); /* E2 of actor/edge.h */
    cell->rt = order->rt;
    cell->type = type;
    cell->work.kind = WEIR__ACTOR_TURN;
    atomic_store_explicit(&cell->capacity, (uint32_t)capacity, memory_order_relaxed);
    weir__set_overflow(cell, overflow_of(type, o));
    *rc = choose_home(cell, type->runs == WEIR_PINNED || (order->wired && order->wired->pinned));
    if (!*rc && (*rc = furnish(cell, o, order))) weir__leave_home(order->rt, cell->work.home);
    if (*rc) unfurnish(cell);
  }
  if (!*rc) return cell;
  weir__runtime_leave(order->rt);
  return NULL;
}

static void take_back(const struct order *order, struct weir__cell *cell)
{
  weir__leave_home(order->rt, cell->work.home);
  unfurnish(cell);
  weir__runtime_leave(order->rt);
}

/* From now on its ref works. */
static weir_ref launch(const struct order *order, struct weir__cell *cell)
{
  assert(cell);
  if (order->parent) join_family(cell, order->parent);
  bool supervised = order->wired && order->wired->supervised, starts = order->starts && !supervised;
  if (order->wired && order->wired->held)
    atomic_fetch_or_explicit(&cell->work.flags, WEIR__HELD, memory_order_relaxed); /* nobody can reach it yet */
  cell->phase = supervised ? WEIR__DOWN : order->starts ? WEIR__STARTS : WEIR__LIVES;
  atomic_store_explicit(&cell->inbox, starts ? 0 : WEIR__CELL_IDLE, memory_order_relaxed);
  weir_ref ref = weir__ref_of(cell);
  weir__cell_open(cell);
  if (WEIR__UNLIKELY(order->rt->simulation != NULL))
    weir__simulation_knows_actor(order->rt->simulation, ref.bits, &cell->work, cell->type->name);
  if (starts) weir__schedule(order->rt, &cell->work);
  return ref;
}

static weir_ref spawn_one(const struct order *order, const weir_spawn_options *o)
{
  int rc = WEIR_OK;
  struct weir__cell *cell = prepare(order, o, &rc);
  return cell ? launch(order, cell) : weir__ref_error_make(rc);
}

/* ---- several instances behind a route: all or none ---- */

/* Named name#0, name#1 … if the route has a name. */
static struct weir__cell *prepare_instance(const struct order *order, const weir_spawn_options *o, size_t i, int *rc)
{
  weir_spawn_options one = *o;
  const char *common = o->name ? o->name : "";
  size_t bytes = strlen(common) + 24;
  char *name = malloc(bytes);
  if (!name) {
    *rc = weir_error(WEIR_ENOMEM, "no memory for a name");
    return NULL;
  }
  snprintf(name, bytes, "%s#%zu", common, i);
  if (o->name) one.name = name;
  struct weir__cell *cell = prepare(order, &one, rc);
  free(name);
  if (!cell || weir__rare(cell)) return cell;
  take_back(order, cell);
  *rc = WEIR_ENOMEM;
  return NULL;
}

static int prepare_all(const struct order *order, const weir_spawn_options *o, struct weir__route *route,
                       struct weir__cell **cells)
{
  int rc = o->name ? weir__route_name(route, o->name) : WEIR_OK;
  size_t made = 0;
  while (!rc && made < o->instances) {
    cells[made] = prepare_instance(order, o, made, &rc);
    if (cells[made]) weir__route_add(route, cells[made]), made++;
  }
  while (rc && made) take_back(order, cells[--made]);
  return rc;
}

static weir_ref spawn_route(const struct order *order, const weir_spawn_options *o)
{
  struct weir__cell **cells = calloc(o->instances, sizeof(struct weir__cell *));
  struct weir__route *route = cells ? weir__route_make(order->rt, o->route, o->instances) : NULL;
  int rc = route ? prepare_all(order, o, route, cells) : weir_error(WEIR_ENOMEM, "no memory for a route");
  weir_ref ref = weir__ref_error_make(rc);
  if (!rc)
    ref = weir__route_open(route);
  else if (route)
    weir__route_unmake(route);
  for (size_t i = 0; !rc && i < o->instances; i++) {
    assert(cells && cells[i]);
    launch(order, cells[i]);
  }
  free(cells);
  return ref;
}

static weir_ref spawn(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired,
                      struct weir__message *papers)
{
  static const weir_spawn_options plain;
  const weir_spawn_options *o = options ? options : &plain;
  if (!type || !type->dispatch || !type->name)
    return weir__ref_error_make(weir_error(WEIR_EINVAL, "no actor type was given"));
  struct weir__clauses clauses = weir__clauses_of(type);
  int rc = check(type, o, &clauses);
  if (rc) return weir__ref_error_make(rc);
  if (o->on) weir__runtime_hold(o->on);
  struct weir_runtime *rt = o->on ? o->on : weir__runtime_here_held();
  if (!rt) return weir__ref_error_make(weir_error(WEIR_EINVAL, "%s: no runtime is running", type->name));
  struct weir__cell *here = weir__cell_here();
  struct order order = {.rt = rt,
                        .type = type,
                        .wired = wired,
                        .papers = papers,
                        .parent = here && here->rt == rt ? here : NULL,
                        .starts = clauses.starts || wired || papers};
  weir_ref ref = o->instances ? spawn_route(&order, o) : spawn_one(&order, o);
  weir__runtime_release(rt);
  return ref;
}

weir_ref weir__spawn_actor(const weir_actor *type, const weir_spawn_options *options, const struct weir__wired *wired)
{
  return spawn(type, options, wired, NULL);
}

weir_ref weir__spawn_child(const weir_actor *type, const weir_spawn_options *options, struct weir__message *papers)
{
  weir_ref ref = spawn(type, options, NULL, papers);
  if (weir_ref_error(ref)) weir__message_end(papers, WEIR__FREED);
  return ref;
}

weir_ref weir__spawn(const weir_actor *type, const weir_spawn_options *options)
{
  return weir__spawn_actor(type, options, NULL);
}
