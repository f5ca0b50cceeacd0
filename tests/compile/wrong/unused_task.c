/* gcc: ignoring return value of 'weir__task_start' */
/* clang: ignoring return value of function declared with 'warn_unused_result' attribute */
/* c++: ignoring return value of */
#include "messages.h"

static int job(struct item *i) { return i->number; }
void start_it(struct item *i);
void start_it(struct item *i) { weir_task_start(NULL, job, i); }
