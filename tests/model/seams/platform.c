/* platform.c: what stands in the model for src/platform: memory and stacks of the run, and a clock that stands still. */
#include <sys/mman.h>

#include "engine/engine.h"
#include "engine/memory.h"
#include "platform/clock.h"
#include "platform/region.h"
#include "platform/stack.h"

void *weir__region_reserve(size_t bytes) { return arena_reserve(bytes, WEIR__REGION_UNIT); }

bool weir__region_commit(void *at, size_t bytes)
{
  (void)at, (void)bytes;
  return true;
}

void *weir__region_take(size_t bytes) { return arena_reserve(bytes, bytes); }
void weir__region_return(void *at, size_t bytes) { model_give_back(at, bytes); }
void weir__region_give_back(void *at, size_t bytes) { ordered_clear(at, bytes, __builtin_return_address(0)); }

int64_t weir__now_ns(void) { return engine->now_ns; }
void weir__clock_set(const int64_t *virtual_ns) { (void)virtual_ns; } /* time is the engine's here */
void model_advance(int64_t ns) { engine->now_ns += ns; }

bool weir__stack_take(size_t bytes, struct weir__stack *stack, const char **why)
{
  *why = "no room for a stack";
  stack->bytes = bytes < 65536 ? 65536 : bytes;
  stack->low = arena_reserve(stack->bytes, 4096);
  return stack->low != NULL;
}
void weir__stack_put(struct weir__stack stack) { model_give_back(stack.low, stack.bytes); }
void weir__stack_trim(struct weir__stack stack, char *used_from) { (void)stack, (void)used_from; }
void weir__stack_force_guard_pages(bool yes) { (void)yes; }
