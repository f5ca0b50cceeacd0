/* gcc: 'weir_message_plain' undeclared */
/* clang: use of undeclared identifier 'weir_message_plain' */
/* g++: 'weir_message_plain' was not declared in this scope */
/* clang++: use of undeclared identifier 'weir_message_plain' */
#include "messages.h"

struct plain {
  int32_t number;
};
int send_it(weir_ref to);
int send_it(weir_ref to) { return weir_send(to, plain, .number = 1); }
