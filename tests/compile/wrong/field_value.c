/* gcc: makes integer from pointer without a cast */
/* clang: incompatible pointer to integer conversion initializing 'int32_t' (aka 'int') */
/* g++: invalid conversion from 'const char*' to 'int32_t' */
/* clang++: cannot initialize a member subobject of type 'int32_t' (aka 'int') */
#include "messages.h"

int send_it(weir_ref to);
int send_it(weir_ref to) { return weir_send(to, item, .number = "one"); }
