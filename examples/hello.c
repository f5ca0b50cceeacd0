/* Hello: an actor, a message that is sent to it, and a request that is asked. */
#include <stdio.h>
#include <weir/weir.h>

/* Messages are plain structs; from the table of fields come copying, JSON both ways and printing. */
struct greet {
  const char *name;
  int32_t times;
};
struct tally {
  int64_t greeted;
};
struct how_many {
  WEIR_EMPTY;
};
WEIR_MESSAGE(greet, WEIR_FIELD(name), WEIR_FIELD(times, .def = "1", .min = 1, .max = 100));
WEIR_MESSAGE(tally, WEIR_FIELD(greeted));
WEIR_REQUEST(how_many, tally); /* whoever asks it gets a tally, or an error */

struct greeter {
  int64_t greeted;
}; /* zeroed at every start */

static int greet_them(struct greeter *g, const struct greet *m)
{
  for (int i = 0; i < m->times; i++) printf("hello, %s\n", m->name);
  g->greeted += m->times;
  return WEIR_OK;
}

static int count(struct greeter *g, struct tally *reply) /* how_many itself has nothing to say: left out */
{
  reply->greeted = g->greeted;
  return WEIR_OK; /* an error would go to the asker instead */
}

WEIR_ACTOR(greeter, WEIR_ON(greet, greet_them) WEIR_ON(how_many, count), .capacity = 16);

int main(void)
{
  weir_runtime *rt;
  int rc = weir_runtime_start(NULL, &rt); /* one worker per core */
  if (rc) return weir_die(rc, "cannot start");

  weir_ref g = weir_spawn(&greeter, .name = "greeter"); /* if this fails, what is sent to g says why */
  weir_send(g, greet, .name = "river", .times = 2);     /* waits for a place; name is copied */

  struct tally *t;
  rc = weir_ask(g, WEIR_SECONDS(1), &t, how_many); /* blocks this thread; in an actor it suspends */
  if (rc) return weir_die(rc, "no answer");
  printf("%lld greetings\n", (long long)t->greeted);
  weir_free(t);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
