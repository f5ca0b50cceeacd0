/* Pipelines with small mailboxes: everything arrives, once, first in first out per sender, and no mailbox ever holds more
 * than its places. */
#include "simulation_fixture.h"

enum { SOURCES = 3, STAGES_MOST = 4, ITEMS_MOST = 12 };

struct item {
  int64_t source, n;
};
struct begin {
  int64_t source, count;
  weir_ref to;
};
struct next_stage {
  weir_ref to;
};
WEIR_MESSAGE(item, WEIR_FIELD(source), WEIR_FIELD(n));
WEIR_MESSAGE(begin, WEIR_FIELD(source), WEIR_FIELD(count), WEIR_FIELD(to));
WEIR_MESSAGE(next_stage, WEIR_FIELD(to));

static struct {
  int64_t next[SOURCES], arrived;
} seen;

struct source {
  char nothing;
};
static int source_begin(struct source *s, const struct begin *m)
{
  (void)s;
  int rc = WEIR_OK;
  for (int64_t i = 0; !rc && i < m->count; i++) rc = weir_send(m->to, item, .source = m->source, .n = i);
  return rc;
}
WEIR_ACTOR(source, WEIR_ON(begin, source_begin));

struct stage {
  weir_ref to;
  bool at_work;
};
static int stage_start(struct stage *s, const struct next_stage *m)
{
  s->to = m->to;
  return WEIR_OK;
}
static int stage_item(struct stage *s, const struct item *m)
{
  MUST(!s->at_work); /* a suspended handler is not entered again */
  s->at_work = true;
  int rc = weir_send(s->to, item, .source = m->source, .n = m->n);
  if (!rc && m->n % 5 == 4) rc = weir_sleep(WEIR_MILLIS(1));
  s->at_work = false;
  return rc;
}
WEIR_ACTOR(stage, WEIR_ON_START(next_stage, stage_start) WEIR_ON(item, stage_item));

struct sink {
  char nothing;
};
static int sink_item(struct sink *s, const struct item *m)
{
  (void)s;
  MUST(m->n == seen.next[m->source]);
  seen.next[m->source]++;
  seen.arrived++;
  return WEIR_OK;
}
WEIR_ACTOR(sink, WEIR_ON(item, sink_item));

static int check_mailbox(weir_ref ref, uint64_t capacity)
{
  weir_stats stats;
  MUST(weir_stats_read(ref, &stats) == WEIR_OK);
  MUST(stats.capacity == capacity && stats.high_water <= capacity);
  MUST(stats.length == 0 && stats.waiting == 0 && stats.refused == 0);
  return WEIR_OK;
}

static int pipeline(weir_runtime *rt)
{
  weir_ref stages[STAGES_MOST + 1];
  uint64_t capacity[STAGES_MOST + 1];
  int64_t count = between(rt, 0, STAGES_MOST), items = between(rt, 1, ITEMS_MOST);
  memset(&seen, 0, sizeof seen);
  for (int64_t i = 0; i <= count; i++) {
    capacity[i] = (uint64_t)between(rt, 1, 4);
    stages[i] = i ? weir_spawn(&stage, .capacity = capacity[i], .config = WEIR_VALUE(next_stage, .to = stages[i - 1]))
                  : weir_spawn(&sink, .capacity = capacity[i]);
    MUST(weir_ref_error(stages[i]) == WEIR_OK);
  }
  for (int64_t i = 0; i < SOURCES; i++)
    MUST(weir_send(weir_spawn(&source), begin, .source = i, .count = items, .to = stages[count]) == WEIR_OK);
  for (int i = 0; seen.arrived < SOURCES * items && i < 10000; i++) MUST(weir_sleep(WEIR_MILLIS(10)) == WEIR_OK);
  MUST(seen.arrived == SOURCES * items);
  MUST(weir_sleep(WEIR_SECONDS(1)) == WEIR_OK); /* the stages rest */
  for (int64_t i = 0; i <= count; i++) MUST(check_mailbox(stages[i], capacity[i]) == WEIR_OK);
  return WEIR_OK;
}

/* A channel with several senders and a task that receives; the senders end, and the receiver sees that. */
struct line {
  weir_sender tx;
  int64_t source, count;
};
static int feed(struct line *l)
{
  int rc = WEIR_OK;
  for (int64_t i = 0; !rc && i < l->count; i++) rc = weir_channel_send(l->tx, item, .source = l->source, .n = i);
  weir_sender_drop(l->tx);
  return rc;
}

static int drink(weir_receiver *rx)
{
  struct item *m;
  int rc;
  while ((rc = weir_receive(*rx, &m, item)) == WEIR_OK) {
    MUST(m->n == seen.next[m->source]);
    seen.next[m->source]++;
    seen.arrived++;
    weir_free(m);
  }
  return rc;
}

static int channel(weir_runtime *rt)
{
  struct line lines[SOURCES];
  weir_task *tasks[SOURCES], *reader;
  weir_sender tx;
  weir_receiver rx;
  int64_t items = between(rt, 0, ITEMS_MOST);
  int result;
  memset(&seen, 0, sizeof seen);
  MUST(weir_mpsc((size_t)between(rt, 1, 4), &tx, &rx) == WEIR_OK);
  for (int i = 0; i < SOURCES; i++) {
    lines[i] = (struct line){.source = i, .count = items};
    MUST(weir_sender_clone(tx, &lines[i].tx) == WEIR_OK);
    tasks[i] = weir_task_start(rt, feed, &lines[i]);
  }
  weir_sender_drop(tx);
  reader = weir_task_start(rt, drink, &rx);
  for (int i = 0; i < SOURCES; i++) MUST(weir_task_join(tasks[i], WEIR_FOREVER, &result) == WEIR_OK && !result);
  MUST(weir_task_join(reader, WEIR_FOREVER, &result) == WEIR_OK && result == WEIR_ECLOSED);
  MUST(seen.arrived == SOURCES * items);
  weir_receiver_drop(rx);
  return WEIR_OK;
}

static void items_arrive_in_order_through_small_mailboxes(void **state)
{
  (void)state;
  simulate(NULL, pipeline);
}

static void items_arrive_in_order_when_all_is_late(void **state)
{
  (void)state;
  simulate(&(weir_simulation_options){.delay = {.one_in = 4}, .stall = {.one_in = 8}}, pipeline);
}

static void a_channel_loses_nothing_and_ends(void **state)
{
  (void)state;
  simulate(NULL, channel);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(items_arrive_in_order_through_small_mailboxes),
      cmocka_unit_test(items_arrive_in_order_when_all_is_late),
      cmocka_unit_test(a_channel_loses_nothing_and_ends),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
