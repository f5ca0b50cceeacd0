/* units.h: numbers that carry a unit, as texts: durations ("250ms"), sizes ("64KiB", "64kB"), rates ("10/s").
 *
 * Both ways are exact, without floating point: "1.5KiB" is 1536 bytes, and "0.1ns" is refused. KiB is 1024, kB 1000. */
#ifndef WEIR__UNITS_H
#define WEIR__UNITS_H

#include <weir/base.h>

enum { WEIR__DURATION_TEXT = 32, WEIR__SIZE_TEXT = 32, WEIR__RATE_TEXT = 64 };

#define WEIR__DURATION_UNITS "ns, us, ms, s, min, h"
#define WEIR__SIZE_UNITS "B, kB, MB, GB, TB, KiB, MiB, GiB, TiB"

/* What a text turned out to be. */
enum weir__unit_text {
  WEIR__UNIT_GOOD,
  WEIR__UNIT_WRONG,    /* no such number with a unit */
  WEIR__UNIT_TOO_FINE, /* not a whole number of bytes or nanoseconds */
  WEIR__UNIT_TOO_LARGE /* more than 64 bits hold */
};

/* A text becomes a number; the result is left alone unless the text is good. Only a duration may be negative. */
enum weir__unit_text weir__duration_read(const char *text, weir_duration *duration);
enum weir__unit_text weir__size_read(const char *text, uint64_t *bytes);
/* A whole number, a slash, a duration whose number may be left out: "1/min", "3/10s". */
enum weir__unit_text weir__rate_read(const char *text, weir_rate *rate);

/* The shortest text that is read back as the same; of a duration in the largest unit that divides it. */
void weir__duration_text(weir_duration duration, char text[WEIR__DURATION_TEXT]);
void weir__size_text(uint64_t bytes, char text[WEIR__SIZE_TEXT]);
void weir__rate_text(weir_rate rate, char text[WEIR__RATE_TEXT]);
/* A bound of rates, which is per second: in the shortest time that makes it a whole number. */
void weir__rate_bound_text(double bound, char text[WEIR__RATE_TEXT]);

#endif
