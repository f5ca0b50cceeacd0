/* c: no kind of field is for the C type of: text */
/* c++: no kind of field is for the C type of this member */
#include "messages.h"

struct said {
  char *text;
};
WEIR_MESSAGE(said, WEIR_FIELD(text));
