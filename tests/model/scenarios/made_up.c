/* made_up.c: programs that are made up from a number, for `model --random`: what the reduction leaves out must be
 * nothing new. */
#include <stdatomic.h>

#include "model.h"

enum { VARIABLES = 2, STEPS = 3 };

static _Atomic(unsigned) variables[VARIABLES];
static char locks[2];
static unsigned seen[4]; /* all that a thread has seen, as one number */

static unsigned draw(unsigned *state, unsigned n)
{
  *state = *state * 1664525 + 1013904223;
  return (*state >> 16) % n;
}

void model_lock(void *at);
bool model_try_lock(void *at);
void model_unlock(void *at);

static unsigned load(unsigned *state, _Atomic(unsigned) *v)
{
  switch (draw(state, 3)) {
  case 0:
    return atomic_load_explicit(v, memory_order_relaxed);
  case 1:
    return atomic_load_explicit(v, memory_order_acquire);
  default:
    return atomic_load_explicit(v, memory_order_seq_cst);
  }
}

static void store(unsigned *state, _Atomic(unsigned) *v, unsigned value)
{
  switch (draw(state, 3)) {
  case 0:
    atomic_store_explicit(v, value, memory_order_relaxed);
    break;
  case 1:
    atomic_store_explicit(v, value, memory_order_release);
    break;
  default:
    atomic_store_explicit(v, value, memory_order_seq_cst);
  }
}

static void step(unsigned *state)
{
  unsigned me = model_thread(), value = draw(state, 3) + 1, got = 0;
  _Atomic(unsigned) *v = &variables[draw(state, VARIABLES)];
  switch (draw(state, 9)) {
  case 0:
  case 1:
    got = load(state, v);
    break;
  case 2:
  case 3:
    store(state, v, value);
    break;
  case 4:
    got = atomic_fetch_add_explicit(v, value, memory_order_acq_rel);
    break;
  case 5:
    if (atomic_compare_exchange_strong_explicit(v, &got, value, memory_order_acq_rel, memory_order_relaxed)) got = 7;
    break;
  case 6:
    atomic_thread_fence(memory_order_seq_cst);
    break;
  case 7:
    if (!model_try_lock(&locks[value % 2])) break;
    got = 5;
    if (value > 1) store(state, v, value);
    model_unlock(&locks[value % 2]);
    break;
  default:
    model_lock(&locks[value % 2]);
    got = load(state, v);
    if (got == 0) store(state, v, value);
    model_unlock(&locks[value % 2]);
  }
  seen[me] = seen[me] * 11 + got;
}

static void make_up(void)
{
  unsigned me = model_thread(), state = model_seed() * 31 + me;
  draw(&state, 2);
  /* A step may depend on what was seen before. */
  for (unsigned i = 0; i < STEPS; i++) {
    if (seen[me] % 5 == 4) continue;
    step(&state);
  }
}

static void tell(void)
{
  model_outcome("%x.%x.%x.%x.%x", seen[1], seen[2], seen[3], atomic_load(&variables[0]), atomic_load(&variables[1]));
}
MODEL_SCENARIO(litmus_made_up, .about = "a program made up from a number", .threads = {make_up, make_up, make_up},
               .finish = tell, .old_reads = 1);
MODEL_SCENARIO(litmus_made_up_two, .about = "the same with two threads", .threads = {make_up, make_up}, .finish = tell);
