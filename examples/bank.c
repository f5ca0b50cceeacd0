/* A bank: accounts are actors, a transfer asks two of them.
 *
 * An account refuses what it can't pay: code and text go to whoever asked, through the bank, and nobody fails. What is
 * known after a transfer is said exactly: done, refused, or (WEIR_EINDOUBT) perhaps done. */
#include <stdio.h>
#include <weir/weir.h>

struct balance {
  int64_t cents;
};
struct withdraw {
  int64_t cents;
};
struct deposit {
  int64_t cents;
};
struct transfer {
  weir_ref from, to;
  int64_t cents;
};
struct opening {
  int64_t cents;
};
WEIR_MESSAGE(balance, WEIR_FIELD(cents));
WEIR_REQUEST(withdraw, balance, WEIR_FIELD(cents));
WEIR_REQUEST(deposit, balance, WEIR_FIELD(cents));
/* A plain message, and asked all the same: the answer is that it was done. */
WEIR_MESSAGE(transfer, WEIR_FIELD(from), WEIR_FIELD(to), WEIR_FIELD(cents));
WEIR_MESSAGE(opening, WEIR_FIELD(cents, .def = "0"));

enum { BANK_NO_FUNDS = WEIR_EUSER(1), BANK_IN_DOUBT = WEIR_EUSER(2) };

/* ---- an account ---- */

struct account {
  int64_t cents;
};
static int account_open(struct account *a, const struct opening *o)
{
  a->cents = o->cents;
  return WEIR_OK;
}
static int account_withdraw(struct account *a, const struct withdraw *m, struct balance *reply)
{
  if (m->cents > a->cents)
    return weir_error(BANK_NO_FUNDS, "%lld of %lld cents", (long long)a->cents, (long long)m->cents);
  reply->cents = a->cents -= m->cents;
  return WEIR_OK;
}
static int account_deposit(struct account *a, const struct deposit *m, struct balance *reply)
{
  reply->cents = a->cents += m->cents;
  return WEIR_OK;
}
WEIR_ACTOR(account,
           WEIR_ON_START(opening, account_open) WEIR_ON(withdraw, account_withdraw) WEIR_ON(deposit, account_deposit));

/* ---- the bank ---- */

struct bank {
  WEIR_EMPTY;
};
static int bank_transfer(struct bank *b, const struct transfer *m)
{
  (void)b;
  int rc = weir_ask(m->from, WEIR_SECONDS(1), NULL, withdraw, .cents = m->cents);
  if (rc) return rc; /* to our asker, with its text; we go on */
  rc = weir_ask(m->to, WEIR_SECONDS(1), NULL, deposit, .cents = m->cents);
  if (!rc || rc == WEIR_EINDOUBT) return rc; /* perhaps paid in: giving it back could pay twice */
  weir_ignore_deadline();                    /* what was taken must be given back, whoever still waits */
  if (weir_ask(m->from, WEIR_SECONDS(1), NULL, deposit, .cents = m->cents))
    return weir_error(BANK_IN_DOUBT, "%lld cents taken, neither paid in nor given back", (long long)m->cents);
  return rc;
}
WEIR_ACTOR(bank, WEIR_ON(transfer, bank_transfer));

int main(void)
{
  weir_runtime *rt;
  if (weir_runtime_start(NULL, &rt)) return 1;
  weir_ref a = weir_spawn(&account, .config = WEIR_VALUE(opening, .cents = 100));
  weir_ref c = weir_spawn(&account, .config = WEIR_VALUE(opening, .cents = 0));
  weir_ref b = weir_spawn(&bank);
  int rc = weir_ask(b, WEIR_SECONDS(1), NULL, transfer, .from = a, .to = c, .cents = 70);
  printf("%d %s\n", rc, rc ? weir_error_text() : "done");
  rc = weir_ask(b, WEIR_SECONDS(1), NULL, transfer, .from = a, .to = c, .cents = 70);
  printf("%d %s\n", rc, rc ? weir_error_text() : "done");
  struct balance *left;
  if (!weir_ask(a, WEIR_SECONDS(1), &left, deposit, .cents = 0)) {
    printf("%lld\n", (long long)left->cents);
    weir_free(left);
  }
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
