/* c: WEIR_NESTED(one, tally) is for: struct tally one */
/* g++: no matching function for call to 'weir__nested<weir_struct_tally>(item*)' */
/* clang++: (aka 'item *') to 'const tally *' */
#include "messages.h"

struct holder {
  struct item one;
};
WEIR_MESSAGE(holder, WEIR_NESTED(one, tally));
