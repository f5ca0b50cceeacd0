/* order.c: atomic operations, as C11 orders them.
 *
 * O1  The values that an object takes come one after another, in the order of the run. A load may read any of them that
 *     is not older than one its thread knows of: it has read or written it, or an acquire brought it along. Read-modify-
 *     writes read the newest.
 * O2  A release hands on all that the thread knows; a read-modify-write hands on as well what was handed on with the value
 *     that it replaces (release sequences). A relaxed store hands on what the last release fence had, a relaxed load
 *     takes what it got at the next acquire fence.
 * O3  Sequentially consistent operations are ordered as the run has them: a load reads nothing older than what such an
 *     operation before it has read or written there, or such a fence has known of. A fence hands on and takes at once.
 * O4  Not modelled: a load that reads what is stored later in the run only (load buffering), and stores of two threads
 *     that take effect against the order of the run (2+2W). Consume is acquire. A thread reads a value that is not the
 *     newest a few times at most (model_scenario.old_reads): it becomes visible in the end.
 * O5  An operation is a step only if its object is shared: used by several threads, and changed by one of them. Which
 *     are is learned: when a run finds that one is, the search begins anew with that known. So the orders of all
 *     steps on shared objects have been tried in the end, and the others can't matter. */
#include <string.h>

#include "engine/engine.h"
#include "engine/memory.h"

enum { RELAXED, CONSUME, ACQUIRE, RELEASE, ACQ_REL, SEQ_CST };

static bool acquires(int order) { return order == CONSUME || order == ACQUIRE || order >= ACQ_REL; }
static bool releases(int order) { return order >= RELEASE; }

/* ---- views ---- */

static uint16_t seen_of(const struct view *v, unsigned object) { return object < v->count ? v->seen[object] : 0; }

static void see(struct view *v, unsigned object, uint16_t index)
{
  while (v->count <= object) v->seen[v->count++] = 0;
  if (v->seen[object] < index) v->seen[object] = index;
}

void view_join(struct view *to, const struct view *from)
{
  for (unsigned i = 0; i < THREADS; i++)
    if (from->clock[i] > to->clock[i]) to->clock[i] = from->clock[i];
  while (to->count < from->count) to->seen[to->count++] = 0;
  for (unsigned i = 0; i < from->count; i++)
    if (from->seen[i] > to->seen[i]) to->seen[i] = from->seen[i];
}

/* A copy that stays. */
const struct view *view_keep(const struct view *v)
{
  size_t bytes = offsetof(struct view, seen) + v->count * sizeof v->seen[0];
  struct view *copy = scratch(bytes);
  memcpy(copy, v, bytes);
  return copy;
}

static const struct view *both(const struct view *a, const struct view *b)
{
  static struct view sum OF_ENGINE = {{1}, 0, {0}};
  if (!a || !b) return a ? a : b;
  memset(&sum, 0, offsetof(struct view, seen));
  view_join(&sum, a);
  view_join(&sum, b);
  return view_keep(&sum);
}

/* ---- objects ---- */

enum { SHARED = 4096 };
static const void *shared[SHARED] OF_ENGINE = {0};

static const void **shared_place(const void *at)
{
  unsigned i = (unsigned)(((uintptr_t)at * 0x9E3779B97F4A7C15u) >> 40) % SHARED;
  while (shared[i] && shared[i] != at) i = (i + 1) % SHARED;
  return &shared[i];
}

void order_forget(void) { memset(shared, 0, sizeof shared); }
bool is_learned(const void *at) { return *shared_place(at); }
void learn(const void *at)
{
  if (is_learned(at)) return;
  *shared_place(at) = at;
  engine->learned = true;
  leave_run();
}

/* O5. True: nobody else's business. */
static bool is_private(struct object *o, bool changes)
{
  if (o->shared) return false;
  unsigned me = 1u << engine->current;
  o->readers |= (uint8_t)me;
  if (changes) o->writers |= (uint8_t)me;
  if (!o->writers || (o->readers & (o->readers - 1)) == 0) return true;
  learn(o->at);
  return false;
}

