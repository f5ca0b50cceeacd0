/* weir/tests.h: the tests of a topology: weir test.
 *
 *   weir_tests *tests;
 *   int rc = weir_tests_load("wordcount.json", &listener, &tests);
 *   for (size_t i = 0; !rc && i < weir_tests_count(tests); i++) {
 *     weir_test_result result;
 *     rc = weir_tests_run(tests, i, NULL, &result);
 *     if (rc) fprintf(stderr, "%s (seed %" PRIu64 "):\n%s", result.name, result.seed, result.text);
 *   }
 *   weir_tests_free(tests);
 *
 * Each runs a part of the topology in a simulated runtime (weir/simulation.h), under several seeds: no file, address or
 * thread is touched but by the actors that a test calls "real". Guide: docs/guide/topologies.md. */
#ifndef WEIR_TESTS_H
#define WEIR_TESTS_H

#include <weir/topology.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The tests of a document that was found good. */
typedef struct weir_tests weir_tests;

/**
 * Reads and checks a topology with its tests: those in it, in the files that it includes, and in the file beside it whose
 * name ends with ".test.json" instead of ".json". All is checked for each test with what that says of its environment.
 *
 * @param file      A topology; or a file of tests ("….test.json"): then those in it alone, of the topology that it
 *                  names as "topology", or of the one beside it.
 * @param listener  Told of every problem. NULL: nobody is told.
 * @param tests     Receives the tests; owned, weir_tests_free() them. NULL on error.
 *
 * Threads, waiting and errors: as weir_topology_load().
 */
WEIR_API WEIR_NODISCARD int weir_tests_load(const char *file, const weir_listener *listener, weir_tests **tests);
/** How many there are. Threads: any. Does not wait. */
WEIR_API size_t weir_tests_count(const weir_tests *tests);
/** The name of one of them, in the order of the files. Threads: any. Does not wait. */
WEIR_API const char *weir_tests_name(const weir_tests *tests, size_t index);

typedef struct weir_test_options {
  uint64_t seeds WEIR__ZERO; /* how many; 0: as the test says */
  /* The first of them; 0: 1. With `seeds` of 1 it is run alone. */
  uint64_t seed WEIR__ZERO;
  /* Each event of each run in a line, as in weir_simulation_options. NULL: none. */
  void (*trace)(const char *line, void *arg) WEIR__ZERO;
  void *trace_arg WEIR__ZERO;
  /* Called before each seed: for who wants to know where it is, should it never return. NULL: not wanted. */
  void (*begins)(const char *name, uint64_t seed, void *arg) WEIR__ZERO;
  void *begins_arg WEIR__ZERO;
} weir_test_options;

/** What a test came to. Its texts are borrowed until the next call with the same tests. */
typedef struct weir_test_result {
  const char *name WEIR__ZERO;
  const char *file WEIR__ZERO; /* where it stands */
  int line WEIR__ZERO;
  int column WEIR__ZERO;
  uint64_t seeds WEIR__ZERO;   /* how many were run … */
  uint64_t seed WEIR__ZERO;    /* … the last of them: with which it failed, if it did */
  const char *text WEIR__ZERO; /* what is wrong: lines, each with its end; "" if nothing is */
  const char *json WEIR__ZERO; /* all of this as a JSON object, on one line */
} weir_test_result;

/**
 * Runs a test with one seed after the other, until one fails.
 *
 * @param options  Borrowed until the call returns. NULL: all defaults.
 * @param result   Filled in also if it fails, but not for WEIR_ENOMEM and WEIR_EINVAL.
 *
 * Threads  A plain thread without a current-thread runtime; one at a time with the same tests.
 * Waiting  Until it has run; time is simulated. A handler that never returns is waited for.
 * Errors   WEIR_EFAILED  it failed
 *          WEIR_EINVAL   there is no such test
 *          WEIR_ENOMEM   no memory for it
 */
WEIR_API WEIR_NODISCARD int weir_tests_run(weir_tests *tests, size_t index, const weir_test_options *options,
                                           weir_test_result *result);
/** Frees the tests. NULL is fine. Threads: any. Does not wait. */
WEIR_API void weir_tests_free(weir_tests *tests);

#ifdef __cplusplus
}
#endif
#endif
