/* The bank of bank.c under simulation: over a thousand seeds, with accounts that are slow, busy or unreachable for a while,
 * no cent is made, and none is lost without somebody being told. A seed that fails is printed; WEIR_SEED replays it. */
#include <weir/simulation.h>
#define main bank_main /* bank.c has a main() of its own */
#include "bank.c"
#undef main

enum { TRANSFERS = 6, PAID_IN = 100 };

/* What is there: asked until it is told, since the account may be busy. */
static int64_t balance_of(weir_ref a)
{
  struct balance *b;
  while (weir_ask(a, WEIR_SECONDS(10), &b, deposit, .cents = 0)) continue;
  int64_t cents = b->cents;
  weir_free(b);
  return cents;
}

static int scenario(weir_runtime *rt, void *arg)
{
  (void)arg;
  weir_ref a = weir_spawn(&account, .config = WEIR_VALUE(opening, .cents = PAID_IN));
  weir_ref c = weir_spawn(&account, .config = WEIR_VALUE(opening, .cents = PAID_IN));
  weir_ref banks[] = {weir_spawn(&bank), weir_spawn(&bank)};
  weir_pending begun[TRANSFERS];
  int in_doubt = 0;
  for (int i = 0; i < TRANSFERS; i++) {
    int64_t cents = 1 + (int64_t)weir_simulation_draw(rt, PAID_IN);
    begun[i] = weir_ask_begin(banks[i % 2], WEIR_SECONDS(2), transfer, .from = i % 3 ? a : c, .to = i % 3 ? c : a,
                              .cents = cents);
  }
  for (int i = 0; i < TRANSFERS; i++) {
    int rc = weir_await(begun[i], NULL, transfer);
    in_doubt += rc == WEIR_EINDOUBT || rc == BANK_IN_DOUBT;
  }
  weir_sleep(WEIR_SECONDS(60)); /* virtual: until what was in doubt is done */
  int64_t cents = balance_of(a) + balance_of(c);
  if (cents > 2 * PAID_IN) return weir_error(WEIR_EUSER(1), "%lld cents were made", (long long)cents - 2 * PAID_IN);
  if (cents < 2 * PAID_IN && !in_doubt)
    return weir_error(WEIR_EUSER(1), "%lld cents are lost, and nobody knows", 2 * PAID_IN - (long long)cents);
  return WEIR_OK;
}

int main(void)
{
  weir_simulation_options troubles = {
      .refuse = {.one_in = 15},
      .refuse_with = WEIR_EBUSY,
      .stall = {.one_in = 5},
      .stall_most = WEIR_SECONDS(3),
      .delay = {.one_in = 10},
  };
  int rc = weir_simulate(&troubles, 1000, scenario, NULL);
  if (!rc) printf("no cent was made, and none was lost in silence\n");
  return weir_exit_status(rc);
}
