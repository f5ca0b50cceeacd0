/* ways.c: see storm.h. */
#include "storm/storm.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

const char *const way_names[WAYS] = {"weir_fail",   "after a wait", "deferred call", "end clause", "stop",
                                     "kill",        "exit",         "memory",        "restart",    "null pointer",
                                     "wild memcpy", "bus error",    "division",      "illegal",    "stack overflow",
                                     "abort",       "endless loop"};

static int *volatile nowhere;
static volatile int zero;
static const volatile char *beyond_the_file; /* NULL: none */
static volatile bool forever = true;

void ways_begin(void)
{
  long page = sysconf(_SC_PAGESIZE);
  FILE *f = tmpfile();
  if (!f || ftruncate(fileno(f), page)) return;
  char *at = mmap(NULL, (size_t)(2 * page), PROT_READ | PROT_WRITE, MAP_SHARED, fileno(f), 0);
  if (at != MAP_FAILED) beyond_the_file = at + page;
  fclose(f); /* the mapping stays */
}

bool way_is_there(enum way way, bool trap)
{
  if (way >= FIRST_CRASH && !trap) return false;
#ifdef SANITIZED /* which has a memcpy() of its own before that of the C library */
  if (way == WILD_COPY) return false;
#endif
#ifdef THREAD_SANITIZED /* which can't bear a signal while it makes a stack known to itself */
  if (way == LOOP) return false;
#endif
#ifndef __x86_64__ /* where a division by zero is no fault */
  if (way == DIVISION) return false;
#endif
  return way != BUS_ERROR || beyond_the_file;
}

UNCHECKED static void write_to_null(void) { *nowhere = 1; }
UNCHECKED static void copy_from_nowhere(void)
{
  char here[64];
  memcpy(here, (char *)nowhere + 0x100, sizeof here - (size_t)zero);
  zero = here[zero];
}
UNCHECKED static int read_beyond_the_file(void) { return *beyond_the_file; }
UNCHECKED static void divide(void) { zero = 100 / zero; }
UNCHECKED static void do_what_no_processor_can(void)
{
#if defined(__x86_64__)
  __asm__ volatile("ud2");
#elif defined(__aarch64__)
  __asm__ volatile("udf #0");
#else
  __builtin_trap();
#endif
}
UNCHECKED static int recurse(int depth)
{
  volatile char room[512];
  room[0] = (char)depth;
  if (depth < 0) return 0;
  return recurse(depth + 1) + room[0];
}
static void loop(void)
{
  while (forever) continue;
}

void crash(enum way way)
{
  switch (way) {
  case NULL_POINTER:
    write_to_null();
    break;
  case WILD_COPY:
    copy_from_nowhere();
    break;
  case BUS_ERROR:
    (void)read_beyond_the_file();
    break;
  case DIVISION:
    divide();
    break;
  case ILLEGAL:
    do_what_no_processor_can();
    break;
  case OVERFLOW:
    zero = recurse(zero);
    break;
  case ABORT:
    abort();
  case LOOP:
    loop();
    break;
  default:
    break;
  }
}
