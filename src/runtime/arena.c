/* arena.c: see arena.h. */
#include "runtime/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BYTES = 512, MOST_BYTES = 16 << 10 };

struct weir__block {
  struct weir__block *next;
  size_t used;
  size_t size;
  alignas(max_align_t) unsigned char bytes[];
};

static struct weir__block *make_block(size_t size)
{
  struct weir__block *block = size < SIZE_MAX / 2 ? calloc(1, sizeof *block + size) : NULL;
  if (block) block->size = size;
  return block;
}

static struct weir__block *block_with_room(struct weir__arena *arena, size_t size)
{
  struct weir__block *first = arena->blocks;
  if (first && first->size - first->used >= size) return first;
  size_t bytes = arena->next_bytes ? arena->next_bytes : FIRST_BYTES;
  bool alone = size > bytes / 4;
  struct weir__block *block = make_block(alone ? size : bytes);
  if (!block) return NULL;
  /* One that is full from the start goes behind the first, which may still have room. */
  struct weir__block **link = alone && first ? &first->next : &arena->blocks;
  block->next = *link;
  *link = block;
  if (!alone && bytes < MOST_BYTES) arena->next_bytes = bytes * 2;
  return block;
}

void *weir__arena_alloc(struct weir__arena *arena, size_t size)
{
  size_t align = alignof(max_align_t);
  size_t rounded = size > SIZE_MAX - align ? SIZE_MAX : (size + align - 1) / align * align;
  struct weir__block *block = block_with_room(arena, rounded);
  if (!block) {
    arena->failed = true;
    return NULL;
  }
  void *at = block->bytes + block->used;
  block->used += rounded;
  return at;
}

void *weir__arena_array(struct weir__arena *arena, size_t count, size_t size)
{
  return weir__arena_alloc(arena, size && count > SIZE_MAX / size ? SIZE_MAX : count * size);
}

const char *weir__arena_text(struct weir__arena *arena, const char *text)
{
  size_t size = strlen(text) + 1;
  char *copy = weir__arena_alloc(arena, size);
  return copy ? memcpy(copy, text, size) : NULL;
}

void weir__arena_free(struct weir__arena *arena)
{
  while (arena->blocks) {
    struct weir__block *next = arena->blocks->next;
    if (arena->wipes) explicit_bzero(arena->blocks->bytes, arena->blocks->size);
    free(arena->blocks);
    arena->blocks = next;
  }
}
