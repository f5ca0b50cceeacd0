/* clock.h: monotonic time in nanoseconds. */
#ifndef WEIR__CLOCK_H
#define WEIR__CLOCK_H

#include <stdint.h>

int64_t weir__now_ns(void);

#endif
