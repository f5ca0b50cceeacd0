/* channels.c: the calls of the API fuzzer on channels and oneshots. */
#include "world.h"

/* ---- channels ---- */

static void drop_senders(unsigned n)
{
  for (size_t i = 0; i < 2; i++) {
    if (world.channels[n].open[i]) weir_sender_drop(world.channels[n].tx[i]);
    world.channels[n].open[i] = false;
  }
}

/* Not while somebody receives. */
static void drop_receiver(unsigned n)
{
  if (!world.channels[n].receiver || world.channels[n].receiving) return;
  world.channels[n].receiver = false;
  weir_receiver_drop(world.channels[n].rx);
}

void drop_channels(void)
{
  for (unsigned n = 0; n < CHANNELS; n++) drop_senders(n), drop_receiver(n);
}

static void call_channel(struct who *who, const struct step *s)
{
  static const size_t capacities[] = {1, 2, 5, 0};
  unsigned n = s->a % CHANNELS;
  if (world.channels[n].receiving) return;
  drop_senders(n);
  drop_receiver(n);
  size_t capacity = capacities[s->b % 4];
  int rc = weir_mpsc(capacity, &world.channels[n].tx[0], &world.channels[n].rx);
  EXPECT(who, rc, capacity ? OK : RANGE);
  world.channels[n].open[0] = world.channels[n].receiver = !rc;
  world.channels[n].capacity = capacity;
}

static void call_channel_end(struct who *who, const struct step *s)
{
  unsigned n = s->a % CHANNELS, i = s->c % 2;
  if (s->b % 4 == 0) {
    if (world.channels[n].open[i]) weir_sender_drop(world.channels[n].tx[i]);
    world.channels[n].open[i] = false;
  } else if (s->b % 4 == 1) {
    drop_receiver(n);
  } else if (s->b % 4 == 2) {
    weir_receiver_close(world.channels[n].rx);
  } else if (!world.channels[n].open[i]) {
    int rc = weir_sender_clone(world.channels[n].tx[1 - i], &world.channels[n].tx[i]);
    EXPECT(who, rc, OK | CLOSED);
    world.channels[n].open[i] = !rc;
  }
}

static void call_channel_send(struct who *who, const struct step *s)
{
  struct job job;
  weir_sender tx = world.channels[s->a % CHANNELS].tx[s->a / CHANNELS % 2];
  struct origin o = origin_of(who, 0, s);
  int rc = s->b % 2 ? weir_channel_try_send_value(tx, as_job(&o, &job))
                    : weir_channel_send_within_value(tx, time_of(who, s->b / 2), as_job(&o, &job));
  EXPECT(who, rc, OK | FULL | TIMED | CLOSED | RANGE | WAITING);
  note_sent(o.id, rc);
}

static void take(struct who *who, struct job *job)
{
  struct job **room = room_for_kept(who);
  check_origin((const struct origin *)job);
  note_begun(job->id);
  if (job->id) world.notes[job->id].moved = true;
  if (room)
    *room = job;
  else
    weir_free(job);
}

static void call_receive(struct who *who, const struct step *s)
{
  struct job *jobs[4] = {NULL};
  size_t count = 1;
  unsigned n = s->a % CHANNELS;
  weir_receiver rx = world.channels[n].rx;
  world.channels[n].receiving++;
  int rc = s->b % 3 == 0   ? weir_try_receive(rx, &jobs[0], job)
           : s->b % 3 == 1 ? weir_receive_within(rx, time_of(who, s->c), &jobs[0], job)
                           : weir_receive_many(rx, time_of(who, s->c), jobs, 4, &count, job);
  world.channels[n].receiving--;
  EXPECT(who, rc, OK | CLOSED | EMPTY | TIMED | BUSY | INVALID | WAITING);
  CHECK(rc ? !jobs[0] : count >= 1 && count <= 4);
  for (size_t i = 0; !rc && i < count; i++) take(who, jobs[i]);
}

