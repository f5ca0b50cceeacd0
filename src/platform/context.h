/* context.h: the registers of what is suspended. In assembly for x86-64 and AArch64, by ucontext elsewhere (F7).
 *
 * What the ABI calls callee-saved is kept: on x86-64 with MXCSR and the x87 control word, on AArch64 with d8 to d15 and
 * FPCR. The signal mask is not a fiber's: workers block asynchronous signals (U4). */
#ifndef WEIR__CONTEXT_H
#define WEIR__CONTEXT_H

#include <stddef.h>

#ifdef WEIR_CONTEXT_UCONTEXT
#include <ucontext.h>
struct weir__context {
  ucontext_t registers;
};
#else
struct weir__context {
  void *sp; /* all registers lie there, on the suspended stack */
};
#endif

/* A context whose first run calls entry(arg) at the top of that stack; entry must not return. */
void weir__context_make(struct weir__context *c, void *low, size_t bytes, void (*entry)(void *), void *arg);
/* Leaves the running context in `from`, goes on with `to`. */
void weir__context_switch(struct weir__context *from, struct weir__context *to);

#endif
