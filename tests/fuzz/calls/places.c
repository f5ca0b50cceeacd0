/* places.c: the calls of the API fuzzer that have to do with places in mailboxes, and those that come back later: permits,
 * notices, capacities, statistics, timers, dead letters. */
#include "world.h"

/* ---- permits ---- */

static void call_reserve(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_permit permit;
  weir_ref to = world.refs[s->a % REFS].ref;
  weir_duration within = time_of(who, s->c);
  size_t n = s->b / 4 % 8;
  int rc = s->b % 4 == 0   ? weir_reserve(to, within, &permit)
           : s->b % 4 == 1 ? weir_try_reserve(to, &permit)
           : s->b % 4 == 2 ? weir_reserve_many(to, n, within, &permit)
                           : weir_try_reserve_many(to, n, &permit);
  EXPECT(who, rc, OK | FULL | TIMED | DEAD | RANGE | WAITING | own);
  if (rc) {
    CHECK(!permit.bits && weir_permit_places(permit) == 0);
    return;
  }
  CHECK(weir_permit_places(permit) <= (s->b % 4 < 2 ? 1 : n));
  unsigned slot = s->c / 4 % PERMITS;
  weir_permit_give_back(&world.permits[slot].permit);
  world.permits[slot].permit = permit;
  world.permits[slot].to = world.refs[s->a % REFS].route ? 0 : to.bits;
}

static void call_fill(struct who *who, const struct step *s)
{
  struct job job;
  weir_permit permit = world.permits[s->a % PERMITS].permit;
  struct origin o = origin_of(who, world.permits[s->a % PERMITS].to, s);
  size_t places = weir_permit_places(permit);
  int rc = weir_permit_send_value(permit, as_job(&o, &job));
  EXPECT(who, rc, OK | INVALID | DEAD | CLOSED | RANGE);
  note_sent(o.id, rc);
  if (rc == WEIR_OK) CHECK(weir_permit_places(permit) < places);
  if (rc == WEIR_ERANGE) CHECK(weir_permit_places(permit) == places);
  if (rc == WEIR_EINVAL || rc == WEIR_EDEAD || rc == WEIR_ECLOSED) CHECK(weir_permit_places(permit) == 0);
}

static void call_give_back(struct who *who, const struct step *s)
{
  (void)who;
  weir_permit_give_back(&world.permits[s->a % PERMITS].permit);
  CHECK(!world.permits[s->a % PERMITS].permit.bits);
}

/* ---- notices ---- */

static void on_room(void *arg, weir_permit permit, int status)
{
  struct who who = {.where = IN_CALLBACK};
  (void)arg;
  CHECK(!world.stopped);
  EXPECT(&who, status, OK | DEAD | CLOSED);
  CHECK(weir_permit_places(permit) == (status ? 0 : 1));
  struct step s;
  if (!next_step(&s)) return;
  if (s.a % 2) { /* used here; else it goes back by itself, or is used by a later call */
    struct job job;
    struct origin o = origin_of(&who, 0, &s);
    EXPECT(&who, weir_permit_send_value(permit, as_job(&o, &job)), status ? INVALID : OK | RANGE);
  }
  perform(&who, s.b % 3);
}

/* Nor is what a task has deferred called back. */
static bool can_be_called(const struct who *who)
{
  return who->where != IN_TASK && (who->where != IN_END || weir_ref_error(weir_self()) == WEIR_OK);
}

static void call_notify(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_notice notice;
  weir_ref to = world.refs[s->a % REFS].ref;
  int rc = weir_notify_writable(to, on_room, &world, &notice);
  EXPECT(who, rc, (can_be_called(who) ? OK | DEAD | FULL : INVALID | DEAD) | own);
  CHECK(!rc == !!notice.bits);
  if (!rc) world.notices[s->b % NOTICES] = notice;
}

