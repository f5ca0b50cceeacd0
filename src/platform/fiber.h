/* fiber.h: stacks that take turns on a thread.
 *
 * A fiber's struct lies at the top of its own stack, so that one page serves for both. The caller's struct has a
 * weir__fiber as its first member. A thread's own stack is a fiber, too, once it is adopted. */
#ifndef WEIR__FIBER_H
#define WEIR__FIBER_H

#include <stdbool.h>
#include <stddef.h>

#include "platform/context.h"
#include "platform/sanitizer.h"
#include "platform/stack.h"

/* What the C++ runtime keeps for each thread; here for each fiber (F7). */
struct weir__cxx_globals {
  void *caught;
  unsigned uncaught;
};

struct weir__fiber {
  struct weir__context context; /* while it is suspended */
  struct weir__stack stack;     /* of its own; low NULL: a thread's */
  size_t used;                  /* bytes at the top of the stack that the struct takes */
  void (*entry)(struct weir__fiber *);
  struct weir__cxx_globals globals; /* while it is suspended */
  struct weir__sanitizer sanitizer;
  struct weir__fiber *from; /* who switched here last */
};

/* A fiber whose struct has `bytes` bytes, zeroed. Its first run calls entry(fiber), which must not return. NULL: no
 * stack, `why` says why. */
struct weir__fiber *weir__fiber_make(size_t bytes, size_t stack_bytes, void (*entry)(struct weir__fiber *),
                                     const char **why);
/* Drops what ran on it: its next run calls entry anew (F3). Not the running one. Keeps the caller's part of the struct.
 */
void weir__fiber_reset(struct weir__fiber *f, void (*entry)(struct weir__fiber *));
/* Not the running one. */
void weir__fiber_free(struct weir__fiber *f);
/* The calling thread's own stack. */
void weir__fiber_adopt(struct weir__fiber *f);
void weir__fiber_unadopt(struct weir__fiber *f);
/* False: stacks can't be switched in this process; `why` says why (F7). */
bool weir__fiber_supported(const char **why);

/* Of the C++ runtime, where the process has one. */
struct weir__cxx_globals *__cxa_get_globals(void) __attribute__((weak));

static inline void weir__fiber_swap_globals(struct weir__fiber *from, struct weir__fiber *to)
{
  if (!__cxa_get_globals) return;
  struct weir__cxx_globals *now = __cxa_get_globals();
  from->globals = *now;
  *now = to->globals;
}

/* From the running one to another. Inlined: each return that was called on the one stack and happens on the other is
 * predicted wrongly, so there are to be few. */
static inline void weir__fiber_switch(struct weir__fiber *from, struct weir__fiber *to)
{
  weir__fiber_swap_globals(from, to);
  to->from = from;
  weir__sanitizer_leave(&from->sanitizer, &to->sanitizer, to->stack.low, to->stack.bytes);
  weir__context_switch(&from->context, &to->context);
  /* Here again. A thread's own stack has told its bounds to the first fiber that was entered from it. */
  weir__sanitizer_enter(&from->sanitizer, NULL, NULL);
}

#endif
