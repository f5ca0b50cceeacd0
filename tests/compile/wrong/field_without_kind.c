/* gcc: selector of type 'void (**)(void)' is not compatible with any association */
/* clang: controlling expression type 'void (**)(void)' not compatible with any generic association type */
/* g++: no matching function for call to 'weir__kind(void (**)())' */
/* clang++: no matching function for call to 'weir__kind' */
#include "messages.h"

struct call {
  void (*back)(void);
};
WEIR_MESSAGE(call, WEIR_FIELD(back));
