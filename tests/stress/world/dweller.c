/* dweller.c: see world.h: the actors: what they check of each message, and what they do with it. */
#include "stress/world/world.h"

#include <stdlib.h>
#include <string.h>

weir_actor world_trades[TRADES];

static struct life *my_life(const struct dweller *d) { return life_of(d->life); }
static bool is_keeper(const struct dweller *d) { return world.nodes[d->node].trade == KEEPER; }

void ends_before_the_world(struct dweller *d)
{
  if (!my_life(d)->supervised) atomic_store_explicit(&my_life(d)->disturbed, true, memory_order_relaxed);
  count_one(&world.sums.deaths);
}

/* ---- what outlives an incarnation ---- */

static void remember(struct dweller *d)
{
  struct dweller *last = my_life(d)->memory;
  if (!last) return;
  d->heard = last->heard, d->room = last->room, d->streams = last->streams;
  d->gaps = last->gaps, d->missed = last->missed;
  d->sent_on = last->sent_on, d->sent_on_count = last->sent_on_count, d->sent_on_room = last->sent_on_room;
  memcpy(d->news, last->news, sizeof d->news);
}

/* For the next one; there may be none. */
static void write_down(const struct dweller *d)
{
  struct life *me = my_life(d);
  if (!me->memory) me->memory = malloc(sizeof *me->memory);
  if (!me->memory) abort();
  *me->memory = *d;
}

void dweller_forget(struct life *l)
{
  if (!l->memory) return;
  free(l->memory->heard);
  free(l->memory->sent_on);
  free(l->memory);
  l->memory = NULL;
}

void fail_now_and_then(struct dweller *d)
{
  if (!world.plan.deaths || luck(&d->voice, 300)) return;
  ends_before_the_world(d);
  handler_done(my_life(d));
  weir_fail(WEIR_EUSER(2), "enough of it");
}

/* ---- what is heard ---- */

static struct heard *find(struct dweller *d, uint32_t stream)
{
  uint32_t at = (uint32_t)chance_mix(stream) & (d->room - 1);
  while (d->heard[at].stream && d->heard[at].stream != stream) at = (at + 1) & (d->room - 1);
  return &d->heard[at];
}

/* What was heard of a stream; made if need be. */
static struct heard *heard_of(struct dweller *d, uint32_t stream)
{
  struct heard *h = d->room ? find(d, stream) : NULL;
  if (h && h->stream) return h;
  if (2 * d->streams >= d->room) {
    struct heard *old = d->heard;
    uint32_t old_room = d->room;
    d->room = old_room ? 2 * old_room : 8;
    d->heard = calloc(d->room, sizeof *d->heard);
    if (!d->heard) abort();
    for (uint32_t i = 0; i < old_room; i++)
      if (old[i].stream) *find(d, old[i].stream) = old[i];
    free(old);
  }
  h = find(d, stream);
  h->stream = stream;
  d->streams++;
  return h;
}

static bool same_stamp(const struct stamp *a, const struct stamp *b)
{
  return a->stream == b->stream && a->seq == b->seq && a->to == b->to;
}

/* Was it said to this one, and comes for the first time? Else it was forwarded. */
static bool is_said_to(const struct dweller *d, const struct stamp *s)
{
  if (!s->stream || s->to != d->life) return false;
  for (uint32_t i = 0; i < d->sent_on_count; i++)
    if (same_stamp(s, &d->sent_on[i])) return false;
  return true;
}

static void note_sent_on(struct dweller *d, const struct stamp *s)
{
  if (!is_said_to(d, s)) return;
  if (d->sent_on_count == d->sent_on_room) {
    d->sent_on_room = 2 * d->sent_on_room + 4;
    d->sent_on = realloc(d->sent_on, d->sent_on_room * sizeof *d->sent_on);
    if (!d->sent_on) abort();
  }
  d->sent_on[d->sent_on_count++] = *s;
}

/* V1, V2. */
static void check_order(struct dweller *d, const struct stamp *s, bool is_job)
{
  if (!is_said_to(d, s)) return;
  const struct life *me = my_life(d);
  struct heard *h = heard_of(d, s->stream);
  if (s->seq <= h->seq) world_wrong("number %lld of %u after %lld", (long long)s->seq, s->stream, (long long)h->seq);
  int64_t gap = s->solid - h->solid;
  bool torn = atomic_load_explicit(&me->torn, memory_order_relaxed);
  if (!me->route && (gap < 0 || (gap && !me->lossy && !torn)))
    world_wrong("%lld jobs of %u are missing before number %lld", (long long)gap, s->stream, (long long)s->seq);
  d->gaps += gap;
  if (!me->route && !torn && d->gaps > d->missed)
    world_wrong("%lld jobs were dropped, and %lld told", (long long)d->gaps, (long long)d->missed);
  h->seq = s->seq;
  h->solid = s->solid + is_job;
}

