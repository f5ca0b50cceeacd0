/* context_ucontext.c: see context.h; for processors without an assembly of their own. */
#include <stdint.h>
#include <stdlib.h>

#include "platform/context.h"

/* makecontext() passes ints. */
static void begin(unsigned entry_high, unsigned entry_low, unsigned arg_high, unsigned arg_low)
{
  uintptr_t entry = (uintptr_t)((uint64_t)entry_high << 32 | entry_low);
  uintptr_t arg = (uintptr_t)((uint64_t)arg_high << 32 | arg_low);
  ((void (*)(void *))entry)((void *)arg);
  abort();
}

void weir__context_make(struct weir__context *c, void *low, size_t bytes, void (*entry)(void *), void *arg)
{
  uint64_t e = (uintptr_t)entry, a = (uintptr_t)arg;
  getcontext(&c->registers);
  c->registers.uc_stack.ss_sp = low;
  c->registers.uc_stack.ss_size = bytes;
  c->registers.uc_link = NULL;
  makecontext(&c->registers, (void (*)(void))begin, 4, (unsigned)(e >> 32), (unsigned)e, (unsigned)(a >> 32),
              (unsigned)a);
}

void weir__context_switch(struct weir__context *from, struct weir__context *to)
{
  swapcontext(&from->registers, &to->registers);
}
