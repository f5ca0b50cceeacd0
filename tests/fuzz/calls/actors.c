/* actors.c: the actors of the API fuzzer, and the calls that are for handlers: answering, stashing, selecting, keeping. */
#include "world.h"

/* ---- clauses ---- */

static int enter(struct body *b, struct who *who, unsigned steps)
{
  CHECK(!world.stopped && !b->running); /* one message at a time */
  b->running = true;
  perform(who, steps);
  b->running = false;
  return who->code;
}

/* First in, first out per sender, where nothing was taken out of turn (M8). */
static void check_order(struct body *b, const struct origin *o)
{
  bool known = o->id && o->from && o->to == weir_self().bits && !b->reordered && !world.notes[o->id].moved;
  if (!known) return;
  CHECK(o->id > b->last[o->from]);
  b->last[o->from] = o->id;
}

static int handle(struct body *b, const void *message, bool asks)
{
  const struct origin *o = message;
  struct who who = {.where = IN_HANDLER, .sender = b->sender, .body = b, .message = message, .asks = asks, .id = o->id};
  check_origin(o);
  check_order(b, o);
  note_begun(o->id);
  return enter(b, &who, o->steps);
}

static int on_tick(struct body *b, const struct tick *m)
{
  struct who who = {.where = IN_HANDLER, .sender = b->sender, .body = b};
  return enter(b, &who, m->steps);
}

static int on_start(struct body *b, const struct birth *config)
{
  struct who who = {.where = IN_HANDLER, .sender = b->sender = new_sender(), .body = b};
  if (!config) return WEIR_OK;
  if (config->fails) return weir_error(WEIR_EUSER(9), "told to fail");
  int rc = enter(b, &who, config->steps);
  return rc == WEIR_STOP ? WEIR_OK : rc;
}

static void on_end(struct body *b)
{
  struct who who = {.where = IN_END, .sender = b->sender, .body = b};
  CHECK(!world.stopped);
  perform(&who, 1);
  for (size_t i = 0; i < PENDINGS; i++) /* which the library gives up now */
    if (world.pendings[i].owner == b) world.pendings[i].owner = NULL, world.pendings[i].begun = false;
}

static int on_down(const struct weir_down *m)
{
  CHECK(m->name && m->text && m->code <= 0 && m->watch);
  return WEIR_OK;
}

static int on_exited(const struct weir_exited *m)
{
  CHECK(m->name && m->text && m->code <= 0);
  return WEIR_OK;
}

static int on_dead(const struct weir_dead_letter *m)
{
  CHECK(m->message && m->name && m->text && m->code < 0);
  return WEIR_OK;
}

