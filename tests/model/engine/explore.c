/* explore.c: which orders are tried.
 *
 * Depth first, by running the scenario over and over: a run repeats the choices of the one before up to the last that has
 * something left to try, makes the next choice there, and the usual ones from then on.
 *
 * X1  Two steps of different threads that touch no object in common, or one without changing it, come to the same in
 *     either order; so of the orders that differ in such pairs alone one is tried. It is done as in "Optimal dynamic
 *     partial order reduction" (Abdulla and others, 2014), by source sets: when a step is found that could as well
 *     have come before an earlier one of another thread, the choice before that one gets a thread that leads there, unless
 *     one of those is to be tried there already. What was tried before a choice sleeps in what follows, until
 *     somebody does what touches it.
 * X2  With a bound on preemptions no thread sleeps, all pairs are looked at, and who is to go before a step may also go
 *     before the whole stretch of its thread, which takes no preemption more ("Bounded partial-order reduction", Coons and
 *     others, 2013).
 * X3  Who waits for what is shut (a lock, a gate) is no choice; nor is who spins (PAUSE), until somebody else has
 *     changed something. If none but spinners are left, they see the newest values: what was written becomes visible
 *     in the end. Who spins then still does so for ever. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "engine/engine.h"

static uint8_t bit(unsigned thread) { return (uint8_t)(1u << thread); }
static bool has(uint8_t set, unsigned thread) { return set & bit(thread); }
static unsigned first_of(uint8_t set) { return (unsigned)__builtin_ctz(set); }

void fail(const char *format, ...)
{
  va_list args;
  va_start(args, format);
  if (!engine->failed) vsnprintf(engine->failure, sizeof engine->failure, format, args);
  va_end(args);
  engine->failed = true;
  leave_run();
}

/* ---- who may go on ---- */

static bool has_changed_since(unsigned thread)
{
  return engine->changes - engine->changes_by[thread] > engine->threads[thread].pause_mark;
}

bool may_run(unsigned thread)
{
  struct thread *t = &engine->threads[thread];
  if (t->state != READY) return false;
  switch (t->next.kind) {
  case LOCK:
    return t->next.touch[0].object->holder < 0;
  case PASS:
    return t->next.touch[0].object->open;
  case RESUME:
    return t->woken;
  case JOIN:
    return engine->threads[t->next.whom].state == ENDED;
  case PAUSE:
    return has_changed_since(thread);
  default:
    return true;
  }
}

static uint8_t enabled_now(void)
{
  uint8_t set = 0;
  for (unsigned i = 0; i < engine->thread_count; i++)
    if (may_run(i)) set |= bit(i);
  return set;
}

/* X3 */
static uint8_t wake_spinners(void)
{
  uint8_t set = 0;
  for (unsigned i = 0; i < engine->thread_count; i++) {
    struct thread *t = &engine->threads[i];
    if (t->state != READY || t->next.kind != PAUSE || t->fresh) continue;
    t->fresh = true;
    t->pause_mark = UINT64_MAX;
    t->next.kind = MARK;
    set |= bit(i);
  }
  return set;
}

static bool all_have_ended(void)
{
  for (unsigned i = 1; i < engine->thread_count; i++)
    if (engine->threads[i].state != ENDED && !engine->threads[i].background) return false;
  return true;
}

static const char *waits_for(const struct thread *t)
{
  switch (t->next.kind) {
  case LOCK:
    return "a lock";
  case PASS:
    return "a gate";
  case RESUME:
    return "being woken";
  case JOIN:
    return "a thread's end";
  case PAUSE:
    return "a change, spinning";
  default:
    return "nothing";
  }
}

static void stuck(void)
{
  char text[256];
  int n = 0;
  for (unsigned i = 0; i < engine->thread_count; i++)
    if (engine->threads[i].state == READY)
      n += snprintf(text + n, sizeof text - (size_t)n, "%s%u for %s", n ? ", " : "", i, waits_for(&engine->threads[i]));
  fail("all wait: thread %s", text);
}

/* ---- choices ---- */

