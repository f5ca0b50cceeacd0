/* sanitizer.h: what the sanitizers and Valgrind are told of stacks and switches; nothing in an ordinary build. */
#ifndef WEIR__SANITIZER_H
#define WEIR__SANITIZER_H

#include <stddef.h>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WEIR__ASAN 1
#endif
#if __has_feature(thread_sanitizer)
#define WEIR__TSAN 1
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) && !defined(WEIR__ASAN)
#define WEIR__ASAN 1
#endif
#if defined(__SANITIZE_THREAD__) && !defined(WEIR__TSAN)
#define WEIR__TSAN 1
#endif
#ifndef WEIR__ASAN
#define WEIR__ASAN 0
#endif
#ifndef WEIR__TSAN
#define WEIR__TSAN 0
#endif

#if WEIR__ASAN
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif
#if WEIR__TSAN
#include <sanitizer/tsan_interface.h>
#endif
#if defined(__has_include)
#if __has_include(<valgrind/valgrind.h>)
#include <valgrind/valgrind.h>
#define WEIR__VALGRIND 1
#endif
#endif

/* What they keep for each stack. */
struct weir__sanitizer {
#if WEIR__ASAN
  void *fake_stack;
#endif
#if WEIR__TSAN
  void *tsan_fiber;
#endif
  unsigned valgrind_id;
};

/* A stack is made, and unmade. */
static inline void weir__sanitizer_make(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
#if WEIR__ASAN
  __lsan_register_root_region(low, bytes);
#endif
#if WEIR__TSAN
  s->tsan_fiber = __tsan_create_fiber(0);
#endif
#ifdef WEIR__VALGRIND
  s->valgrind_id = VALGRIND_STACK_REGISTER(low, (char *)low + bytes);
#endif
}

static inline void weir__sanitizer_free(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
#if WEIR__ASAN
  __lsan_unregister_root_region(low, bytes);
  __asan_unpoison_memory_region(low, bytes);
#endif
#if WEIR__TSAN
  __tsan_destroy_fiber(s->tsan_fiber);
#endif
#ifdef WEIR__VALGRIND
  VALGRIND_STACK_DEREGISTER(s->valgrind_id);
#endif
}

/* What ran on a stack is given up; it begins anew. */
static inline void weir__sanitizer_reset(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
#if WEIR__ASAN
  __asan_unpoison_memory_region(low, bytes);
  s->fake_stack = NULL;
#endif
#if WEIR__TSAN
  __tsan_destroy_fiber(s->tsan_fiber);
  s->tsan_fiber = __tsan_create_fiber(0);
#endif
}

/* A thread's own stack. */
static inline void weir__sanitizer_adopt(struct weir__sanitizer *s)
{
  (void)s;
#if WEIR__TSAN
  s->tsan_fiber = __tsan_get_current_fiber();
#endif
}

/* Right before a switch to another stack … */
static inline void weir__sanitizer_leave(struct weir__sanitizer *from, struct weir__sanitizer *to, const void *low,
                                         size_t bytes)
{
  (void)from, (void)to, (void)low, (void)bytes;
#if WEIR__ASAN
  __sanitizer_start_switch_fiber(&from->fake_stack, low, bytes);
#endif
#if WEIR__TSAN
  __tsan_switch_to_fiber(to->tsan_fiber, 0);
#endif
}

/* … and right after one, on the new stack. The bounds of the one before, where they are known (a thread's own). */
static inline void weir__sanitizer_enter(struct weir__sanitizer *to, const void **low, size_t *bytes)
{
  (void)to, (void)low, (void)bytes;
#if WEIR__ASAN
  __sanitizer_finish_switch_fiber(to->fake_stack, low, bytes);
#endif
}

#endif
