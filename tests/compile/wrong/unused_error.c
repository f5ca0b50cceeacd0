/* gcc: ignoring return value of 'weir_try_send_value' */
/* clang: ignoring return value of function declared with 'warn_unused_result' attribute */
/* g++: ignoring return value of 'int weir_try_send_value(weir_ref, weir_value)' */
/* clang++: ignoring return value of function declared with 'warn_unused_result' attribute */
#include "messages.h"

void send_it(weir_ref to);
void send_it(weir_ref to) { weir_try_send(to, item, .number = 1); }
