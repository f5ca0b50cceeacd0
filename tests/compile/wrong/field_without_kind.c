/* c: no kind of field is for the C type of: back */
/* c++: no kind of field is for the C type of this member */
#include "messages.h"

struct call {
  void (*back)(void);
};
WEIR_MESSAGE(call, WEIR_FIELD(back));