enum { TABLE = 4096 };
static struct object *table[TABLE] OF_ENGINE = {0};
static unsigned table_used[OBJECTS] OF_ENGINE = {0};

static struct object *object_new(const void *at, unsigned bytes)
{
  if (engine->object_count == OBJECTS) fail("more than %d objects", OBJECTS);
  struct object *o = &engine->objects[engine->object_count];
  memset(o, 0, sizeof *o);
  o->at = at;
  o->bytes = (uint8_t)bytes;
  o->number = (uint16_t)engine->object_count++;
  o->holder = -1;
  o->shared = *shared_place(at);
  o->changed_by = -1;
  for (unsigned i = 0; i < THREADS; i++) o->read_by[i] = -1;
  return o;
}

static unsigned place_of(const void *at) { return (unsigned)(((uintptr_t)at * 0x9E3779B97F4A7C15u) >> 40) % TABLE; }

struct object *object_at(const void *at, unsigned bytes)
{
  unsigned i = place_of(at);
  while (table[i] && table[i]->at != at) i = (i + 1) % TABLE;
  if (!table[i]) {
    table_used[engine->object_count] = i;
    table[i] = object_new(at, bytes);
    if (bytes) note_atomic(table[i]);
  }
  if (bytes && table[i]->bytes != bytes) {
    if (table[i]->bytes) fail("an atomic of %u bytes is used as one of %u", table[i]->bytes, bytes);
    table[i]->bytes = (uint8_t)bytes;
    note_atomic(table[i]);
  }
  return table[i];
}

void order_reset(void)
{
  for (unsigned i = 0; i < engine->object_count; i++) table[table_used[i]] = NULL;
  engine->object_count = 0;
  engine->order_view.count = 0;
  memset(engine->order_view.clock, 0, sizeof engine->order_view.clock);
  static char the_order OF_ENGINE = 1;
  engine->order = object_at(&the_order, 0);
}

/* ---- values ---- */

static uint64_t peek(const void *at, unsigned bytes)
{
  uint64_t value = 0;
  memcpy(&value, at, bytes);
  return value;
}

static void poke(void *at, uint64_t value, unsigned bytes)
{
  touch_pages(at, bytes);
  memcpy(at, &value, bytes);
}

static struct entry *add_value(struct object *o, uint64_t value, const struct view *message)
{
  struct entry *e = scratch(sizeof *e);
  memset(e, 0, sizeof *e);
  e->previous = o->newest;
  e->value = value;
  e->message = message;
  e->index = o->newest ? (uint16_t)(o->newest->index + 1) : 0;
  o->newest = e;
  return e;
}

/* Its newest value is what memory says: somebody may have written that plainly (races.c tells whether he might). */
static struct entry *newest_of(struct object *o)
{
  uint64_t value = peek(o->at, o->bytes);
  if (!o->newest || o->newest->value != value) add_value(o, value, NULL);
  return o->newest;
}

/* ---- quiet ---- */

static void count_quiet_change(void)
{
  engine->changes++;
  engine->changes_by[engine->current]++;
}

/* ---- steps ---- */

/* O3: what one such load has read limits those after it, so that their order counts. */
static struct object *loads_of(const struct object *o)
{
  return object_at((const void *)((uintptr_t)o->at | (uintptr_t)1 << 63), 0);
}

static struct step step_on(struct object *o, enum kind kind, int order, const void *pc)
{
  bool changes = kind != LOAD;
  struct step s = {.kind = kind, .touches = 1, .touch = {{o, changes}}, .pc = pc};
  if (order == SEQ_CST) s.touch[s.touches++] = (struct touch){engine->order, false};
  if (order == SEQ_CST && kind == LOAD) s.touch[s.touches++] = (struct touch){loads_of(o), true};
  return s;
}

/* So that membarrier finds the thread between two steps. */
static struct step in_order_of_thread(struct step s, unsigned thread, bool changes)
{
  if (engine->scenario->barriers)
    s.touch[s.touches++] = (struct touch){object_at(&engine->threads[thread], 0), changes};
  return s;
}

static void begin(struct step s) { step_begin(in_order_of_thread(s, engine->current, false)); }
static void end(struct step s) { step_end(in_order_of_thread(s, engine->current, false)); }

