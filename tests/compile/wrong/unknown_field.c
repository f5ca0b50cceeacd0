/* c: did you mean 'number'? */
/* g++: 'weir_struct_item' {aka 'item'} has no non-static data member named 'nmber' */
/* clang++: did you mean 'number'? */
#include "messages.h"

int send_it(weir_ref to);
int send_it(weir_ref to) { return weir_send(to, item, .nmber = 1); }
