/* depot.h: blocks of a few sizes, cached per thread, exchanged between threads in batches (M10).
 *
 * A thread takes from and gives back to its own cache. A cache that runs empty takes a whole batch from the depot, one
 * that runs full leaves a batch there: so when one thread makes messages and another one frees them, the lock is
 * taken once per batch. Memory that is not needed for a while goes back to the system when a worker goes to sleep. Under
 * AddressSanitizer nothing is cached, so that a use after free is seen. */
#ifndef WEIR__DEPOT_H
#define WEIR__DEPOT_H

#include <stddef.h>

#include "runtime/thread.h"

enum { WEIR__NO_CLASS = 255 }; /* too large for the classes: plain malloc */

/* The smallest class that holds `bytes`; WEIR__NO_CLASS: none does. */
unsigned weir__depot_class(size_t bytes);
/* A block of that class (or of `bytes` where there is none); NULL: no memory. */
void *weir__depot_take(unsigned class, size_t bytes);
void weir__depot_put(unsigned class, void *block);
/* Empties the caches of a thread that ends. */
void weir__depot_return_all(struct weir__thread *t);

/* A worker goes to sleep: memory that was not needed for a while goes back to the system. True: there is more than a
 * little on the shelves, and it is worth coming again in weir__depot_rest_ns(). */
bool weir__depot_rest(int64_t now_ns);
int64_t weir__depot_rest_ns(void);

#endif
