/* throttle.h: keeps back what has not begun yet, while many fibers of this worker stand in line for places in mailboxes.
 *
 * Who begins then is likely to join them. Each takes a stack, and whoever serves them finds neither in a cache: so one
 * moment of too much load would make the next one worse, until a load that can be served is not served any more. What
 * is kept back waits in the spill, where it takes a tenth of that.
 *
 * H1  It is closed while `in_line` is `most` or more: 256 to begin with.
 * H2  A line that hardly moves is held up by something else: then, each millisecond, 256 more may come. So nothing is kept
 *     back for good, and who is served slowly keeps back nobody.
 * H3  Where it moves, `most` falls by half of what has got on, down to 256; so it is when nobody stands there.
 *
 * All of it is its worker's. */
#ifndef WEIR__THROTTLE_H
#define WEIR__THROTTLE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct weir__throttle {
  bool closed;      /* H1 */
  unsigned in_line; /* fibers that met a full mailbox, and wait for a place in it or, asking, for the answer … */
  unsigned got_on;  /* … and how many have got on, ever */
  unsigned most;    /* UINT_MAX: never closed */
  unsigned seen;    /* `got_on` at the last look … */
  int64_t seen_ns;  /* … which was then */
};

enum { WEIR__LINE_LEAST = 256, WEIR__LINE_MOVES = 32, WEIR__LINE_LOOK_NS = 1000000 };

static inline void weir__throttle_init(struct weir__throttle *t, bool closes)
{
  *t = (struct weir__throttle){.most = closes ? WEIR__LINE_LEAST : UINT_MAX};
}

static inline void weir__throttle_join(struct weir__throttle *t) { t->closed = ++t->in_line >= t->most; }

static inline void weir__throttle_leave(struct weir__throttle *t)
{
  t->got_on++;
  t->closed = --t->in_line >= t->most;
}

/* By whoever looks at the clock anyway. */
static inline void weir__throttle_look(struct weir__throttle *t, int64_t now_ns)
{
  if (t->closed && now_ns - t->seen_ns < WEIR__LINE_LOOK_NS) return;
  unsigned got_on = t->got_on - t->seen;
  if (t->closed && got_on < WEIR__LINE_MOVES)
    t->most = t->in_line + WEIR__LINE_LEAST; /* H2 */
  else if (t->in_line && t->most > WEIR__LINE_LEAST + got_on / 2)
    t->most -= got_on / 2; /* H3 */
  else
    t->most = WEIR__LINE_LEAST;
  t->closed = t->in_line >= t->most;
  t->seen = t->got_on;
  t->seen_ns = now_ns;
}

#endif
