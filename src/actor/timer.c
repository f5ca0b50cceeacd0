/* timer.c: messages sent later.
 *
 *   ARMED ----> RINGING: is sent, or (full) tried again in a millisecond ----> ARMED (periodic) or free
 *     '-------> CANCELLED ----> free, by its worker
 *
 * I1  A record is on the wheel of the worker that set it, or that it was handed to; that worker alone arms, rings and
 *     frees it.
 * I2  One lock guards state, `queued`, the lists of timers by worker and by actor: so that anybody may cancel. It is
 *     held for a few instructions, and no other lock is taken under it but a worker's bell.
 * I3  A timer that its actor set to itself takes no place (M5); `queued` keeps it from being queued twice.
 * I4  While it is RINGING nobody knows whether it will have come: who cancels it meanwhile waits for the few
 *     instructions that this takes.
 * I5  What a periodic one has queued names it, and is not handled when it was cancelled meanwhile. */
#include <weir/timer.h>

#include <sched.h>

#include "actor/dead_letter.h"
#include "actor/relay.h"
#include "channel/bias.h"
#include "channel/line.h"
#include "channel/send.h"
#include "platform/clock.h"
#include "runtime/slots.h"

enum state { FREE, ARMED, RINGING, CANCELLED };
enum { RETRY_NS = 1000000, LEAST_PERIOD_NS = 1000000 };

struct weir__timer_record {
  struct weir__timer_record *next, *previous;      /* of its worker's; I2. First two words: see slots.h */
  struct weir__timer_record *own_next, **own_link; /* of its actor's; I2 */
  uint32_t slot, generation;                       /* I2 */
  enum state state;                                /* I2 */
  bool queued;                                     /* I2, I3 */
  bool posted; /* I2: its worker has been asked to arm or free it, and has not come to it yet */
  bool own;    /* written when it is set, as what follows */
  weir_ref to;
  struct weir__message *message; /* what is sent, each time a copy */
  int64_t due_ns, period_ns;     /* 0: once. Its worker's */
  struct weir__worker *worker;
  struct weir__alarm alarm;    /* I1 */
  struct weir__call_work call; /* its worker is to arm or free it */
};

static struct weir__slots records = WEIR__SLOTS(struct weir__timer_record, 1 << 22);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct weir__cache cache; /* under the lock */

static weir_timer failed(int code) { return (weir_timer){0, code}; }
static uint64_t name_of(const struct weir__timer_record *t) { return (uint64_t)t->generation << 32 | t->slot; }

/* Lock held. NULL: it is not any more what the name says. */
static struct weir__timer_record *find(uint64_t name)
{
  struct weir__timer_record *t = weir__slots_at(&records, (uint32_t)name);
  return t && t->generation == name >> 32 && t->state != FREE ? t : NULL;
}

/* ---- lists: lock held ---- */

static void link_worker(struct weir__timer_record *t)
{
  t->previous = NULL;
  t->next = t->worker->timers;
  if (t->next) t->next->previous = t;
  t->worker->timers = t;
}

static void unlink_worker(struct weir__timer_record *t)
{
  if (t->previous)
    t->previous->next = t->next;
  else
    t->worker->timers = t->next;
  if (t->next) t->next->previous = t->previous;
}

static void link_actor(struct weir__timer_record *t, struct weir__extras *extras)
{
  t->own_next = extras->timers;
  if (t->own_next) t->own_next->own_link = &t->own_next;
  t->own_link = &extras->timers;
  extras->timers = t;
}

static void unlink_actor(struct weir__timer_record *t)
{
  if (!t->own_link) return;
  *t->own_link = t->own_next;
  if (t->own_next) t->own_next->own_link = t->own_link;
  t->own_link = NULL;
}

