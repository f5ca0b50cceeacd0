/* run_queue.c: see real/run_queue.h. */
#include "real/run_queue.h"

bool real_queue_put(struct weir__run_queue *q, struct weir__work *work) { return weir__run_queue_put(q, work); }
uint32_t real_queue_take(struct weir__run_queue *q, struct weir__work **out, uint32_t most)
{
  return weir__run_queue_take(q, out, most);
}
struct weir__work *real_queue_take_first(struct weir__run_queue *q) { return weir__run_queue_take_first(q); }
