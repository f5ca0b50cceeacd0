/* gcc: returning 'weir_struct_item *' {aka 'struct item *'} from a function with incompatible return type 'struct tally *' */
/* clang: incompatible pointer types returning 'weir_struct_item *' (aka 'struct item *') from a function with result type 'struct tally *' */
/* g++: cannot convert 'weir_struct_item*' {aka 'item*'} to 'tally*' in return */
/* clang++: cannot initialize return object of type 'struct tally *' with an rvalue of type 'weir_struct_item *' */
#include "messages.h"

struct tally *keep_it(const struct item *m);
struct tally *keep_it(const struct item *m) { return weir_keep(item, m); }
