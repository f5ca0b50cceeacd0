/* spill.c: see spill.h. */
#include "runtime/spill.h"

/* Lock held in all of these. */

static struct weir__work_list *batch(struct weir__spill *spill, unsigned height)
{
  return &spill->batches[(spill->oldest + height) % WEIR__SPILL_BATCHES];
}

/* `more` behind `list`; neither need have anything in it. */
static void join(struct weir__work_list *list, const struct weir__work_list *more)
{
  if (!more->first) return;
  if (list->last)
    list->last->next = more->first;
  else
    list->first = more->first;
  list->last = more->last;
}

static void join_the_oldest(struct weir__spill *spill)
{
  struct weir__work_list oldest = *batch(spill, 0), *second = batch(spill, 1);
  join(&oldest, second);
  *second = oldest;
  spill->oldest++;
  spill->height--;
}

static void put_on_top(struct weir__spill *spill, const struct weir__work_list *fresh)
{
  if (spill->height == WEIR__SPILL_BATCHES) join_the_oldest(spill);
  *batch(spill, spill->height++) = *fresh;
}

void weir__spill_put(struct weir__spill *spill, const struct weir__work_list *begun,
                     const struct weir__work_list *fresh)
{
  weir__lock_take(&spill->lock);
  join(&spill->begun, begun);
  if (fresh->first) put_on_top(spill, fresh);
  weir__lock_leave(&spill->lock);
}

static unsigned take(struct weir__work_list *list, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  while (taken < most && (out[taken] = weir__work_take(list))) taken++;
  return taken;
}

typedef unsigned take_fresh(struct weir__spill *, struct weir__work **, unsigned);

static unsigned take_newest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  while (taken < most && spill->height) {
    struct weir__work_list *top = batch(spill, spill->height - 1);
    taken += take(top, out + taken, most - taken);
    if (!top->first) spill->height--;
  }
  return taken;
}

static unsigned take_oldest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  unsigned taken = 0;
  while (taken < most && spill->height) {
    struct weir__work_list *bottom = batch(spill, 0);
    taken += take(bottom, out + taken, most - taken);
    if (!bottom->first) spill->oldest++, spill->height--;
  }
  return taken;
}

static unsigned take_none(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  (void)spill, (void)out, (void)most;
  return 0;
}

/* S4 */
static unsigned take_both(struct weir__spill *spill, struct weir__work **out, unsigned most, take_fresh *fresh)
{
  weir__lock_take(&spill->lock);
  unsigned taken = take(&spill->begun, out, most / 2);
  taken += fresh(spill, out + taken, most - taken);
  taken += take(&spill->begun, out + taken, most - taken);
  weir__lock_leave(&spill->lock);
  return taken;
}

unsigned weir__spill_take_newest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  return take_both(spill, out, most, take_newest);
}

unsigned weir__spill_take_begun(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  return take_both(spill, out, most, take_none);
}

unsigned weir__spill_take_oldest(struct weir__spill *spill, struct weir__work **out, unsigned most)
{
  return take_both(spill, out, most, take_oldest);
}
