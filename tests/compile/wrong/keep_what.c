/* c: a value of tally must be given as: struct tally * */
/* g++: cannot convert 'const item*' to 'const tally*' */
/* clang++: no known conversion from 'const struct item *' to 'const tally *' */
#include "messages.h"

struct tally *keep_it(const struct item *wrong);
struct tally *keep_it(const struct item *wrong) { return weir_keep(tally, wrong); }