/* Lock held, on its worker: gone. Returns the message, to be ended without the lock. */
static struct weir__message *take_down(struct weir__timer_record *t)
{
  weir__worker_disarm(t->worker, &t->alarm);
  unlink_worker(t);
  unlink_actor(t);
  t->state = FREE;
  t->generation++;
  struct weir__message *m = t->message;
  t->message = NULL;
  weir__slots_put(&records, &cache, t);
  return m;
}

/* ---- when it is due ---- */

static bool push_own(struct weir__cell *cell, weir_ref to, struct weir__message *m)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool lives = weir__generation_in(places) == weir__generation_of(to) && !(places & WEIR__CLOSED);
  if (lives) weir__unbias(cell);
  uintptr_t wake = lives ? weir__mpsc_push(cell, m) : 0;
  /* Lives: locked. Release: who sees it finds the message. */
  if (lives) atomic_fetch_or_explicit(&cell->work.flags, WEIR__TIMER_CAME, memory_order_release);
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
  return lives;
}

static struct weir__message *copy_of(const struct weir__timer_record *t)
{
  struct weir__message *m = t->message;
  struct weir__message *copy = weir__message_make(m->type, weir__payload(m), m->payload_bytes);
  if (!copy) return NULL;
  copy->kind = WEIR__OWN_TIMER;
  copy->timer = t->period_ns ? name_of(t) : 0; /* I5 */
  return copy;
}

/* WEIR_OK: sent, or left out since the one before is still queued; else as a send. */
static int send_own(struct weir__timer_record *t)
{
  pthread_mutex_lock(&lock);
  bool queued = t->queued;
  t->queued = true;
  pthread_mutex_unlock(&lock);
  if (queued) return WEIR_OK;
  struct weir__message *m = copy_of(t);
  if (m && push_own(weir__cell_at(weir__slot_of(t->to)), t->to, m)) return WEIR_OK;
  if (m) weir__message_end(m, WEIR__DEAD);
  weir__timer_taken(name_of(t));
  return m ? WEIR_EDEAD : WEIR_ENOMEM;
}

static int send_other(struct weir__timer_record *t)
{
  struct weir__parcel parcel = {.type = t->message->type,
                                .value = weir__payload(t->message),
                                .deadline = INT64_MAX,
                                .bytes = t->message->payload_bytes};
  struct weir__cell *cell = weir__cell_at(weir__slot_of(t->to));
  if (weir__is_relay(cell, t->to)) return weir__route_send_later(t->to, &parcel);
  int rc = weir__cell_try(cell, weir__generation_of(t->to), &parcel, WEIR_EDEAD);
  if (rc == WEIR_EDEAD) weir__tell_refused(t->to, parcel.type, weir__turned_away(rc), false);
  return rc == WEIR_EOPEN ? weir__turned_away(rc), WEIR_OK : rc; /* this one is lost; a periodic one goes on */
}

/* By the clock: without drift, and without making up for what was missed. */
static int64_t next_due(const struct weir__timer_record *t, int64_t now)
{
  int64_t next = t->due_ns + t->period_ns;
  return next > now ? next : next + ((now - next) / t->period_ns + 1) * t->period_ns;
}

/* Its worker is sending it: nobody else touches it but to cancel it. */
static void after_sending(struct weir__timer_record *t, int rc)
{
  struct weir__message *gone = NULL;
  int64_t now = weir__now_ns();
  bool again = rc == WEIR_EFULL || rc == WEIR_ENOMEM;
  pthread_mutex_lock(&lock);
  if (t->state == RINGING && (again || (!rc && t->period_ns))) {
    t->state = ARMED;
    if (!again) t->due_ns = next_due(t, now);
    weir__worker_arm(t->worker, &t->alarm, again ? now + RETRY_NS : t->due_ns);
  } else if (t->state == RINGING) {
    gone = take_down(t);
  } /* else: who cancelled it has asked us to free it */
  pthread_mutex_unlock(&lock);
  if (gone) weir__message_end(gone, WEIR__FREED);
}

