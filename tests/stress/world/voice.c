/* voice.c: see world.h: says things, and checks how that went. */
#include "stress/world/world.h"

#include <string.h>

enum { LARGE = 65000 }; /* a message with such a text takes more than one place */

void voice_begin(struct voice *v, uint64_t seed)
{
  *v = (struct voice){.stream = 1 + atomic_fetch_add_explicit(&world.streams, 1, memory_order_relaxed), .luck = seed};
}

weir_duration some_time(struct voice *v)
{
  switch (luck(v, 4)) {
  case 0:
    return WEIR_MILLIS((double)luck(v, 300) / 1000);
  case 1:
    return WEIR_MILLIS((double)(1 + luck(v, 10)));
  default:
    return WEIR_FOREVER;
  }
}

const char *world_group(uint64_t which)
{
  static const char *const names[GROUPS] = {"red", "green", "blue", "grey"};
  return names[which % GROUPS];
}

/* ---- codes (V5) ---- */

static bool dies(void) { return world.plan.deaths || world.plan.closures || world.plan.ending != CALM; }

static bool may_be(const struct voice *v, int rc, unsigned may)
{
  switch (rc) {
  case WEIR_OK:
    return true;
  case WEIR_EDEAD:
  case WEIR_EFAILED:
    return dies();
  case WEIR_ECANCELED:
    return v->may_be_told_to_stop || (v->in_actor && dies());
  case WEIR_EDEADLOCK:
    return !world.plan.acyclic;
  case WEIR_EFULL:
    return may & MAY_BE_FULL;
  case WEIR_ETIMEDOUT:
  case WEIR_EINDOUBT:
    return (may & MAY_TIME_OUT) || v->hurried;
  case WEIR_EUSER(1):
    return may & MAY_BE_REFUSED;
  case WEIR_ERANGE:
    return may & MAY_BE_TOO_LARGE;
  case WEIR_EINVAL:
    return may & MAY_BE_A_ROUTE;
  default:
    return false;
  }
}

void voice_expect(struct voice *v, int rc, unsigned may, const char *what)
{
  atomic_fetch_add_explicit(&world.beats, 1, memory_order_relaxed);
  if (rc == WEIR_EDEADLOCK) count_one(world.plan.acyclic ? &world.sums.phantoms : &world.sums.deadlocks);
  if (!may_be(v, rc, may)) world_wrong("%s: %d %s: %s", what, rc, weir_strerror(rc), weir_error_text());
}

static unsigned may_of_mailbox(const struct life *to)
{
  return (to->lossy ? MAY_BE_FULL : 0) | (world.nodes[to->node].overflow == WEIR_REJECT ? MAY_BE_FULL : 0);
}

/* ---- whom, and as which message ---- */

struct life *life_at(uint32_t node)
{
  uint32_t life = atomic_load_explicit(&world.nodes[node].life, memory_order_acquire);
  return life ? &world.lives[life] : NULL;
}

struct lane *lane_to(struct lane *lane, const struct life *life)
{
  uint32_t index = (uint32_t)(life - world.lives);
  if (lane->life != index) *lane = (struct lane){.life = index};
  return lane;
}

static struct stamp stamp_next(const struct voice *v, const struct lane *lane, const struct life *to)
{
  struct stamp s = {.stream = v->stream, .to = (uint32_t)(to - world.lives)};
  s.seq = v->stream ? lane->seq + 1 : 1 + atomic_fetch_add_explicit(&world.nonces, 1, memory_order_relaxed);
  s.solid = lane->solid;
  return s;
}

static weir_bytes some_bytes(struct voice *v)
{
  void *at;
  size_t size = 1 + luck(v, 100) * luck(v, 100);
  weir_bytes b = weir_bytes_make(size, &at);
  if (at) memset(at, (int)luck(v, 256), size);
  return b;
}

