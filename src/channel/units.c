/* units.c: see units.h. */
#include "channel/units.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct unit {
  const char *name;
  uint64_t one; /* of the smallest unit */
};
/* Ends with {0}; the largest last, where there are several kinds of them. */
static const struct unit duration_units[] = {
    {"ns", 1}, {"us", 1000}, {"ms", 1000000}, {"s", 1000000000}, {"min", 60000000000}, {"h", 3600000000000}, {0},
};
static const struct unit size_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KiB", UINT64_C(1) << 10},
    {"MB", 1000000},
    {"MiB", 1 << 20},
    {"GB", 1000000000},
    {"GiB", 1 << 30},
    {"TB", 1000000000000},
    {"TiB", UINT64_C(1) << 40},
    {0},
};

/* ---- reading ---- */

static uint64_t greatest_divisor(uint64_t a, uint64_t b)
{
  while (b) {
    uint64_t rest = a % b;
    a = b;
    b = rest;
  }
  return a;
}

/* "25" of "0.25", in units: exact, or WEIR__UNIT_TOO_FINE. Eighteen digits fit in 64 bits; more are too fine unless
 * zeros. */
static enum weir__unit_text read_fraction(const char *digits, size_t count, uint64_t one, uint64_t *value)
{
  uint64_t fraction = 0, whole = 1;
  while (count && digits[count - 1] == '0') count--;
  if (count > 18) return WEIR__UNIT_TOO_FINE;
  for (size_t i = 0; i < count; i++, whole *= 10) fraction = fraction * 10 + (uint64_t)(digits[i] - '0');
  /* one * fraction / whole, without a product that overflows: what is left of `whole` must divide the fraction. */
  uint64_t common = greatest_divisor(one, whole);
  if (fraction % (whole / common)) return WEIR__UNIT_TOO_FINE;
  *value = one / common * (fraction / (whole / common));
  return WEIR__UNIT_GOOD;
}

static size_t count_digits(const char *text) { return strspn(text, "0123456789"); }

/* False: more than 64 bits. */
static bool read_whole(const char *digits, size_t count, uint64_t *value)
{
  *value = 0;
  for (size_t i = 0; i < count; i++)
    if (__builtin_mul_overflow(*value, 10, value) || __builtin_add_overflow(*value, (uint64_t)(digits[i] - '0'), value))
      return false;
  return true;
}

static const struct unit *find_unit(const struct unit *units, const char *name)
{
  while (units->name && strcmp(units->name, name) != 0) units++;
  return units->name ? units : NULL;
}

/* "1.5KiB": digits, perhaps a point and digits, a unit. */
static enum weir__unit_text read_quantity(const char *text, const struct unit *units, uint64_t *value)
{
  uint64_t whole, part = 0, sum = 0;
  size_t digits = count_digits(text);
  const char *fraction = text[digits] == '.' ? text + digits + 1 : NULL;
  size_t fraction_digits = fraction ? count_digits(fraction) : 0;
  const struct unit *unit = find_unit(units, fraction ? fraction + fraction_digits : text + digits);
  if (!digits || (fraction && !fraction_digits) || !unit) return WEIR__UNIT_WRONG;
  enum weir__unit_text is = fraction ? read_fraction(fraction, fraction_digits, unit->one, &part) : WEIR__UNIT_GOOD;
  if (is) return is;
  bool fits = read_whole(text, digits, &whole) && !__builtin_mul_overflow(whole, unit->one, &whole) &&
              !__builtin_add_overflow(whole, part, &sum);
  if (!fits) return WEIR__UNIT_TOO_LARGE;
  *value = sum;
  return WEIR__UNIT_GOOD;
}

enum weir__unit_text weir__duration_read(const char *text, weir_duration *duration)
{
  uint64_t ns;
  bool negative = *text == '-';
  enum weir__unit_text is = read_quantity(text + negative, duration_units, &ns);
  if (is) return is;
  if (ns > (uint64_t)INT64_MAX + negative) return WEIR__UNIT_TOO_LARGE;
  duration->ns = negative ? -(int64_t)(ns / 2) - (int64_t)(ns - ns / 2) : (int64_t)ns; /* the least has no opposite */
  return WEIR__UNIT_GOOD;
}

enum weir__unit_text weir__size_read(const char *text, uint64_t *bytes)
{
  return read_quantity(text, size_units, bytes);
}

enum weir__unit_text weir__rate_read(const char *text, weir_rate *rate)
{
  uint64_t count;
  size_t digits = count_digits(text);
  const char *per = text + digits + 1;
  if (!digits || text[digits] != '/') return WEIR__UNIT_WRONG;
  const struct unit *unit = find_unit(duration_units, per);
  weir_duration time = {.ns = unit ? (int64_t)unit->one : 0};
  enum weir__unit_text is = unit || *per == '-' ? WEIR__UNIT_GOOD : weir__duration_read(per, &time);
  if (is) return is;
  if (time.ns <= 0) return WEIR__UNIT_WRONG;
  if (!read_whole(text, digits, &count) || count > INT64_MAX) return WEIR__UNIT_TOO_LARGE;
  *rate = (weir_rate){.count = (int64_t)count, .per = time};
  return WEIR__UNIT_GOOD;
}

/* ---- writing ---- */

void weir__duration_text(weir_duration duration, char text[WEIR__DURATION_TEXT])
{
  const struct unit *unit = &duration_units[5];
  if (!duration.ns) unit = &duration_units[3];
  while (duration.ns % (int64_t)unit->one) unit--;
  snprintf(text, WEIR__DURATION_TEXT, "%" PRId64 "%s", duration.ns / (int64_t)unit->one, unit->name);
}

void weir__size_text(uint64_t bytes, char text[WEIR__SIZE_TEXT])
{
  char other[WEIR__SIZE_TEXT];
  snprintf(text, WEIR__SIZE_TEXT, "%" PRIu64 "B", bytes);
  for (const struct unit *unit = &size_units[1]; bytes && unit->name; unit++) {
    if (bytes % unit->one) continue;
    snprintf(other, sizeof other, "%" PRIu64 "%s", bytes / unit->one, unit->name);
    if (strlen(other) <= strlen(text)) memcpy(text, other, sizeof other);
  }
}

void weir__rate_text(weir_rate rate, char text[WEIR__RATE_TEXT])
{
  char per[WEIR__DURATION_TEXT];
  if (!rate.count && !rate.per.ns) rate.per = WEIR_SECONDS(1); /* a struct of zeros */
  weir__duration_text(rate.per, per);
  bool one = per[0] == '1' && !count_digits(per + 1);
  snprintf(text, WEIR__RATE_TEXT, "%" PRId64 "/%s", rate.count, per + one);
}

void weir__rate_bound_text(double bound, char text[WEIR__RATE_TEXT])
{
  static const struct {
    double seconds;
    const char *name;
  } times[] = {{1, "s"}, {60, "min"}, {3600, "h"}};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    double count = bound * times[i].seconds;
    if (!(count < 1e15) || count != (double)(int64_t)count) continue;
    snprintf(text, WEIR__RATE_TEXT, "%lld/%s", (long long)count, times[i].name);
    return;
  }
  snprintf(text, WEIR__RATE_TEXT, "%.15g/s", bound);
}
