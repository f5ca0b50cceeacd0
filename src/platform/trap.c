/* trap.c: see trap.h. */
#define _GNU_SOURCE /* dl_iterate_phdr(), _dl_find_object(), REG_RIP */
#include "platform/trap.h"

#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <unwind.h>

#include "platform/machine.h"
#include "platform/sanitizer.h"

#if WEIR__HAS_TRAP

enum { RANGES_MOST = 256, MOVERS_MOST = 32, SIGNALS = 5 };

struct range {
  uintptr_t from, to;
};

struct weir__trap_thread {
  stack_t before; /* the alternate stack that was there */
  size_t bytes;   /* of this mapping: the struct, a guard, and the stack */
  sigset_t mask;  /* H4 */
  struct weir__float_control control;
  volatile sig_atomic_t busy; /* H3: its handler runs, until the landing */
  struct weir__crash crash;
};

static const int signals[SIGNALS] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
static const char *const names[SIGNALS] = {"SIGSEGV", "SIGBUS", "SIGFPE", "SIGILL", "SIGABRT"};

static struct {
  pthread_mutex_t lock;
  unsigned held;
  /* H2: read in signal handlers, and written before the first of them can come, but for `ranges`: those are appended, and
   * then counted (release; acquire). */
  weir__trap_asks *asks;
  struct sigaction before[SIGNALS];
  struct range ranges[RANGES_MOST];
  _Atomic(unsigned) range_count;
  struct range weir, entry;
  uintptr_t movers[MOVERS_MOST], abort;
  unsigned mover_count;
} trap = {.lock = PTHREAD_MUTEX_INITIALIZER};

static _Thread_local struct weir__trap_thread *own __attribute__((tls_model("initial-exec")));

/* The bounds of WEIR__ENTRY, by the linker. */
extern const char weir__entry_from[] __asm__("__start_weir_entry") __attribute__((visibility("hidden")));
extern const char weir__entry_to[] __asm__("__stop_weir_entry") __attribute__((visibility("hidden")));

static bool is_in(struct range r, uintptr_t at) { return at >= r.from && at < r.to; }

static bool is_containable(uintptr_t at)
{
  unsigned count = atomic_load_explicit(&trap.range_count, memory_order_acquire);
  for (unsigned i = 0; i < count; i++)
    if (is_in(trap.ranges[i], at)) return true;
  return false;
}

/* ---- what may stand in a signal handler: words on standard error ---- */

struct line {
  char text[256];
  size_t length;
};

static void say(struct line *l, const char *text)
{
  while (*text && l->length < sizeof l->text) l->text[l->length++] = *text++;
}

static void say_number(struct line *l, uintptr_t n, unsigned base)
{
  char digits[24];
  size_t at = sizeof digits;
  digits[--at] = 0;
  do digits[--at] = "0123456789abcdef"[n % base];
  while (n /= base);
  if (base == 16) say(l, "0x");
  say(l, digits + at);
}

static void print(struct line *l)
{
  l->text[l->length < sizeof l->text ? l->length : sizeof l->text - 1] = '\n';
  for (size_t at = 0, end = l->length < sizeof l->text ? l->length + 1 : sizeof l->text; at < end;) {
    ssize_t n = write(STDERR_FILENO, l->text + at, end - at);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) at += (size_t)n;
  }
  l->length = 0;
}

static int index_of(int signal)
{
  for (int i = 0; i < SIGNALS; i++)
    if (signals[i] == signal) return i;
  return 0;
}

static void say_crash(struct line *l, const struct weir__crash *c)
{
  if (!c->signal) return;
  if (c->is_overflow) {
    say(l, "stack overflow");
    return;
  }
  say(l, names[index_of(c->signal)]);
  if (c->signal == SIGABRT) return;
  say(l, c->signal == SIGSEGV || c->signal == SIGBUS ? " at address " : " at instruction ");
  say_number(l, c->address, 16);
}

/* ---- judging ---- */