static const char *order_name(int order)
{
  static const char *const names[] = {"relaxed", "consume", "acquire", "release", "acq_rel", "seq_cst"};
  return names[order];
}

static unsigned long long ull(uint64_t n) { return n; }

/* What a read of that value brings. */
static void take(struct thread *t, struct object *o, const struct entry *e, int order)
{
  see(&t->now, o->number, e->index);
  if (order == SEQ_CST) see(&engine->order_view, o->number, e->index);
  if (e->message) view_join(acquires(order) ? &t->now : &t->acquired, e->message);
}

static struct entry *choose_value(struct thread *t, struct object *o, int order)
{
  struct entry *found[8];
  unsigned n = 0;
  uint16_t oldest = seen_of(&t->now, o->number);
  if (order == SEQ_CST && seen_of(&engine->order_view, o->number) > oldest)
    oldest = seen_of(&engine->order_view, o->number);
  for (struct entry *e = newest_of(o); e && e->index >= oldest && n < 8; e = e->previous)
    if (n == 0 || (!t->fresh && e->reads[engine->current] < engine->old_reads)) found[n++] = e;
  struct entry *e = found[choose_what(n)];
  if (e != o->newest) e->reads[engine->current]++;
  return e;
}

uint64_t ordered_load(void *at, unsigned bytes, int order, const void *pc)
{
  if (engine->quiet) return peek(at, bytes);
  struct object *o = object_at(at, bytes);
  if (is_private(o, false)) {
    atomic_access(o, false, pc);
    return peek(at, bytes);
  }
  struct step step = step_on(o, LOAD, order, pc);
  struct thread *t = thread_here();
  begin(step);
  atomic_access(o, false, pc);
  if (!t->looked) t->looked = true, t->pause_mark = engine->changes - engine->changes_by[engine->current];
  struct entry *e = choose_value(t, o, order);
  take(t, o, e, order);
  list_step(&step, "load %s: %#llx%s", order_name(order), ull(e->value), e == o->newest ? "" : " (old)");
  end(step);
  return e->value;
}

void ordered_store(void *at, unsigned bytes, uint64_t value, int order, const void *pc)
{
  if (engine->quiet) {
    count_quiet_change();
    poke(at, value, bytes);
    return;
  }
  struct object *o = object_at(at, bytes);
  if (is_private(o, true)) {
    atomic_access(o, true, pc);
    poke(at, value, bytes);
    return;
  }
  struct step step = step_on(o, STORE, order, pc);
  struct thread *t = thread_here();
  begin(step);
  atomic_access(o, true, pc);
  newest_of(o);
  uint16_t index = (uint16_t)(o->newest->index + 1);
  see(&t->now, o->number, index);
  if (order == SEQ_CST) see(&engine->order_view, o->number, index);
  list_step(&step, "store %s: %#llx", order_name(order), ull(value));
  add_value(o, value, releases(order) ? view_keep(&t->now) : t->published);
  poke(at, value, bytes);
  end(step);
}

void ordered_clear(void *at, size_t bytes, const void *pc)
{
  unsigned count = engine->object_count;
  for (unsigned i = 0; !engine->quiet && i < count; i++) {
    struct object *o = &engine->objects[i];
    bool within = (const char *)o->at >= (char *)at && (const char *)o->at < (char *)at + bytes;
    if (within && o->bytes && peek(o->at, o->bytes)) ordered_store((void *)(uintptr_t)o->at, o->bytes, 0, RELAXED, pc);
  }
  plain_clear(at, bytes, pc);
  arena_clear(at, bytes);
}

/* Replaces the newest value. */
static void replace(struct thread *t, struct object *o, struct entry *before, uint64_t value, int order)
{
  take(t, o, before, order);
  see(&t->now, o->number, (uint16_t)(before->index + 1));
  if (order == SEQ_CST) see(&engine->order_view, o->number, (uint16_t)(before->index + 1));
  const struct view *mine = releases(order) ? view_keep(&t->now) : t->published;
  add_value(o, value, both(mine, before->message));
  poke((void *)(uintptr_t)o->at, value, o->bytes);
}

