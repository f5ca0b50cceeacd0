/* group.c: groups of actors, by name, in a process-wide table.
 *
 *   (no group) --the first joins--> a roll of members --the last leaves--> (no group)
 *
 * G1  Who publishes takes the group's roll as it is, under the lock of its chain and for a few instructions, and then
 *     sends without any lock: however many members there are, nobody is kept from joining, leaving and publishing.
 * G2  A roll only grows at its end, and a member that leaves is crossed out in place. So a roll that was taken stays
 *     true but for those who have left. A roll without room, or with many crossed out, is replaced by a new one; the
 *     old one goes with the last who reads it (`readers`).
 * G3  All else of a group is under its chain's lock, a leaf. An actor's list of its memberships is its own (A1). */
#include <weir/group.h>

#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"
#include "channel/overflow.h"
#include "channel/send.h"
#include "runtime/runtime.h"

enum { CHAINS = 256, FIRST_ROOM = 8 };

struct weir__membership {
  struct weir__membership *next; /* of its actor's */
  struct group *group;
  size_t place; /* in the roll; G3 */
};

struct roll {
  _Atomic(size_t) readers;           /* and the group itself; acq_rel: the last one frees it */
  size_t used, room;                 /* `used`: G3 */
  struct weir__membership **members; /* by place; NULL: has left. G3 */
  _Atomic(uint64_t) refs[];          /* by place; 0: has left. Relaxed: an entry is read by who saw it counted in `used`
                                        under the lock, and an old value does no harm (G2) */
};

struct group {
  struct group *next; /* of its chain */
  struct chain *chain;
  weir_runtime *rt;
  struct roll *roll;
  size_t living;
  char name[];
};

static struct chain {
  pthread_mutex_t lock;
  struct group *first;
} chains[CHAINS];
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_chains(void)
{
  for (int i = 0; i < CHAINS; i++) pthread_mutex_init(&chains[i].lock, NULL);
}

/* Locked. */
static struct chain *lock_chain(const weir_runtime *rt, const char *name)
{
  uint32_t hash = 2166136261u ^ (uint32_t)((uintptr_t)rt >> 6);
  for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
  pthread_once(&once, init_chains);
  struct chain *chain = &chains[hash % CHAINS];
  pthread_mutex_lock(&chain->lock);
  return chain;
}

/* Lock held. */
static struct group *find(struct chain *chain, const weir_runtime *rt, const char *name)
{
  struct group *g = chain->first;
  while (g && (g->rt != rt || strcmp(g->name, name) != 0)) g = g->next;
  return g;
}

/* ---- rolls ---- */

static struct roll *make_roll(size_t room)
{
  struct roll *r = calloc(1, sizeof *r + room * sizeof r->refs[0]);
  if (r) r->members = calloc(room, sizeof(struct weir__membership *));
  if (!r || !r->members) {
    free(r);
    return NULL;
  }
  r->room = room;
  atomic_store_explicit(&r->readers, 1, memory_order_relaxed);
  return r;
}

static void put_roll(struct roll *r)
{
  if (atomic_fetch_sub_explicit(&r->readers, 1, memory_order_acq_rel) != 1) return;
  free(r->members);
  free(r);
}

static void enter(struct roll *r, struct weir__membership *m, uint64_t bits)
{
  m->place = r->used;
  r->members[r->used] = m;
  atomic_store_explicit(&r->refs[r->used], bits, memory_order_relaxed);
  r->used++;
}

/* Lock held. A new roll with those that are still there. False: no memory. */
static bool renew_roll(struct group *g)
{
  struct roll *old = g->roll, *fresh = make_roll(g->living * 2 > FIRST_ROOM ? g->living * 2 : FIRST_ROOM);
  if (!fresh) return false;
  for (size_t i = 0; old && i < old->used; i++)
    if (old->members[i]) enter(fresh, old->members[i], atomic_load_explicit(&old->refs[i], memory_order_relaxed));
  g->roll = fresh;
  if (old) put_roll(old);
  return true;
}

/* ---- joining and leaving ---- */

/* Lock held. NULL: no memory. */
static struct group *find_or_make(struct chain *chain, weir_runtime *rt, const char *name)
{
  struct group *g = find(chain, rt, name);
  if (g) return g;
  size_t bytes = strlen(name) + 1;
  g = calloc(1, sizeof *g + bytes);
  if (!g) return NULL;
  g->rt = rt;
  g->chain = chain;
  memcpy(g->name, name, bytes);
  g->next = chain->first;
  chain->first = g;
  return g;
}

/* Lock held: nobody is in it. */
static void remove_group(struct group *g)
{
  struct group **at = &g->chain->first;
  while (*at != g) at = &(*at)->next;
  *at = g->next;
  if (g->roll) put_roll(g->roll);
  free(g);
}

static int join_group(struct weir__cell *cell, const char *name, struct weir__membership *m)
{
  struct chain *chain = lock_chain(cell->rt, name);
  struct group *g = find_or_make(chain, cell->rt, name);
  bool room = g && ((g->roll && g->roll->used < g->roll->room) || renew_roll(g));
  if (room) {
    enter(g->roll, m, weir__ref_of(cell).bits);
    m->group = g;
    g->living++;
  } else if (g && !g->living) {
    remove_group(g);
  }
  pthread_mutex_unlock(&chain->lock);
  return room ? WEIR_OK : weir_error(WEIR_ENOMEM, "no memory to join a group");
}