struct walk {
  enum { BEFORE_FAULT, INNERMOST, IN_ABORT, CALLED, CONTAINABLE, IN_WEIR } at;
  uintptr_t fault_pc;
  bool aborts;
  struct weir__crash *crash;
  const char *why; /* NULL: nothing against it so far */
};

static bool is_mover(struct _Unwind_Context *context)
{
  uintptr_t start = (uintptr_t)_Unwind_GetRegionStart(context);
  for (unsigned i = 0; i < trap.mover_count; i++)
    if (trap.movers[i] == start) return true;
  return false;
}

static _Unwind_Reason_Code refuse(struct walk *w, const char *why)
{
  w->why = why;
  return _URC_END_OF_STACK;
}

static void note_frame(struct weir__crash *c, uintptr_t pc)
{
  if (c->frames < WEIR__CRASH_FRAMES) c->pc[c->frames++] = pc;
  c->depth++;
}

/* One frame after the other, from the innermost (H1). */
static _Unwind_Reason_Code step(struct _Unwind_Context *context, void *arg)
{
  struct walk *w = arg;
  int before_insn = 0;
  uintptr_t pc = (uintptr_t)_Unwind_GetIPInfo(context, &before_insn);
  if (w->at == BEFORE_FAULT) { /* the handler's own, and the kernel's way to it */
    if (pc != w->fault_pc) return _URC_NO_REASON;
    w->at = INNERMOST;
  }
  if (!pc) return _URC_END_OF_STACK;        /* that of a fiber: see context_*.S */
  uintptr_t in = before_insn ? pc : pc - 1; /* a return address may lie behind the function's end */
  if (w->at != IN_WEIR) note_frame(w->crash, in);
  bool weir = is_in(trap.weir, in), containable = !weir && is_containable(in);
  if (w->at == INNERMOST && w->aborts && !weir && !containable) w->at = IN_ABORT;
  switch (w->at) {
  case BEFORE_FAULT:
  case INNERMOST:
    if (!containable && !is_mover(context))
      return refuse(w, weir ? "it happened in weir" : "it happened in a library that is not listed as containable");
    w->at = containable ? CONTAINABLE : CALLED;
    break;
  case IN_ABORT:
    if (weir || containable) return refuse(w, "the signal did not come from abort()");
    if ((uintptr_t)_Unwind_GetRegionStart(context) == trap.abort) w->at = CALLED;
    break;
  case CALLED:
  case CONTAINABLE:
    if (!containable && !weir) return refuse(w, "a library that is not listed as containable was among the callers");
    if (weir && w->at == CALLED) return refuse(w, "it happened in a function that weir had called");
    if (weir && !is_in(trap.entry, in)) return refuse(w, "weir had called the code for something else than a message");
    w->at = weir ? IN_WEIR : CONTAINABLE;
    break;
  case IN_WEIR:
    if (!weir) return refuse(w, "weir was among the callers");
    break;
  }
  return _URC_NO_REASON;
}

/* It jumped to where no code is: the frame that called it is the innermost. */
static void forget_wild_jump(ucontext_t *c, const struct weir__landing *l)
{
  struct dl_find_object found;
  uintptr_t pc = weir__machine_pc(c), sp = weir__machine_sp(c);
  /* A program counter is a number to the kernel and an address to the linker. */
  if (_dl_find_object((void *)pc, &found) == 0) return; /* NOLINT(performance-no-int-to-ptr) */
  if (sp < (uintptr_t)l->low || sp + 8 > (uintptr_t)l->high) return;
  weir__machine_return(c);
}

static bool is_interrupt(const siginfo_t *info)
{
  return info->si_code == SI_QUEUE && info->si_pid == getpid() && info->si_value.sival_ptr == &trap;
}