static struct node *next_node(void)
{
  if (engine->at == NODES) fail("more than %d choices in a run", NODES);
  return &engine->nodes[engine->at++];
}

unsigned choose_what(unsigned n)
{
  if (n == 1 || engine->quiet) return 0;
  bool repeats = engine->at < engine->depth;
  struct node *node = next_node();
  if (!repeats) *node = (struct node){.kind = WHAT, .count = (uint8_t)n};
  if (node->kind != WHAT || node->count != n) fail("the scenario does not do the same twice (one of %u values)", n);
  return node->chosen;
}

static uint8_t cost(const struct node *node, unsigned thread)
{
  return node->before != thread && has(node->enabled, node->before);
}

/* The usual one: who ran before, if it can, else the first. */
static unsigned usual(uint8_t set, unsigned before) { return has(set, before) ? before : first_of(set); }

static unsigned choose_who(uint8_t enabled)
{
  bool repeats = engine->at < engine->depth;
  uint8_t awake = enabled & (uint8_t)~engine->asleep;
  engine->node = -1;
  if ((enabled & (enabled - 1)) == 0 && awake) return first_of(enabled);
  if (!awake) { /* X1: all that could follow was tried */
    engine->is_cut = true;
    leave_run();
  }
  engine->node = engine->at;
  struct node *node = next_node();
  if (!repeats) {
    *node = (struct node){.kind = WHO,
                          .enabled = enabled,
                          .asleep = engine->asleep,
                          .before = (uint8_t)engine->current,
                          .preemptions = engine->preemptions};
    node->chosen = (uint8_t)usual(awake, engine->current);
    node->wanted = engine->reduce ? bit(node->chosen) : enabled;
  }
  if (node->kind != WHO || node->enabled != enabled || !has(enabled, node->chosen))
    fail("the scenario does not do the same twice (threads %02x, before %02x)", enabled, node->enabled);
  engine->preemptions = node->preemptions + cost(node, node->chosen);
  if (engine->reduce && !engine->bound) engine->asleep = (node->asleep | node->done) & (uint8_t)~bit(node->chosen);
  return node->chosen;
}

/* Another choice there, if one is left. */
static bool advance(struct node *node)
{
  if (node->kind == WHAT) return ++node->chosen < node->count;
  node->done |= bit(node->chosen);
  uint8_t left = node->wanted & (uint8_t) ~(node->done | node->asleep);
  while (left) {
    unsigned next = first_of(left);
    left &= (uint8_t)~bit(next);
    if (engine->bound && node->preemptions + cost(node, next) > engine->bound) continue;
    node->chosen = (uint8_t)next;
    return true;
  }
  return false;
}

/* ---- steps ---- */

void step_begin(struct step step)
{
  struct thread *t = thread_here();
  t->next = step;
  if (engine->launching && !engine->quiet) { /* up to its first step */
    switch_thread(0);
    return;
  }
  for (;;) {
    if (engine->quiet) {
      if (may_run(engine->current)) break;
    }
    uint8_t enabled = enabled_now();
    if (!engine->quiet) enabled &= (uint8_t)~bit(0);
    if (!enabled && !all_have_ended()) enabled = wake_spinners();
    if (!enabled) {
      if (engine->quiet || !all_have_ended()) stuck();
      switch_thread(0); /* the run is over */
      break;
    }
    unsigned to = engine->quiet ? usual(enabled, engine->current) : choose_who(enabled);
    if (to != engine->current) switch_thread(to);
    break;
  }
}

static bool comes_before(const struct event *e, const uint16_t clock[THREADS])
{
  return clock[e->thread] >= e->clock[e->thread];
}

static void join_clock(uint16_t to[THREADS], const uint16_t from[THREADS])
{
  for (unsigned i = 0; i < THREADS; i++)
    if (from[i] > to[i]) to[i] = from[i];
}

/* Threads whose first step after event `e` could come before it: of what follows and is not because of `e`, ending with
 * the step of `thread`, which has `clock` without `e`. */
