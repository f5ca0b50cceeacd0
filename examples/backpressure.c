/* A fast producer, a slow consumer, and memory that stays flat: nothing is dropped, and nothing piles up.
 *
 * The consumer's mailbox has eight places. weir_send() suspends the producer while they are taken; where waiting would
 * be wrong, weir_try_send() and weir_send_within() say so at once or after a while. */
#include <inttypes.h>
#include <stdio.h>
#include <weir/weir.h>

enum { ITEMS = 20000, PLACES = 8 };

struct item {
  int64_t number;
};
struct summary_please {
  WEIR_EMPTY;
};
struct summary {
  int64_t count, sum;
};
struct rest {
  WEIR_EMPTY;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));
WEIR_MESSAGE(summary, WEIR_FIELD(count), WEIR_FIELD(sum));
WEIR_REQUEST(summary_please, summary);
WEIR_MESSAGE(rest);

struct consumer {
  int64_t count, sum;
};
static int consume(struct consumer *c, const struct item *m)
{
  c->sum += m->number;
  if (++c->count % 2000 == 0) weir_sleep(WEIR_MILLIS(5)); /* slow now and then */
  return WEIR_OK;
}
static int take_a_rest(struct consumer *c)
{
  (void)c;
  return weir_sleep(WEIR_SECONDS(3600)); /* WEIR_ECANCELED when it is told to stop */
}
static int summarize(struct consumer *c, struct summary *reply)
{
  reply->count = c->count;
  reply->sum = c->sum;
  return WEIR_OK;
}
WEIR_ACTOR(consumer, WEIR_ON(item, consume) WEIR_ON(rest, take_a_rest) WEIR_ON(summary_please, summarize),
           .capacity = PLACES);

/* Sends as fast as it is let, and looks how many messages exist. */
static int produce(weir_ref sink, uint64_t *most)
{
  for (int64_t i = 1; i <= ITEMS; i++) {
    weir_accounts accounts;
    int rc = weir_send(sink, item, .number = i);
    if (rc) return rc;
    weir_accounts_read(&accounts);
    if (accounts.live > *most) *most = accounts.live;
  }
  return WEIR_OK;
}

/* The consumer rests: its mailbox fills up, and stays so. */
static void show_what_does_not_wait(weir_ref sink)
{
  weir_send(sink, rest);
  for (int i = 0; i < PLACES; i++) weir_send(sink, item, .number = 0);
  printf("try_send: %s\n", weir_strerror(weir_try_send(sink, item, .number = 0)));
  printf("send_within: %s\n", weir_strerror(weir_send_within(sink, WEIR_MILLIS(1), item, .number = 0)));
  weir_stop(sink); /* what is queued becomes dead letters */
  printf("send: %s\n", weir_strerror(weir_send(sink, item, .number = 0)));
}

int main(void)
{
  weir_runtime *rt;
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");

  uint64_t most = 0;
  weir_ref sink = weir_spawn(&consumer);
  rc = produce(sink, &most);
  if (rc) return weir_die(rc, "not sent");

  struct summary *s;
  rc = weir_ask(sink, WEIR_SECONDS(10), &s, summary_please);
  if (rc) return weir_die(rc, "no answer");
  printf("%" PRId64 " items came, their sum is %" PRId64 "\n", s->count, s->sum);
  weir_free(s);
  if (most < 4 * PLACES) /* queued, in hand, on their way in or out */
    printf("there were never more than a few messages\n");
  else
    printf("there were %" PRIu64 " messages at a time\n", most);

  show_what_does_not_wait(sink);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