/* NULL: it is contained, and `c` goes on with the landing. */
static const char *judge(struct weir__trap_thread *t, siginfo_t *info, ucontext_t *c)
{
  struct weir__landing l = {0};
  struct walk w = {.crash = &t->crash, .aborts = info->si_signo == SIGABRT};
  bool interrupted = is_interrupt(info);
  const char *why = trap.asks(&l, interrupted);
  if (why) return why;
  if (interrupted)
    t->crash.signal = 0;
  else if (w.aborts ? info->si_code != SI_TKILL || info->si_pid != getpid() : info->si_code <= 0)
    return "another process or thread has sent it";
  uintptr_t sp = weir__machine_sp(c), low = (uintptr_t)l.low;
  t->crash.is_overflow = info->si_signo == SIGSEGV && t->crash.address < low && t->crash.address >= low - l.guard;
  if (sp < low - l.guard || sp >= (uintptr_t)l.high) return "the stack pointer is not on the handler's stack";
  forget_wild_jump(c, &l);
  w.fault_pc = weir__machine_pc(c);
  _Unwind_Backtrace(step, &w);
  if (w.why) return w.why;
  if (w.at != IN_WEIR) return "its callers can't be told";
  memcpy(&c->uc_sigmask, &t->mask, 8); /* so long is the kernel's */
  weir__machine_go_on(c, l.high, l.land, l.arg, t->control);
  return NULL;
}

/* ---- the signal handler ---- */

static void report(const struct weir__crash *crash, const char *why)
{
  struct line l = {.length = 0};
  say(&l, "weir: ");
  say_crash(&l, crash);
  say(&l, "; not contained, the process ends: ");
  say(&l, why);
  print(&l);
  for (unsigned i = 0; i < crash->frames; i++) {
    say(&l, "weir:   ");
    say_number(&l, crash->pc[i], 16);
    print(&l);
  }
}

static void set_default(int signal)
{
  struct sigaction action = {.sa_handler = SIG_DFL};
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, NULL);
}

/* Whatever was there before gets the signal. The default: at once for one that was sent, else when the same instruction
 * faults again; so the process ends as it would without us. */
static void hand_on(int signal, siginfo_t *info, void *context)
{
  const struct sigaction *before = &trap.before[index_of(signal)];
  if (before->sa_flags & SA_SIGINFO) {
    before->sa_sigaction(signal, info, context);
  } else if (before->sa_handler != SIG_DFL && before->sa_handler != SIG_IGN) {
    before->sa_handler(signal);
  } else if (before->sa_handler == SIG_DFL || info->si_code > 0) {
    set_default(signal);
    if (info->si_code <= 0) raise(signal);
  }
}

static void on_fault(int signal, siginfo_t *info, void *context)
{
  int saved = errno;
  struct weir__trap_thread *t = own;
  ucontext_t interrupted = *(ucontext_t *)context; /* a judge that can't decide has changed nothing */
  const char *why = "it happened outside of handlers";
  struct weir__crash elsewhere = {.signal = signal};
  struct weir__crash *crash = &elsewhere;
  if (t && t->busy) {
    why = "another fault came of looking at the first";
  } else if (t) {
    t->busy = 1;
    crash = &t->crash;
    *crash = (struct weir__crash){.signal = signal, .address = (uintptr_t)info->si_addr};
    why = judge(t, info, context);
  }
  if (why) {
    memcpy(context, &interrupted, sizeof interrupted);
    if (is_interrupt(info)) {
      if (crash != &elsewhere) t->busy = 0;
      errno = saved;
      return;
    }
    bool ends = info->si_code > 0 || signal == SIGABRT;
    if (ends || trap.before[index_of(signal)].sa_handler == SIG_DFL) {
      if (crash == &elsewhere) crash->address = (uintptr_t)info->si_addr;
      report(crash, why);
    }
    hand_on(signal, info, context);
    if (t && crash != &elsewhere) t->busy = 0;
  }
  errno = saved;
}

/* ---- tables ---- */

struct look {
  uintptr_t address;  /* of the object that is meant, or … */
  const char *suffix; /* … the end of its name; NULL and 0: the program itself, which comes first */
  struct range found[8];
  unsigned count;
};

static bool ends_with(const char *name, const char *suffix)
{
  size_t n = strlen(name), s = strlen(suffix);
  return n >= s && strcmp(name + n - s, suffix) == 0 && (n == s || name[n - s - 1] == '/' || *suffix == '/');
}

