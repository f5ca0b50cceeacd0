/* fiber.c: see fiber.h. */
#include "platform/fiber.h"

#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void begin(void *arg)
{
  struct weir__fiber *f = arg;
  weir__sanitizer_enter(&f->sanitizer, (const void **)&f->from->stack.low, &f->from->stack.bytes);
  f->entry(f);
  __builtin_trap(); /* entry returned */
}

/* The stack proper ends below the struct. */
static void prepare(struct weir__fiber *f)
{
  f->globals = (struct weir__cxx_globals){NULL, 0};
  weir__context_make(&f->context, f->stack.low, f->stack.bytes - f->used, begin, f);
}

struct weir__fiber *weir__fiber_make(size_t bytes, size_t stack_bytes, void (*entry)(struct weir__fiber *),
                                     const char **why)
{
  struct weir__stack stack;
  size_t used = (bytes + 63) & ~(size_t)63;
  if (!weir__stack_take(stack_bytes, &stack, why)) return NULL;
  struct weir__fiber *f = (struct weir__fiber *)(void *)(stack.low + stack.bytes - used);
  memset(f, 0, used);
  f->stack = stack;
  f->used = used;
  f->entry = entry;
  weir__sanitizer_make(&f->sanitizer, stack.low, stack.bytes);
  prepare(f);
  return f;
}

void weir__fiber_reset(struct weir__fiber *f, void (*entry)(struct weir__fiber *))
{
  weir__sanitizer_reset(&f->sanitizer, f->stack.low, f->stack.bytes);
  f->entry = entry;
  prepare(f);
}

void weir__fiber_free(struct weir__fiber *f)
{
  struct weir__stack stack = f->stack;
  weir__sanitizer_free(&f->sanitizer, stack.low, stack.bytes);
  weir__stack_put(stack);
}

void weir__fiber_adopt(struct weir__fiber *f)
{
  memset(f, 0, sizeof *f);
  weir__sanitizer_adopt(&f->sanitizer);
}

void weir__fiber_unadopt(struct weir__fiber *f) { memset(f, 0, sizeof *f); }

#if defined(__x86_64__) && defined(SYS_arch_prctl)
#define ARCH_SHSTK_STATUS 0x5005
static bool has_shadow_stack(void)
{
  uint64_t features = 0;
  return syscall(SYS_arch_prctl, ARCH_SHSTK_STATUS, &features) == 0 && (features & 1);
}
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/prctl.h>
#define GET_SHADOW_STACK_STATUS 74
static bool has_shadow_stack(void)
{
  unsigned long status = 0;
  return prctl(GET_SHADOW_STACK_STATUS, &status, 0, 0, 0) == 0 && (status & 1);
}
#else
static bool has_shadow_stack(void) { return false; }
#endif

bool weir__fiber_supported(const char **why)
{
  if (!has_shadow_stack()) return true;
  *why = "shadow stacks are switched on in this process; stacks can't be switched under them";
  return false;
}