struct job voice_job(struct voice *v, struct lane *lane, struct life *to, int64_t fuel, const struct stamp *cause)
{
  struct job j = {.stamp = stamp_next(v, lane_to(lane, to), to), .key = (int64_t)luck(v, 1000), .fuel = fuel};
  j.cause = cause && luck(v, 2) ? *cause : v->last;
  j.length = (int64_t)(luck(v, 300) == 0 ? LARGE + luck(v, TEXT_MOST - LARGE)
                       : luck(v, 2)      ? luck(v, 40)
                                         : luck(v, 900));
  j.text = world_text + TEXT_MOST - j.length;
  if (luck(v, 40) == 0) j.blob = some_bytes(v);
  return j;
}

void voice_said(struct voice *v, struct lane *lane, struct life *to, const struct stamp *stamp, int rc)
{
  if (!rc) count_one(&world.sums.said);
  if (rc && to->broadcast) lane->seq++; /* some of them may have got it */
  if (!v->stream || rc) return;
  lane->seq++;
  lane->solid++;
  v->last = *stamp;
  atomic_fetch_add_explicit(&to->sent, 1, memory_order_relaxed);
}

/* ---- jobs ---- */

int voice_send(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel, const struct stamp *cause)
{
  struct life *to = life_at(node);
  if (!to) return WEIR_EDEAD;
  struct job j = voice_job(v, lane, to, fuel, cause);
  weir_duration within = some_time(v);
  unsigned may = may_of_mailbox(to) | (j.length >= LARGE ? MAY_BE_TOO_LARGE : 0);
  int rc;
  switch (luck(v, 3)) {
  case 0:
    rc = weir_try_send_value(to->ref, WEIR_AT(job, &j));
    may |= MAY_BE_FULL;
    break;
  case 1:
    rc = weir_send_within_value(to->ref, within, WEIR_AT(job, &j));
    may |= within.ns == INT64_MAX ? 0 : MAY_TIME_OUT;
    break;
  default:
    rc = weir_send_value(to->ref, WEIR_AT(job, &j));
    break;
  }
  weir_bytes_drop(j.blob);
  voice_said(v, lane, to, &j.stamp, rc);
  voice_expect(v, rc, may, "a job");
  return rc;
}

void voice_send_reserved(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel,
                         void (*meanwhile)(struct voice *, void *), void *arg)
{
  struct life *to = life_at(node);
  if (!to) return;
  weir_permit p;
  weir_duration within = some_time(v);
  size_t places = 1 + luck(v, 3) / 2;
  bool tries = luck(v, 3) == 0;
  int rc = tries ? weir_try_reserve_many(to->ref, places, &p) : weir_reserve_many(to->ref, places, within, &p);
  unsigned may = may_of_mailbox(to) | (places > 1 ? MAY_BE_TOO_LARGE : 0) | (to->route ? MAY_BE_A_ROUTE : 0) |
                 (tries ? MAY_BE_FULL : 0) | (within.ns == INT64_MAX ? 0 : MAY_TIME_OUT);
  voice_expect(v, rc, may, "a permit");
  if (rc) return;
  count_one(&world.sums.permits);
  if (meanwhile) meanwhile(v, arg);
  struct job j = voice_job(v, lane, to, fuel, NULL);
  if (luck(v, 4)) {
    rc = weir_permit_send_value(p, WEIR_AT(job, &j));
    voice_said(v, lane, to, &j.stamp, rc);
    /* One that has ended took the places with it. */
    voice_expect(v, rc, (j.length >= LARGE ? MAY_BE_TOO_LARGE : 0) | (dies() ? MAY_BE_A_ROUTE : 0), "on a permit");
  }
  weir_bytes_drop(j.blob);
  weir_permit_give_back(&p);
}

/* ---- questions ---- */

static struct question question_next(struct voice *v, struct lane *lane, struct life *to, int64_t fuel)
{
  struct question q = {.stamp = stamp_next(v, lane_to(lane, to), to), .key = (int64_t)luck(v, 1000), .fuel = fuel};
  q.nonce = 1 + atomic_fetch_add_explicit(&world.nonces, 1, memory_order_relaxed);
  lane->seq++; /* whatever comes of it */
  count_one(&world.sums.asked);
  return q;
}

