/* c: what is received as item must go to: struct item ** */
/* g++: cannot convert 'tally**' to 'item**' */
/* clang++: no known conversion from 'struct tally **' to 'item **' */
#include "messages.h"

int receive_it(weir_receiver from);
int receive_it(weir_receiver from)
{
  struct tally *wrong;
  return weir_receive(from, &wrong, item);
}
