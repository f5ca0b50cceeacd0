/* locks.c: what threads wait for: locks, conditions, words (futex), gates, each other. Each is one step, whatever it would
 * be made of: the lock of src/platform/lock.c has scenarios of its own. */
#include <string.h>

#include "engine/engine.h"

static struct step step_on(void *at, enum kind kind, const void *pc)
{
  return (struct step){.kind = kind, .touches = 1, .touch = {{object_at(at, 0), true}}, .pc = pc};
}

static void take_handed(struct object *o)
{
  if (o->handed) view_join(&thread_here()->now, o->handed);
}

static void join_clocks(uint16_t to[THREADS], const uint16_t from[THREADS])
{
  for (unsigned i = 0; i < THREADS; i++)
    if (from[i] > to[i]) to[i] = from[i];
}

/* ---- locks ----
 *
 * To leave one is no step: what others see of it they see when they take it. But who only tries sees whether it is taken:
 * of a lock that somebody tries (learned as what is shared) that is an object of its own, which is changed by taking,
 * leaving and trying. */

static void *state_of(void *lock) { return (void *)((uintptr_t)lock | (uintptr_t)1 << 62); }

static struct step lock_step(void *lock, enum kind kind, const void *pc)
{
  struct step step = step_on(lock, kind, pc);
  if (is_learned(state_of(lock))) step.touch[step.touches++] = (struct touch){object_at(state_of(lock), 0), true};
  return step;
}

void lock_take(void *lock, const void *pc)
{
  struct step step = lock_step(lock, LOCK, pc);
  struct object *o = step.touch[0].object;
  if (o->holder == (int)engine->current) fail("thread %u takes a lock that it holds", engine->current);
  step_begin(step);
  o->holder = (int)engine->current;
  take_handed(o);
  list_step(&step, "takes lock %u", o->number);
  step_end(step);
}

bool lock_try(void *lock, const void *pc)
{
  if (!engine->quiet) learn(state_of(lock));
  struct step step = lock_step(lock, TRY_LOCK, pc);
  struct object *o = step.touch[0].object;
  step_begin(step);
  bool free = o->holder < 0;
  if (free) {
    o->holder = (int)engine->current;
    take_handed(o);
  }
  list_step(&step, free ? "takes lock %u" : "finds lock %u taken", o->number);
  step_end(step);
  return free;
}

void lock_leave(void *lock, const void *pc)
{
  struct object *o = object_at(lock, 0);
  struct thread *t = thread_here();
  struct step step = {.kind = UNLOCK, .pc = pc};
  bool is_step = !engine->quiet && is_learned(state_of(lock));
  if (o->holder != (int)engine->current) fail("thread %u leaves a lock that it does not hold", engine->current);
  if (is_step) {
    step.touch[step.touches++] = (struct touch){object_at(state_of(lock), 0), true};
    step_begin(step);
  }
  o->holder = -1;
  o->handed = view_keep(&t->now);
  t->now.clock[engine->current]++;
  list_step(&step, "leaves lock %u", o->number);
  if (is_step) {
    step_end(step);
    engine->events[engine->event_count - 1].enabler = true;
  }
  join_clocks(o->changed_clock, t->clock);
  join_clocks(o->all_clock, t->clock);
}

/* ---- conditions and words ---- */

static void stand_by(struct object *o)
{
  o->waiters[o->waiting++] = (uint8_t)engine->current;
  thread_here()->woken = false;
}

static void leave_waiters(struct object *o, unsigned thread)
{
  unsigned i = 0;
  while (o->waiters[i] != thread) i++;
  memmove(&o->waiters[i], &o->waiters[i + 1], --o->waiting - i);
}

static void sleep_till_woken(const void *pc)
{
  struct step step = {.kind = RESUME, .pc = pc};
  step_begin(step);
  list_step(&step, "goes on");
  step_end(step);
}

/* False: time was over. */
static bool sleep_for_a_time(struct object *o, const void *pc)
{
  struct step step = {.kind = EXPIRE, .touches = 1, .touch = {{o, true}}, .pc = pc};
  step_begin(step);
  bool woken = thread_here()->woken;
  if (woken)
    step = (struct step){.kind = RESUME, .pc = pc};
  else
    leave_waiters(o, engine->current);
  list_step(&step, woken ? "goes on" : "time is over");
  step_end(step);
  return woken;
}