static void call_channel_notify(struct who *who, const struct step *s)
{
  weir_notice notice;
  int rc = weir_channel_notify_writable(world.channels[s->a % CHANNELS].tx[0], on_room, &world, &notice);
  EXPECT(who, rc, can_be_called(who) ? OK | CLOSED : INVALID | CLOSED);
  if (!rc) world.notices[s->b % NOTICES] = notice;
}

static void call_notice_cancel(struct who *who, const struct step *s)
{
  EXPECT(who, weir_notice_cancel(world.notices[s->a % NOTICES]), OK | DEAD);
}

/* ---- mailboxes seen from outside ---- */

static void call_stats(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_stats stats;
  weir_ref ref = world.refs[s->a % REFS].ref;
  size_t capacity = world.refs[s->a % REFS].capacity;
  int rc = weir_stats_read(ref, &stats);
  EXPECT(who, rc, OK | DEAD | own);
  if (!world.refs[s->a % REFS].route) CHECK(weir_room(ref) <= capacity);
  if (rc) {
    CHECK(!stats.capacity && !stats.length);
    return;
  }
  CHECK(stats.capacity && stats.capacity <= capacity);
  CHECK(stats.length + stats.permits <= capacity && stats.high_water <= capacity);
}

static void call_set_capacity(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  static const size_t sizes[] = {1, 2, 3, 5, 9, 0, 16777217, 16777216};
  size_t capacity = sizes[s->b % 8];
  if (capacity <= 16777216 && capacity > world.refs[s->a % REFS].capacity) world.refs[s->a % REFS].capacity = capacity;
  for (size_t i = 0; i < REFS; i++) /* the same one may be known there, too */
    if (i != s->a % REFS && world.refs[i].ref.bits == world.refs[s->a % REFS].ref.bits)
      world.refs[i].capacity = SIZE_MAX;
  int rc = weir_set_capacity(world.refs[s->a % REFS].ref, capacity);
  bool wrong = capacity < 1 || capacity > 16777216;
  EXPECT(who, rc, (wrong ? RANGE : OK) | DEAD | own);
}

/* ---- timers ---- */

static void call_timer(struct who *who, const struct step *s)
{
  static const int64_t times[] = {0, 1000000, 100000, 2000000, -1, 3000000};
  weir_duration after = {times[s->b % 6]};
  weir_ref to = s->a % 2 ? world.refs[s->a / 2 % REFS].ref : weir_self();
  struct tick tick = {.steps = s->c % 4};
  weir_timer timer = s->b & 8 ? weir_send_every_value(to, after, WEIR_AT(tick, &tick))
                              : weir_send_after_value(to, after, WEIR_AT(tick, &tick));
  EXPECT(who, timer.error, OK | DEAD | INVALID | own_errors(s->a / 2));
  if (!timer.error) world.timers[s->c / 4 % TIMERS] = timer;
}

static void call_timer_cancel(struct who *who, const struct step *s)
{
  int rc = weir_timer_cancel(world.timers[s->a % TIMERS]);
  EXPECT(who, rc, OK | DEAD);
  if (!rc) CHECK(weir_timer_cancel(world.timers[s->a % TIMERS]) == WEIR_EDEAD);
}

/* ---- dead letters ---- */

static void call_dead_letters(struct who *who, const struct step *s)
{
  unsigned own = own_errors(s->a); /* others may run before it returns */
  weir_ref ref = world.refs[s->a % REFS].ref;
  int rc = s->b % 2 ? weir_dead_letters_end(ref) : weir_dead_letters(ref);
  EXPECT(who, rc, OK | DEAD | EXISTS | own);
}

const struct call place_calls[] = {
    {'v', call_reserve},        {'V', call_fill},          {'W', call_give_back},    {'i', call_notify},
    {'I', call_channel_notify}, {'J', call_notice_cancel}, {'t', call_stats},        {'c', call_set_capacity},
    {'m', call_timer},          {'M', call_timer_cancel},  {'D', call_dead_letters}, {0},
};
