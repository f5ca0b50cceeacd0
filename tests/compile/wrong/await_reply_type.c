/* c: the answer to how_many must go to: struct R **, where how_many is a WEIR_REQUEST(how_many, R), or NULL */
/* g++: cannot convert 'item**' to 'tally**' */
/* clang++: no known conversion from 'struct item **' to 'tally **' */
#include "messages.h"

int await_it(weir_pending pending);
int await_it(weir_pending pending)
{
  struct item *wrong;
  return weir_await(pending, &wrong, how_many);
}
