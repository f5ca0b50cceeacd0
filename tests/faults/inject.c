/* inject.c: see inject.h. */
#include "faults/inject.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include <uv.h>

static struct fault_site *board;

static struct {
  struct fault_plan plan; /* written while there is one thread */
  int scenario;
  _Atomic(bool) armed;
  _Atomic(unsigned) calls, made;
  _Atomic(struct fault_site *) first;
} now;

static _Thread_local int paused;
static _Thread_local uintptr_t outer; /* the call of ours that this thread is in, inside a library */

extern const char __executable_start[]; /* the linker's */

static uintptr_t offset_of(const void *pc) { return (uintptr_t)pc - (uintptr_t)__executable_start; }

void fault_board_make(void)
{
  board = mmap(NULL, FAULT_SITES * sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (board == MAP_FAILED) abort();
}

struct fault_site *fault_board(void) { return board; }

/* Sites are few, and each is found at its first free place. */
static struct fault_site *site_of(uintptr_t pc)
{
  for (unsigned i = 0; i < FAULT_SITES; i++) {
    uintptr_t there = 0;
    if (atomic_compare_exchange_strong(&board[i].pc, &there, pc) || there == pc) return &board[i];
  }
  abort();
}

static bool is_its_turn(struct fault_site *site)
{
  const struct fault_plan *plan = &now.plan;
  if (plan->mode == FAULT_AT_SITE)
    return atomic_load(&site->pc) == plan->pc && atomic_fetch_add(&now.calls, 1) + 1 == plan->n;
  unsigned n = atomic_fetch_add(&now.calls, 1) + 1;
  return plan->mode == FAULT_ONE ? n == plan->n : plan->mode == FAULT_FROM && n >= plan->n;
}

static bool fails(uintptr_t pc)
{
  if (paused || !atomic_load(&now.armed)) return false;
  struct fault_site *site = site_of(pc), *none = NULL;
  atomic_fetch_add(&site->reached, 1);
  atomic_store(&site->scenario, now.scenario);
  if (!is_its_turn(site)) return false;
  atomic_fetch_add(&now.made, 1);
  atomic_compare_exchange_strong(&now.first, &none, site);
  return true;
}

#define FAILS() fails(offset_of(__builtin_return_address(0)))

/* ---- the run ---- */

static bool fails_inside(void) { return outer && fails(outer); }

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *at, size_t size);

static void *inner_malloc(size_t size) { return fails_inside() ? NULL : __real_malloc(size); }
static void *inner_calloc(size_t n, size_t size) { return fails_inside() ? NULL : __real_calloc(n, size); }
/* Where libuv can't enlarge its table of watchers it calls abort(): that is its own choice, and not to be had by us. */
static void *inner_realloc(void *at, size_t size) { return __real_realloc(at, size); }

/* ---- descriptors ---- */

static struct rlimit files;

static int highest_open(void)
{
  int highest = -1;
  DIR *dir = opendir("/proc/self/fd");
  if (!dir) abort();
  for (struct dirent *entry; (entry = readdir(dir));)
    if (*entry->d_name != '.' && atoi(entry->d_name) != dirfd(dir) && atoi(entry->d_name) > highest)
      highest = atoi(entry->d_name);
  closedir(dir);
  return highest;
}

static void limit_files(void)
{
  if (now.plan.mode != FAULT_FILES) return;
  getrlimit(RLIMIT_NOFILE, &files);
  struct rlimit few = {(rlim_t)highest_open() + now.plan.n, files.rlim_max};
  setrlimit(RLIMIT_NOFILE, &few);
}

static void lift_limit(void)
{
  if (now.plan.mode == FAULT_FILES) setrlimit(RLIMIT_NOFILE, &files);
}

void fault_begin(const struct fault_plan *plan, int scenario)
{
  now.plan = *plan;
  now.scenario = scenario;
  if (uv_replace_allocator(inner_malloc, inner_realloc, inner_calloc, free)) abort();
  limit_files();
  atomic_store(&now.armed, true);
}

void fault_end(void)
{
  atomic_store(&now.armed, false);
  lift_limit();
}

void fault_pause(void)
{
  paused++;
  lift_limit();
}

void fault_go_on(void)
{
  limit_files();
  paused--;
}

unsigned fault_count(void) { return atomic_load(&now.made); }
struct fault_site *fault_first(void) { return atomic_load(&now.first); }

/* ---- the calls ---- */

#define OUT_OF(error, result) (errno = (error), (result))

void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) { return FAILS() ? OUT_OF(ENOMEM, NULL) : __real_malloc(size); }

void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size) { return FAILS() ? OUT_OF(ENOMEM, NULL) : __real_calloc(n, size); }

void *__wrap_realloc(void *at, size_t size);
void *__wrap_realloc(void *at, size_t size) { return FAILS() ? OUT_OF(ENOMEM, NULL) : __real_realloc(at, size); }

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
  return FAILS() ? OUT_OF(ENOMEM, NULL) : __real_aligned_alloc(alignment, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) { return FAILS() ? OUT_OF(ENOMEM, NULL) : __real_strdup(text); }

void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  return FAILS() ? OUT_OF(ENOMEM, MAP_FAILED) : __real_mmap(at, size, protection, flags, fd, offset);
}

int __real_mprotect(void *at, size_t size, int protection);
int __wrap_mprotect(void *at, size_t size, int protection);
int __wrap_mprotect(void *at, size_t size, int protection)
{
  return FAILS() ? OUT_OF(ENOMEM, -1) : __real_mprotect(at, size, protection);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*f)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*f)(void *), void *arg)
{
  return FAILS() ? EAGAIN : __real_pthread_create(thread, attributes, f, arg);
}

