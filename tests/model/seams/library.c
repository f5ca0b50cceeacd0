/* library.c: what the sources call of the C library, in the model's way. The names are put in place of the library's
 * ones in the compiled sources: redefine.syms. */
#include <errno.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include "engine/engine.h"
#include "engine/memory.h"

#define PC __builtin_return_address(0)

/* ---- memory ---- */

void *model_malloc(size_t bytes);
void *model_malloc(size_t bytes) { return arena_alloc(bytes, 16); }

void *model_calloc(size_t n, size_t bytes);
void *model_calloc(size_t n, size_t bytes) { return arena_alloc(n * bytes, 16); /* used once a run: zeroes */ }

void *model_aligned_alloc(size_t align, size_t bytes);
void *model_aligned_alloc(size_t align, size_t bytes) { return arena_alloc(bytes, align); }

void model_free(void *block);
void model_free(void *block)
{
  if (!block) return;
  plain_access(block, arena_size(block), true, PC); /* nobody may be at it */
  arena_free(block);
}

void *model_memcpy(void *to, const void *from, size_t n);
void *model_memcpy(void *to, const void *from, size_t n)
{
  plain_access(from, n, false, PC);
  plain_access(to, n, true, PC);
  return memcpy(to, from, n);
}

void *model_memmove(void *to, const void *from, size_t n);
void *model_memmove(void *to, const void *from, size_t n)
{
  plain_access(from, n, false, PC);
  plain_access(to, n, true, PC);
  return memmove(to, from, n);
}

void *model_memset(void *to, int byte, size_t n);
void *model_memset(void *to, int byte, size_t n)
{
  plain_access(to, n, true, PC);
  return memset(to, byte, n);
}

void *model_realloc(void *block, size_t bytes);
void *model_realloc(void *block, size_t bytes)
{
  void *to = arena_alloc(bytes, 16);
  if (!block) return to;
  size_t before = arena_size(block);
  model_memcpy(to, block, before < bytes ? before : bytes);
  model_free(block);
  return to;
}

char *model_strdup(const char *text);
char *model_strdup(const char *text)
{
  size_t bytes = strlen(text) + 1;
  return model_memcpy(arena_alloc(bytes, 16), text, bytes);
}

int model_vsnprintf(char *to, size_t bytes, const char *format, va_list args);
int model_vsnprintf(char *to, size_t bytes, const char *format, va_list args)
{
  int n = vsnprintf(to, bytes, format, args);
  size_t written = n < 0 || !bytes ? 0 : (size_t)n < bytes ? (size_t)n + 1 : bytes;
  plain_access(to, written, true, PC);
  return n;
}

int model_snprintf(char *to, size_t bytes, const char *format, ...) __attribute__((format(printf, 3, 4)));
int model_snprintf(char *to, size_t bytes, const char *format, ...)
{
  va_list args;
  va_start(args, format);
  int n = model_vsnprintf(to, bytes, format, args);
  va_end(args);
  return n;
}

void model_abort(void) __attribute__((noreturn));
void model_abort(void) { fail("the program aborts"); }

void model_assert_fail(const char *what, const char *file, unsigned line, const char *function)
    __attribute__((noreturn));
void model_assert_fail(const char *what, const char *file, unsigned line, const char *function)
{
  const char *name = strrchr(file, '/');
  struct step step = {.kind = MARK, .pc = PC};
  list_step(&step, "assertion %s", what);
  fail("thread %u: %s:%u: %s: assertion %s", engine->current, name ? name + 1 : file, line, function, what);
}

/* ---- threads ---- */

int model_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes);
int model_mutex_init(pthread_mutex_t *lock, const pthread_mutexattr_t *attributes)
{
  (void)attributes;
  plain_access(lock, sizeof *lock, true, PC);
  return 0;
}
int model_mutex_destroy(pthread_mutex_t *lock);
int model_mutex_destroy(pthread_mutex_t *lock) { return (void)lock, 0; }
int model_mutex_lock(pthread_mutex_t *lock);
int model_mutex_lock(pthread_mutex_t *lock) { return lock_take(lock, PC), 0; }
int model_mutex_trylock(pthread_mutex_t *lock);
int model_mutex_trylock(pthread_mutex_t *lock) { return lock_try(lock, PC) ? 0 : EBUSY; }
int model_mutex_unlock(pthread_mutex_t *lock);
int model_mutex_unlock(pthread_mutex_t *lock) { return lock_leave(lock, PC), 0; }

