/* litmus.c: the explorer's own tests: small programs of which it is known what may come out. */
#include <linux/membarrier.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "model.h"

#define RELAXED memory_order_relaxed
#define ACQUIRE memory_order_acquire
#define RELEASE memory_order_release
#define SEQ_CST memory_order_seq_cst

static _Atomic(int) x, y;
static int a, b, plain;

/* ---- store buffering ---- */

static void outcome_ab(void) { model_outcome("%d%d", a, b); }

static void sb_relaxed_1(void)
{
  atomic_store_explicit(&x, 1, RELEASE);
  a = atomic_load_explicit(&y, ACQUIRE);
}
static void sb_relaxed_2(void)
{
  atomic_store_explicit(&y, 1, RELEASE);
  b = atomic_load_explicit(&x, ACQUIRE);
}
MODEL_SCENARIO(litmus_sb, .about = "store buffering: both may miss the other", .threads = {sb_relaxed_1, sb_relaxed_2},
               .finish = outcome_ab, .outcomes = "00 01 10 11");

static void sb_1(void)
{
  atomic_store_explicit(&x, 1, SEQ_CST);
  a = atomic_load_explicit(&y, SEQ_CST);
}
static void sb_2(void)
{
  atomic_store_explicit(&y, 1, SEQ_CST);
  b = atomic_load_explicit(&x, SEQ_CST);
}
MODEL_SCENARIO(litmus_sb_seq_cst, .about = "one sees the other", .threads = {sb_1, sb_2}, .finish = outcome_ab,
               .outcomes = "01 10 11");

static void sb_fence_1(void)
{
  atomic_store_explicit(&x, 1, RELAXED);
  atomic_thread_fence(SEQ_CST);
  a = atomic_load_explicit(&y, RELAXED);
}
static void sb_fence_2(void)
{
  atomic_store_explicit(&y, 1, RELAXED);
  atomic_thread_fence(SEQ_CST);
  b = atomic_load_explicit(&x, RELAXED);
}
MODEL_SCENARIO(litmus_sb_fences, .about = "the same by fences", .threads = {sb_fence_1, sb_fence_2},
               .finish = outcome_ab, .outcomes = "01 10 11");
MODEL_SCENARIO(litmus_sb_one_fence, .about = "a fence on one side is none", .threads = {sb_fence_1, sb_relaxed_2},
               .finish = outcome_ab, .outcomes = "00 01 10 11");

static void sb_no_fence_1(void)
{
  atomic_store_explicit(&x, 1, RELAXED);
  a = atomic_load_explicit(&y, RELAXED);
}
static void sb_barrier_2(void)
{
  atomic_store_explicit(&y, 1, RELAXED);
  syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
  b = atomic_load_explicit(&x, RELAXED);
}
MODEL_SCENARIO(litmus_sb_membarrier, .about = "who calls membarrier has a fence for both", .barriers = true,
               .threads = {sb_no_fence_1, sb_barrier_2}, .finish = outcome_ab, .outcomes = "01 10 11");

/* ---- message passing ---- */

static void mp_write(void)
{
  plain = 42;
  atomic_store_explicit(&x, 1, RELEASE);
}
static void mp_read(void)
{
  if (atomic_load_explicit(&x, ACQUIRE)) a = plain;
}
static void outcome_a(void) { model_outcome("%d", a); }
MODEL_SCENARIO(litmus_mp, .about = "what a release hands on is there after the acquire", .threads = {mp_write, mp_read},
               .finish = outcome_a, .outcomes = "0 42");

static void mp_read_relaxed(void)
{
  if (atomic_load_explicit(&x, RELAXED)) a = plain;
}
MODEL_SCENARIO(litmus_mp_relaxed, .about = "without acquire it is a race", .threads = {mp_write, mp_read_relaxed},
               .fails = true);

static void mp_read_fence(void)
{
  if (!atomic_load_explicit(&x, RELAXED)) return;
  atomic_thread_fence(ACQUIRE);
  a = plain;
}
static void mp_write_fence(void)
{
  plain = 42;
  atomic_thread_fence(RELEASE);
  atomic_store_explicit(&x, 1, RELAXED);
}
MODEL_SCENARIO(litmus_mp_fences, .about = "the same by fences", .threads = {mp_write_fence, mp_read_fence},
               .finish = outcome_a, .outcomes = "0 42");

static void mp_relay(void) { atomic_fetch_add_explicit(&x, 1, RELAXED); }
static void mp_read_two(void)
{
  if (atomic_load_explicit(&x, ACQUIRE) == 2) a = plain;
}
MODEL_SCENARIO(litmus_release_sequence,
               .about = "a relaxed change in between hands on, too; if it comes first it does not matter",
               .threads = {mp_write, mp_relay, mp_read_two}, .finish = outcome_a, .outcomes = "0 42");

/* ---- coherence, and what comes by way of others ---- */

static void co_write(void)
{
  atomic_store_explicit(&x, 1, RELAXED);
  atomic_store_explicit(&x, 2, RELAXED);
}
static void co_read(void)
{
  a = atomic_load_explicit(&x, RELAXED);
  b = atomic_load_explicit(&x, RELAXED);
}
MODEL_SCENARIO(litmus_coherence, .about = "nobody sees an atomic go back", .threads = {co_write, co_read},
               .finish = outcome_ab, .outcomes = "00 01 02 11 12 22");

