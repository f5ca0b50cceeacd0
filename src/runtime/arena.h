/* arena.h: memory that is freed all at once: what a topology holds of its document, what weir_alloc() gives.
 *
 * It grows by blocks that double from half a KiB to 16 KiB; an allocation that takes more than a quarter of the next
 * block gets one of its own.
 *
 * An allocation that fails is remembered, so that a reader can go on and ask once, at its end. Not shared between
 * threads while it grows. */
#ifndef WEIR__ARENA_H
#define WEIR__ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct weir__block;
/* All zeros is an empty arena. */
struct weir__arena {
  struct weir__block *blocks; /* only the first may have room */
  size_t next_bytes;          /* of the next block; 0: the first one's */
  bool wipes;                 /* it holds secrets: what is freed is overwritten */
  bool failed;                /* an allocation failed since the arena was made */
};

/* `size` zeroed bytes, aligned for anything; NULL and `failed` where there is no memory. */
void *weir__arena_alloc(struct weir__arena *arena, size_t size);
/* `count` elements of `size` bytes each, as above. */
void *weir__arena_array(struct weir__arena *arena, size_t count, size_t size);
/* A copy of `text`. */
const char *weir__arena_text(struct weir__arena *arena, const char *text);
void weir__arena_free(struct weir__arena *arena);

#endif