/* V3. */
static void check_cause(struct dweller *d, const struct stamp *cause)
{
  const struct life *me = my_life(d);
  if (!cause->stream || cause->to != d->life || me->lossy || me->route) return;
  struct heard *h = heard_of(d, cause->stream);
  if (h->seq < cause->seq && !atomic_load_explicit(&me->torn, memory_order_relaxed))
    world_wrong("an effect before its cause: number %lld of %u, where %lld was the last", (long long)cause->seq,
                cause->stream, (long long)h->seq);
}

/* V4. */
static void check_room(struct dweller *d, const struct stamp *s)
{
  struct life *me = my_life(d);
  if (!is_said_to(d, s)) return;
  int64_t heard = 1 + atomic_fetch_add_explicit(&me->heard, 1, memory_order_relaxed);
  int64_t sent = atomic_load_explicit(&me->sent, memory_order_relaxed);
  int64_t most = atomic_load_explicit(&me->capacity_most, memory_order_relaxed);
  bool torn = atomic_load_explicit(&me->torn, memory_order_relaxed);
  if (!me->lossy && !me->route && !torn && sent - heard > most)
    world_wrong("%lld in a mailbox of %lld", (long long)(sent - heard), (long long)most);
  weir_stats stats;
  if (luck(&d->voice, 16) || weir_stats_read(weir_self(), &stats)) return;
  most = atomic_load_explicit(&me->capacity_most, memory_order_relaxed);
  if (stats.high_water > (uint64_t)most || stats.length > (uint64_t)most)
    world_wrong("a mailbox of %lld held %llu", (long long)most, (unsigned long long)stats.high_water);
}

/* V6. */
static void check_content(const struct job *j)
{
  if (strlen(j->text) != (size_t)j->length || memcmp(j->text, world_text + TEXT_MOST - j->length, (size_t)j->length))
    world_wrong("a text of %lld came as one of %zu", (long long)j->length, strlen(j->text));
  const unsigned char *at = j->blob.data;
  for (size_t i = 1; i < j->blob.size; i++)
    if (at[i] != at[0]) {
      world_wrong("bytes have changed");
      return;
    }
}

static void hear_job(struct dweller *d, const struct job *j)
{
  check_order(d, &j->stamp, true);
  check_cause(d, &j->cause);
  check_room(d, &j->stamp);
  check_content(j);
}

static void message_begins(struct dweller *d, bool asked)
{
  atomic_fetch_add_explicit(&world.beats, 1, memory_order_relaxed);
  handler_begins(my_life(d));
  d->missed += (int64_t)weir_missed();
  d->voice.hurried = asked;
}
static int message_done(struct dweller *d, int rc)
{
  handler_done(my_life(d));
  return rc;
}

/* ---- the stash (V7) ---- */

static void drop_back(struct dweller *d)
{
  d->backs--;
  memmove(d->back, d->back + 1, (size_t)d->backs * sizeof *d->back);
  memmove(d->back_asks, d->back_asks + 1, (size_t)d->backs * sizeof *d->back_asks);
}

/* Has it come back from the stash? Else it comes for the first time. */
static bool comes_back(struct dweller *d, const struct stamp *s)
{
  while (d->backs) {
    bool is_it = same_stamp(s, d->back), asked = d->back_asks[0];
    if (!is_it && !asked) world_wrong("a message overtook one that was stashed");
    drop_back(d); /* or one whose asker has gone */
    if (is_it) return true;
  }
  return false;
}

static int put_aside(struct dweller *d, const struct stamp *s, bool asked)
{
  struct stamp stamp = *s; /* the message is gone with the call */
  int rc = d->asides < STASH_MOST ? weir_stash() : WEIR_EFULL;
  if (rc) {
    if (rc != WEIR_EFULL) world_wrong("stash: %d %s", rc, weir_error_text());
    return weir_error(WEIR_EUSER(1), "no room to set it aside");
  }
  count_one(&world.sums.stashed);
  d->aside[d->asides] = stamp;
  d->aside_asks[d->asides++] = asked;
  return WEIR_OK;
}

