/* c: no kind of field is for the C type of: share */
/* c++: no kind of field is for the C type of this member */
#include "messages.h"

struct part {
  float share;
};
WEIR_MESSAGE(part, WEIR_FIELD(share));