static int look_at(struct dl_phdr_info *object, size_t size, void *arg)
{
  struct look *look = arg;
  bool is_it = look->suffix && ends_with(object->dlpi_name, look->suffix);
  (void)size;
  look->count = 0;
  for (int i = 0; i < object->dlpi_phnum; i++) {
    const ElfW(Phdr) *p = &object->dlpi_phdr[i];
    struct range r = {object->dlpi_addr + p->p_vaddr, object->dlpi_addr + p->p_vaddr + p->p_memsz};
    if (p->p_type != PT_LOAD) continue;
    is_it |= look->address && is_in(r, look->address);
    if ((p->p_flags & PF_X) && look->count < 8) look->found[look->count++] = r;
  }
  is_it |= !look->suffix && !look->address;
  if (!is_it) look->count = 0;
  return is_it;
}

/* Lock held. */
static bool add_ranges(const struct look *look)
{
  unsigned count = atomic_load_explicit(&trap.range_count, memory_order_relaxed);
  for (unsigned i = 0; i < look->count; i++) {
    if (is_containable(look->found[i].from)) continue;
    if (count == RANGES_MOST) return false;
    trap.ranges[count++] = look->found[i];
  }
  atomic_store_explicit(&trap.range_count, count, memory_order_release);
  return look->count > 0;
}

static bool contain(struct look *look)
{
  dl_iterate_phdr(look_at, look);
  pthread_mutex_lock(&trap.lock);
  bool added = add_ranges(look);
  pthread_mutex_unlock(&trap.lock);
  return added;
}

bool weir__trap_contain_library(const char *name) { return contain(&(struct look){.suffix = name}); }

bool weir__trap_contain_code(uintptr_t code) { return contain(&(struct look){.address = code}); }

/* As the C library has chosen them for this processor: its own, not what a program has put before them. */
static void find_movers(void)
{
  static const char *const movers[] = {"memcpy",      "memmove", "memset",  "memcmp",  "memchr",  "memrchr",
                                       "strlen",      "strnlen", "strcpy",  "strncpy", "stpcpy",  "strcat",
                                       "strncat",     "strcmp",  "strncmp", "strchr",  "strrchr", "strcasecmp",
                                       "strncasecmp", "strspn",  "strcspn"};
  trap.mover_count = 0;
  for (size_t i = 0; i < sizeof movers / sizeof movers[0]; i++) {
    uintptr_t at = (uintptr_t)dlsym(RTLD_NEXT, movers[i]);
    if (at) trap.movers[trap.mover_count++] = at;
  }
  trap.abort = (uintptr_t)dlsym(RTLD_NEXT, "abort");
}

static _Unwind_Reason_Code pass(struct _Unwind_Context *context, void *arg)
{
  (void)context, (void)arg;
  return _URC_NO_REASON;
}

/* Lock held. Everything that a handler must not be the first to do. */
static bool prepare(const char **why)
{
  struct look weir = {.address = (uintptr_t)weir__entry_from}, program = {0};
  dl_iterate_phdr(look_at, &weir);
  dl_iterate_phdr(look_at, &program);
  trap.entry = (struct range){(uintptr_t)weir__entry_from, (uintptr_t)weir__entry_to};
  for (unsigned i = 0; i < weir.count; i++)
    if (is_in(weir.found[i], trap.entry.from)) trap.weir = weir.found[i];
  for (unsigned i = 0; i < program.count; i++) {
    if (program.found[i].from != trap.weir.from) continue;
    *why = "this program has weir in itself: crashes can be contained only where weir is a shared library";
    return false;
  }
  add_ranges(&program);
  find_movers();
  _Unwind_Backtrace(pass, NULL);
  return true;
}

/* Lock held. */
static void catch_signals(void)
{
  struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER};
  for (int i = 0; i < SIGNALS; i++) {
    sigemptyset(&action.sa_mask);
    /* An interrupt that comes together with the signal of an abort() is handled first: else that one would find the
     * handler of this one interrupted, and not who called abort(). */
    if (signals[i] == SIGILL) sigaddset(&action.sa_mask, SIGABRT);
    sigaction(signals[i], &action, &trap.before[i]);
  }
}

