/* region.h: address space that is reserved at once and used bit by bit. */
#ifndef WEIR__REGION_H
#define WEIR__REGION_H

#include <stdbool.h>
#include <stddef.h>

/* Pages of every processor divide it. */
enum { WEIR__REGION_UNIT = 64 << 10 };

/* Reserves address space, page-aligned. It can be read (zeroes) without taking memory, and costs nothing until it is
 * committed. NULL: there is not as much. */
void *weir__region_reserve(size_t bytes);
/* Makes it writable; from a multiple of the unit on. False: no memory. */
bool weir__region_commit(void *at, size_t bytes);
/* Memory of its own, aligned to its size, a power of two and a multiple of the unit; zeroes. NULL: no memory. */
void *weir__region_take(size_t bytes);
void weir__region_return(void *at, size_t bytes);
/* Gives the memory of whole pages back; they stay writable and read as zeroes (C3). */
void weir__region_give_back(void *at, size_t bytes);

#endif