static struct object *wait_on(void *condition, void *lock, const void *pc)
{
  struct step step = step_on(condition, WAIT, pc);
  struct object *o = step.touch[0].object;
  step_begin(step);
  stand_by(o);
  list_step(&step, "waits on %u", o->number);
  step_end(step);
  lock_leave(lock, pc);
  return o;
}

void condition_wait(void *condition, void *lock, const void *pc)
{
  wait_on(condition, lock, pc);
  sleep_till_woken(pc);
  lock_take(lock, pc);
}

bool condition_wait_timed(void *condition, void *lock, const void *pc)
{
  struct object *o = wait_on(condition, lock, pc);
  bool woken = sleep_for_a_time(o, pc);
  lock_take(lock, pc);
  return woken;
}

static void wake(struct object *o, unsigned most, struct step step)
{
  uint8_t woken[THREADS];
  unsigned n = 0;
  step_begin(step);
  while (o->waiting && n < most) {
    unsigned thread = o->waiters[0];
    leave_waiters(o, thread);
    engine->threads[thread].woken = true;
    engine->threads[thread].next = (struct step){.kind = RESUME};
    woken[n++] = (uint8_t)thread;
  }
  list_step(&step, "wakes %u on %u", n, o->number);
  step_end(step);
  for (unsigned i = 0; i < n; i++) join_clocks(engine->threads[woken[i]].clock, thread_here()->clock);
}

void condition_wake(void *condition, bool all, const void *pc)
{
  struct step step = step_on(condition, WAKE, pc);
  wake(step.touch[0].object, all ? THREADS : 1, step);
}

bool word_wait(uint32_t *word, uint32_t value, const void *pc)
{
  struct step step = step_on(word, WAIT, pc);
  struct object *o = step.touch[0].object;
  step_begin(step);
  bool waits = *word == value;
  if (waits) stand_by(o);
  list_step(&step, waits ? "sleeps on %#x" : "does not sleep on %#x", *word);
  step_end(step);
  if (waits) sleep_till_woken(pc);
  return waits;
}

void word_wake(uint32_t *word, unsigned most, const void *pc)
{
  struct step step = step_on(word, WAKE, pc);
  wake(step.touch[0].object, most, step);
}

/* ---- gates, threads ---- */

void model_gate_open(void *gate)
{
  struct step step = step_on(gate, OPEN, __builtin_return_address(0));
  struct object *o = step.touch[0].object;
  step_begin(step);
  bool was_open = o->open;
  struct view *handed = scratch(sizeof *handed);
  handed->count = 0;
  memset(handed->clock, 0, sizeof handed->clock);
  view_join(handed, &thread_here()->now);
  if (was_open && o->handed) view_join(handed, o->handed);
  o->handed = handed;
  o->open = true;
  list_step(&step, "opens gate %u", o->number);
  step_end(step);
  if (!engine->quiet) engine->events[engine->event_count - 1].enabler = !was_open;
}

static void pass(struct object *o, struct step step)
{
  o->open = false;
  take_handed(o);
  list_step(&step, "passes gate %u", o->number);
  step_end(step);
}

void model_gate_wait(void *gate)
{
  struct step step = step_on(gate, PASS, __builtin_return_address(0));
  step_begin(step);
  pass(step.touch[0].object, step);
}

bool model_gate_wait_timed(void *gate)
{
  struct step step = step_on(gate, EXPIRE, __builtin_return_address(0));
  struct object *o = step.touch[0].object;
  step_begin(step);
  if (o->open) {
    pass(o, step);
    return true;
  }
  list_step(&step, "time is over at gate %u", o->number);
  step_end(step);
  return false;
}

void thread_join(unsigned thread, const void *pc)
{
  struct step step = {.kind = JOIN, .whom = thread, .pc = pc};
  step_begin(step);
  view_join(&thread_here()->now, &engine->threads[thread].now);
  join_clocks(thread_here()->clock, engine->threads[thread].clock);
  list_step(&step, "joins thread %u", thread);
  step_end(step);
}

void model_pause(void)
{
  struct thread *t = thread_here();
  struct step step = {.kind = PAUSE, .pc = __builtin_return_address(0)};
  if (!t->looked) t->pause_mark = engine->changes - engine->changes_by[engine->current];
  step_begin(step);
  t->looked = false;
  list_step(&step, "looks again");
  step_end(step);
}
