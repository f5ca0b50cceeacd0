/* What somebody else's program may do with the installed library: here, an actor that answers. */
#include <stdio.h>
#include <weir/weir.h>

struct number {
  int64_t value;
};
struct square {
  int64_t of;
};
WEIR_MESSAGE(number, WEIR_FIELD(value));
WEIR_REQUEST(square, number, WEIR_FIELD(of));

struct squarer {
  char stateless;
};

static int square_it(struct squarer *s, const struct square *m, struct number *reply)
{
  (void)s;
  reply->value = m->of * m->of;
  return WEIR_OK;
}

WEIR_ACTOR(squarer, WEIR_ON(square, square_it));

int main(void)
{
  weir_runtime *rt;
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");

  struct number *n;
  rc = weir_ask(weir_spawn(&squarer), WEIR_SECONDS(10), &n, square, .of = 12);
  if (rc) return weir_die(rc, "no answer");
  printf("weir %s: %d\n", weir_version(), (int)n->value);
  weir_free(n);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
