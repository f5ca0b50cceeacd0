/* child.c: see storm.h. */
#include "storm/storm.h"

#include <stdlib.h>
#include <string.h>

#include "chance.h"

struct tick {
  WEIR_EMPTY;
};
WEIR_MESSAGE(tick);

struct child {
  struct child_seen *seen;
  struct job *kept;
  uint32_t holds; /* a bit for each kind of thing: one of each */
  bool fails_at_end;
  char room[40]; /* more than a cell has room for */
};

void failure_is_settled(void) { atomic_fetch_sub(&storm.deciding, 1); }

void note_failure(struct child_seen *seen, enum way way)
{
  atomic_store_explicit(&seen->noted, (int)way + 1, memory_order_relaxed);
  count_one(&storm.failures[way]);
}

/* False: it has become calm. True: the failure is to be counted, and settled then. */
static bool may_fail(void)
{
  atomic_fetch_add(&storm.deciding, 1);
  if (!atomic_load(&storm.calm)) return true;
  failure_is_settled();
  return false;
}

/* ---- what it holds when it fails ---- */

static void on_deferred(void *unused)
{
  (void)unused;
  count_one(&storm.deferred);
}

static int defer_one(void)
{
  int rc = weir_defer(on_deferred, NULL);
  if (!rc) count_one(&storm.defers);
  return rc;
}

static void deferred_fails(void *unused)
{
  on_deferred(unused);
  weir_fail(WEIR_EUSER(2), "a deferred call fails");
}

static void on_uv(uv_timer_t *t) { (void)t; }

static void hold_a_handle(void)
{
  uv_timer_t *t = weir_uv_new(uv_timer_t);
  if (t && uv_timer_init(weir_loop(), t) == 0) uv_timer_start(t, on_uv, 1000, 1000);
}

/* Somebody whom a child has started: it ends with it. */
struct guest {
  char nothing;
};
static int guest_tick(struct guest *g)
{
  (void)g;
  return WEIR_OK;
}
WEIR_ACTOR(guest, WEIR_ON(tick, guest_tick));

static int task_sleeps(void *unused)
{
  (void)unused;
  return weir_sleep(WEIR_SECONDS(100));
}

/* Whatever comes of it: it has it, or has not. */
static void hold_something(struct child *c, const struct job *m, uint64_t what)
{
  weir_permit permit;
  weir_pending pending;
  weir_task *task;
  void *memory;
  if (c->holds >> what % 10 & 1) return;
  c->holds |= 1U << what % 10;
  switch (what % 10) {
  case 0:
    memory = weir_alloc(1 + what % 3000);
    if (memory) memset(memory, 1, 1 + what % 3000);
    break;
  case 1:
    c->kept = weir_keep(job, m);
    break;
  case 2:
    if (weir_try_reserve(m->other, &permit) == WEIR_OK && what & 112) weir_permit_give_back(&permit);
    break;
  case 3:
    pending = weir_ask_begin(m->other, WEIR_MILLIS(5), question, .luck = what | 1);
    (void)pending;
    break;
  case 4:
    weir_send_every(weir_self(), WEIR_MILLIS(50), tick);
    break;
  case 5:
    weir_monitor(m->other);
    break;
  case 6:
    weir_join(what & 16 ? "these" : "those");
    break;
  case 7:
    defer_one();
    break;
  case 8: /* these two are dearer */
    if (what % 64 < 16) weir_spawn(&guest);
    if (what % 64 >= 48) hold_a_handle();
    break;
  default:
    task = what % 64 < 16 ? weir_task_start(NULL, task_sleeps, NULL) : NULL;
    if (task) weir_task_detach(task);
    break;
  }
}

/* ---- failing ---- */

static enum way some_way(uint64_t luck)
{
  static _Atomic(int64_t) loops;
  enum way way;
  do way = (enum way)(draw() % (luck % 3 ? WAYS - 1 : FIRST_CRASH)); /* crashes are dear */
  while (way == BAD_RESTART || !way_is_there(way, storm.trap));
  /* One that loops has its worker for all the time that the watchdog gives it. */
  if (way_is_there(LOOP, storm.trap) && atomic_fetch_add_explicit(&loops, 1, memory_order_relaxed) % 20000 == 1000)
    return LOOP;
  return way;
}

