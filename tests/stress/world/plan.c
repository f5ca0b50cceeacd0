/* plan.c: see world.h: draws a world from a seed. The same seed draws the same one. */
#include "stress/world/world.h"

static uint64_t sequence;
static uint64_t lot(uint64_t most) { return draw_from(&sequence) % most; }

static void bend(struct round_plan *p)
{
  switch (p->kind) {
  case IN_PEACE:
    p->acyclic = true, p->deaths = p->closures = false, p->ending = CALM;
    return;
  case ONE_WAY:
    p->acyclic = p->deaths = true;
    return;
  case IN_CIRCLES:
    p->acyclic = false, p->ending = CALM;
    return;
  case UNDER_LOAD:
    if (p->ending == CALM) p->ending = HALT;
    return;
  default:
    return;
  }
}

struct round_plan plan_draw(uint64_t seed, enum kind kind, bool slow)
{
  sequence = seed;
  struct round_plan p = {.seed = seed, .kind = kind};
  bool many = lot(4) == 0;
  p.nodes = (uint32_t)(slow ? 40 + lot(many ? 1500 : 300) : 50 + lot(many ? NODES_MOST - 50 : 600));
  p.steps = (int64_t)(slow ? 1000 + lot(5000) : 4000 + lot(16000));
  p.acyclic = lot(2);
  p.deaths = lot(2);
  p.ending = (enum ending)lot(3);
  p.closures = p.deaths && lot(2);
  bend(&p);
  return p;
}

static void draw_homes(void)
{
  world.home_count = 1 + (uint32_t)lot(HOMES_MOST);
  for (uint32_t i = 0; i < world.home_count; i++) {
    weir_runtime_options o = {.workers = lot(4) ? (int)(4 + lot(5)) : (int)(1 + lot(3)), .blocking_threads = 256};
    if (i == 1 && lot(2)) o = (weir_runtime_options){.flavor = WEIR_CURRENT_THREAD, .blocking_threads = 256};
    world.homes[i].options = o;
  }
}

static enum trade draw_trade(int *pooled)
{
  switch (lot(16)) {
  case 0:
  case 1:
    return PINNED;
  case 2: /* each has a thread while it waits */
    return (*pooled)++ < 24 ? POOLED : ROAMER;
  case 3:
  case 4:
  case 5:
    return KEEPER;
  default:
    return ROAMER;
  }
}

/* Where all wait in one direction a node leads to later ones only. */
static void draw_ways(uint32_t at)
{
  struct node *n = &world.nodes[at];
  uint32_t later = world.plan.nodes - 1 - at;
  n->outs = world.plan.acyclic && !later ? 0 : 1 + (uint32_t)lot(OUTS_MOST);
  for (uint32_t i = 0; i < n->outs; i++) {
    uint32_t near = later < 12 ? later : 12; /* so that ways meet again */
    if (world.plan.acyclic)
      n->out[i] = at + 1 + (uint32_t)lot(lot(3) ? near : later);
    else
      n->out[i] = lot(3) ? (at + 1 + (uint32_t)lot(12)) % world.plan.nodes : (uint32_t)lot(world.plan.nodes);
  }
}

void plan_nodes(void)
{
  int pooled = 0;
  sequence = chance_mix(world.plan.seed + 1);
  draw_homes();
  for (uint32_t i = 0; i < world.plan.nodes; i++) {
    struct node *n = &world.nodes[i];
    n->trade = draw_trade(&pooled);
    n->capacity = (uint32_t)(lot(3) ? 1 + lot(4) : 1 + lot(64));
    n->overflow = lot(8) ? WEIR_WAIT : (int)(WEIR_REJECT + lot(n->trade == KEEPER ? 2 : 3));
    n->instances = lot(12) ? 0 : 1 + (uint32_t)lot(4);
    n->route = n->instances ? (int)lot(4) : 0;
    n->home = (uint32_t)lot(world.home_count);
    n->supervised = n->trade == ROAMER && !n->instances && lot(5) == 0;
    draw_ways(i);
    atomic_store_explicit(&n->life, 0, memory_order_relaxed);
  }
}
