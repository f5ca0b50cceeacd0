/* gcc: incompatible type for argument 2 of 'weir_send_within_value' */
/* clang: passing 'int' to parameter of incompatible type 'weir_duration' */
/* g++: could not convert '1000' from 'int' to 'weir_duration' */
/* clang++: no known conversion from 'int' to 'weir_duration' */
#include "messages.h"

int send_it(weir_ref to);
int send_it(weir_ref to) { return weir_send_within(to, 1000, item, .number = 1); }
