/* races.c: plain accesses: whether two of them, or one and an atomic one, come at the same time (a data race), and whether
 * memory is touched that is nobody's any more. */
#include <stdio.h>
#include <string.h>

#include "engine/engine.h"

enum { WORDS = 1 << 14 };

/* Eight bytes of memory. Clocks: see struct view. */
struct word {
  uintptr_t number;
  uint64_t run;
  uint8_t written_by[8];
  uint32_t written_at[8];
  uint32_t read_at[THREADS][8];
  uint16_t atomic[8]; /* the object + 1 that has this byte */
  bool has_atomic;
};

static struct word *words OF_ENGINE = NULL;
static uint64_t run OF_ENGINE = 1;
static unsigned used OF_ENGINE = 0;

void races_init(void) { words = map(WORDS * sizeof *words); }

void races_reset(void)
{
  run++;
  used = 0;
}

static struct word *word_of(uintptr_t number)
{
  unsigned i = (unsigned)((number * 0x9E3779B97F4A7C15u) >> 50) % WORDS;
  while (words[i].run == run && words[i].number != number) i = (i + 1) % WORDS;
  struct word *w = &words[i];
  if (w->run != run) {
    if (++used > WORDS / 2) fail("more than %d words of memory are touched", WORDS / 2);
    memset(w, 0, sizeof *w);
    w->run = run;
    w->number = number;
  }
  return w;
}

static void race(const void *at, const char *what, unsigned other, const void *pc)
{
  struct step step = {.kind = MARK, .pc = pc};
  list_step(&step, "%s %p", what, at);
  fail("a data race: thread %u: %s, and thread %u touched it at the same time", engine->current, what, other);
}

static bool is_before(unsigned thread, uint32_t at) { return at <= thread_here()->now.clock[thread]; }

static void look_at_atomic(const struct object *o, bool writes, const void *pc)
{
  for (unsigned i = 0; i < engine->thread_count; i++) {
    if (i == engine->current) continue;
    bool clash = !is_before(i, o->written_at[i]) || (writes && !is_before(i, o->read_at[i]));
    if (clash) race(o->at, writes ? "a plain write to an atomic" : "a plain read of an atomic", i, pc);
  }
}

static void access_byte(struct word *w, unsigned byte, bool writes, const void *pc)
{
  unsigned me = engine->current;
  const void *at = (const char *)(w->number * 8) + byte;
  unsigned writer = w->written_by[byte];
  if (w->written_at[byte] && writer != me && !is_before(writer, w->written_at[byte]))
    race(at, writes ? "a write" : "a read", writer, pc);
  if (w->has_atomic && w->atomic[byte]) look_at_atomic(&engine->objects[w->atomic[byte] - 1], writes, pc);
  if (!writes) {
    w->read_at[me][byte] = thread_here()->now.clock[me];
    return;
  }
  for (unsigned i = 0; i < engine->thread_count; i++)
    if (i != me && !is_before(i, w->read_at[i][byte])) race(at, "a write", i, pc);
  w->written_by[byte] = (uint8_t)me;
  w->written_at[byte] = thread_here()->now.clock[me];
}

/* True: nobody else's business. */
static bool is_private(const void *at, const void *pc)
{
  unsigned owner;
  if (in_stacks(at, &owner)) {
    if (owner != engine->current) {
      struct step step = {.kind = MARK, .pc = pc};
      list_step(&step, "reaches into the stack of thread %u", owner);
      fail("thread %u reaches into the stack of thread %u", engine->current, owner);
    }
    return true;
  }
  return in_tls(at);
}

static void look_at_life(const void *at, const void *pc)
{
  if (!is_given_back(at)) return;
  struct step step = {.kind = MARK, .pc = pc};
  list_step(&step, "touches %p, which was given back", at);
  fail("thread %u touches memory that was given back", engine->current);
}

void plain_access(const void *at, size_t bytes, bool writes, const void *pc)
{
  if (writes) touch_pages(at, bytes);
  if (engine->quiet || is_private(at, pc)) return;
  look_at_life(at, pc);
  uintptr_t from = (uintptr_t)at, to = from + bytes;
  while (from < to) {
    struct word *w = word_of(from / 8);
    do access_byte(w, from % 8, writes, pc);
    while (++from < to && from % 8);
  }
}

/* Plainly, so far. */
static bool was_touched(const struct word *w, unsigned byte)
{
  bool touched = w->written_at[byte];
  for (unsigned i = 0; i < engine->thread_count; i++) touched = touched || w->read_at[i][byte];
  return touched;
}

void plain_clear(const void *at, size_t bytes, const void *pc)
{
  uintptr_t from = (uintptr_t)at / 8, to = ((uintptr_t)at + bytes) / 8;
  if (engine->quiet) return;
  for (unsigned i = 0; i < WORDS; i++) {
    struct word *w = &words[i];
    if (w->run != run || w->number < from || w->number >= to) continue;
    for (unsigned byte = 0; byte < 8; byte++)
      if (was_touched(w, byte)) access_byte(w, byte, true, pc);
  }
}

void note_atomic(struct object *o)
{
  for (uintptr_t at = (uintptr_t)o->at, to = at + o->bytes; at < to; at++) {
    struct word *w = word_of(at / 8);
    w->atomic[at % 8] = (uint16_t)(o->number + 1);
    w->has_atomic = true;
  }
}

void atomic_access(struct object *o, bool writes, const void *pc)
{
  uint32_t now = thread_here()->now.clock[engine->current];
  look_at_life(o->at, pc);
  unsigned me = engine->current;
  uintptr_t from = (uintptr_t)o->at;
  struct word *w = word_of(from / 8);
  for (unsigned i = 0; i < o->bytes; i++) {
    unsigned byte = (unsigned)(from % 8) + i, writer = w->written_by[byte];
    if (w->written_at[byte] && writer != me && !is_before(writer, w->written_at[byte]))
      race(o->at, "an atomic access after a plain write", writer, pc);
    for (unsigned j = 0; writes && j < engine->thread_count; j++)
      if (j != me && !is_before(j, w->read_at[j][byte])) race(o->at, "an atomic change after a plain read", j, pc);
  }
  (writes ? o->written_at : o->read_at)[me] = now;
}