static void take_back(struct dweller *d)
{
  bool asked = false;
  for (int i = 0; i < d->asides; i++) asked |= d->aside_asks[i];
  /* Those whose askers have gone are not there any more, so not to be counted. */
  int n = asked || luck(&d->voice, 2) ? d->asides : (int)luck(&d->voice, (uint64_t)d->asides + 1);
  int rc = weir_unstash(n == d->asides ? SIZE_MAX : (size_t)n);
  if (rc) world_wrong("unstash: %d %s", rc, weir_error_text());
  size_t moved = (size_t)n, rest = (size_t)(d->asides - n);
  memmove(d->back + moved, d->back, (size_t)d->backs * sizeof *d->back);
  memmove(d->back_asks + moved, d->back_asks, (size_t)d->backs * sizeof *d->back_asks);
  memcpy(d->back, d->aside, moved * sizeof *d->back);
  memcpy(d->back_asks, d->aside_asks, moved * sizeof *d->back_asks);
  memmove(d->aside, d->aside + moved, rest * sizeof *d->aside);
  memmove(d->aside_asks, d->aside_asks + moved, rest * sizeof *d->aside_asks);
  d->backs += n, d->asides -= n;
}

static void open_later(struct dweller *d)
{
  weir_duration after = WEIR_MILLIS((double)(1 + luck(&d->voice, 1000)) / 1000);
  weir_timer t = weir_send_after(weir_self(), after, tick, .due_ns = weir__now_ns() + after.ns, .key = -1);
  voice_expect(&d->voice, t.error, 0, "a timer of one's own");
}

/* ---- clauses ---- */

static int refusal(struct dweller *d)
{
  if (luck(&d->voice, 40)) return WEIR_OK;
  count_one(&world.sums.refused);
  return weir_error(WEIR_EUSER(1), "not today");
}

static int job_result(struct dweller *d)
{
  fail_now_and_then(d);
  if (world.plan.deaths && luck(&d->voice, 300) == 0) {
    ends_before_the_world(d);
    return WEIR_STOP;
  }
  return refusal(d);
}

/* Passes the very message on, with another stamp. */
static void pass_on(struct dweller *d, const struct job *m)
{
  uint32_t node;
  struct lane *lane = any_out(d, &node);
  struct life *to = lane ? life_at(node) : NULL;
  struct job *mine = to ? weir_keep(job, m) : NULL;
  if (!mine) return;
  struct job like = voice_job(&d->voice, lane, to, m->fuel - 1, &m->cause);
  weir_bytes_drop(like.blob);
  mine->stamp = like.stamp, mine->cause = like.cause, mine->fuel--;
  bool large = mine->length >= 65000;
  int rc = weir_pass(to->ref, mine);
  voice_said(&d->voice, lane, to, &like.stamp, rc);
  voice_expect(&d->voice, rc, MAY_BE_FULL | (large ? MAY_BE_TOO_LARGE : 0), "a job that is passed on");
}

static int forward(struct dweller *d, const struct stamp *stamp)
{
  uint32_t node;
  struct life *to = any_out(d, &node) ? life_at(node) : NULL;
  if (!to || (!world.plan.acyclic && my_life(d)->route)) return WEIR_OK; /* it could come round to another instance */
  if (!world.plan.acyclic) note_sent_on(d, stamp);
  int rc = weir_forward(to->ref);
  voice_expect(&d->voice, rc, MAY_BE_FULL | MAY_TIME_OUT | MAY_BE_TOO_LARGE | (to->broadcast ? MAY_BE_A_ROUTE : 0),
               "forwarding");
  if (!rc) count_one(&world.sums.forwarded);
  return rc == WEIR_EINVAL ? WEIR_OK : rc;
}

static int act_on_job(struct dweller *d, const struct job *m)
{
  uint64_t what = luck(&d->voice, 12);
  if (what == 0) return forward(d, &m->stamp);
  if (what == 1)
    pass_on(d, m);
  else
    do_deed(d, m->fuel - 1, &m->cause);
  if (what == 2) do_deed(d, m->fuel - 1, NULL);
  return job_result(d);
}

static int dweller_job(struct dweller *d, const struct job *m)
{
  message_begins(d, false);
  bool back = is_keeper(d) && comes_back(d, &m->stamp);
  if (!back) hear_job(d, m);
  if (is_keeper(d) && !world_closing() && luck(&d->voice, 6) == 0) {
    if (!d->asides) open_later(d);
    return message_done(d, put_aside(d, &m->stamp, false));
  }
  if (m->blob.owner && luck(&d->voice, 2)) {
    weir_bytes_drop(d->kept);
    d->kept = weir_bytes_share(m->blob);
  }
  return message_done(d, m->fuel > 0 && !world_closing() ? act_on_job(d, m) : WEIR_OK);
}

