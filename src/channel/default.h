/* default.h: what the check of a table must know of defaults, which are JSON. Implemented by json/read.c. */
#ifndef WEIR__DEFAULT_H
#define WEIR__DEFAULT_H

#include <weir/message.h>

/* Can the default be read, and is it within the bounds? Tables have been checked else. WEIR_EINVAL, with a text. */
int weir__default_check(const weir_message *type, const weir_field *field);

#endif
