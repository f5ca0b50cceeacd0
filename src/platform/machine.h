/* machine.h: what a signal handler sees and changes of the interrupted code (T2). x86-64 and AArch64 on Linux; elsewhere
 * there is nothing here. */
#ifndef WEIR__MACHINE_H
#define WEIR__MACHINE_H

#include "platform/trap.h"

#if WEIR__HAS_TRAP
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

/* The control words of floating-point arithmetic. */
struct weir__float_control {
  uint64_t words[2];
};

#if defined(__x86_64__)

static inline struct weir__float_control weir__float_control_now(void)
{
  uint32_t mxcsr;
  uint16_t x87;
  __asm__ volatile("stmxcsr %0\n\tfnstcw %1" : "=m"(mxcsr), "=m"(x87));
  return (struct weir__float_control){{mxcsr & ~(uint32_t)0x3f, x87}}; /* without the flags of what has happened */
}

static inline uintptr_t weir__machine_pc(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.gregs[REG_RIP]; }
static inline uintptr_t weir__machine_sp(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.gregs[REG_RSP]; }

/* The code was called at an address where there is none: as if that call had not happened. `sp` can be read. */
static inline void weir__machine_return(ucontext_t *c)
{
  c->uc_mcontext.gregs[REG_RIP] = *(const greg_t *)c->uc_mcontext.gregs[REG_RSP];
  c->uc_mcontext.gregs[REG_RSP] += 8;
}

/* It goes on in f(arg), which does not return, with its stack from `high` downwards. */
static inline void weir__machine_go_on(ucontext_t *c, char *high, void (*f)(void *), void *arg,
                                       struct weir__float_control control)
{
  enum { DIRECTION_FLAG = 1 << 10 };
  greg_t *r = c->uc_mcontext.gregs;
  r[REG_RSP] = (greg_t)(((uintptr_t)high & ~(uintptr_t)15) - 8); /* as after a call */
  *(uintptr_t *)r[REG_RSP] = 0;
  r[REG_RBP] = 0;
  r[REG_RIP] = (greg_t)(uintptr_t)f;
  r[REG_RDI] = (greg_t)(uintptr_t)arg;
  r[REG_EFL] &= ~(greg_t)DIRECTION_FLAG;
  if (!c->uc_mcontext.fpregs) return;
  c->uc_mcontext.fpregs->mxcsr = (uint32_t)control.words[0];
  c->uc_mcontext.fpregs->cwd = (uint16_t)control.words[1];
  c->uc_mcontext.fpregs->swd = 0;
  c->uc_mcontext.fpregs->ftw = 0; /* no register of x87 is in use */
}

#else

static inline struct weir__float_control weir__float_control_now(void)
{
  uint64_t fpcr;
  __asm__ volatile("mrs %0, fpcr" : "=r"(fpcr));
  return (struct weir__float_control){{fpcr, 0}};
}

static inline uintptr_t weir__machine_pc(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.pc; }
static inline uintptr_t weir__machine_sp(const ucontext_t *c) { return (uintptr_t)c->uc_mcontext.sp; }
static inline void weir__machine_return(ucontext_t *c) { c->uc_mcontext.pc = c->uc_mcontext.regs[30]; }

static inline void weir__machine_go_on(ucontext_t *c, char *high, void (*f)(void *), void *arg,
                                       struct weir__float_control control)
{
  enum { FPSIMD = 0x46508001, BRANCH_TYPE = 3 << 10 };
  c->uc_mcontext.sp = (uintptr_t)high & ~(uintptr_t)15;
  c->uc_mcontext.pc = (uintptr_t)f;
  c->uc_mcontext.regs[0] = (uintptr_t)arg;
  c->uc_mcontext.regs[29] = 0;
  c->uc_mcontext.regs[30] = 0;
  c->uc_mcontext.pstate &= ~(uint64_t)BRANCH_TYPE;
  for (char *at = (char *)c->uc_mcontext.__reserved;;) { /* records, each with its kind and size in front */
    uint32_t head[4];                                    /* of this one also fpsr and fpcr */
    memcpy(head, at, sizeof head);
    if (!head[0] || !head[1]) return;
    if (head[0] == FPSIMD) {
      head[2] = 0;
      head[3] = (uint32_t)control.words[0];
      memcpy(at, head, sizeof head);
      return;
    }
    at += head[1];
  }
}

#endif
#endif
#endif
