/* spill.c: see spill.h. */
#include "runtime/spill.h"

static struct weir__work_list *batch(struct weir__spill *spill, unsigned height)
{
  return &spill->batches[(spill->oldest + height) % WEIR__SPILL_BATCHES];
}

/* Lock held. */
static void join_the_oldest(struct weir__spill *spill)
{
  struct weir__work_list *first = batch(spill, 0), *second = batch(spill, 1);
  first->last->next = second->first;
  second->first = first->first;
  spill->oldest++;
  spill->count--;
}

void weir__spill_put(struct weir__spill *spill, struct weir__work **works, unsigned count)
{
  weir__lock_take(&spill->lock);
  if (spill->count == WEIR__SPILL_BATCHES) join_the_oldest(spill);
  struct weir__work_list *top = batch(spill, spill->count++);
  *top = (struct weir__work_list){NULL, NULL};
  for (unsigned i = 0; i < count; i++) weir__work_append(top, works[i]);
  weir__lock_leave(&spill->lock);
}

static unsigned take(struct weir__work_list *list, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  while (taken < most && (out[taken] = weir__work_take(list))) taken++;
  return taken;
}

unsigned weir__spill_take_newest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  weir__lock_take(&spill->lock);
  if (spill->count) {
    struct weir__work_list *top = batch(spill, spill->count - 1);
    taken = take(top, out, most);
    if (!top->first) spill->count--;
  }
  weir__lock_leave(&spill->lock);
  return taken;
}

unsigned weir__spill_take_oldest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  weir__lock_take(&spill->lock);
  if (spill->count) {
    struct weir__work_list *bottom = batch(spill, 0);
    taken = take(bottom, out, most);
    if (!bottom->first) spill->oldest++, spill->count--;
  }
  weir__lock_leave(&spill->lock);
  return taken;
}