static void due(struct weir__worker *w, struct weir__alarm *alarm)
{
  struct weir__timer_record *t =
      (struct weir__timer_record *)((char *)alarm - offsetof(struct weir__timer_record, alarm));
  bool drains = atomic_load_explicit(&w->rt->state, memory_order_relaxed) != WEIR__RUNNING;
  pthread_mutex_lock(&lock);
  bool rests = drains && t->queued; /* it will not ring again; what it has queued is still to be handled (I5) */
  bool rings = t->state == ARMED && !rests;
  if (rings) t->state = RINGING;
  pthread_mutex_unlock(&lock);
  if (!rings) return;
  after_sending(t, drains ? WEIR_EDEAD : t->own ? send_own(t) : send_other(t));
}

bool weir__timer_taken(uint64_t name)
{
  if (!name) return true;
  pthread_mutex_lock(&lock);
  struct weir__timer_record *t = find(name);
  if (t) t->queued = false;
  bool valid = t && t->state != CANCELLED;
  pthread_mutex_unlock(&lock);
  return valid;
}

bool weir__timers_may_bring(struct weir__cell *cell, const weir_message *type)
{
  bool may = false;
  pthread_mutex_lock(&lock);
  struct weir__timer_record *t = cell->extras ? cell->extras->timers : NULL;
  for (; t && !may; t = t->own_next) may = t->own && weir_message_same(t->message->type, type);
  pthread_mutex_unlock(&lock);
  return may;
}

/* ---- setting ---- */

/* On its worker. */
static void arm_or_free(struct weir__call_work *call)
{
  struct weir__timer_record *t =
      (struct weir__timer_record *)((char *)call - offsetof(struct weir__timer_record, call));
  struct weir__message *gone = NULL;
  pthread_mutex_lock(&lock);
  t->posted = false;
  if (t->state == ARMED)
    weir__worker_arm(t->worker, &t->alarm, t->due_ns);
  else
    gone = take_down(t);
  pthread_mutex_unlock(&lock);
  if (gone) weir__message_end(gone, WEIR__FREED);
}

/* Lock held. */
static void post(struct weir__timer_record *t)
{
  t->posted = true;
  weir__worker_post(t->worker, &t->call.work);
}

static struct weir__timer_record *take_record(void)
{
  uint32_t slot;
  struct weir__timer_record *t = weir__slots_take(&records, &cache, &slot);
  if (!t) return NULL;
  t->slot = slot;
  if (!t->generation) t->generation = 1;
  t->own_link = NULL;
  t->queued = t->posted = false;
  t->call.work = (struct weir__work){.kind = WEIR__CALL};
  t->call.call = arm_or_free;
  t->alarm = (struct weir__alarm){.ring = due};
  return t;
}

/* Where it ticks: on the worker here, else on the first of the runtime. */
static struct weir__worker *worker_for(struct weir_runtime *rt)
{
  struct weir__worker *here = weir__worker_here();
  return here && here->rt == rt ? here : &rt->workers[0];
}

static weir_timer set_on(struct weir_runtime *rt, weir_ref to, int64_t due_ns, int64_t period_ns,
                         struct weir__message *m)
{
  struct weir__cell *here = weir__cell_here();
  struct weir__extras *extras = here ? weir__extras(here) : NULL;
  bool no_memory = here && !extras;
  pthread_mutex_lock(&lock);
  struct weir__timer_record *t = no_memory ? NULL : take_record();
  if (!t) {
    pthread_mutex_unlock(&lock);
    weir__message_end(m, WEIR__FREED);
    return failed(weir_error(WEIR_ENOMEM, "no memory for a timer"));
  }
  t->state = ARMED;
  t->to = to;
  t->own = here && weir__ref_of(here).bits == to.bits;
  t->message = m;
  t->due_ns = due_ns;
  t->period_ns = period_ns;
  t->worker = worker_for(rt);
  link_worker(t);
  if (extras) link_actor(t, extras);
  weir_timer timer = {name_of(t), WEIR_OK};
  if (weir__worker_here() == t->worker)
    weir__worker_arm(t->worker, &t->alarm, due_ns);
  else
    post(t);
  pthread_mutex_unlock(&lock);
  return timer;
}

