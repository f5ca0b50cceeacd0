/* bounds.h: what a number may be: the range of its kind, within the bounds of its field, both ends included. */
#ifndef WEIR__BOUNDS_H
#define WEIR__BOUNDS_H

#include <weir/message.h>

static inline bool weir__has_bounds(const weir_field *field) { return field->min < field->max; }

/* Of a 32-bit integer or int64_t; of a duration, in nanoseconds: not below 0, unless its bounds are. */
void weir__integer_range(const weir_field *field, weir_kind kind, int64_t *least, int64_t *most);
/* Of a uint64_t. */
void weir__unsigned_range(const weir_field *field, uint64_t *least, uint64_t *most);
/* Of an integer of any kind that counts bytes: not below 0. */
void weir__size_range(const weir_field *field, weir_kind kind, uint64_t *least, uint64_t *most);

#endif
