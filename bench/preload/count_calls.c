/* count_calls.c: counts the calls of the allocator and of mmap, and passes them on. Preloaded by `weir-bench allocs`,
 * so that it stands before the C library for the program and all that it is linked to. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "count_calls.h"

#define COUNTED_EXPORT __attribute__((visibility("default")))

/* Relaxed: whoever reads has waited for those that called. */
#define COUNTED_COUNTER(name) static _Atomic(uint64_t) name##_count;
COUNTED_CALLS(COUNTED_COUNTER)
#define COUNT(name) atomic_fetch_add_explicit(&name##_count, 1, memory_order_relaxed)

/* dlsym() may itself ask for memory, before it has said where memory is to be had: some bytes for that, never freed.
 * The dynamic linker does so while there is one thread. */
static _Alignas(max_align_t) char early[8192];
static size_t early_used;

static void *early_alloc(size_t size)
{
  size_t rounded = (size + sizeof(max_align_t) - 1) / sizeof(max_align_t) * sizeof(max_align_t);
  if (rounded < size || rounded > sizeof early - early_used) return NULL;
  early_used += rounded;
  return early + early_used - rounded;
}

static bool is_early(const void *p) { return (const char *)p >= early && (const char *)p < early + sizeof early; }

static struct {
  void *(*malloc)(size_t);
  void *(*calloc)(size_t, size_t);
  void *(*realloc)(void *, size_t);
  void (*free)(void *);
  void *(*aligned_alloc)(size_t, size_t);
  int (*posix_memalign)(void **, size_t, size_t);
  void *(*mmap)(void *, size_t, int, int, int, off_t);
  int (*munmap)(void *, size_t);
  bool looking;
} real; /* written by find(), which runs before there is a second thread */

__attribute__((constructor)) static void find(void)
{
  if (real.munmap || real.looking) return;
  real.looking = true;
#define COUNTED_FIND(name) *(void **)&real.name = dlsym(RTLD_NEXT, #name);
  COUNTED_CALLS(COUNTED_FIND)
  real.looking = false;
}

COUNTED_EXPORT void *malloc(size_t size)
{
  COUNT(malloc);
  if (!real.malloc) find();
  return real.malloc ? real.malloc(size) : early_alloc(size);
}

COUNTED_EXPORT void *calloc(size_t count, size_t size)
{
  COUNT(calloc);
  if (!real.calloc) find();
  return real.calloc ? real.calloc(count, size) : early_alloc(count * size);
}

COUNTED_EXPORT void *realloc(void *p, size_t size)
{
  COUNT(realloc);
  if (!is_early(p)) return real.realloc(p, size);
  void *moved = real.malloc(size);
  size_t known = (size_t)(early + sizeof early - (char *)p);
  return moved ? memcpy(moved, p, size < known ? size : known) : NULL;
}

COUNTED_EXPORT void free(void *p)
{
  if (!p || is_early(p)) return;
  COUNT(free);
  real.free(p);
}

COUNTED_EXPORT void *aligned_alloc(size_t alignment, size_t size)
{
  COUNT(aligned_alloc);
  if (!real.aligned_alloc) find();
  return real.aligned_alloc(alignment, size);
}

COUNTED_EXPORT int posix_memalign(void **p, size_t alignment, size_t size)
{
  COUNT(posix_memalign);
  if (!real.posix_memalign) find();
  return real.posix_memalign(p, alignment, size);
}

COUNTED_EXPORT void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
  COUNT(mmap);
  if (!real.mmap) find();
  return real.mmap(at, size, protection, flags, fd, offset);
}

COUNTED_EXPORT int munmap(void *at, size_t size)
{
  COUNT(munmap);
  if (!real.munmap) find();
  return real.munmap(at, size);
}

COUNTED_EXPORT void counted_calls_read(struct counted_calls *calls)
{
#define COUNTED_READ(name) calls->name##_calls = atomic_load_explicit(&name##_count, memory_order_relaxed);
  COUNTED_CALLS(COUNTED_READ)
}
