/* number.c: see number.h. */
#include "platform/number.h"

#include <locale.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

static locale_t c_locale;

static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

/* This thread has the C locale from here on, until uselocale() of what it returns. Where that could not be made for want
 * of memory it keeps its own. */
static locale_t enter_c(void)
{
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  pthread_once(&once, make_c_locale);
  return uselocale(c_locale);
}

double weir__number_read(const char *text, char **end)
{
  locale_t before = enter_c();
  double number = strtod(text, end);
  uselocale(before);
  return number;
}

void weir__number_write(char *text, size_t size, int digits, double number)
{
  locale_t before = enter_c();
  snprintf(text, size, "%.*g", digits, number);
  uselocale(before);
}