static void leave_group(struct weir__membership *m)
{
  struct group *g = m->group;
  struct chain *chain = g->chain;
  pthread_mutex_lock(&chain->lock);
  struct roll *r = g->roll;
  atomic_store_explicit(&r->refs[m->place], 0, memory_order_relaxed);
  r->members[m->place] = NULL;
  if (--g->living == 0)
    remove_group(g);
  else if (r->used > g->living * 2 + FIRST_ROOM)
    renew_roll(g); /* without memory the old one does, too */
  pthread_mutex_unlock(&chain->lock);
}

/* The link to its membership; that of the list's end: it is in no such group. */
static struct weir__membership **find_own(struct weir__cell *cell, const char *name)
{
  struct weir__membership **at = &cell->extras->rare->memberships;
  while (*at && strcmp((*at)->group->name, name) != 0) at = &(*at)->next;
  return at;
}

static int check(const struct weir__cell *cell, const char *what, const char *group)
{
  if (!cell) return weir_error(WEIR_EINVAL, "%s is for an actor's handler", what);
  if (!group || !*group) return weir_error(WEIR_EINVAL, "%s: no group was named", what);
  return WEIR_OK;
}

int weir_join(const char *group)
{
  struct weir__cell *cell = weir__cell_here();
  int rc = check(cell, "weir_join()", group);
  if (rc) return rc;
  if (cell->phase == WEIR__ENDS) return weir_error(WEIR_EDEAD, "%s ends: it joins nobody", weir__actor_name(cell));
  if (!weir__rare(cell)) return WEIR_ENOMEM;
  if (*find_own(cell, group)) return weir_error(WEIR_EEXIST, "%s is in \"%s\"", weir__actor_name(cell), group);
  struct weir__membership *m = calloc(1, sizeof *m);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory to join a group");
  rc = join_group(cell, group, m);
  if (rc) {
    free(m);
    return rc;
  }
  m->next = cell->extras->rare->memberships;
  cell->extras->rare->memberships = m;
  return WEIR_OK;
}

static void end_membership(struct weir__membership **at)
{
  struct weir__membership *m = *at;
  *at = m->next;
  leave_group(m);
  free(m);
}

int weir_leave(const char *group)
{
  struct weir__cell *cell = weir__cell_here();
  int rc = check(cell, "weir_leave()", group);
  if (rc) return rc;
  struct weir__membership **at = weir__rare_of(cell) ? find_own(cell, group) : NULL;
  if (!at || !*at) return weir_error(WEIR_EINVAL, "%s is not in \"%s\"", weir__actor_name(cell), group);
  end_membership(at);
  return WEIR_OK;
}

void weir__groups_end(struct weir__cell *cell)
{
  struct weir__rare *rare = cell->extras->rare;
  while (rare->memberships) end_membership(&rare->memberships);
}

/* ---- publishing ---- */

/* G1. NULL: nobody is in it. */
static struct roll *take_roll(const weir_runtime *rt, const char *name, size_t *used)
{
  struct chain *chain = lock_chain(rt, name);
  struct group *g = find(chain, rt, name);
  struct roll *r = g ? g->roll : NULL;
  if (r) atomic_fetch_add_explicit(&r->readers, 1, memory_order_relaxed);
  *used = r ? r->used : 0;
  pthread_mutex_unlock(&chain->lock);
  return r;
}

/* WEIR_OK: it got it. */
static int publish_to(weir_ref to, const struct weir__parcel *parcel)
{
  struct weir__parcel p = *parcel;
  int rc = weir__cell_try(weir__cell_at(weir__slot_of(to)), weir__generation_of(to), &p, WEIR_EDEAD);
  if (rc == WEIR_EFULL || rc == WEIR_ERANGE) {
    weir__turned_away(WEIR_EFULL);
    weir__missed_one(weir__cell_at(weir__slot_of(to)), weir__generation_of(to));
  }
  if (rc == WEIR_EOPEN) weir__turned_away(rc);
  weir__parcel_drop(&p);
  return rc;
}

static int publish(const weir_runtime *rt, const char *group, const struct weir__parcel *parcel, size_t *got)
{
  size_t used;
  int rc = WEIR_OK;
  struct roll *r = take_roll(rt, group, &used);
  for (size_t i = 0; i < used; i++) {
    weir_ref to = {atomic_load_explicit(&r->refs[i], memory_order_relaxed)};
    int one = to.bits ? publish_to(to, parcel) : WEIR_EDEAD;
    if (!one) ++*got;
    if (one == WEIR_ENOMEM) rc = one;
  }
  if (r) put_roll(r);
  return rc;
}

int weir_publish_counted_value(const char *group, size_t *got, weir_value value)
{
  struct weir__parcel parcel;
  size_t ignored;
  if (!got) got = &ignored;
  *got = 0;
  if (!group || !*group) return weir_error(WEIR_EINVAL, "weir_publish(): no group was named");
  int rc = weir__parcel_of_value(&parcel, value);
  if (rc) return rc == WEIR_ERANGE ? WEIR_EINVAL : rc;
  weir_runtime *rt = weir__runtime_here_held();
  if (!rt) return weir_error(WEIR_EINVAL, "no runtime is running");
  rc = publish(rt, group, &parcel, got);
  weir__runtime_release(rt);
  return rc;
}

int weir_publish_value(const char *group, weir_value value) { return weir_publish_counted_value(group, NULL, value); }

size_t weir_group_size(const char *group)
{
  weir_runtime *rt = group ? weir__runtime_here_held() : NULL;
  if (!rt) return 0;
  struct chain *chain = lock_chain(rt, group);
  struct group *g = find(chain, rt, group);
  size_t living = g ? g->living : 0;
  pthread_mutex_unlock(&chain->lock);
  weir__runtime_release(rt);
  return living;
}
