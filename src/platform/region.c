/* region.c: see region.h. */
#include "platform/region.h"

#include <stdint.h>
#include <sys/mman.h>

#include "platform/sanitizer.h"

void *weir__region_reserve(size_t bytes)
{
  void *at = mmap(NULL, bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return NULL;
  madvise(at, bytes, MADV_DONTDUMP);   /* until it is committed: a core file would be as large as the address space */
  madvise(at, bytes, MADV_NOHUGEPAGE); /* else a read could make a huge page of it, and what is given back would stay */
  return at;
}

bool weir__region_commit(void *at, size_t bytes)
{
  if (mprotect(at, bytes, PROT_READ | PROT_WRITE) != 0) return false;
  madvise(at, bytes, MADV_DODUMP);
#if WEIR__ASAN
  __lsan_register_root_region(at, bytes);
#endif
  return true;
}

void weir__region_give_back(void *at, size_t bytes) { madvise(at, bytes, MADV_DONTNEED); }

void *weir__region_take(size_t bytes)
{
  char *at = mmap(NULL, 2 * bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) return NULL;
  size_t before = -(uintptr_t)at & (bytes - 1);
  if (before) munmap(at, before);
  munmap(at + before + bytes, bytes - before);
  return at + before;
}

void weir__region_return(void *at, size_t bytes) { munmap(at, bytes); }
