/* c: a list of tally must be: const struct tally *some */
/* g++: cannot convert 'const item*' to 'const tally*' */
/* clang++: (aka 'const item *') to 'const tally *' */
#include "messages.h"

struct items {
  const struct item *some;
  size_t count;
};
WEIR_MESSAGE(items, WEIR_LIST_OF(some, count, tally));
