/* inject.h: makes calls fail that may fail for want of memory, threads, mappings or descriptors.
 *
 * The program is linked with --wrap for each such call (tests/CMakeLists.txt), so that those of the library, compiled as
 * ever, come here; what libuv allocates comes by way of its hook, and counts for the call of ours that led there. A call is known by where it returns to: tests/faults/sites.sh compares these places with the program's code. */
#ifndef WEIR_TESTS_INJECT_H
#define WEIR_TESTS_INJECT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* A place in the program that makes such a call. */
struct fault_site {
  _Atomic(uintptr_t) pc;     /* offset in the program; 0: not in use */
  _Atomic(unsigned) reached; /* calls, over all runs */
  _Atomic(unsigned) failed;  /* runs in which it was the one call that failed … */
  _Atomic(unsigned) silent;  /* … and no error was reported */
  _Atomic(int) scenario;     /* one that reaches it */
};

enum { FAULT_SITES = 512 };

enum fault_mode {
  FAULT_NONE,
  FAULT_ONE,     /* the n-th call fails */
  FAULT_FROM,    /* the n-th and all after it */
  FAULT_AT_SITE, /* the n-th call of one site */
  FAULT_FILES    /* of descriptors beyond those that are open now there are n - 1 */
};

struct fault_plan {
  enum fault_mode mode;
  unsigned n;
  uintptr_t pc; /* FAULT_AT_SITE: which */
};

/* Memory that runs share, each a process: what they have found. */
void fault_board_make(void);
struct fault_site *fault_board(void);

/* In a run: from here on calls are counted, and fail by the plan. Not those between pause and go on, on this thread. */
void fault_begin(const struct fault_plan *plan, int scenario);
void fault_end(void);
void fault_pause(void);
/* Something was to wait for a descriptor, whether it could or not. */
extern _Atomic(bool) fault_saw_poll;
void fault_go_on(void);

/* How many were made to fail, and the site of the first one. */
unsigned fault_count(void);
struct fault_site *fault_first(void);

#endif