static void call_channel_look(struct who *who, const struct step *s)
{
  static const size_t sizes[] = {1, 3, 0, 7};
  unsigned n = s->a % CHANNELS;
  if (s->b % 2) {
    size_t capacity = sizes[s->c % 4];
    int rc = weir_receiver_set_capacity(world.channels[n].rx, capacity);
    EXPECT(who, rc, (capacity ? OK : RANGE) | CLOSED);
    if (!rc && capacity > world.channels[n].capacity) world.channels[n].capacity = capacity;
  }
  if (!world.channels[n].receiver) return;
  CHECK(weir_receiver_length(world.channels[n].rx) <= world.channels[n].capacity);
  CHECK(weir_sender_room(world.channels[n].tx[0]) <= world.channels[n].capacity);
  const weir_message *type = world.channels[n].receiving ? NULL : weir_receiver_peek(world.channels[n].rx);
  CHECK(!type || weir_message_same(type, weir_message_job()));
}

static void call_channel_reserve(struct who *who, const struct step *s)
{
  weir_permit permit;
  weir_sender tx = world.channels[s->a % CHANNELS].tx[s->a / CHANNELS % 2];
  size_t n = s->b / 2 % 4;
  int rc = s->b % 2 ? weir_channel_try_reserve_many(tx, n, &permit)
                    : weir_channel_reserve_many(tx, n, time_of(who, s->c), &permit);
  EXPECT(who, rc, OK | FULL | TIMED | CLOSED | RANGE | WAITING);
  if (rc) return;
  unsigned slot = s->c / 4 % PERMITS;
  weir_permit_give_back(&world.permits[slot].permit);
  world.permits[slot].permit = permit;
  world.permits[slot].to = 0;
}

/* ---- oneshots ---- */

/* Nobody waits any more, not even who was killed in it. */
void drop_oneshots(void)
{
  for (unsigned n = 0; n < ONESHOTS; n++) {
    weir_promise_drop(world.oneshots[n].promise);
    weir_future_drop(world.oneshots[n].future);
  }
}

static void drop_future(unsigned n)
{
  if (!world.oneshots[n].waiting) weir_future_drop(world.oneshots[n].future);
}

static void call_oneshot(struct who *who, const struct step *s)
{
  unsigned n = s->a % ONESHOTS;
  if (world.oneshots[n].waiting) return;
  weir_promise_drop(world.oneshots[n].promise);
  drop_future(n);
  EXPECT(who, weir_oneshot(&world.oneshots[n].promise, &world.oneshots[n].future), OK);
}

static void call_promise(struct who *who, const struct step *s)
{
  unsigned n = s->a % ONESHOTS;
  weir_promise promise = world.oneshots[n].promise;
  bool wanted = weir_promise_wanted(promise);
  if (s->b % 4 == 0) {
    weir_promise_drop(promise);
  } else if (s->b % 4 == 1) {
    drop_future(n);
    if (!world.oneshots[n].waiting) CHECK(!weir_promise_wanted(promise));
  } else {
    struct job job;
    struct origin o = origin_of(who, 0, s);
    int rc = weir_promise_send_value(promise, as_job(&o, &job));
    EXPECT(who, rc, OK | CLOSED | INVALID);
    CHECK(rc || wanted);
    note_sent(o.id, rc);
  }
}

static void call_future(struct who *who, const struct step *s)
{
  unsigned n = s->a % ONESHOTS;
  struct job *job;
  world.oneshots[n].waiting++;
  int rc = s->b % 2 ? weir_future_try(world.oneshots[n].future, &job, job)
                    : weir_future_wait(world.oneshots[n].future, time_of(who, s->c), &job, job);
  world.oneshots[n].waiting--;
  EXPECT(who, rc, OK | CLOSED | TIMED | EMPTY | BUSY | INVALID | WAITING);
  CHECK(!rc == !!job);
  if (job) take(who, job);
}

const struct call channel_calls[] = {
    {'C', call_channel},      {'X', call_channel_end},
    {'T', call_channel_send}, {'R', call_receive},
    {'Q', call_channel_look}, {'U', call_channel_reserve},
    {'O', call_oneshot},      {'P', call_promise},
    {'F', call_future},       {0},
};
