/* A handler is a function of state, message and reply: testing it needs no runtime. Prints nothing when all is well. */
#include <assert.h>
#define main bank_main /* bank.c has a main() of its own */
#include "bank.c"
#undef main

int main(void)
{
  struct account a = {.cents = 100};
  struct balance left = {.cents = 0};
  struct withdraw some = {.cents = 30}, most = {.cents = 80};
  assert(account_withdraw(&a, &some, &left) == WEIR_OK && left.cents == 70);
  assert(account_withdraw(&a, &most, &left) == BANK_NO_FUNDS && a.cents == 70);
  return 0;
}
