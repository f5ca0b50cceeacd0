/* ask: 16 clients, one server; each client asks one request after the other. */
#include "bench.h"

enum { CLIENTS = 16 };
static struct latch answered;

struct plus_one {
  int64_t n;
};
WEIR_REQUEST(plus_one, number, WEIR_FIELD(n));

struct server {
  WEIR_EMPTY;
};
static int server_answer(struct server *s, const struct plus_one *m, struct number *reply)
{
  (void)s;
  reply->n = m->n + 1;
  return WEIR_OK;
}
WEIR_ACTOR(server, WEIR_ON(plus_one, server_answer));

struct questions {
  weir_ref server;
  int64_t n;
};
WEIR_MESSAGE(questions, WEIR_FIELD(server), WEIR_FIELD(n));
struct client {
  WEIR_EMPTY;
};
static int client_start(struct client *c, const struct questions *m)
{
  (void)c;
  for (int64_t i = 0; i < m->n; i++) {
    struct number *answer;
    bench_must(weir_ask(m->server, WEIR_FOREVER, &answer, plus_one, .n = i), "ask");
    if (answer->n != i + 1) bench_wrong("the answer", (uint64_t)answer->n, (uint64_t)i + 1);
    weir_free(answer);
  }
  latch_down(&answered);
  return WEIR_STOP;
}
WEIR_ACTOR(client, WEIR_ON_START(questions, client_start));

int bench_ask(struct bench *b)
{
  int64_t each = (int64_t)(b->n / CLIENTS);
  b->n = (uint64_t)each * CLIENTS;
  latch_make(&answered, CLIENTS);
  bench_begin(b);
  weir_ref to = bench_actor(weir_spawn(&server, .capacity = b->capacity));
  for (int i = 0; i < CLIENTS; i++)
    bench_actor(weir_spawn(&client, .config = WEIR_VALUE(questions, .server = to, .n = each)));
  latch_wait(&answered);
  bench_end(b);
  return WEIR_OK;
}
