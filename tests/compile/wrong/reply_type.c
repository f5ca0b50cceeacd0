/* c: the answer to how_many must go to: struct R **, where how_many is a WEIR_REQUEST(how_many, R), or NULL */
/* g++: cannot convert 'item**' to 'tally**' */
/* clang++: no known conversion from 'struct item **' to 'tally **' */
#include "messages.h"

int ask_it(weir_ref to);
int ask_it(weir_ref to)
{
  struct item *wrong;
  return weir_ask(to, WEIR_SECONDS(1), &wrong, how_many);
}