static void iriw_x(void) { atomic_store_explicit(&x, 1, RELEASE); }
static void iriw_y(void) { atomic_store_explicit(&y, 1, RELEASE); }
static void iriw_xy(void)
{
  a = atomic_load_explicit(&x, ACQUIRE);
  b = atomic_load_explicit(&y, ACQUIRE);
}
static int e, f;
static void iriw_yx(void)
{
  e = atomic_load_explicit(&y, ACQUIRE);
  f = atomic_load_explicit(&x, ACQUIRE);
}
static void iriw(void)
{
  if (a && !b && e && !f) model_outcome("apart");
}
MODEL_SCENARIO(litmus_iriw, .about = "two may see two stores in different orders",
               .threads = {iriw_x, iriw_y, iriw_xy, iriw_yx}, .finish = iriw, .outcomes = "apart");

static void iriw_sx(void) { atomic_store_explicit(&x, 1, SEQ_CST); }
static void iriw_sy(void) { atomic_store_explicit(&y, 1, SEQ_CST); }
static void iriw_sxy(void)
{
  a = atomic_load_explicit(&x, SEQ_CST);
  b = atomic_load_explicit(&y, SEQ_CST);
}
static void iriw_syx(void)
{
  e = atomic_load_explicit(&y, SEQ_CST);
  f = atomic_load_explicit(&x, SEQ_CST);
}
MODEL_SCENARIO(litmus_iriw_seq_cst, .about = "not if all is sequentially consistent",
               .threads = {iriw_sx, iriw_sy, iriw_sxy, iriw_syx}, .finish = iriw, .outcomes = "");

static void wrc_2(void)
{
  if (atomic_load_explicit(&x, RELAXED)) atomic_store_explicit(&y, 1, RELEASE);
}
static void wrc_3(void)
{
  a = atomic_load_explicit(&y, ACQUIRE);
  b = atomic_load_explicit(&x, RELAXED);
}
MODEL_SCENARIO(litmus_wrc, .about = "what one has read who hands on is seen as well", .threads = {iriw_x, wrc_2, wrc_3},
               .finish = outcome_ab, .outcomes = "00 01 11");

/* ---- counting, locks, waiting ---- */

static void add_one(void) { atomic_fetch_add_explicit(&x, 1, RELAXED); }
static void outcome_x(void) { model_outcome("%d", atomic_load_explicit(&x, RELAXED)); }
MODEL_SCENARIO(litmus_count, .about = "no change is lost", .threads = {add_one, add_one, add_one}, .finish = outcome_x,
               .outcomes = "3");

static void add_badly(void)
{
  int n = atomic_load_explicit(&x, RELAXED);
  atomic_store_explicit(&x, n + 1, RELAXED);
}
MODEL_SCENARIO(litmus_count_badly, .about = "read, then written: changes get lost",
               .threads = {add_badly, add_badly, add_badly}, .finish = outcome_x, .outcomes = "1 2 3");

static void plain_1(void) { plain = 1; }
MODEL_SCENARIO(litmus_race, .about = "two plain writes", .threads = {plain_1, plain_1}, .fails = true);

static void gate_open(void)
{
  plain = 1;
  model_gate_open(&x);
}
static void gate_pass(void)
{
  model_gate_wait(&x);
  a = plain;
}
MODEL_SCENARIO(litmus_gate, .about = "who passes a gate sees what was before it opened",
               .threads = {gate_open, gate_pass}, .finish = outcome_a, .outcomes = "1");
MODEL_SCENARIO(litmus_gate_twice, .about = "one opening, two who wait", .threads = {gate_open, gate_pass, gate_pass},
               .fails = true);

static void spin(void)
{
  while (!atomic_load_explicit(&x, ACQUIRE)) model_pause();
  a = plain;
}
MODEL_SCENARIO(litmus_spin, .about = "who spins sees it in the end", .threads = {mp_write, spin}, .finish = outcome_a,
               .outcomes = "42");
MODEL_SCENARIO(litmus_spin_for_ever, .about = "who spins for nothing is found", .threads = {spin}, .fails = true);

/* ---- locks ---- */

void model_lock(void *at);
bool model_try_lock(void *at);
void model_unlock(void *at);
static char lock;
static void hold(void)
{
  model_lock(&lock);
  plain++;
  model_unlock(&lock);
}
static void try_once(void)
{
  a = model_try_lock(&lock);
  if (!a) return;
  b = plain;
  model_unlock(&lock);
}
MODEL_SCENARIO(litmus_try_lock, .about = "who tries comes before, between, and after", .threads = {hold, try_once},
               .finish = outcome_ab, .outcomes = "00 10 11");
static void try_twice(void)
{
  try_once();
  try_once();
}
static void outcome_abp(void) { model_outcome("%d%d%d", a, b, plain); }
MODEL_SCENARIO(litmus_try_lock_three, .about = "the same among three", .threads = {hold, hold, try_twice},
               .finish = outcome_abp, .outcomes = "002 012 102 112 122");
