/* memory.h: allocation in the memory of a run, for the seams. */
#ifndef MODEL_MEMORY_H
#define MODEL_MEMORY_H

#include <stddef.h>

void *arena_alloc(size_t bytes, size_t align);
size_t arena_size(const void *block);
void arena_free(void *block);
/* Address space; NULL: too much. */
void *arena_reserve(size_t bytes, size_t align);
/* It reads as zeroes. */
void arena_clear(void *at, size_t bytes);

#endif
