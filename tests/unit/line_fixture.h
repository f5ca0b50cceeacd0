/* line_fixture.h: looks into the line of those that wait for a place in a mailbox or channel, and at what is queued. */
#ifndef WEIR_TESTS_LINE_FIXTURE_H
#define WEIR_TESTS_LINE_FIXTURE_H

#include "channel/line.h"
#include "channel/mpsc.h"
#include "unit/actor_fixture.h"

/* How many wait there with a number that `which` accepts (NULL: any). `bits`: of a ref, a sender, or a receiver. */
static inline int line_length_of(uint64_t bits, bool (*which)(int64_t n, int64_t arg), int64_t arg)
{
  int length = 0;
  struct weir__cell *cell = weir__cell_at((uint32_t)bits);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  for (struct weir__wait *w = bucket->first; w; w = w->line_next)
    length +=
        w->cell == cell && (!which || (w->message && which(((struct number *)weir__payload(w->message))->n, arg)));
  weir__bucket_unlock(bucket);
  return length;
}

static inline int line_length(uint64_t bits) { return line_length_of(bits, NULL, 0); }

static inline bool is_number(int64_t n, int64_t arg) { return n == arg; }
static inline bool stands_in_line(uint64_t bits, int64_t n) { return line_length_of(bits, is_number, n) > 0; }

/* In a handler, or a start: until so many messages stand behind it in its mailbox. Those that are only on their way there
 * (a place was taken, or the message made) do not count: they may yet find that the actor has ended. */
static inline void wait_until_queued_here(int count)
{
  struct weir__cell *cell = weir__cell_here();
  for (;;) {
    int queued = 0;
    weir__mpsc_collect(cell);
    for (struct weir__message *m = cell->queued; m; m = m->next) queued++;
    if (queued >= count) return;
    weir_sleep(WEIR_MILLIS(0.1));
  }
}

#endif
