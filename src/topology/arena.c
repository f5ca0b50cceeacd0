/* arena.c: see arena.h. */
#include "topology/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* Most topologies fit in one block. */
enum { BLOCK_BYTES = 16 * 1024 };

struct weir__block {
  struct weir__block *next;
  size_t used;
  size_t size;
  alignas(max_align_t) unsigned char bytes[];
};

static struct weir__block *add_block(struct weir__arena *arena, size_t at_least)
{
  size_t size = at_least > BLOCK_BYTES ? at_least : BLOCK_BYTES;
  struct weir__block *block = size < SIZE_MAX / 2 ? calloc(1, sizeof *block + size) : NULL;
  if (!block) return NULL;
  block->size = size;
  block->next = arena->blocks;
  arena->blocks = block;
  return block;
}

void *weir__arena_alloc(struct weir__arena *arena, size_t size)
{
  size_t align = alignof(max_align_t);
  size_t rounded = size > SIZE_MAX - align ? SIZE_MAX : (size + align - 1) / align * align;
  struct weir__block *block = arena->blocks;
  if (!block || block->size - block->used < rounded) block = add_block(arena, rounded);
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
    free(arena->blocks);
    arena->blocks = next;
  }
}
