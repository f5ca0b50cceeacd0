/* Random worlds of up to thousands of actors, on several runtimes with more workers than cores: see world/world.h.
 *
 *   test_world_stress                        a few of each kind
 *   test_world_stress --seed N [--kind N] [--rounds N]   the world of that seed, again and again; WEIR_TEST_SEED
 *                                            does the same for all
 *   test_world_stress --seconds N            one after the other for so long; figures every 20 seconds; at the end it
 *                                            is looked whether memory has grown
 *
 * The same seed draws the same world: who there is, to whom each leads, what ends it. What happens in it depends on the
 * threads as well. */
#include <malloc.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "memory.h"
#include "stress/world/world.h"

static bool is_slow(void) { return getenv("WEIR_TEST_SLOW") != NULL; }

/* Seconds of this process's clock that goes on while it stands still, too. */
static int64_t now_s(void) { return weir__now_ns() / 1000000000; }

static struct round_plan next_plan(enum kind kind) { return plan_draw(draw(), kind, is_slow()); }

static void tell_figures(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
#define SUM(name) (long long)atomic_load(&world.sums.name)
  printf(
      "figures: rounds=%lld actors=%lld messages=%llu asks=%lld answered=%lld deadlocks=%lld phantoms=%lld wrong=%lld "
      "operations=%lld select_locks=%lld refused=%lld forwarded=%lld late=%lld timers=%lld stashed=%lld permits=%lld "
      "published=%lld tasks=%lld deaths=%lld restarts=%lld closures=%lld\n",
      SUM(rounds), SUM(actors), (unsigned long long)a.created, SUM(asked), SUM(answered), SUM(deadlocks), SUM(phantoms),
      SUM(wrong), (long long)atomic_load(&world.beats), SUM(lock_of_select), SUM(refused), SUM(forwarded), SUM(late),
      SUM(timers), SUM(stashed), SUM(permits), SUM(published), SUM(tasks), SUM(deaths), SUM(restarts), SUM(closures));
#undef SUM
  fflush(stdout);
}

/* ---- the short form ---- */

static void run_some(int count, int slow_count, enum kind kind)
{
  for (int i = is_slow() ? slow_count : count; i > 0; i--) {
    struct round_plan p = next_plan(kind);
    if (!round_run(&p)) fail_msg("again: --seed %llu --kind %d", (unsigned long long)p.seed, p.kind);
  }
}

static void nothing_is_lost_where_nobody_dies(void **state)
{
  (void)state;
  run_some(3, 2, IN_PEACE);
}

static void where_all_wait_in_one_direction_is_no_deadlock_whoever_dies(void **state)
{
  (void)state;
  run_some(3, 2, ONE_WAY);
  assert_int_equal(atomic_load(&world.sums.phantoms), 0);
}

static void every_circle_of_waits_is_undone(void **state)
{
  (void)state;
  run_some(3, 2, IN_CIRCLES);
}

static void runtimes_stop_under_load(void **state)
{
  (void)state;
  run_some(4, 2, UNDER_LOAD);
}

/* ---- the long form ---- */

/* What the heap holds while no runtime is up, and what of the process is resident. */
struct memory {
  int64_t heap, resident;
};
static struct memory memory_now(void)
{
  struct memory m = {.resident = resident_bytes()};
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
  m.heap = (int64_t)mallinfo2().uordblks;
#endif
  return m;
}

static void tell_memory(const char *when, struct memory m)
{
  printf("memory: %s: %lld KiB resident, %lld KiB of the heap\n", when, (long long)m.resident / 1024,
         (long long)m.heap / 1024);
}

/* The most that was seen in a part of the time. */
static void note_most(struct memory *most, struct memory m)
{
  if (m.heap > most->heap) most->heap = m.heap;
  if (m.resident > most->resident) most->resident = m.resident;
}

static int soak(int64_t seconds)
{
  struct memory early = {0}, late = {0}, m = {0};
  int64_t from = now_s(), told = from, now = from;
  bool good = true;
  while (now - from < seconds && good) {
    struct round_plan p = next_plan(ANY_KIND);
    good = round_run(&p);
    now = now_s();
    m = memory_now();
    if (4 * (now - from) >= seconds) note_most(2 * (now - from) < seconds ? &early : &late, m);
    if (now - told < 20) continue;
    told = now;
    printf("%5lld s: ", (long long)(now - from));
    tell_figures();
    tell_memory("now", m);
  }
  tell_figures();
  tell_memory("most in the second quarter", early);
  tell_memory("most in the second half", late);
  if (!good) return EXIT_FAILURE;
  /* Sanitizers keep what was freed for a while. */
  bool flat = is_slow() || seconds < 60 || (late.resident <= early.resident + early.resident / 4 + (8 << 20));
  if (!flat) printf("memory grows\n");
  return flat ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int repeat(uint64_t seed, enum kind kind, int64_t rounds)
{
  bool good = true;
  for (; rounds > 0 && good; rounds--) {
    struct round_plan p = plan_draw(seed, kind, is_slow());
    good = round_run(&p);
  }
  tell_figures();
  return good ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* ---- */

static int64_t option(int argc, char **argv, const char *name, int64_t otherwise)
{
  for (int i = 1; i + 1 < argc; i++)
    if (!strcmp(argv[i], name)) return (int64_t)strtoull(argv[i + 1], NULL, 0);
  return otherwise;
}

static int short_form(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_is_lost_where_nobody_dies),
      cmocka_unit_test(where_all_wait_in_one_direction_is_no_deadlock_whoever_dies),
      cmocka_unit_test(every_circle_of_waits_is_undone),
      cmocka_unit_test(runtimes_stop_under_load),
  };
  int failed = cmocka_run_group_tests(tests, NULL, NULL);
  tell_figures();
  return failed;
}

int main(int argc, char **argv)
{
  for (int i = 0; i < TEXT_MOST; i++) world_text[i] = (char)('a' + i % 26);
  dwellers_begin();
  watch_begin();
  int64_t seed = option(argc, argv, "--seed", 0), seconds = option(argc, argv, "--seconds", 0);
  if (!seed) chance_begin();
  enum kind kind = (enum kind)option(argc, argv, "--kind", ANY_KIND);
  int rc = seed      ? repeat((uint64_t)seed, kind, option(argc, argv, "--rounds", 1))
           : seconds ? soak(seconds)
                     : short_form();
  watch_end();
  return rc;
}