static bool owe(struct dweller *d, int64_t nonce)
{
  if (d->owing == OWED_MOST) return false;
  weir_asker asker = weir_answer_later();
  if (!asker.bits) return false;
  count_one(&world.owed);
  count_one(&world.sums.late);
  d->owed[d->owing].asker = asker;
  d->owed[d->owing++].nonce = nonce;
  open_later(d);
  return true;
}

static void pay_one(struct dweller *d)
{
  d->owing--;
  int rc = luck(&d->voice, 8) ? weir_answer(d->owed[d->owing].asker, answer, .nonce = d->owed[d->owing].nonce)
                              : weir_refuse(d->owed[d->owing].asker, WEIR_EUSER(1), "later than never");
  voice_expect(&d->voice, rc, 0, "an answer that was owed");
  atomic_fetch_sub_explicit(&world.owed, 1, memory_order_relaxed);
}

/* The newest duty is left to another one, who takes it over. Where actors die it could be lost with the message, and in
 * circles it could come to the one who waits for that answer, behind the message that it has in hand. */
static void leave_duty(struct dweller *d)
{
  uint32_t node;
  struct life *to = d->owing && any_out(d, &node) ? life_at(node) : NULL;
  bool safe = world.plan.acyclic && !world.plan.deaths && world.plan.ending == CALM;
  if (!to || !safe || to->lossy || to->route) return;
  int at = d->owing - 1;
  int rc = weir_try_send(to->ref, duty, .asker = d->owed[at].asker.bits, .nonce = d->owed[at].nonce);
  if (!rc) d->owing--;
  voice_expect(&d->voice, rc, MAY_BE_FULL, "a duty");
}

static int dweller_duty(struct dweller *d, const struct duty *m)
{
  message_begins(d, false);
  weir_asker mine = weir_asker_take_over((weir_asker){m->asker});
  if (!mine.bits) world_wrong("a duty that can't be taken over: %s", weir_error_text());
  int rc = weir_answer(mine, answer, .nonce = m->nonce);
  voice_expect(&d->voice, rc, 0, "an answer to a duty");
  atomic_fetch_sub_explicit(&world.owed, 1, memory_order_relaxed);
  return message_done(d, WEIR_OK);
}

static int dweller_question(struct dweller *d, const struct question *m, struct answer *reply)
{
  message_begins(d, true);
  int64_t nonce = m->nonce, fuel = m->fuel;
  bool back = is_keeper(d) && comes_back(d, &m->stamp);
  if (!back) check_order(d, &m->stamp, false);
  reply->nonce = nonce;
  if (world_closing()) return message_done(d, WEIR_OK);
  if (is_keeper(d) && luck(&d->voice, 6) == 0) {
    if (!d->asides) open_later(d);
    return message_done(d, put_aside(d, &m->stamp, true));
  }
  if (luck(&d->voice, 10) == 0) owe(d, nonce);
  if (fuel > 0 && luck(&d->voice, 2)) do_deed(d, fuel - 1, NULL);
  if (luck(&d->voice, 4) == 0) leave_duty(d);
  if (luck(&d->voice, 10) == 0) return message_done(d, forward(d, &m->stamp));
  fail_now_and_then(d);
  return message_done(d, refusal(d));
}

static void beat(struct dweller *d)
{
  if (weir__now_ns() < d->beat_due_ns) world_wrong("a periodic timer was too early");
  if (!d->beats_left) world_wrong("a timer came that had been cancelled");
  d->beat_due_ns += 1000000;
  if (--d->beats_left > 0) return;
  weir_timer_cancel(d->beat);
  d->beats_left = 0;
}

static int dweller_tick(struct dweller *d, const struct tick *m)
{
  message_begins(d, false);
  if (m->key == -2)
    beat(d);
  else if (weir__now_ns() < m->due_ns)
    world_wrong("a timer was too early");
  if (d->shut) {
    d->shut = false;
    voice_expect(&d->voice, weir_become(NULL), 0, "to become oneself again");
  }
  while (d->owing) pay_one(d);
  if (is_keeper(d)) {
    take_back(d);
    if (d->asides) open_later(d);
  }
  if (m->key >= 0 && !world_closing() && luck(&d->voice, 2)) do_deed(d, 2, NULL);
  return message_done(d, WEIR_OK);
}

static void note_selected(struct dweller *d, int rc)
{
  if (rc == WEIR_EDEADLOCK)
    count_one(&world.sums.lock_of_select);
  else if (rc != WEIR_EDEAD) /* it drains */
    voice_expect(&d->voice, rc, MAY_TIME_OUT, "to select");
}
static bool is_odd(const void *message, void *unused)
{
  (void)unused;
  return ((const struct nudge *)message)->key & 1;
}

