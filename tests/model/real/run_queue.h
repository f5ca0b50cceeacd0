/* run_queue.h: the functions of src/runtime/run_queue.h, which are inline, as ones that a mutant can replace. */
#ifndef MODEL_REAL_RUN_QUEUE_H
#define MODEL_REAL_RUN_QUEUE_H

#include "runtime/run_queue.h"

bool real_queue_put(struct weir__run_queue *q, struct weir__work *work);
uint32_t real_queue_take(struct weir__run_queue *q, struct weir__work **out, uint32_t most);
struct weir__work *real_queue_take_first(struct weir__run_queue *q);

#endif
