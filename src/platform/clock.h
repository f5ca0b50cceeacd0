/* clock.h: monotonic time in nanoseconds. */
#ifndef WEIR__CLOCK_H
#define WEIR__CLOCK_H

#include <stdint.h>

int64_t weir__now_ns(void);

/* A clock that this thread looks at instead, borrowed until another one is set; NULL: the system's. For simulations. */
void weir__clock_set(const int64_t *virtual_ns);

#endif