uint64_t ordered_change(void *at, unsigned bytes, uint64_t (*f)(uint64_t, uint64_t), uint64_t arg, int order,
                        const void *pc)
{
  if (engine->quiet) {
    uint64_t before = peek(at, bytes);
    count_quiet_change();
    poke(at, f(before, arg), bytes);
    return before;
  }
  struct object *o = object_at(at, bytes);
  if (is_private(o, true)) {
    uint64_t before = peek(at, bytes);
    atomic_access(o, true, pc);
    poke(at, f(before, arg), bytes);
    return before;
  }
  struct step step = step_on(o, CHANGE, order, pc);
  struct thread *t = thread_here();
  begin(step);
  atomic_access(o, true, pc);
  struct entry *before = newest_of(o);
  uint64_t value = 0, after = f(before->value, arg);
  memcpy(&value, &after, bytes);
  list_step(&step, "change %s: %#llx to %#llx", order_name(order), ull(before->value), ull(value));
  replace(t, o, before, value, order);
  end(step);
  return before->value;
}

uint64_t ordered_compare(void *at, unsigned bytes, uint64_t expected, uint64_t value, int order, int else_order,
                         bool weak, bool *done, const void *pc)
{
  if (engine->quiet) {
    uint64_t before = peek(at, bytes);
    *done = before == expected;
    if (*done) {
      count_quiet_change();
      poke(at, value, bytes);
    }
    return before;
  }
  struct object *o = object_at(at, bytes);
  if (is_private(o, true)) {
    uint64_t before = peek(at, bytes);
    *done = before == expected;
    atomic_access(o, *done, pc);
    if (*done) poke(at, value, bytes);
    return before;
  }
  struct step step = step_on(o, COMPARE, order, pc);
  struct thread *t = thread_here();
  begin(step);
  struct entry *before = newest_of(o);
  *done = before->value == expected;
  if (*done && weak && engine->spurious && !engine->spurious_done && choose_what(2) == 1) {
    engine->spurious_done = true;
    *done = false;
  }
  if (*done) {
    atomic_access(o, true, pc);
    list_step(&step, "compare %s: %#llx to %#llx", order_name(order), ull(before->value), ull(value));
    replace(t, o, before, value, order);
  } else {
    atomic_access(o, false, pc);
    step = step_on(o, LOAD, else_order, pc);
    take(t, o, before, else_order);
    list_step(&step, "compare %s: %#llx, not %#llx", order_name(else_order), ull(before->value), ull(expected));
  }
  end(step);
  return before->value;
}

static void fence(struct thread *t, int order)
{
  if (acquires(order)) view_join(&t->now, &t->acquired);
  if (order == SEQ_CST) {
    view_join(&t->now, &engine->order_view);
    view_join(&engine->order_view, &t->now);
  }
  if (releases(order)) t->published = view_keep(&t->now);
}

void ordered_fence(int order, const void *pc)
{
  if (engine->quiet) return;
  struct step step = {.kind = FENCE, .pc = pc};
  if (order == SEQ_CST) step.touch[step.touches++] = (struct touch){engine->order, true};
  begin(step);
  fence(thread_here(), order);
  list_step(&step, "fence %s", order_name(order));
  end(step);
}

/* Every thread has a fence somewhere meanwhile; each at a moment of its own. One that has ended, or sleeps, had it before. */
void ordered_barrier(const void *pc)
{
  if (engine->quiet) return;
  if (!engine->scenario->barriers) fail("membarrier: the scenario is to say .barriers = true");
  ordered_fence(SEQ_CST, pc);
  for (unsigned i = 1; i < engine->thread_count; i++) {
    if (i == engine->current || engine->threads[i].state == ABSENT) continue;
    struct step step = {.kind = BARRIER, .touches = 1, .touch = {{engine->order, true}}, .pc = pc};
    step_begin(in_order_of_thread(step, i, true));
    fence(&engine->threads[i], SEQ_CST);
    list_step(&step, "membarrier: a fence in thread %u", i);
    step_end(in_order_of_thread(step, i, true));
  }
  ordered_fence(SEQ_CST, pc);
}
