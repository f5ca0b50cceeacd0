/* simulation_fixture.h: for scenarios that run over many seeds.
 *
 * A scenario runs outside of handlers and returns a code; handlers, on the same thread, note what is wrong by `broken()`.
 * WEIR_SEED runs one seed alone. */
#ifndef WEIR_TESTS_SIMULATION_FIXTURE_H
#define WEIR_TESTS_SIMULATION_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <weir/simulation.h>
#include <weir/weir.h>

enum { BROKEN = WEIR_EUSER(1) };

static char what_broke[200];

/* The first thing that is wrong counts. */
static inline int broken(const char *what, int line)
{
  if (!*what_broke) snprintf(what_broke, sizeof what_broke, "line %d: %s", line, what);
  return weir_error(BROKEN, "%s", what_broke);
}
#define MUST(condition)                                                                                                \
  do {                                                                                                                 \
    if (!(condition)) return broken(#condition, __LINE__);                                                             \
  } while (0)

/* Where each step takes long there are fewer; all of them in an optimized build. */
#ifndef WEIR_TEST_SEEDS
#define WEIR_TEST_SEEDS 2000
#endif
static inline uint64_t seeds(void) { return getenv("WEIR_TEST_SLOW") ? 300 : WEIR_TEST_SEEDS; }

struct scenario {
  int (*run)(weir_runtime *rt);
};

static inline int run_scenario(weir_runtime *rt, void *arg)
{
  *what_broke = 0;
  int rc = ((struct scenario *)arg)->run(rt);
  return *what_broke ? weir_error(BROKEN, "%s", what_broke) : rc;
}

static inline void simulate(const weir_simulation_options *options, int (*run)(weir_runtime *rt))
{
  struct scenario scenario = {run};
  int rc = weir_simulate(options, seeds(), run_scenario, &scenario);
  if (rc) print_error("%s\n", weir_error_text());
  assert_int_equal(rc, WEIR_OK);
}

/* A number from `least` to `most`. */
static inline int64_t between(weir_runtime *rt, int64_t least, int64_t most)
{
  return least + (int64_t)weir_simulation_draw(rt, (uint64_t)(most - least + 1));
}

#endif