/* Lock held. Whoever came after us stays. */
static void let_signals_go(void)
{
  for (int i = 0; i < SIGNALS; i++) {
    struct sigaction now;
    sigaction(signals[i], NULL, &now);
    if ((now.sa_flags & SA_SIGINFO) && now.sa_sigaction == on_fault) sigaction(signals[i], &trap.before[i], NULL);
  }
}

bool weir__trap_hold(weir__trap_asks *asks, const char **why)
{
  pthread_mutex_lock(&trap.lock);
  bool ready = trap.held || prepare(why);
  if (ready && !trap.held++) {
    trap.asks = asks;
    catch_signals();
  }
  pthread_mutex_unlock(&trap.lock);
  return ready;
}

void weir__trap_release(void)
{
  pthread_mutex_lock(&trap.lock);
  if (!--trap.held) let_signals_go();
  pthread_mutex_unlock(&trap.lock);
}

/* ---- threads ---- */

enum { GUARD_BYTES = 64 << 10, STACK_BYTES = 128 << 10 };

struct weir__trap_thread *weir__trap_thread_begin(void)
{
  size_t bytes = STACK_BYTES + (size_t)2 * GUARD_BYTES;
  char *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return NULL;
  struct weir__trap_thread *t = (struct weir__trap_thread *)(void *)base; /* below its guard */
  stack_t stack = {.ss_sp = base + (size_t)2 * GUARD_BYTES, .ss_size = STACK_BYTES};
  t->bytes = bytes;
  t->control = weir__float_control_now();
  pthread_sigmask(SIG_SETMASK, NULL, &t->mask);
  if (mprotect(base + GUARD_BYTES, GUARD_BYTES, PROT_NONE) != 0 || sigaltstack(&stack, &t->before) != 0) {
    munmap(base, bytes);
    return NULL;
  }
  own = t;
  return t;
}

void weir__trap_thread_end(struct weir__trap_thread *t)
{
  if (!t) return;
  own = NULL;
  sigaltstack(&t->before, NULL);
  munmap(t, t->bytes);
}

void weir__trap_interrupt(pthread_t thread)
{
  /* One of those that no thread blocks. If the thread has faulted by itself meanwhile, this finds nothing to do. */
  pthread_sigqueue(thread, SIGILL, (union sigval){.sival_ptr = &trap});
}

const struct weir__crash *weir__trap_crash(const struct weir__trap_thread *t) { return &t->crash; }

void weir__trap_landed(struct weir__trap_thread *t)
{
#if WEIR__ASAN
  __asan_handle_no_return();
#endif
  t->busy = 0;
}

/* ---- words ---- */

void weir__crash_text(const struct weir__crash *crash, char *text, size_t size)
{
  struct line l = {.length = 0};
  say_crash(&l, crash);
  snprintf(text, size, "%.*s", (int)l.length, l.text);
}

#else

bool weir__trap_hold(weir__trap_asks *asks, const char **why)
{
  (void)asks;
  *why = "crashes can be contained on x86-64 and AArch64 Linux alone";
  return false;
}
void weir__trap_release(void) {}
bool weir__trap_contain_library(const char *name) { return (void)name, false; }
bool weir__trap_contain_code(uintptr_t code) { return (void)code, false; }
struct weir__trap_thread *weir__trap_thread_begin(void) { return NULL; }
void weir__trap_thread_end(struct weir__trap_thread *t) { (void)t; }
void weir__trap_interrupt(pthread_t thread) { (void)thread; }
const struct weir__crash *weir__trap_crash(const struct weir__trap_thread *t) { return (void)t, NULL; }
void weir__trap_landed(struct weir__trap_thread *t) { (void)t; }
void weir__crash_text(const struct weir__crash *crash, char *text, size_t size)
{
  (void)crash, (void)size;
  *text = 0;
}

#endif
