/* sends.c: the calls of the API fuzzer that make actors, end them, send to them and ask them. */
#include "world.h"

enum { ANY_SEND = OK | DEAD | FULL | RANGE };

/* ---- making and ending ---- */

static const char *const names[] = {NULL, "one", "two", "three"};

static size_t default_capacity(const weir_actor *type) { return type->capacity; }

static void call_spawn(struct who *who, const struct step *s)
{
  static const size_t capacities[] = {0, 1, 2, 8}, instances[] = {0, 0, 1, 3};
  const weir_actor *type = actor_types[s->b % ACTOR_TYPES];
  struct birth birth = {.fails = s->a / REFS % 8 == 7, .steps = s->a / REFS % 4};
  weir_spawn_options o = {.name = names[s->c >> 6],
                          .capacity = capacities[s->c & 3],
                          .overflow = (s->b >> 2) % 5,
                          .instances = instances[s->c >> 2 & 3],
                          .route = s->c & 8 ? s->c >> 4 & 3 : 0};
  if (s->a >= REFS) o.config = WEIR_AT(birth, &birth);
  weir_ref ref = weir__spawn(type, &o);
  int rc = weir_ref_error(ref);
  EXPECT(who, rc, OK | EXISTS | DEAD | (type->keeps_places && o.overflow == WEIR_DROP_OLDEST ? INVALID : 0));
  CHECK(rc == weir_ref_error(ref) && (!rc || !weir_alive(ref)));
  world.refs[s->a % REFS].ref = ref;
  world.refs[s->a % REFS].route = o.instances > 0;
  world.refs[s->a % REFS].capacity = o.capacity ? o.capacity : default_capacity(type);
}

/* So that main goes on with others, too, and not only with those it made. */
static void call_find(struct who *who, const struct step *s)
{
  (void)who;
  const char *name = names[1 + s->b % 3];
  weir_ref ref = weir_find(name);
  CHECK(weir_ref_error(ref) == WEIR_OK || weir_ref_error(ref) == WEIR_EDEAD);
  if (s->c % 2) return;
  world.refs[s->a % REFS].ref = ref;
  world.refs[s->a % REFS].route = true; /* it may be one, and its capacity is not known */
  world.refs[s->a % REFS].capacity = SIZE_MAX;
}

static void call_self(struct who *who, const struct step *s)
{
  weir_ref self = weir_self();
  CHECK(!weir_ref_error(self) == !!who->body || who->where == IN_CALLBACK);
  world.refs[s->a % REFS].ref = self;
  world.refs[s->a % REFS].route = false;
  world.refs[s->a % REFS].capacity = SIZE_MAX;
}

static void call_stop(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_ref ref = world.refs[s->a % REFS].ref;
  int rc = s->b % 2 ? weir_drain(ref) : weir_stop(ref);
  EXPECT(who, rc, OK | DEAD | own);
  if (rc) CHECK(!weir_alive(ref));
}

/* ---- sending ---- */

static int send_value(const struct who *who, unsigned how, weir_ref to, weir_value value)
{
  bool may_wait = who->where == IN_HANDLER || who->where == IN_TASK;
  if (how == 0 && may_wait) return weir_send_value(to, value);
  if (how == 1) return weir_try_send_value(to, value);
  return weir_send_within_value(to, time_of(who, how), value);
}

static void call_send(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  struct job job;
  struct query query;
  bool route = world.refs[s->a % REFS].route;
  weir_ref to = world.refs[s->a % REFS].ref;
  struct origin o = origin_of(who, to.bits, s);
  weir_value value = s->b & 4 ? as_query(&o, &query) : as_job(&o, &job);
  int rc = send_value(who, s->b & 3, to, value);
  EXPECT(who, rc, ANY_SEND | WAITING | TIMED | own);
  if (!route) note_sent(o.id, rc);
}

/* ---- asking ---- */

/* Which ends say that no handler has begun. */
static void check_not_begun(uint32_t id, int rc)
{
  bool withdrawn = rc == WEIR_ETIMEDOUT || rc == WEIR_EDEAD || rc == WEIR_EFULL;
  if (id && withdrawn && !world.notes[id].moved) {
    CHECK(!world.notes[id].begun);
    world.notes[id].refused = true;
  }
}

static void check_answer(const struct sum *sum, uint32_t id)
{
  CHECK(sum);
  CHECK(!sum->n || sum->n == id); /* nobody else's answer */
  CHECK(!sum->load.size || ((const char *)sum->load.data)[0] == 0x5a);
}