static int dweller_nudge(struct dweller *d)
{
  message_begins(d, false);
  if (is_keeper(d) && !world_closing()) {
    struct nudge *n = NULL;
    weir_duration within = WEIR_MILLIS((double)luck(&d->voice, 300) / 1000);
    bool odd = luck(&d->voice, 2);
    note_selected(d, odd ? weir_select(within, &n, nudge, .when = is_odd) : weir_select(within, &n, nudge));
    if (n && odd && !(n->key & 1)) world_wrong("selected what does not match");
    if (luck(&d->voice, 2)) weir_free(n); /* else it ends with us */
  }
  return message_done(d, WEIR_OK);
}

static int dweller_news(struct dweller *d, const struct news *m)
{
  message_begins(d, false);
  if (m->speaker < SPEAKERS_MOST) {
    int64_t *last = &d->news[m->speaker][m->group];
    if (m->seq <= *last) world_wrong("old news");
    *last = m->seq;
  }
  return message_done(d, WEIR_OK);
}

/* ---- a keeper that is shut sets jobs and questions aside ---- */

static int shut_job(struct dweller *d, const struct job *m)
{
  message_begins(d, false);
  if (!comes_back(d, &m->stamp)) hear_job(d, m);
  return message_done(d, put_aside(d, &m->stamp, false));
}
static int shut_question(struct dweller *d, const struct question *m)
{
  message_begins(d, true);
  if (!comes_back(d, &m->stamp)) check_order(d, &m->stamp, false);
  return message_done(d, put_aside(d, &m->stamp, true));
}
#define OTHER_CLAUSES                                                                                                  \
  WEIR_ON(tick, dweller_tick) WEIR_ON(nudge, dweller_nudge) WEIR_ON(news, dweller_news) WEIR_ON(duty, dweller_duty)
WEIR_BEHAVIOUR(dweller, shut, WEIR_ON(job, shut_job) WEIR_ON(question, shut_question) OTHER_CLAUSES);

/* ---- start and end ---- */

static int dweller_start(struct dweller *d, const struct abode *a)
{
  d->life = a->life;
  d->node = a->node;
  voice_begin(&d->voice, chance_mix(world.plan.seed + a->life));
  d->voice.in_actor = true;
  d->beat.error = WEIR_EDEAD;
  if (my_life(d)->supervised) remember(d);
  if (is_keeper(d)) {
    d->aside = weir_alloc(2 * STASH_MOST * sizeof *d->aside);
    d->aside_asks = weir_alloc(2 * STASH_MOST * sizeof *d->aside_asks);
    if (!d->aside || !d->aside_asks) return WEIR_ENOMEM;
    d->back = d->aside + STASH_MOST;
    d->back_asks = d->aside_asks + STASH_MOST;
  }
  if (luck(&d->voice, 3) == 0) voice_expect(&d->voice, weir_join(world_group(luck(&d->voice, GROUPS))), 0, "to join");
  if (world.plan.deaths && luck(&d->voice, 60) == 0) {
    ends_before_the_world(d);
    return weir_error(WEIR_EUSER(3), "no start today");
  }
  return WEIR_OK;
}

static void dweller_end(struct dweller *d)
{
  atomic_fetch_sub_explicit(&world.owed, d->owing, memory_order_relaxed); /* their askers learn it */
  weir_bytes_drop(d->kept);
  if (my_life(d)->supervised) {
    write_down(d);
  } else {
    free(d->heard);
    free(d->sent_on);
  }
  uint32_t node;
  struct lane *lane = luck(&d->voice, 4) ? NULL : any_out(d, &node);
  if (!lane || world_closing() || world.plan.ending == CALM) return;
  voice_send(&d->voice, lane, node, 1, NULL);
}

WEIR_ACTOR(dweller, WEIR_ON_START(abode, dweller_start) WEIR_ON(job, dweller_job) WEIR_ON(question, dweller_question)
                        OTHER_CLAUSES WEIR_ON_END(dweller_end));

void close_shop(struct dweller *d)
{
  if (!is_keeper(d) || d->shut) return;
  voice_expect(&d->voice, weir_become(&shut), 0, "to become another");
  d->shut = true;
  open_later(d);
}

void dwellers_begin(void)
{
  for (int i = 0; i < TRADES; i++) world_trades[i] = dweller;
  world_trades[PINNED].runs = WEIR_PINNED;
  world_trades[POOLED].runs = WEIR_ON_BLOCKING_POOL;
  world_trades[KEEPER].keeps_places = true;
}
