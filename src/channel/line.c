/* line.c: see line.h. */
#include "channel/line.h"

struct weir__bucket weir__buckets[WEIR__BUCKETS];

void weir__line_join(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__wait *w)
{
  w->cell = cell;
  weir__tally(cell)->waiting++;
  w->line_next = NULL;
  w->line_previous = bucket->last;
  if (bucket->last)
    bucket->last->line_next = w;
  else
    bucket->first = w;
  bucket->last = w;
}

void weir__line_leave(struct weir__bucket *bucket, struct weir__wait *w)
{
  if (!w->cell) return;
  if (w->line_previous)
    w->line_previous->line_next = w->line_next;
  else
    bucket->first = w->line_next;
  if (w->line_next)
    w->line_next->line_previous = w->line_previous;
  else
    bucket->last = w->line_previous;
  weir__tally(w->cell)->waiting--;
  w->cell = NULL;
}

struct weir__wait *weir__line_first(struct weir__bucket *bucket, const struct weir__cell *cell)
{
  struct weir__wait *w = bucket->first;
  while (w && w->cell != cell) w = w->line_next;
  return w;
}
