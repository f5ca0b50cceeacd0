/* gcc: incompatible type for argument 1 of 'weir__send' */
/* clang: passing 'int' to parameter of incompatible type 'weir_ref' */
/* g++: could not convert '42' from 'int' to 'weir_ref' */
/* clang++: no known conversion from 'int' to 'weir_ref' */
#include "messages.h"

int send_it(void);
int send_it(void) { return weir_send(42, item, .number = 1); }
