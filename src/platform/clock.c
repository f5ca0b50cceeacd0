/* clock.c: see clock.h. */
#include "platform/clock.h"

#include <time.h>

#include "platform/cpu.h"

static _Thread_local const int64_t *virtual_clock __attribute__((tls_model("initial-exec")));

int64_t weir__now_ns(void)
{
  struct timespec t;
  if (WEIR__UNLIKELY(virtual_clock != NULL)) return *virtual_clock;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void weir__clock_set(const int64_t *virtual_ns) { virtual_clock = virtual_ns; }