/* V6. */
static void judge_answer(struct voice *v, int rc, const struct life *to, weir_duration within, int64_t began_ns,
                         int64_t nonce, struct answer *a)
{
  unsigned may = may_of_mailbox(to) | MAY_BE_REFUSED | (to->broadcast ? MAY_BE_A_ROUTE : 0) |
                 (within.ns == INT64_MAX ? 0 : MAY_TIME_OUT);
  /* A request that was forwarded may meet a mailbox that drops or refuses. */
  voice_expect(v, rc, may | MAY_BE_FULL, "a question");
  if (!rc && a->nonce != nonce) world_wrong("an answer to another question");
  if (!rc) count_one(&world.sums.answered);
  if ((rc == WEIR_ETIMEDOUT || rc == WEIR_EINDOUBT) && !v->hurried && weir__now_ns() - began_ns < within.ns)
    world_wrong("the time for a question was over too early");
  weir_free(a);
}

void voice_ask(struct voice *v, struct lane *lane, uint32_t node, int64_t fuel)
{
  struct life *to = life_at(node);
  if (!to) return;
  struct question q = question_next(v, lane, to, fuel);
  struct answer *a = NULL;
  weir_duration within = some_time(v);
  int64_t began = weir__now_ns();
  int rc = weir_ask_value(to->ref, within, &a, WEIR_AT(question, &q));
  judge_answer(v, rc, to, within, began, q.nonce, a);
}

void voice_ask_several(struct voice *v, struct lane *const *lanes, const uint32_t *nodes, int count, int64_t fuel)
{
  enum { MOST = 4 };
  struct {
    weir_pending pending;
    struct life *to;
    weir_duration within;
    int64_t began, nonce;
  } asked[MOST];
  int n = 0;
  for (int i = 0; i < count && i < MOST; i++) {
    struct life *to = life_at(nodes[i]);
    if (!to) continue;
    struct question q = question_next(v, lanes[i], to, fuel);
    weir_duration within = some_time(v);
    int64_t began = weir__now_ns();
    weir_pending p = weir_ask_begin_value(to->ref, within, WEIR_AT(question, &q));
    if (p.error) {
      judge_answer(v, p.error, to, within, began, q.nonce, NULL);
      continue;
    }
    asked[n].pending = p, asked[n].to = to, asked[n].within = within, asked[n].began = began, asked[n].nonce = q.nonce;
    n++;
  }
  while (n--) {
    struct answer *a = NULL;
    if (luck(v, 8) == 0) {
      weir_cancel(&asked[n].pending, 1);
      continue;
    }
    int rc = weir_await(asked[n].pending, &a, question);
    judge_answer(v, rc, asked[n].to, asked[n].within, asked[n].began, asked[n].nonce, a);
    if (rc == WEIR_ECANCELED) weir_cancel(&asked[n].pending, 1);
  }
}

/* ---- what keeps no order ---- */

void voice_set_timer(struct voice *v, uint32_t node)
{
  struct life *to = life_at(node);
  if (!to) return;
  weir_duration after = WEIR_MILLIS((double)luck(v, 3000) / 1000);
  weir_timer t = weir_send_after(to->ref, after, tick, .due_ns = weir__now_ns() + after.ns, .key = (int64_t)luck(v, 9));
  voice_expect(v, t.error, 0, "a timer");
  if (!t.error) count_one(&world.sums.timers);
  if (!t.error && luck(v, 8) == 0) weir_timer_cancel(t); /* it may have come */
}

void voice_nudge(struct voice *v, uint32_t node)
{
  struct life *to = life_at(node);
  if (to) voice_expect(v, weir_try_send(to->ref, nudge, .key = (int64_t)luck(v, 100)), MAY_BE_FULL, "a nudge");
}

void voice_publish(struct voice *v, uint32_t speaker, int64_t *seqs)
{
  uint32_t group = (uint32_t)luck(v, GROUPS);
  int rc = weir_publish(world_group(group), news, .speaker = speaker, .group = group, .seq = ++seqs[group]);
  voice_expect(v, rc, dies() ? MAY_BE_A_ROUTE : 0, "news"); /* without a runtime: WEIR_EINVAL */
  count_one(&world.sums.published);
}
