/* stack.c: see stack.h.
 *
 * Guards are light where the kernel has them (Linux 6.13, MADV_GUARD_INSTALL): they take no mapping of their own, so
 * that adjacent stacks are one mapping. Elsewhere a guard is a mapping without access: then each stack takes two of the
 * process's limited number, and we stop at a safe share of it. Emulators take advice that they don't know for heard
 * (QEMU in user mode): so the first light guard of a process is put to the test. */
#include "platform/stack.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL 102
#endif
#ifndef MAP_STACK
#define MAP_STACK 0
#endif

enum { GUARD_BYTES = WEIR__STACK_GUARD, KEPT = 1024, MAPPINGS_DEFAULT = 65530 };

/* A stack that lies idle, at its own top. */
struct idle {
  struct idle *next;
  size_t bytes;
};

static struct {
  pthread_mutex_t lock;
  struct idle *idle; /* all of one size, that of the runtime that put them here; others are unmapped */
  size_t idle_bytes, idle_count;
  size_t guarded; /* stacks with a guard that is a mapping */
  size_t guarded_most;
  enum { UNTRIED, LIGHT, PAGES } guards;
  bool forced;
  char why[160];
} stacks = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Nine tenths of the process's mappings, two for each stack. */
static size_t most_guarded(void)
{
  long limit = MAPPINGS_DEFAULT;
  FILE *f = fopen("/proc/sys/vm/max_map_count", "r");
  if (f) {
    if (fscanf(f, "%ld", &limit) != 1) limit = MAPPINGS_DEFAULT;
    fclose(f);
  }
  return (size_t)limit / 2 * 9 / 10;
}

/* Lock held. */
static bool may_guard(void)
{
  if (!stacks.guarded_most) stacks.guarded_most = most_guarded();
  if (stacks.guarded < stacks.guarded_most) return true;
  snprintf(
      stacks.why, sizeof stacks.why,
      "%zu stacks are as many as this kernel's limit of mappings allows (raise vm.max_map_count, or use Linux 6.13)",
      stacks.guarded);
  return false;
}

/* A system call says what a read would do. */
static bool can_be_read(const char *at)
{
  int ends[2];
  if (pipe(ends) != 0) return true;
  bool readable = write(ends[1], at, 1) == 1 || errno != EFAULT;
  close(ends[0]);
  close(ends[1]);
  return readable;
}

/* Lock held. */
static bool guard_lightly(char *base)
{
  if (stacks.guards == PAGES || madvise(base, GUARD_BYTES, MADV_GUARD_INSTALL) != 0) return false;
  if (stacks.guards == UNTRIED) stacks.guards = can_be_read(base) ? PAGES : LIGHT;
  return stacks.guards == LIGHT;
}

/* Lock held. */
static bool guard(char *base)
{
  if (!stacks.forced && guard_lightly(base)) return true;
  if (!may_guard() || mprotect(base, GUARD_BYTES, PROT_NONE) != 0) return false;
  stacks.guarded++;
  return true;
}

static size_t whole_pages(size_t bytes)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  return (bytes + page - 1) / page * page;
}

/* Lock held. */
static char *map(size_t bytes)
{
  int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK;
  snprintf(stacks.why, sizeof stacks.why, "a stack of %zu KiB could not be mapped", bytes >> 10);
  char *base = mmap(NULL, GUARD_BYTES + bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
  if (base == MAP_FAILED) return NULL;
  madvise(base, GUARD_BYTES + bytes, MADV_NOHUGEPAGE);
  if (guard(base)) return base + GUARD_BYTES;
  munmap(base, GUARD_BYTES + bytes);
  return NULL;
}

/* Lock held. Whether its guard was a mapping is not known any more: the count is only ever too high by those unmapped.
 */
static void unmap(struct weir__stack s)
{
  munmap(s.low - GUARD_BYTES, GUARD_BYTES + s.bytes);
  if (stacks.guarded) stacks.guarded--;
}

static struct idle *idle_at(struct weir__stack s) { return (struct idle *)(void *)(s.low + s.bytes) - 1; }

bool weir__stack_take(size_t bytes, struct weir__stack *stack, const char **why)
{
  bytes = whole_pages(bytes);
  pthread_mutex_lock(&stacks.lock);
  struct idle *idle = stacks.idle;
  if (idle && stacks.idle_bytes == bytes) {
    stacks.idle = idle->next;
    stacks.idle_count--;
    *stack = (struct weir__stack){(char *)(idle + 1) - bytes, bytes};
  } else {
    *stack = (struct weir__stack){map(bytes), bytes};
  }
  pthread_mutex_unlock(&stacks.lock);
  if (!stack->low) *why = stacks.why;
  return stack->low != NULL;
}

void weir__stack_put(struct weir__stack stack)
{
  weir__stack_trim(stack, stack.low + stack.bytes);
  pthread_mutex_lock(&stacks.lock);
  if (!stacks.idle) stacks.idle_bytes = stack.bytes;
  if (stacks.idle_bytes == stack.bytes && stacks.idle_count < KEPT) {
    struct idle *idle = idle_at(stack);
    *idle = (struct idle){stacks.idle, stack.bytes};
    stacks.idle = idle;
    stacks.idle_count++;
  } else {
    unmap(stack);
  }
  pthread_mutex_unlock(&stacks.lock);
}

void weir__stack_trim(struct weir__stack stack, char *used_from)
{
  size_t page = (size_t)sysconf(_SC_PAGESIZE);
  size_t bytes = (size_t)(used_from - stack.low) / page * page;
  if (bytes > page) madvise(stack.low, bytes - page, MADV_DONTNEED); /* the topmost page is soon used again */
}

void weir__stack_force_guard_pages(bool yes)
{
  pthread_mutex_lock(&stacks.lock);
  stacks.forced = yes;
  pthread_mutex_unlock(&stacks.lock);
}