int model_cond_init(pthread_cond_t *c, const pthread_condattr_t *attributes);
int model_cond_init(pthread_cond_t *c, const pthread_condattr_t *attributes)
{
  (void)attributes;
  plain_access(c, sizeof *c, true, PC);
  return 0;
}
int model_cond_destroy(pthread_cond_t *c);
int model_cond_destroy(pthread_cond_t *c) { return (void)c, 0; }
int model_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock);
int model_cond_wait(pthread_cond_t *c, pthread_mutex_t *lock) { return condition_wait(c, lock, PC), 0; }
int model_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *lock, const struct timespec *until);
int model_cond_timedwait(pthread_cond_t *c, pthread_mutex_t *lock, const struct timespec *until)
{
  (void)until;
  return condition_wait_timed(c, lock, PC) ? 0 : ETIMEDOUT;
}
int model_cond_signal(pthread_cond_t *c);
int model_cond_signal(pthread_cond_t *c) { return condition_wake(c, false, PC), 0; }
int model_cond_broadcast(pthread_cond_t *c);
int model_cond_broadcast(pthread_cond_t *c) { return condition_wake(c, true, PC), 0; }

/* As a lock that is held while `f` runs. */
int model_once(pthread_once_t *once, void (*f)(void));
int model_once(pthread_once_t *once, void (*f)(void))
{
  lock_take(once, PC);
  if (!*once) {
    f();
    *once = 1;
  }
  lock_leave(once, PC);
  return 0;
}

int model_key_create(pthread_key_t *key, void (*destructor)(void *));
int model_key_create(pthread_key_t *key, void (*destructor)(void *))
{
  if (engine->keys == 4) return EAGAIN;
  engine->destructors[engine->keys] = destructor;
  *key = engine->keys++;
  return 0;
}
int model_setspecific(pthread_key_t key, const void *value);
int model_setspecific(pthread_key_t key, const void *value)
{
  thread_here()->specific[key] = (void *)(uintptr_t)value;
  return 0;
}

int model_thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*f)(void *), void *arg);
int model_thread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*f)(void *), void *arg)
{
  (void)attributes;
  *thread = thread_make(f, arg);
  return 0;
}
int model_thread_join(pthread_t thread, void **result);
int model_thread_join(pthread_t thread, void **result)
{
  thread_join((unsigned)thread, PC);
  if (result) *result = engine->threads[thread].result;
  return 0;
}
int model_sigmask(int how, const sigset_t *set, sigset_t *before);
int model_sigmask(int how, const sigset_t *set, sigset_t *before)
{
  (void)how, (void)set;
  if (before) memset(before, 0, sizeof *before);
  return 0;
}
int model_sched_yield(void);
int model_sched_yield(void)
{
  model_pause();
  return 0;
}

long model_syscall(long number, ...);
long model_syscall(long number, ...)
{
  va_list args;
  va_start(args, number);
  void *word = NULL;
  long first = 0;
  if (number == SYS_futex)
    word = va_arg(args, void *);
  else
    first = va_arg(args, int);
  int operation = number == SYS_futex ? va_arg(args, int) & ~FUTEX_PRIVATE_FLAG : 0;
  unsigned value = number == SYS_futex ? va_arg(args, unsigned) : 0;
  va_end(args);
  if (number == SYS_membarrier) {
    if (first == MEMBARRIER_CMD_PRIVATE_EXPEDITED) ordered_barrier(PC);
    return 0;
  }
  if (number == SYS_futex && operation == FUTEX_WAIT) return word_wait(word, value, PC) ? 0 : -1;
  if (number == SYS_futex && operation == FUTEX_WAKE) return word_wake(word, value, PC), 0;
#ifdef SYS_arch_prctl
  if (number == SYS_arch_prctl) return -1; /* no shadow stacks */
#endif
  fail("the system call %ld is not modelled", number);
}