static int fail_somehow(struct child *c, enum way way)
{
  if (way == LOOP) { /* it is noted by who ends it */
    atomic_store_explicit(&c->seen->loops, true, memory_order_relaxed);
  } else {
    note_failure(c->seen, way);
    failure_is_settled();
  }
  switch (way) {
  case FAILS_LATER:
    weir_sleep(WEIR_MILLIS(0.2));
    weir_fail(WEIR_EUSER(2), "it fails after a wait");
  case FAILS_DEFERRED:
    if (weir_defer(deferred_fails, NULL) == WEIR_OK) count_one(&storm.defers);
    return WEIR_STOP;
  case FAILS_AT_END:
    c->fails_at_end = true;
    return WEIR_STOP;
  case STOPS:
    return WEIR_STOP;
  case IS_KILLED:
    weir_kill(weir_self());
    return weir_sleep(WEIR_SECONDS(100));
  case IS_TOLD_TO_EXIT:
    weir_exit(weir_self(), WEIR_EUSER(3));
    return weir_sleep(WEIR_SECONDS(100));
  case HOLDS_TOO_MUCH:
    return weir_alloc(2 * MEMORY_MOST) ? WEIR_OK : WEIR_ENOMEM; /* it does not return */
  default:
    crash(way);
    weir_fail(WEIR_EUSER(2), "it fails");
  }
}

static bool is_to_fail(uint64_t luck)
{
  int64_t in = atomic_load_explicit(&storm.fail_in, memory_order_relaxed);
  return luck % (uint64_t)in == 0 && may_fail();
}

/* ---- handlers ---- */

static int child_start(struct child *c, const struct child_config *config)
{
  struct child_seen *seen = c->seen = &storm.child[config->id];
  atomic_store_explicit(&seen->noted, 0, memory_order_relaxed);
  int rc = defer_one();
  if (rc) return rc;
  if (!atomic_load_explicit(&seen->starts, memory_order_relaxed)) {
    atomic_store_explicit(&seen->ref, weir_self().bits, memory_order_relaxed);
  } else if (draw() % 16 == 0 && may_fail()) {
    note_failure(seen, BAD_RESTART);
    failure_is_settled();
    return weir_error(WEIR_EUSER(1), "not again");
  }
  atomic_fetch_add_explicit(&seen->starts, 1, memory_order_relaxed);
  count_one(&storm.starts);
  return WEIR_OK;
}

static int child_job(struct child *c, const struct job *m)
{
  uint64_t luck = chance_mix(m->luck);
  count_one(&storm.handled);
  if (luck & 1) hold_something(c, m, luck >> 8);
  if (luck & 2) hold_something(c, m, luck >> 24);
  int rc = WEIR_OK;
  if ((luck & 28) == 4 && m->luck)
    rc = weir_send_within(m->other, WEIR_MILLIS(1), job, .luck = m->luck >> 16, .other = weir_self());
  if (rc == WEIR_ECANCELED) return rc;
  if (is_to_fail(luck >> 5)) return fail_somehow(c, some_way(luck >> 40));
  return WEIR_OK;
}

static int child_question(struct child *c, const struct question *m, struct answer *reply)
{
  uint64_t luck = chance_mix(m->luck);
  count_one(&storm.handled);
  reply->luck = luck;
  weir_asker owed = {0};
  if ((luck & 1023) == 1) owed = weir_answer_later(); /* until it ends */
  (void)owed;
  if (is_to_fail(luck >> 5)) return fail_somehow(c, some_way(luck >> 40));
  return WEIR_OK;
}

static int child_tick(struct child *c)
{
  (void)c;
  return WEIR_OK;
}

static int child_down(struct child *c, const struct weir_down *m)
{
  (void)c, (void)m;
  return WEIR_OK;
}

static void child_end(struct child *c)
{
  if (c->fails_at_end) weir_fail(WEIR_EUSER(2), "it fails at its end");
}

WEIR_ACTOR(child,
           WEIR_ON_START(child_config, child_start) WEIR_ON(job, child_job) WEIR_ON(question, child_question)
               WEIR_ON(tick, child_tick) WEIR_ON(weir_down, child_down) WEIR_ON_END(child_end),
           .capacity = 8);
const weir_actor *const storm_child = &child;
