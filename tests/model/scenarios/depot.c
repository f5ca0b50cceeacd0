/* depot.c: blocks of memory that are freed on another thread, and chunks that go back (runtime/depot.h, M10). */
#include "runtime/depot.h"

#include <weir/weir.h>

#include "model.h"
#include "runtime/thread.h"

/* The largest blocks: two are a batch, fifteen a chunk. */
enum { CLASS = WEIR__CLASSES - 1, BYTES = 128 << 10, SOME = 4, CHUNK = 15, LONG_NS = 1000000000 };

static void has_context(void) { MODEL_CHECK(weir__thread() != NULL); }

/* Whoever has a block has it alone: what it writes there is plain. */
static uint64_t *take(void)
{
  uint64_t *block = weir__depot_take(CLASS, BYTES);
  MODEL_CHECK(block != NULL);
  block[4] = model_thread();
  return block;
}
static void put(uint64_t *block)
{
  MODEL_CHECK(block[4] == model_thread());
  weir__depot_put(CLASS, block);
}

static uint64_t *handed[SOME];
static char were_handed; /* a gate */
static void take_and_hand_on(void)
{
  for (unsigned i = 0; i < SOME; i++) handed[i] = take();
  model_gate_open(&were_handed);
  uint64_t *first = take(), *second = take();
  put(first);
  put(second);
}
static void free_what_was_handed(void)
{
  model_gate_wait(&were_handed);
  for (unsigned i = 0; i < SOME; i++) {
    MODEL_CHECK(handed[i][4] == 1);
    handed[i][4] = 2;
    put(handed[i]);
  }
}
MODEL_SCENARIO(depot_freed_elsewhere, .about = "M10: blocks that are freed on another thread come back in batches",
               .begin = has_context, .threads = {take_and_hand_on, free_what_was_handed});

/* ---- trimming ---- */

static void two_chunks_on_the_shelf(void)
{
  uint64_t *blocks[2 * CHUNK];
  for (unsigned i = 0; i < 2 * CHUNK; i++) blocks[i] = take();
  for (unsigned i = 0; i < 2 * CHUNK; i++) put(blocks[i]);
  weir__depot_return_all(weir__thread());
  weir__depot_rest(LONG_NS); /* from now on it is seen whether they are needed */
}
static void rest(void) { weir__depot_rest(2 * (int64_t)LONG_NS); }
static void take_some(void)
{
  uint64_t *first = take(), *second = take(), *third = take();
  put(third);
  put(second);
  put(first);
  weir__depot_return_all(weir__thread());
}
MODEL_SCENARIO(depot_trimmed, .about = "M10, I1 of depot.c: a chunk goes back only when nobody has a block of it",
               .setup = two_chunks_on_the_shelf, .begin = has_context, .threads = {take_some, rest});
MODEL_SCENARIO(depot_trimmed_by_two, .about = "M10, I2 of depot.c: one at a time looks through what is on the shelf",
               .setup = two_chunks_on_the_shelf, .begin = has_context, .bound = 1, .threads = {take_some, rest, rest});
