/* cpu.h: what depends on the processor, in a word or two. */
#ifndef WEIR__CPU_H
#define WEIR__CPU_H

#include <stdatomic.h>
#include <stdint.h>

#include "platform/sanitizer.h"

/* The unit in which caches pass memory around. */
#define WEIR__LINE 64
#define WEIR__ALIGNED __attribute__((aligned(WEIR__LINE)))

#define WEIR__LIKELY(x) __builtin_expect(!!(x), 1)
#define WEIR__UNLIKELY(x) __builtin_expect(!!(x), 0)
/* What the common case calls when it is not one: not inlined, so that it costs it no register. */
#define WEIR__SLOW __attribute__((noinline, cold))
/* What is inlined into the common case, although something else calls it, too. */
#define WEIR__INLINED inline __attribute__((always_inline))
/* What the common case calls when it is not one, where that is not seldom. */
#define WEIR__APART __attribute__((noinline))

/* Between a store, then an atomic read-modify-write, and a load: nothing of the one is seen after the other. Where the
 * read-modify-write is such a fence itself, the compiler alone is told. */
static inline void weir__fence_after_change(void)
{
#if defined(__x86_64__) || defined(__i386__)
  atomic_signal_fence(memory_order_seq_cst);
#else
  atomic_thread_fence(memory_order_seq_cst);
#endif
}

/* One more, of a number that this thread alone changes, and others may read: not a read-modify-write that is atomic.
 * Compilers make three instructions of load, add and store where one does; builds with checks see those three. */
#if defined(__x86_64__) && defined(__GNUC__) && defined(NDEBUG) && !WEIR__TSAN
#define WEIR__COUNT_UP(number)                                                                                         \
  __asm__ volatile("{addq $1, %0|add %0, 1}" : "+m"(*(volatile uint64_t *)(number)) : : "cc")
#else
#define WEIR__COUNT_UP(number)                                                                                         \
  atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + 1, memory_order_relaxed)
#endif
static inline void weir__count_up(_Atomic(uint64_t) *number) { WEIR__COUNT_UP(number); }

/* The compiler is not to know that a pointer was made from another one: it would keep both in registers, and reach half of the
 * fields by each. */
#define WEIR__FORGET_ORIGIN(pointer) __asm__("" : "+r"(pointer))

/* In a loop that looks for something. */
static inline void weir__cpu_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("isb" ::: "memory");
#else
  __asm__ volatile("" ::: "memory");
#endif
}

#endif
