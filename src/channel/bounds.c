/* bounds.c: see bounds.h. */
#include "channel/bounds.h"

/* A bound as an integer; a double near 2^63 does not fit. */
static int64_t to_integer(double bound)
{
  if (bound >= 0x1p63) return INT64_MAX;
  return bound <= -0x1p63 ? INT64_MIN : (int64_t)bound;
}

static uint64_t to_unsigned(double bound)
{
  if (bound >= 0x1p64) return UINT64_MAX;
  return bound <= 0 ? 0 : (uint64_t)bound;
}

static int64_t least_of(weir_kind kind)
{
  return kind == WEIR_KIND_I32 ? INT32_MIN : kind == WEIR_KIND_I64 ? INT64_MIN : 0;
}

void weir__integer_range(const weir_field *field, weir_kind kind, int64_t *least, int64_t *most)
{
  *least = least_of(kind);
  *most = kind == WEIR_KIND_I32 ? INT32_MAX : kind == WEIR_KIND_U32 ? UINT32_MAX : INT64_MAX;
  if (!weir__has_bounds(field)) return;
  int64_t min = to_integer(field->min), max = to_integer(field->max);
  /* Inwards, where a bound is no whole number. */
  if ((double)min < field->min) min++;
  if ((double)max > field->max) max--;
  if (min > *least || kind == WEIR_KIND_DURATION) *least = min;
  if (max < *most) *most = max;
}

void weir__unsigned_range(const weir_field *field, uint64_t *least, uint64_t *most)
{
  *least = 0;
  *most = UINT64_MAX;
  if (!weir__has_bounds(field)) return;
  *least = to_unsigned(field->min);
  *most = to_unsigned(field->max);
  if ((double)*least < field->min) ++*least;
}

void weir__size_range(const weir_field *field, weir_kind kind, uint64_t *least, uint64_t *most)
{
  if (kind == WEIR_KIND_U64) {
    weir__unsigned_range(field, least, most);
    return;
  }
  int64_t low, high;
  weir__integer_range(field, kind, &low, &high);
  *least = low > 0 ? (uint64_t)low : 0;
  *most = high > 0 ? (uint64_t)high : 0;
}
