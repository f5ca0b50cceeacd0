/* spread.c: see spread.h. */
#ifdef __linux__
#define _GNU_SOURCE /* sched_getcpu(), sched_setaffinity() */
#include <sched.h>
#endif

#include "platform/spread.h"

#ifdef __linux__
unsigned weir__cpu_here(void)
{
  int cpu = sched_getcpu();
  return cpu < 0 ? 0 : (unsigned)cpu;
}

void weir__spread(unsigned behind, unsigned nth)
{
  cpu_set_t may, one;
  if (sched_getaffinity(0, sizeof may, &may) != 0) return; /* there are more of them than fit there */
  size_t cpu = behind % CPU_SETSIZE;
  for (unsigned left = nth % (unsigned)CPU_COUNT(&may) + 1; left; left -= CPU_ISSET(cpu, &may) ? 1 : 0)
    cpu = (cpu + 1) % CPU_SETSIZE;
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (sched_setaffinity(0, sizeof one, &one) == 0) sched_setaffinity(0, sizeof may, &may);
}
#else
unsigned weir__cpu_here(void) { return 0; }
void weir__spread(unsigned behind, unsigned nth) { (void)behind, (void)nth; }
#endif
