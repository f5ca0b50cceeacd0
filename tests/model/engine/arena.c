/* arena.c: the memory of a run, and how the next one finds everything as at first.
 *
 * Variables of the program are copied back. Allocated memory is taken from two regions that begin anew each time: no block
 * is used twice in a run, so that who touches a freed one is seen; of the pages only those that were written are
 * cleared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "engine/engine.h"
#include "engine/memory.h"

#define ARENA_BYTES ((size_t)1 << 36)
#define HEAP_BYTES ((size_t)1 << 26) /* the first part of it */
#define SCRATCH_BYTES ((size_t)1 << 28)
#define RESERVE_MOST ((size_t)1 << 33)

enum { PAGE = 4096, UNIT = 16, DIRTY_MOST = 1 << 14, BACK_MOST = 64 };

extern char data_start[], _end[], __start_model_engine[], __stop_model_engine[];

static char *arena OF_ENGINE = NULL;
static size_t heap_used OF_ENGINE = 1, region_used OF_ENGINE = 1;
static char *scratch_base OF_ENGINE = NULL;
static size_t scratch_used OF_ENGINE = 1;
static uint8_t *freed OF_ENGINE = NULL;    /* a bit for each unit of the heap that is nobody's */
static uint8_t *is_dirty OF_ENGINE = NULL; /* by page */
static uint32_t dirty[DIRTY_MOST] OF_ENGINE = {0};
static unsigned dirty_count OF_ENGINE = 0;
static char *first_data OF_ENGINE = NULL;
static struct {
  const char *from, *to;
} back[BACK_MOST] OF_ENGINE = {{0}};
static unsigned back_count OF_ENGINE = 0;

void *map(size_t bytes)
{
  void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at == MAP_FAILED) {
    perror("mmap");
    exit(2);
  }
  return at;
}

void arena_init(void)
{
  arena = map(ARENA_BYTES);
  madvise(arena, ARENA_BYTES, MADV_NOHUGEPAGE);
  scratch_base = map(SCRATCH_BYTES);
  freed = map(HEAP_BYTES / UNIT / 8);
  is_dirty = map(ARENA_BYTES / PAGE);
  heap_used = 0;
  region_used = HEAP_BYTES;
  size_t bytes = (size_t)(_end - data_start);
  first_data = map(bytes);
  memcpy(first_data, data_start, bytes);
}

static void restore(const char *from, const char *to)
{
  memcpy((char *)(uintptr_t)from, first_data + (from - data_start), (size_t)(to - from));
}

void arena_reset(void)
{
  restore(data_start, __start_model_engine);
  restore(__stop_model_engine, _end);
  for (unsigned i = 0; i < dirty_count; i++) {
    memset(arena + (size_t)dirty[i] * PAGE, 0, PAGE);
    is_dirty[dirty[i]] = 0;
  }
  memset(freed, 0, heap_used / UNIT / 8 + 1);
  dirty_count = back_count = 0;
  heap_used = scratch_used = 0;
  region_used = HEAP_BYTES;
}

void *scratch(size_t bytes)
{
  void *at = scratch_base + scratch_used;
  scratch_used += (bytes + UNIT - 1) & ~(size_t)(UNIT - 1);
  if (scratch_used > SCRATCH_BYTES) fail("the engine has no room for what it notes of a run");
  return at;
}

bool in_arena(const void *at) { return (const char *)at >= arena && (const char *)at < arena + ARENA_BYTES; }

void touch_pages(const void *at, size_t bytes)
{
  if (!in_arena(at) || !bytes) return;
  size_t from = (size_t)((const char *)at - arena) / PAGE, to = ((size_t)((const char *)at - arena) + bytes - 1) / PAGE;
  for (; from <= to; from++) {
    if (is_dirty[from]) continue;
    if (dirty_count == DIRTY_MOST) fail("more than %d pages of memory are written", DIRTY_MOST);
    is_dirty[from] = 1;
    dirty[dirty_count++] = (uint32_t)from;
  }
}

/* ---- allocation ---- */

static size_t rounded(size_t n, size_t unit) { return (n + unit - 1) & ~(unit - 1); }

static void mark_freed(size_t from, size_t to, bool yes)
{
  for (size_t i = from / UNIT; i < to / UNIT; i++) {
    uint8_t mask = (uint8_t)(1u << i % 8);
    freed[i / 8] = (uint8_t)(yes ? freed[i / 8] | mask : freed[i / 8] & ~mask);
  }
}

/* Before each block: its size, in a unit that nobody may touch. */
void *arena_alloc(size_t bytes, size_t align)
{
  if (align < UNIT) align = UNIT;
  size_t at = rounded(heap_used + UNIT, align), end = rounded(at + (bytes ? bytes : 1), UNIT);
  if (end + UNIT > HEAP_BYTES) fail("more than %zu bytes are allocated", HEAP_BYTES);
  heap_used = end;
  char *head = arena + at - UNIT;
  touch_pages(head, UNIT);
  memcpy(head, &bytes, sizeof bytes);
  mark_freed(at - UNIT, at, true);
  return arena + at;
}

static bool is_freed(size_t offset) { return freed[offset / UNIT / 8] >> offset / UNIT % 8 & 1; }

size_t arena_size(const void *block)
{
  size_t bytes;
  memcpy(&bytes, (const char *)block - UNIT, sizeof bytes);
  return bytes;
}

void arena_free(void *block)
{
  size_t at = (size_t)((char *)block - arena), bytes = arena_size(block);
  if (is_freed(at)) fail("thread %u frees a block twice", engine->current);
  mark_freed(at, rounded(at + (bytes ? bytes : 1), UNIT), true);
}

void *arena_reserve(size_t bytes, size_t align)
{
  if (bytes > RESERVE_MOST) return NULL;
  size_t at = rounded(region_used, align);
  if (at + bytes > ARENA_BYTES) return NULL;
  region_used = at + bytes;
  return arena + at;
}

void arena_clear(void *at, size_t bytes)
{
  size_t from = (size_t)((char *)at - arena);
  for (size_t i = from; i < from + bytes; i += PAGE)
    if (is_dirty[i / PAGE]) memset(arena + i, 0, PAGE);
}

bool is_given_back(const void *at)
{
  size_t offset = (size_t)((const char *)at - arena);
  if (in_arena(at) && offset < HEAP_BYTES) return is_freed(offset);
  for (unsigned i = 0; i < back_count; i++)
    if ((const char *)at >= back[i].from && (const char *)at < back[i].to) return true;
  return false;
}

void model_give_back(void *at, size_t bytes)
{
  if (back_count == BACK_MOST) fail("more than %d ranges are given back", BACK_MOST);
  back[back_count].from = at;
  back[back_count++].to = (char *)at + bytes;
}
