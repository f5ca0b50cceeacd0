/* print.h: values as texts for people: see weir_print_value(). */
#ifndef WEIR__PRINT_H
#define WEIR__PRINT_H

#include <weir/message.h>

enum { WEIR__DOUBLE_TEXT = 32 };

/* The shortest decimal that reads back as the same double; of one that is finite. */
void weir__double_text(double number, char text[WEIR__DOUBLE_TEXT]);

#endif
