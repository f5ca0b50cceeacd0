/* c: no list is of the C type of: shares (which must be: const ITEM *) */
/* c++: no kind of field is for the C type of this member */
#include "messages.h"

struct parts {
  const float *shares;
  size_t count;
};
WEIR_MESSAGE(parts, WEIR_LIST(shares, count));