static uint8_t initials(int e, unsigned thread, const uint16_t clock[THREADS])
{
  const struct event *from = &engine->events[e];
  const struct event *firsts[THREADS];
  uint8_t seen = 0, set = 0;
  unsigned count = 0;
  for (int i = e + 1; i < engine->event_count; i++) {
    const struct event *f = &engine->events[i];
    if (has(seen, f->thread) || comes_before(from, f->clock)) continue;
    bool initial = true;
    for (unsigned j = 0; j < count; j++)
      if (comes_before(firsts[j], f->clock)) initial = false;
    seen |= bit(f->thread);
    firsts[count++] = f;
    if (initial) set |= bit(f->thread);
  }
  if (has(seen, thread)) return set;
  for (unsigned j = 0; j < count; j++)
    if (comes_before(firsts[j], clock)) return set;
  return set | bit(thread);
}

static void want(struct node *node, uint8_t threads, unsigned liked)
{
  threads &= node->enabled;
  if (!threads) threads = node->enabled; /* it may have been another one's doing that it could go on */
  if (threads & (node->wanted | node->done | node->asleep)) return;
  node->wanted |= bit(has(threads, liked) ? liked : first_of(threads));
}

/* X2 */
static void want_all(int e, unsigned thread)
{
  for (int i = e; i >= 0; i--) {
    struct event *f = &engine->events[i];
    bool starts = i == 0 || engine->events[i - 1].thread != f->thread;
    if (i != e && !starts) continue;
    if (f->node >= 0) {
      struct node *node = &engine->nodes[f->node];
      node->wanted |= has(node->enabled, thread) ? bit(thread) : node->enabled;
    }
    if (starts) return;
  }
}

/* The events that a touch is in conflict with, and that are not before it anyway. */
static unsigned rivals(const struct touch *touch, const uint16_t clock[THREADS], int found[THREADS + 1])
{
  const struct object *o = touch->object;
  unsigned n = 0;
  if (o->changed_by >= 0 && !comes_before(&engine->events[o->changed_by], clock)) found[n++] = o->changed_by;
  if (!touch->changes) return n;
  for (unsigned i = 0; i < engine->thread_count; i++)
    if (o->read_by[i] >= 0 && !comes_before(&engine->events[o->read_by[i]], clock)) found[n++] = o->read_by[i];
  return n;
}

static bool is_one_of(int e, const int *events, unsigned n)
{
  for (unsigned i = 0; i < n; i++)
    if (events[i] == e) return true;
  return false;
}

/* This step of the thread that runs comes after them. Could it come before? */
static void look_for_races(const struct step *step)
{
  unsigned me = engine->current;
  bool waits = step->kind == PASS || step->kind == LOCK;
  const uint16_t *clock = thread_here()->clock;
  int found[TOUCHES * (THREADS + 1)];
  unsigned n = 0;
  for (unsigned i = 0; i < step->touches; i++) {
    int some[THREADS + 1];
    unsigned count = rivals(&step->touch[i], clock, some);
    for (unsigned j = 0; j < count; j++)
      if (!is_one_of(some[j], found, n) && !(waits && engine->events[some[j]].enabler)) found[n++] = some[j];
  }
  for (unsigned i = 0; i < n; i++) {
    const struct event *e = &engine->events[found[i]];
    if (engine->bound) {
      want_all(found[i], me);
      continue;
    }
    uint16_t without[THREADS];
    bool direct = true;
    memcpy(without, clock, sizeof without);
    for (unsigned j = 0; j < n; j++) {
      const struct event *other = &engine->events[found[j]];
      if (j == i) continue;
      if (comes_before(e, other->clock))
        direct = false;
      else
        join_clock(without, other->clock);
    }
    if (direct && e->node >= 0) want(&engine->nodes[e->node], initials(found[i], me, without), me);
  }
}

static void note_touch(const struct touch *touch, struct event *e, int number)
{
  struct object *o = touch->object;
  if (touch->changes) {
    join_clock(e->clock, o->all_clock);
  } else {
    join_clock(e->clock, o->changed_clock);
  }
  (void)number;
}

