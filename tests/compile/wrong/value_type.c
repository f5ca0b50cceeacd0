/* c: a value of item must be given as: struct item * */
/* g++: cannot convert 'tally*' to 'const item*' */
/* clang++: no known conversion from 'struct tally *' to 'const item *' */
#include "messages.h"

int send_it(weir_ref to, struct tally *wrong);
int send_it(weir_ref to, struct tally *wrong) { return weir_send_value(to, WEIR_AT(item, wrong)); }