static weir_timer set(weir_ref to, weir_duration after, int64_t period_ns, weir_value value)
{
  struct weir__parcel parcel;
  int rc = weir__ref_check(to);
  if (!rc && !weir_alive(to)) rc = weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to));
  if (!rc) rc = weir__parcel_of_value(&parcel, value);
  if (rc) return failed(rc);
  struct weir__message *m = weir__parcel_message(&parcel);
  if (!m) return failed(weir_error(WEIR_ENOMEM, "no memory for the message"));
  struct weir_runtime *rt = weir__runtime_here_held();
  if (!rt) {
    weir__message_end(m, WEIR__FREED);
    return failed(weir_error(WEIR_EINVAL, "no runtime is running"));
  }
  weir_timer timer = set_on(rt, to, weir__deadline(after), period_ns, m);
  weir__runtime_release(rt);
  return timer;
}

weir_timer weir_send_after_value(weir_ref to, weir_duration after, weir_value value)
{
  if (after.ns < 0) return failed(weir_error(WEIR_EINVAL, "a negative time"));
  return set(to, after, 0, value);
}

weir_timer weir_send_every_value(weir_ref to, weir_duration every, weir_value value)
{
  if (every.ns < LEAST_PERIOD_NS) return failed(weir_error(WEIR_EINVAL, "a period below one millisecond"));
  if (every.ns == INT64_MAX) return failed(weir_error(WEIR_EINVAL, "a period without end"));
  return set(to, every, every.ns, value);
}

/* ---- cancelling ---- */

/* Lock held. Returns the message, if it could be taken down here. */
static struct weir__message *cancel(struct weir__timer_record *t)
{
  t->state = CANCELLED;
  unlink_actor(t);
  if (t->posted) return NULL;
  if (weir__worker_here() == t->worker) return take_down(t);
  post(t);
  return NULL;
}

/* Lock held. NULL: it has come, or was cancelled. */
static struct weir__timer_record *find_armed(uint64_t name)
{
  struct weir__timer_record *t;
  while ((t = find(name)) && t->state == RINGING) { /* I4. Not on its worker: that one would not be here */
    pthread_mutex_unlock(&lock);
    sched_yield();
    pthread_mutex_lock(&lock);
  }
  return t && t->state == ARMED ? t : NULL;
}

int weir_timer_cancel(weir_timer timer)
{
  struct weir__message *gone = NULL;
  if (timer.error) return timer.error;
  pthread_mutex_lock(&lock);
  struct weir__timer_record *t = find_armed(timer.bits);
  if (t) gone = cancel(t);
  pthread_mutex_unlock(&lock);
  if (gone) weir__message_end(gone, WEIR__FREED);
  return t ? WEIR_OK : WEIR_EDEAD;
}

void weir__timers_end(struct weir__cell *cell)
{
  struct weir__extras *extras = cell->extras;
  for (;;) {
    struct weir__message *gone = NULL;
    pthread_mutex_lock(&lock);
    struct weir__timer_record *t = extras->timers;
    if (t) gone = cancel(t);
    pthread_mutex_unlock(&lock);
    if (gone) weir__message_end(gone, WEIR__FREED);
    if (!t) return;
  }
}

void weir__worker_timers_end(struct weir__worker *w)
{
  for (;;) {
    struct weir__message *gone = NULL;
    pthread_mutex_lock(&lock);
    struct weir__timer_record *t = w->timers;
    if (t) gone = take_down(t);
    pthread_mutex_unlock(&lock);
    if (!t) return;
    weir__message_end(gone, WEIR__FREED);
  }
}
