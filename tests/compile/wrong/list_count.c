/* c: the count of a list must be: size_t count */
/* g++: cannot convert 'int*' to 'const size_t*' */
/* clang++: to 'const size_t *' (aka 'const unsigned long *') */
#include "messages.h"

struct numbers {
  const int32_t *all;
  int count;
};
WEIR_MESSAGE(numbers, WEIR_LIST(all, count));