/* A handler that forwards to a ref that was never good answers with that ref's error. */
enum { ANY_ANSWER = OK | EXISTS | TIMED | DOUBT | DEAD | FULL | FAILED | PROTO | RANGE | USER | WAITING };

static void call_ask(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  struct job job;
  struct query query;
  struct sum *sum = NULL;
  bool plain = s->b >= 4;
  weir_ref to = world.refs[s->a % REFS].ref;
  struct origin o = origin_of(who, to.bits, s);
  int rc = plain ? weir_ask_value(to, time_of(who, s->b), NULL, as_job(&o, &job))
                 : weir_ask_value(to, time_of(who, s->b), &sum, as_query(&o, &query));
  /* EINVAL is also what a handler answers that was refused something and says so. */
  EXPECT(who, rc, ANY_ANSWER | INVALID | own);
  CHECK(rc || plain ? !sum : !!sum);
  check_not_begun(o.id, rc);
  if (sum) check_answer(sum, o.id);
  weir_free(sum);
}

static void call_begin(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  struct query query;
  unsigned n = s->b % PENDINGS;
  if (world.pendings[n].awaited || (world.pendings[n].begun && world.pendings[n].owner != who->body)) return;
  weir_cancel(&world.pendings[n].pending, 1);
  world.pendings[n].begun = false;
  weir_ref to = world.refs[s->a % REFS].ref;
  struct origin o = origin_of(who, to.bits, s);
  weir_pending pending = weir_ask_begin_value(to, time_of(who, s->b / PENDINGS), as_query(&o, &query));
  EXPECT(who, pending.error, ANY_SEND | TIMED | WAITING | own);
  check_not_begun(o.id, pending.error);
  /* Somebody else began one there meanwhile; or main has cleaned up already. */
  if (world.pendings[n].begun || (!who->body && world.at == world.end && who->where != IN_MAIN)) {
    weir_cancel(&pending, 1);
    return;
  }
  world.pendings[n].pending = pending;
  world.pendings[n].id = o.id;
  world.pendings[n].owner = who->body;
  world.pendings[n].begun = true;
}

static void call_await(struct who *who, const struct step *s)
{
  struct sum *sum;
  unsigned n = s->a % PENDINGS;
  /* Who was begun with for ever is not waited for by who can't be stopped. */
  if (!world.pendings[n].begun || world.pendings[n].awaited || world.pendings[n].owner != who->body) return;
  if (who->where != IN_HANDLER && who->where != IN_CALLBACK && world.pendings[n].pending.deadline == INT64_MAX) return;
  uint32_t id = world.pendings[n].id;
  world.pendings[n].awaited = true;
  int rc = weir_await(world.pendings[n].pending, &sum, query);
  world.pendings[n].awaited = false;
  EXPECT(who, rc, ANY_ANSWER | INVALID);
  CHECK(!rc == !!sum);
  if (rc != WEIR_ECANCELED && rc != WEIR_EWOULDBLOCK) world.pendings[n].begun = false;
  check_not_begun(id, rc);
  if (sum) check_answer(sum, id);
  weir_free(sum);
}

static void call_cancel(struct who *who, const struct step *s)
{
  unsigned n = s->a % PENDINGS;
  if (world.pendings[n].awaited || world.pendings[n].owner != who->body) return;
  weir_cancel(&world.pendings[n].pending, 1);
  world.pendings[n].begun = false;
}

/* ---- letting others run ---- */

static void call_sleep(struct who *who, const struct step *s)
{
  int64_t ns = s->a % 8 == 7 ? 1000000 : 0;
  int rc = s->a % 8 ? weir_sleep((weir_duration){ns}) : weir_yield();
  EXPECT(who, rc, OK | CANCELED | BLOCKS);
}

/* Until all that can run now has: an actor that is new gets its turn after them. */
static void call_settle(struct who *who, const struct step *s)
{
  struct sum *sum = NULL;
  if (who->where != IN_MAIN) return;
  weir_ref probe = weir_spawn(actor_types[0]);
  for (unsigned i = 0; i < s->a % 4; i++) {
    CHECK(weir_ask(probe, WEIR_SECONDS(600), &sum, query, .id = 0) == WEIR_OK && sum);
    weir_free(sum);
  }
  weir_stop(probe);
}

const struct call actor_calls[] = {
    {'N', call_spawn},
    {'n', call_find},
    {'y', call_self},
    {'q', call_stop},
    {'s', call_send},
    {'S', call_send},
    {'a', call_ask},
    {'b', call_begin},
    {'w', call_await},
    {'x', call_cancel},
    {'z', call_sleep},
    {'Z', call_settle},
    {0},
};
