/* A program for gdb.sh to look at: everybody stands still at a place that is known. */
#include <stdio.h>
#include <unistd.h>

#include <weir/weir.h>

#include "platform/stack.h"
#include "runtime/runtime.h"

struct item {
  int32_t number;
};
struct question {
  int32_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));
WEIR_REQUEST(question, item, WEIR_FIELD(number));

struct sleeper {
  int64_t unused;
};
static int sleep_well(struct sleeper *s, const struct question *m)
{
  (void)s;
  int dreams = m->number + 1;                       /* seen by "full" */
  int rc = weir_sleep(WEIR_SECONDS(1000 + dreams)); /* the sleeper stands here */
  return rc ? rc : dreams;
}
static int ignore(struct sleeper *s)
{
  (void)s;
  return WEIR_OK;
}
WEIR_ACTOR(sleeper, WEIR_ON(question, sleep_well) WEIR_ON(item, ignore), .capacity = 3);

struct asker {
  weir_ref of;
};
static int ask_on(weir_ref of, int32_t number)
{
  return weir_ask(of, WEIR_SECONDS(1000), NULL, question, .number = number); /* the asker stands here */
}
static int ask(struct asker *a, const struct item *m)
{
  a->of = weir_find("the sleeper");
  return ask_on(a->of, m->number);
}
WEIR_ACTOR(asker, WEIR_ON(item, ask));

struct sender {
  int64_t sent;
};
static int send_on(struct sender *s)
{
  weir_ref to = weir_find("the sleeper");
  int rc = WEIR_OK;
  for (int i = 0; i < 10 && !rc; i++, s->sent++) rc = weir_send(to, item, .number = i); /* the sender stands here */
  return rc;
}
WEIR_ACTOR(sender, WEIR_ON(item, send_on));

static int sleeping_task(int *unused)
{
  (void)unused;
  return weir_sleep(WEIR_SECONDS(1000)); /* the task stands here */
}

static unsigned suspended(const struct weir_runtime *rt)
{
  unsigned n = 0;
  for (unsigned i = 0; i < rt->worker_count; i++)
    n += atomic_load_explicit(&rt->workers[i].suspended, memory_order_acquire);
  return n;
}

static void wait_for(const weir_runtime *rt, unsigned n)
{
  while (suspended(rt) < n) usleep(1000);
}

/* gdb.sh has a breakpoint here. */
void everybody_stands(weir_ref who);
__attribute__((noinline)) void everybody_stands(weir_ref who) { printf("%d\n", weir_ref_error(who)); }

int main(int argc, char **argv)
{
  weir_runtime *rt;
  int unused = 0;
  (void)argv;
  weir__stack_force_guard_pages(argc > 1);
  if (weir_runtime_start(&(weir_runtime_options){.workers = 2}, &rt)) return 1;
  weir_ref sleeper_ref = weir_spawn(&sleeper, .name = "the sleeper");
  weir_ref asker_ref = weir_spawn(&asker);
  if (weir_send(asker_ref, item, .number = 41)) return 1;
  wait_for(rt, 2); /* the asker, and the sleeper whom it asked */
  if (weir_send(weir_spawn(&sender), item, .number = 1)) return 1;
  weir_spawn(&sender, .name = "nobody's");
  weir_task *t = weir_task_start(rt, sleeping_task, &unused);
  wait_for(rt, 4);
  everybody_stands(sleeper_ref);
  weir_task_detach(t);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_MILLIS(0)));
}
