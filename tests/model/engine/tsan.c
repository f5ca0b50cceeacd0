/* tsan.c: what compilers call for -fsanitize=thread: each access of the sources comes here. */
#include <stdatomic.h>

#include "engine/engine.h"

#define PC __builtin_return_address(0)

static uint64_t f_exchange(uint64_t a, uint64_t b) { return (void)a, b; }
static uint64_t f_add(uint64_t a, uint64_t b) { return a + b; }
static uint64_t f_sub(uint64_t a, uint64_t b) { return a - b; }
static uint64_t f_and(uint64_t a, uint64_t b) { return a & b; }
static uint64_t f_or(uint64_t a, uint64_t b) { return a | b; }
static uint64_t f_xor(uint64_t a, uint64_t b) { return a ^ b; }
static uint64_t f_nand(uint64_t a, uint64_t b) { return ~(a & b); }

#define CHANGE_OF(bits, name, f)                                                                                       \
  uint##bits##_t __tsan_atomic##bits##_##name(volatile void *at, uint##bits##_t arg, int order);                       \
  uint##bits##_t __tsan_atomic##bits##_##name(volatile void *at, uint##bits##_t arg, int order)                        \
  {                                                                                                                    \
    return (uint##bits##_t)ordered_change((void *)(uintptr_t)at, bits / 8, f, arg, order, PC);                         \
  }

#define COMPARE_OF(bits, name, weak)                                                                                   \
  int __tsan_atomic##bits##_compare_exchange_##name(volatile void *at, void *expected, uint##bits##_t value,           \
                                                    int order, int else_order);                                        \
  int __tsan_atomic##bits##_compare_exchange_##name(volatile void *at, void *expected, uint##bits##_t value,           \
                                                    int order, int else_order)                                         \
  {                                                                                                                    \
    uint##bits##_t *to = expected;                                                                                     \
    bool done;                                                                                                         \
    uint##bits##_t before = (uint##bits##_t)ordered_compare((void *)(uintptr_t)at, bits / 8, *to, value, order,        \
                                                            else_order, weak, &done, PC);                              \
    if (!done) *to = before;                                                                                           \
    return done;                                                                                                       \
  }

/* Where a compiler asks for the value alone, none can fail for no reason. */
#define ATOMIC(bits)                                                                                                   \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile void *at, int order);                                       \
  uint##bits##_t __tsan_atomic##bits##_load(const volatile void *at, int order)                                        \
  {                                                                                                                    \
    return (uint##bits##_t)ordered_load((void *)(uintptr_t)at, bits / 8, order, PC);                                   \
  }                                                                                                                    \
  void __tsan_atomic##bits##_store(volatile void *at, uint##bits##_t value, int order);                                \
  void __tsan_atomic##bits##_store(volatile void *at, uint##bits##_t value, int order)                                 \
  {                                                                                                                    \
    ordered_store((void *)(uintptr_t)at, bits / 8, value, order, PC);                                                  \
  }                                                                                                                    \
  CHANGE_OF(bits, exchange, f_exchange)                                                                                \
  CHANGE_OF(bits, fetch_add, f_add)                                                                                    \
  CHANGE_OF(bits, fetch_sub, f_sub)                                                                                    \
  CHANGE_OF(bits, fetch_and, f_and)                                                                                    \
  CHANGE_OF(bits, fetch_or, f_or)                                                                                      \
  CHANGE_OF(bits, fetch_xor, f_xor)                                                                                    \
  CHANGE_OF(bits, fetch_nand, f_nand)                                                                                  \
  COMPARE_OF(bits, strong, false)                                                                                      \
  COMPARE_OF(bits, weak, true)                                                                                         \
  uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile void *at, uint##bits##_t expected,                \
                                                            uint##bits##_t value, int order, int else_order);          \
  uint##bits##_t __tsan_atomic##bits##_compare_exchange_val(volatile void *at, uint##bits##_t expected,                \
                                                            uint##bits##_t value, int order, int else_order)           \
  {                                                                                                                    \
    bool done;                                                                                                         \
    return (uint##bits##_t)ordered_compare((void *)(uintptr_t)at, bits / 8, expected, value, order, else_order, false, \
                                           &done, PC);                                                                 \
  }

ATOMIC(8)
ATOMIC(16)
ATOMIC(32)
ATOMIC(64)

void __tsan_atomic_thread_fence(int order);
void __tsan_atomic_thread_fence(int order) { ordered_fence(order, PC); }
void __tsan_atomic_signal_fence(int order);
void __tsan_atomic_signal_fence(int order) { (void)order; }

#define PLAIN(name, bytes, writes)                                                                                     \
  void __tsan_##name(void *at);                                                                                        \
  void __tsan_##name(void *at) { plain_access(at, bytes, writes, PC); }

#define PLAINS(bytes)                                                                                                  \
  PLAIN(read##bytes, bytes, false)                                                                                     \
  PLAIN(write##bytes, bytes, true)                                                                                     \
  PLAIN(unaligned_read##bytes, bytes, false)                                                                           \
  PLAIN(unaligned_write##bytes, bytes, true)

PLAINS(1)
PLAINS(2)
PLAINS(4)
PLAINS(8)
PLAINS(16)

#define RANGE(name, writes)                                                                                            \
  void __tsan_##name(void *at, size_t bytes);                                                                          \
  void __tsan_##name(void *at, size_t bytes) { plain_access(at, bytes, writes, PC); }
RANGE(read_range, false)
RANGE(write_range, true)

void __tsan_init(void);
void __tsan_init(void) {}
void __tsan_func_entry(void *caller);
void __tsan_func_entry(void *caller) { (void)caller; }
void __tsan_func_exit(void);
void __tsan_func_exit(void) {}