/* The same clauses for each type. A query is answered with its own number. */
#define TYPE(T, ...)                                                                                                   \
  struct T {                                                                                                           \
    struct body body;                                                                                                  \
  };                                                                                                                   \
  static int T##_start(struct T *t, const struct birth *m) { return on_start(&t->body, m); }                           \
  static void T##_end(struct T *t) { on_end(&t->body); }                                                               \
  static int T##_job(struct T *t, const struct job *m) { return handle(&t->body, m, false); }                          \
  static int T##_tick(struct T *t, const struct tick *m) { return on_tick(&t->body, m); }                              \
  static int T##_dead(struct T *t, const struct weir_dead_letter *m) { return (void)t, on_dead(m); }                   \
  static int T##_down(struct T *t, const struct weir_down *m) { return (void)t, on_down(m); }                          \
  static int T##_exited(struct T *t, const struct weir_exited *m) { return (void)t, on_exited(m); }                    \
  static int T##_query(struct T *t, const struct query *m, struct sum *reply)                                          \
  {                                                                                                                    \
    reply->n = m->id;                                                                                                  \
    if (m->key & 1) reply->load = world.shared;                                                                        \
    return handle(&t->body, m, true);                                                                                  \
  }                                                                                                                    \
  WEIR_ACTOR(T,                                                                                                        \
             WEIR_ON_START(birth, T##_start) WEIR_ON_END(T##_end) WEIR_ON(job, T##_job) WEIR_ON(query, T##_query)      \
                 WEIR_ON(tick, T##_tick) WEIR_ON(weir_dead_letter, T##_dead) WEIR_ON(weir_down, T##_down)              \
                     WEIR_ON(weir_exited, T##_exited),                                                                 \
             __VA_ARGS__);                                                                                             \
  WEIR_BEHAVIOUR(T, T##_other, WEIR_ON(job, T##_job) WEIR_ON(query, T##_query))

TYPE(plain, .capacity = 4);
TYPE(keeper, .capacity = 6, .keeps_places = true);
TYPE(pinned, .capacity = 2, .runs = WEIR_PINNED);
const weir_actor *const actor_types[ACTOR_TYPES] = {&plain, &keeper, &pinned};

/* ---- the message in hand ---- */

/* A query that nobody answers any more here: what its handler returns only ends the message. */
static void gone(struct who *who)
{
  if (who->id) world.notes[who->id].moved = true;
  who->message = NULL;
}

static void call_return(struct who *who, const struct step *s)
{
  int codes[] = {WEIR_OK, WEIR_STOP, WEIR_EUSER(1)};
  who->code = codes[s->a % 3];
  if (who->code == WEIR_EUSER(1)) (void)weir_error(who->code, "told to refuse");
}

static void call_fail(struct who *who, const struct step *s)
{
  if (who->where != IN_HANDLER && who->where != IN_TASK) return;
  if (who->body) who->body->running = false;
  for (size_t i = 0; who->kept && i < KEPT; i++) weir_free(who->kept[i]), who->kept[i] = NULL;
  weir_fail(WEIR_EUSER(2), "told to fail %d", s->a);
}

static void call_forward(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  if (who->where != IN_HANDLER || !who->message) return;
  gone(who);
  weir_ref to = world.refs[s->a % REFS].ref;
  who->code = weir_forward(to);
  EXPECT(who, who->code, OK | DEAD | FULL | TIMED | RANGE | INVALID | WAITING | own);
  if (who->code == WEIR_EINVAL) who->code = WEIR_OK;
}

static void call_stash(struct who *who, const struct step *s)
{
  (void)s;
  if (who->where != IN_HANDLER) return;
  int rc = weir_stash();
  EXPECT(who, rc, OK | FULL | INVALID);
  if (rc) return;
  who->body->reordered = true;
  gone(who);
  who->code = WEIR_OK;
}

static void call_unstash(struct who *who, const struct step *s)
{
  size_t stashed = weir_stashed();
  int rc = weir_unstash(s->a % 2 ? SIZE_MAX : s->b);
  EXPECT(who, rc, OK | INVALID);
  CHECK(weir_stashed() <= stashed);
}

static void call_keep(struct who *who, const struct step *s)
{
  (void)s;
  struct job **room = room_for_kept(who);
  if (!who->message || who->asks || !room) return;
  *room = weir_keep(job, (const struct job *)who->message);
  if (*room) gone(who);
}

static void call_free(struct who *who, const struct step *s)
{
  struct job **kept = who->body ? who->body->kept : who->kept;
  if (!kept) return;
  struct job *message = kept[s->a % KEPT];
  kept[s->a % KEPT] = NULL;
  weir_free(message);
}

static void call_pass(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->b); /* others may run before it returns */
  struct job **kept = who->body ? who->body->kept : who->kept;
  bool waits = who->where == IN_HANDLER || who->where == IN_TASK;
  if (!kept || !kept[s->a % KEPT] || !waits) return;
  struct job *message = kept[s->a % KEPT];
  kept[s->a % KEPT] = NULL;
  check_origin((const struct origin *)message);
  int rc = weir_pass(world.refs[s->b % REFS].ref, message);
  EXPECT(who, rc, OK | DEAD | FULL | RANGE | WAITING | own);
}

/* ---- selecting ---- */

static bool has_even_id(const void *message, void *arg)
{
  ++*(unsigned *)arg;
  return ((const struct origin *)message)->id % 2 == 0;
}

static void selected(struct who *who, const struct origin *o)
{
  check_origin(o);
  note_begun(o->id);
  if (o->id) world.notes[o->id].moved = true;
  who->body->reordered = true;
}

static void call_select_job(struct who *who, const struct step *s)
{
  unsigned looked = 0;
  struct job *j;
  struct job **room = room_for_kept(who);
  if (!who->body) return;
  who->body->reordered = true;
  int rc = s->b % 2 ? weir_select(time_of(who, s->a), &j, job, .when = has_even_id, .arg = &looked)
                    : weir_select(time_of(who, s->a), &j, job);
  EXPECT(who, rc, OK | TIMED | DEAD | INVALID | WAITING);
  CHECK(!rc == !!j);
  if (rc) return;
  selected(who, (const struct origin *)j);
  if (room && !*room)
    *room = j;
  else
    weir_free(j);
}

static void call_select_query(struct who *who, const struct step *s)
{
  weir_asker asker;
  struct query *q;
  if (!who->body) return;
  who->body->reordered = true;
  int rc = weir_select(time_of(who, s->a), &q, query, .asker = &asker);
  EXPECT(who, rc, OK | TIMED | DEAD | INVALID | WAITING);
  CHECK(!rc == !!q);
  if (rc) return;
  selected(who, (const struct origin *)q);
  world.askers[s->b % ASKERS].asker = asker;
  world.askers[s->b % ASKERS].id = q->id;
  weir_free(q);
}

/* ---- answering later ---- */

static void call_answer_later(struct who *who, const struct step *s)
{
  weir_asker asker = weir_answer_later();
  CHECK(!asker.bits || who->where == IN_HANDLER);
  if (!asker.bits) return;
  world.askers[s->a % ASKERS].asker = asker;
  world.askers[s->a % ASKERS].id = who->asks ? who->id : 0;
  if (who->id) world.notes[who->id].moved = true;
}

static void call_answer(struct who *who, const struct step *s)
{
  weir_asker asker = world.askers[s->a % ASKERS].asker;
  uint32_t id = world.askers[s->a % ASKERS].id;
  int rc = s->b % 4 == 0   ? weir_answer_done(asker)
           : s->b % 4 == 1 ? weir_refuse(asker, WEIR_EUSER(3), "refused later")
           : s->b % 4 == 2 ? weir_answer(asker, sum, .n = id, .load = world.shared)
                           : weir_answer(asker, tick, .steps = 1);
  EXPECT(who, rc, OK | INVALID | PROTO);
  if (!rc) CHECK(!weir_asker_waits(asker));
}

static void call_take_over(struct who *who, const struct step *s)
{
  weir_asker *asker = &world.askers[s->a % ASKERS].asker;
  bool waits = weir_asker_waits(*asker);
  weir_asker taken = weir_asker_take_over(*asker);
  CHECK(!taken.bits || (who->body && who->where != IN_CALLBACK));
  if (!taken.bits) return;
  CHECK(waits == weir_asker_waits(taken) && !weir_asker_waits(*asker));
  *asker = taken;
}

/* ---- the actor itself ---- */

static void call_become(struct who *who, const struct step *s)
{
  const weir_behaviour *all[] = {NULL, &plain_other, &keeper_other, &pinned_other};
  EXPECT(who, weir_become(all[s->a % 4]), OK | INVALID);
}

static const char *const groups[] = {"lobby", "hall"};

static void call_join(struct who *who, const struct step *s)
{
  int rc = s->b % 2 ? weir_leave(groups[s->a % 2]) : weir_join(groups[s->a % 2]);
  EXPECT(who, rc, OK | INVALID | EXISTS | DEAD);
}

static void call_publish(struct who *who, const struct step *s)
{
  size_t got = SIZE_MAX;
  struct job job;
  struct origin o = origin_of(who, 0, s);
  int rc = weir_publish_counted_value(groups[s->a % 2], &got, as_job(&o, &job));
  EXPECT(who, rc, OK);
  CHECK(got <= weir_group_size(groups[s->a % 2]));
}

static void deferred(void *arg)
{
  struct who who = {.where = IN_END};
  (void)arg;
  perform(&who, 1);
}

static void call_defer(struct who *who, const struct step *s)
{
  bool can = who->where == IN_HANDLER || who->where == IN_END || who->where == IN_TASK;
  if (s->a % 2) {
    char *room = weir_alloc(s->b * 64u);
    CHECK(!room == !can);
    for (size_t i = 0; room && i < s->b * 64u; i++) CHECK(!room[i]);
    if (room) memset(room, 1, s->b * 64u);
  } else if (who->where != IN_END) { /* those that defer for ever would never end */
    EXPECT(who, weir_defer(deferred, NULL), can ? OK : INVALID);
  }
}

static void call_look(struct who *who, const struct step *s)
{
  (void)s;
  CHECK(weir_runtime_here() == world.runtime && weir_runtime_workers(world.runtime) == 1);
  CHECK(!weir_alive(weir_self()) || who->body); /* one that is told to stop is not, any more */
  (void)weir_missed();
  (void)weir_wanted();
  if (s->a % 8 == 0) weir_ignore_deadline();
  if (who->where == IN_MAIN) CHECK(!weir_cancelled());
  if (who->where == IN_HANDLER || who->where == IN_TASK || who->where == IN_CALLBACK) {
    weir_runtime *rt;
    CHECK(weir_runtime_stop(world.runtime, WEIR_MILLIS(0)) == WEIR_EINVAL);
    CHECK(weir_runtime_start(NULL, &rt) == WEIR_EINVAL && !rt);
  }
}

const struct call inside_calls[] = {
    {'r', call_return},
    {'!', call_fail},
    {'f', call_forward},
    {'h', call_stash},
    {'u', call_unstash},
    {'k', call_keep},
    {'K', call_free},
    {'p', call_pass},
    {'e', call_select_job},
    {'E', call_select_query},
    {'l', call_answer_later},
    {'L', call_answer},
    {'o', call_take_over},
    {'B', call_become},
    {'g', call_join},
    {'G', call_publish},
    {'d', call_defer},
    {'?', call_look},
    {0},
};
