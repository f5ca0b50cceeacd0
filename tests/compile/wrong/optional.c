/* c: WEIR_OPTIONAL(one, tally) is for: const struct tally *one */
/* g++: cannot convert 'const item*' to 'const tally*' */
/* clang++: (aka 'const item *') to 'const tally *' */
#include "messages.h"

struct holder {
  const struct item *one;
};
WEIR_MESSAGE(holder, WEIR_OPTIONAL(one, tally));
