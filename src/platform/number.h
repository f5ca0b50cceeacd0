/* number.h: numbers as the C locale writes them, with a point, whatever locale the program has chosen. */
#ifndef WEIR__NUMBER_H
#define WEIR__NUMBER_H

#include <stddef.h>

/* As strtod(). */
double weir__number_read(const char *text, char **end);
/* As snprintf("%.*g"). */
void weir__number_write(char *text, size_t size, int digits, double number);

#endif
