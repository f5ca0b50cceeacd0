/* stack.h: stacks for fibers: reserved, not committed, each above a guard (F8). */
#ifndef WEIR__STACK_H
#define WEIR__STACK_H

#include <stdbool.h>
#include <stddef.h>

enum { WEIR__STACK_GUARD = 64 << 10 };

/* From `low` up to low + bytes. */
struct weir__stack {
  char *low;
  size_t bytes;
};

/* A stack of at least so many bytes, its content undefined. False: there is none; `why` receives a text for people. */
bool weir__stack_take(size_t bytes, struct weir__stack *stack, const char **why);
void weir__stack_put(struct weir__stack stack);
/* Gives the memory below `used_from` back; for one that lies idle. */
void weir__stack_trim(struct weir__stack stack, char *used_from);
/* For tests: guards as on kernels before Linux 6.13. For stacks that are mapped from now on. */
void weir__stack_force_guard_pages(bool yes);

#endif
