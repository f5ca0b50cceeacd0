/* kitchen.c: workers that crash in each way there is, under load, and a program that goes on serving.
 *
 *   kitchen ─┬─ counter            counts what was served
 *            ├─ cooks ─┬─ soup     fails by weir_fail() at each seventh order
 *            │         ├─ salad    follows a null pointer
 *            │         ├─ stew     recurses without end
 *            │         └─ roast    loops without end
 *            └─ guests             orders ten dishes every few milliseconds
 *
 * Until SIGINT or SIGTERM; with a number as its argument, until so many dishes have been served. */
#include <stdio.h>
#include <stdlib.h>
#include <weir/weir.h>

enum { BURNT = WEIR_EUSER(1), COOKS = 4 };
static const char *const dishes[COOKS] = {"soup", "salad", "stew", "roast"};
static long enough; /* dishes; 0: no end. Written before anything starts */

struct dish {
  int64_t number;
};
struct menu {
  const char *dish;
};
struct dinner_time {
  WEIR_EMPTY;
};
WEIR_MESSAGE(dish, WEIR_FIELD(number));
WEIR_MESSAGE(menu, WEIR_FIELD(dish));
WEIR_MESSAGE(dinner_time);

/* ---- counts what was served ---- */

struct counter {
  int64_t served;
};
static int serve_dish(struct counter *c, const struct dish *m)
{
  (void)m;
  return ++c->served == enough ? weir_drain(weir_find("kitchen")) : WEIR_OK;
}
static void close_counter(struct counter *c) { printf("%lld dishes served\n", (long long)c->served); }
WEIR_ACTOR(counter, WEIR_ON(dish, serve_dish) WEIR_ON_END(close_counter));

/* ---- the cooks ---- */

struct cook {
  const struct menu *menu;
  weir_ref counter;
  int64_t cooked;
};

static int learn(struct cook *c, const struct menu *m)
{
  c->menu = m;
  c->counter = weir_find("counter");
  return weir_ref_error(c->counter);
}

static int stir(volatile int *pot) /* deeper and deeper */
{
  volatile int next[256] = {*pot + 1};
  return next[0] > 0 ? stir(next) + next[0] : 0;
}

static int cook_it(struct cook *c, const struct dish *m)
{
  volatile int pot = 0, *volatile nowhere = NULL;
  if (++c->cooked % 7 == 0) { /* a new cook begins with 0 */
    switch (c->menu->dish[2]) {
    case 'u':
      weir_fail(BURNT, "dish %lld is burnt", (long long)m->number);
    case 'l':
      *nowhere = 1;
      break;
    case 'e':
      return stir(&pot);
    default:
      while (!pot) continue;
    }
  }
  return weir_send(c->counter, dish, .number = m->number);
}
WEIR_ACTOR(cook, WEIR_ON_START(menu, learn) WEIR_ON(dish, cook_it), .capacity = 32);

/* ---- the guests: ten dishes at a time, each from the next cook ---- */

struct guests {
  int64_t ordered;
};
static int sit_down(struct guests *g, const struct weir_none *unused)
{
  (void)g, (void)unused;
  return weir_send_every(weir_self(), WEIR_MILLIS(5), dinner_time).error;
}
static int order(struct guests *g)
{
  for (int i = 0; i < 10; i++) {
    int64_t n = ++g->ordered;
    int rc = weir_send_within(weir_find(dishes[n % COOKS]), WEIR_SECONDS(5), dish, .number = n);
    if (rc) return rc;
  }
  return WEIR_OK;
}
WEIR_ACTOR(guests, WEIR_ON_START(weir_none, sit_down) WEIR_ON(dinner_time, order));

#define COOK(what)                                                                                                     \
  {                                                                                                                    \
    .type = &cook, .name = what, .config = WEIR_VALUE(menu, .dish = what), .max_restarts = 1000                        \
  }

int main(int argc, char **argv)
{
  weir_runtime *rt;
  enough = argc > 1 ? strtol(argv[1], NULL, 10) : 0;
  const weir_runtime_options options = {
      .hog_after = WEIR_MILLIS(100),
      .contain_crashes = true,           /* a crash fails its actor alone … */
      .end_hogs_after = WEIR_MILLIS(200) /* … and so does a loop without end */
  };
  int rc = weir_runtime_start(&options, &rt);
  if (rc) return weir_die(rc, "cannot start");

  weir_ref kitchen = weir_supervise(.name = "kitchen", .strategy = WEIR_REST_FOR_ONE,
                                    .children = WEIR_CHILDREN(
                                        {.type = &counter, .name = "counter"},
                                        {.name = "cooks",
                                         .tree = WEIR_TREE(.children = WEIR_CHILDREN(COOK("soup"), COOK("salad"),
                                                                                     COOK("stew"), COOK("roast")))},
                                        {.type = &guests, .name = "guests"}));
  /* Drained from the last one to the first: no orders any more, what was ordered is cooked, what was cooked is served. */
  return weir_exit_status(weir_serve(rt, kitchen, WEIR_SECONDS(10)));
}
