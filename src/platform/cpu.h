/* cpu.h: what depends on the processor, in a word or two. */
#ifndef WEIR__CPU_H
#define WEIR__CPU_H

/* The unit in which caches pass memory around. */
#define WEIR__LINE 64
#define WEIR__ALIGNED __attribute__((aligned(WEIR__LINE)))

#define WEIR__LIKELY(x) __builtin_expect(!!(x), 1)
#define WEIR__UNLIKELY(x) __builtin_expect(!!(x), 0)

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
