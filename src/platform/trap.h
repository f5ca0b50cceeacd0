/* trap.h: faults of code that may fail: caught, judged, and either gone on from elsewhere or the process's end (T1, T2).
 *
 *    fault --> handler, on the thread's alternate stack: unwinds and judges
 *                 contained: makes the interrupted context one that goes on in `land`, and returns
 *                 not:       reports on standard error; whatever would have handled the signal before gets it
 *
 * H1  Contained is a fault whose frames are, from the innermost outwards: at most one function of the C library that moves
 *     or compares memory, or abort() with what it calls; then code that is declared containable, one frame at least; then
 *     frames of weir alone, of which the first is an entry (WEIR__ENTRY), to the end of the fiber. So weir's own
 *     structures are as they are whenever a handler runs.
 * H2  The handler calls nothing but what is safe in one: system calls, the unwinder (which takes no lock where the dynamic
 *     linker can be asked without one), and reads of tables that are published whole.
 * H3  A fault in the handler itself is the end, with what is known by then.
 * H4  Nothing jumps out of the handler: it returns, to another place. There the floating-point control words, the
 *     direction flag and the signal mask are those of the thread's beginning: all three survive a fault otherwise. */
#ifndef WEIR__TRAP_H
#define WEIR__TRAP_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__linux__) && (defined(__x86_64__) || defined(__aarch64__)) && !defined(WEIR_CONTEXT_UCONTEXT)
#define WEIR__HAS_TRAP 1
#else
#define WEIR__HAS_TRAP 0
#endif

/* A function of weir's from which handlers are called: these alone lie in a section of their own, by whose bounds the
 * judge knows them. It may be inlined into others of them; APART: where its callers are none. */
#define WEIR__ENTRY __attribute__((section("weir_entry")))
#define WEIR__ENTRY_APART __attribute__((section("weir_entry"), noinline))

enum { WEIR__CRASH_FRAMES = 48 };

/* What is known of a fault. Written in the signal handler, read where the thread goes on. */
struct weir__crash {
  int signal;        /* 0: it was interrupted */
  uintptr_t address; /* what could not be reached; of SIGFPE and SIGILL the instruction; of SIGABRT 0 */
  bool is_overflow;  /* it lies in the guard below the stack */
  unsigned depth;    /* frames up to the entry, of which … */
  unsigned frames;   /* … so many are here, the innermost first */
  uintptr_t pc[WEIR__CRASH_FRAMES];
};

/* Where a thread goes on after a fault. */
struct weir__landing {
  char *low, *high;        /* the stack that the failing code runs on, without its guard; what is on it is given up */
  size_t guard;            /* bytes below it */
  void (*land)(void *arg); /* must not return; begins at `high` */
  void *arg;
};

/* What the runtime says of the thread here, in the signal handler. `interrupted`: by weir__trap_interrupt(). NULL: the
 * landing is filled in; else why nothing can be contained. */
typedef const char *weir__trap_asks(struct weir__landing *, bool interrupted);

/* What this thread needs for the trap. Its owner's alone. */
struct weir__trap_thread;

/* The process begins to catch faults; `asks` is the same at each call. False: it can't, `why` says why. Each true is
 * undone by one weir__trap_release(). */
bool weir__trap_hold(weir__trap_asks *asks, const char **why);
void weir__trap_release(void);

/* Code that is to be containable, beside the program's own: that of the library of this name (as its path ends). False:
 * there is none; or the table is full. For good. */
bool weir__trap_contain_library(const char *name);
/* Likewise, of the library in which this code is. */
bool weir__trap_contain_code(uintptr_t code);

/* This thread gets an alternate stack; its signal mask and control words now are those that it has after a landing. NULL:
 * no memory. */
struct weir__trap_thread *weir__trap_thread_begin(void);
/* The same thread's. NULL is fine. */
void weir__trap_thread_end(struct weir__trap_thread *t);
/* From another thread: what that one runs is to be given up, as if it had faulted (`signal` of the crash is 0), if a fault
 * would be contained where it is now; else nothing happens. */
void weir__trap_interrupt(pthread_t thread);
/* The fault from which this thread has landed last. */
const struct weir__crash *weir__trap_crash(const struct weir__trap_thread *t);
/* Ends the handler's part of a fault; after this another one may come. On the landing, before anything else. */
void weir__trap_landed(struct weir__trap_thread *t);

/* A word or two: "SIGSEGV at address 0x10", "stack overflow"; nothing for what was interrupted. */
void weir__crash_text(const struct weir__crash *crash, char *text, size_t size);

#endif
