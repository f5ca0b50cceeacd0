/* gcc: passing argument 1 of 'job' from incompatible pointer type */
/* clang: incompatible pointer types passing 'struct tally *' to parameter of type 'struct item *' */
/* g++: cannot convert 'tally*' to 'item*' */
/* clang++: cannot initialize a parameter of type 'struct item *' with an lvalue of type 'struct tally *' */
#include "messages.h"

static int job(struct item *i) { return i->number; }
weir_task *start_it(struct tally *wrong);
weir_task *start_it(struct tally *wrong) { return weir_task_start(NULL, job, wrong); }
