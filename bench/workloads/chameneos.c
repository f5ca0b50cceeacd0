/* chameneos: the mall pairs creatures: it forwards the second one's message to the first, the first tells the second
 * its new colour, both come back. After the last meeting the mall tells every comer to leave, and adds up what they
 * met. */
#include "bench.h"

enum { CREATURES = 100 };
static struct latch closed;

struct meet {
  weir_ref from;
  int32_t colour;
};
WEIR_MESSAGE(meet, WEIR_FIELD(from), WEIR_FIELD(colour));
struct change {
  int32_t colour;
};
WEIR_MESSAGE(change, WEIR_FIELD(colour));
struct leave {
  WEIR_EMPTY;
};
WEIR_MESSAGE(leave);
struct met {
  int64_t count;
};
WEIR_MESSAGE(met, WEIR_FIELD(count));

struct meetings {
  int64_t n;
};
WEIR_MESSAGE(meetings, WEIR_FIELD(n));
struct mall {
  weir_ref first;
  bool waits;
  int32_t open;
  int64_t left, meetings, total;
};
static int mall_start(struct mall *a, const struct meetings *m)
{
  a->left = a->meetings = m->n;
  a->open = CREATURES;
  return WEIR_OK;
}
static int mall_meet(struct mall *a, const struct meet *m)
{
  if (!a->left) return weir_send(m->from, leave);
  if (!a->waits) {
    a->first = m->from;
    a->waits = true;
    return WEIR_OK;
  }
  a->waits = false;
  a->left--;
  return bench_must(weir_send(a->first, meet, .from = m->from, .colour = m->colour), "meet");
}
static int mall_count(struct mall *a, const struct met *m)
{
  a->total += m->count;
  if (--a->open) return WEIR_OK;
  if (a->total != 2 * a->meetings) bench_wrong("the meetings", (uint64_t)a->total, (uint64_t)(2 * a->meetings));
  latch_down(&closed);
  return WEIR_STOP;
}
WEIR_ACTOR(mall, WEIR_ON_START(meetings, mall_start) WEIR_ON(meet, mall_meet) WEIR_ON(met, mall_count));

struct visit {
  weir_ref mall;
  int32_t colour;
};
WEIR_MESSAGE(visit, WEIR_FIELD(mall), WEIR_FIELD(colour));
struct creature {
  weir_ref mall;
  int64_t met;
  int32_t colour;
};
static int creature_go(struct creature *c)
{
  return bench_must(weir_send(c->mall, meet, .from = weir_self(), .colour = c->colour), "go");
}
static int creature_start(struct creature *c, const struct visit *v)
{
  c->mall = v->mall;
  c->colour = v->colour;
  return creature_go(c);
}
static int creature_meets(struct creature *c, const struct meet *m)
{
  c->colour = c->colour == m->colour ? c->colour : 3 - c->colour - m->colour;
  c->met++;
  bench_must(weir_send(m->from, change, .colour = c->colour), "change");
  return creature_go(c);
}
static int creature_changes(struct creature *c, const struct change *m)
{
  c->colour = m->colour;
  c->met++;
  return creature_go(c);
}
static int creature_leaves(struct creature *c)
{
  bench_must(weir_send(c->mall, met, .count = c->met), "count");
  return WEIR_STOP;
}
WEIR_ACTOR(creature, WEIR_ON_START(visit, creature_start) WEIR_ON(meet, creature_meets)
                         WEIR_ON(change, creature_changes) WEIR_ON(leave, creature_leaves));

int bench_chameneos(struct bench *b)
{
  latch_make(&closed, 1);
  bench_begin(b);
  weir_ref to =
      bench_actor(weir_spawn(&mall, .capacity = b->capacity, .config = WEIR_VALUE(meetings, .n = (int64_t)b->n)));
  for (int i = 1; i <= CREATURES; i++)
    bench_actor(
        weir_spawn(&creature, .capacity = b->capacity, .config = WEIR_VALUE(visit, .mall = to, .colour = i % 3)));
  latch_wait(&closed);
  bench_end(b);
  return WEIR_OK;
}
