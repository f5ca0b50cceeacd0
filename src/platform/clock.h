/* clock.h: monotonic time in nanoseconds. */
#ifndef WEIR__CLOCK_H
#define WEIR__CLOCK_H

#include <stdint.h>

int64_t weir__now_ns(void);
/* Cheaper, and late by up to one step: now - step <= it <= now. So it + step is never early. */
int64_t weir__now_coarse_ns(void);
int64_t weir__coarse_step_ns(void);

#endif