int __real_pthread_key_create(pthread_key_t *key, void (*f)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*f)(void *));
int __wrap_pthread_key_create(pthread_key_t *key, void (*f)(void *))
{
  return FAILS() ? EAGAIN : __real_pthread_key_create(key, f);
}

int __real_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value);
int __wrap_pthread_setspecific(pthread_key_t key, const void *value)
{
  return FAILS() ? ENOMEM : __real_pthread_setspecific(key, value);
}

FILE *__real_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fopen(const char *path, const char *mode)
{
  return FAILS() ? OUT_OF(EMFILE, NULL) : __real_fopen(path, mode);
}

int __real_pipe(int ends[2]);
int __wrap_pipe(int ends[2]);
int __wrap_pipe(int ends[2]) { return FAILS() ? OUT_OF(EMFILE, -1) : __real_pipe(ends); }

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
  va_list rest;
  va_start(rest, flags);
  int mode = flags & O_CREAT ? va_arg(rest, int) : 0;
  va_end(rest);
  return FAILS() ? OUT_OF(EMFILE, -1) : __real_open(path, flags, mode);
}

/* ---- calls of libuv, which allocates inside ---- */

#define WITHIN(call)                                                                                                   \
  uintptr_t before = outer;                                                                                            \
  outer = offset_of(__builtin_return_address(0));                                                                      \
  call;                                                                                                                \
  outer = before

int __real_uv_loop_init(uv_loop_t *loop);
int __wrap_uv_loop_init(uv_loop_t *loop);
int __wrap_uv_loop_init(uv_loop_t *loop)
{
  if (FAILS()) return UV_EMFILE;
  WITHIN(int rc = __real_uv_loop_init(loop));
  return rc;
}

int __real_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb f);
int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb f);
int __wrap_uv_async_init(uv_loop_t *loop, uv_async_t *handle, uv_async_cb f)
{
  if (FAILS()) return UV_EMFILE;
  WITHIN(int rc = __real_uv_async_init(loop, handle, f));
  return rc;
}

int __real_uv_thread_create(uv_thread_t *thread, void (*f)(void *), void *arg);
int __wrap_uv_thread_create(uv_thread_t *thread, void (*f)(void *), void *arg);
int __wrap_uv_thread_create(uv_thread_t *thread, void (*f)(void *), void *arg)
{
  return FAILS() ? UV_EAGAIN : __real_uv_thread_create(thread, f, arg);
}

int __real_uv_mutex_init(uv_mutex_t *mutex);
int __wrap_uv_mutex_init(uv_mutex_t *mutex);
int __wrap_uv_mutex_init(uv_mutex_t *mutex) { return FAILS() ? UV_ENOMEM : __real_uv_mutex_init(mutex); }

int __real_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd);
int __wrap_uv_poll_init(uv_loop_t *loop, uv_poll_t *handle, int fd)
{
  if (FAILS()) return UV_ENOMEM;
  WITHIN(int rc = __real_uv_poll_init(loop, handle, fd));
  return rc;
}

int __real_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb f);
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb f);
_Atomic(bool) fault_saw_poll;
int __wrap_uv_poll_start(uv_poll_t *handle, int events, uv_poll_cb f)
{
  atomic_store(&fault_saw_poll, true);
  return FAILS() ? UV_ENOMEM : __real_uv_poll_start(handle, events, f);
}

int __real_uv_signal_init(uv_loop_t *loop, uv_signal_t *handle);
int __wrap_uv_signal_init(uv_loop_t *loop, uv_signal_t *handle);
int __wrap_uv_signal_init(uv_loop_t *loop, uv_signal_t *handle)
{
  if (FAILS()) return UV_ENOMEM;
  WITHIN(int rc = __real_uv_signal_init(loop, handle));
  return rc;
}

int __real_uv_signal_start(uv_signal_t *handle, uv_signal_cb f, int signum);
int __wrap_uv_signal_start(uv_signal_t *handle, uv_signal_cb f, int signum);
int __wrap_uv_signal_start(uv_signal_t *handle, uv_signal_cb f, int signum)
{
  return FAILS() ? UV_EINVAL : __real_uv_signal_start(handle, f, signum);
}

int __real_uv_fs_read(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                      int64_t offset, uv_fs_cb f);
int __wrap_uv_fs_read(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                      int64_t offset, uv_fs_cb f);
int __wrap_uv_fs_read(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                      int64_t offset, uv_fs_cb f)
{
  return FAILS() ? UV_ENOMEM : __real_uv_fs_read(loop, request, file, pieces, count, offset, f);
}

int __real_uv_fs_write(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                       int64_t offset, uv_fs_cb f);
int __wrap_uv_fs_write(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                       int64_t offset, uv_fs_cb f);
int __wrap_uv_fs_write(uv_loop_t *loop, uv_fs_t *request, uv_file file, const uv_buf_t *pieces, unsigned count,
                       int64_t offset, uv_fs_cb f)
{
  return FAILS() ? UV_ENOMEM : __real_uv_fs_write(loop, request, file, pieces, count, offset, f);
}

int __real_uv_random(uv_loop_t *loop, uv_random_t *request, void *to, size_t size, unsigned flags, uv_random_cb f);
int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *to, size_t size, unsigned flags, uv_random_cb f);
int __wrap_uv_random(uv_loop_t *loop, uv_random_t *request, void *to, size_t size, unsigned flags, uv_random_cb f)
{
  return FAILS() ? UV_EMFILE : __real_uv_random(loop, request, to, size, flags, f);
}
