/* memory.h: how much of the process's memory is resident. */
#ifndef WEIR_TESTS_MEMORY_H
#define WEIR_TESTS_MEMORY_H

#include <stdio.h>
#include <unistd.h>

static inline long resident_bytes(void)
{
  long pages = 0;
  FILE *f = fopen("/proc/self/statm", "r");
  if (!f || fscanf(f, "%*d %ld", &pages) != 1) pages = 0;
  if (f) fclose(f);
  return pages * sysconf(_SC_PAGESIZE);
}

#endif