static void leave_touch(const struct touch *touch, const struct event *e, int number)
{
  struct object *o = touch->object;
  if (touch->changes) {
    o->changed_by = number;
    for (unsigned i = 0; i < THREADS; i++) o->read_by[i] = -1;
    memcpy(o->changed_clock, e->clock, sizeof o->changed_clock);
  } else {
    o->read_by[e->thread] = number;
  }
  join_clock(o->all_clock, e->clock);
}

static bool is_dependent(const struct step *a, const struct step *b)
{
  for (unsigned i = 0; i < a->touches; i++)
    for (unsigned j = 0; j < b->touches; j++)
      if (a->touch[i].object == b->touch[j].object && (a->touch[i].changes || b->touch[j].changes)) return true;
  return false;
}

static void wake_sleepers(const struct step *step)
{
  for (unsigned i = 0; i < engine->thread_count; i++)
    if (has(engine->asleep, i) && is_dependent(&engine->threads[i].next, step)) engine->asleep &= (uint8_t)~bit(i);
}

void step_end(struct step step)
{
  struct thread *t = thread_here();
  if (engine->quiet) return;
  if (engine->event_count == EVENTS) fail("more than %d steps in a run", EVENTS);
  if (engine->reduce) look_for_races(&step);
  engine->steps++;
  int number = engine->event_count++;
  struct event *e = &engine->events[number];
  t->clock[engine->current]++;
  *e = (struct event){.step = step, .thread = (uint8_t)engine->current, .node = engine->node};
  memcpy(e->clock, t->clock, sizeof e->clock);
  for (unsigned i = 0; i < step.touches; i++) note_touch(&step.touch[i], e, number);
  for (unsigned i = 0; i < step.touches; i++) leave_touch(&step.touch[i], e, number);
  memcpy(t->clock, e->clock, sizeof e->clock);
  engine->node = -1;
  t->now.clock[engine->current]++;
  for (unsigned i = 0; i < step.touches; i++) {
    if (!step.touch[i].changes) continue;
    engine->changes++;
    engine->changes_by[engine->current]++;
    for (unsigned j = 0; j < engine->thread_count; j++) engine->threads[j].fresh = false;
    break;
  }
  if (engine->asleep) wake_sleepers(&step);
  if (engine->scenario->invariant) {
    engine->quiet = true;
    engine->scenario->invariant();
    engine->quiet = false;
  }
}

/* ---- all runs ---- */

void schedule_text(char *text, size_t bytes)
{
  size_t n = 0;
  for (int i = 0; i < engine->at && n + 1 < bytes; i++) {
    const struct node *node = &engine->nodes[i];
    text[n++] = (char)((node->kind == WHO ? '0' : 'a') + node->chosen);
  }
  text[n] = 0;
}

/* True: there is another run to be made. */
static bool next_run(void)
{
  engine->depth = engine->at;
  while (engine->depth > 0) {
    if (advance(&engine->nodes[engine->depth - 1])) return true;
    engine->depth--;
  }
  return false;
}

bool explore(void)
{
  engine->depth = 0;
  for (;;) {
    run_once();
    if (engine->learned) { /* O5 of order.c: anew */
      engine->depth = 0;
      engine->runs = engine->cut = 0;
      continue;
    }
    engine->runs++;
    if (engine->is_cut) engine->cut++;
    if (engine->failed) return false;
    if (engine->runs == engine->most || !next_run()) return true;
  }
}

/* What the choices were among is seen on the way: the run takes each as it is said here. */
static const char *said;

bool replay(const char *schedule)
{
  (void)said;
  engine->depth = 0;
  engine->reduce = false;
  engine->bound = 0;
  /* Run as far as is known, and see where the next choice differs. */
  for (;;) {
    do run_once();
    while (engine->learned);
    int i = 0, most = (int)strlen(schedule);
    while (i < engine->at && i < most) {
      struct node *node = &engine->nodes[i];
      unsigned wanted = (unsigned)(schedule[i] - (node->kind == WHO ? '0' : 'a'));
      if (node->chosen != wanted) {
        node->chosen = (uint8_t)wanted;
        break;
      }
      i++;
    }
    if (i >= engine->at || i >= most) return !engine->failed;
    engine->depth = i + 1;
    engine->failed = engine->is_cut = false;
    list_clear();
  }
}
