/* scenario.h: what a scenario is, and how it judges what it got.
 *
 * A scenario is a small program that uses some part of weir, in a process of its own that has not used weir before. It
 * gives each result to checked(): one that is not WEIR_OK must come of a call that was made to fail, and say so. */
#ifndef WEIR_TESTS_SCENARIO_H
#define WEIR_TESTS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>

enum {
  LACKS_FOR_EVER = 1, /* it ends, too, if there is no memory any more from some call on */
  USES_POOL = 2       /* that of libuv, whose thread stays */
};

struct scenario {
  const char *name;
  void (*run)(void);
  int about;
};

extern const struct scenario library_scenarios[], document_scenarios[], command_scenarios[]; /* the last has no name */

/* Returns `rc`, after it was judged: WEIR_OK; or a lack of memory, threads or descriptors, with a text, once a call was
 * made to fail; or what comes of one that was reported before or elsewhere. Else the scenario has failed. */
int checked(int rc, const char *what);
#define CHECK(call) checked((call), #call)
/* For pointers: NULL is to be explained by weir_error_text(). */
bool checked_pointer(const void *at, const char *what);
#define CHECK_POINTER(call) checked_pointer((call), #call)
/* An error was reported by other ways than a code. */
void reported(void);
/* The scenario has failed. */
void failed(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Has any call been made to fail? */
bool undisturbed(void);

#endif
