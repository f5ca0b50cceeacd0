/* Uses of what was given away, and a leak: see given_away.sh. */
#include <weir/weir.h>

struct item {
  int64_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));

int64_t used_after_free(struct item *owned);
int64_t used_after_free(struct item *owned)
{
  weir_free(owned);
  return owned->number;
}

int64_t used_after_pass(weir_ref to, struct item *owned);
int64_t used_after_pass(weir_ref to, struct item *owned)
{
  weir_pass(to, owned);
  return owned->number;
}

void freed_twice(const struct item *borrowed);
void freed_twice(const struct item *borrowed)
{
  struct item *kept = weir_keep(item, borrowed);
  weir_free(kept);
  weir_free(kept);
}

int64_t leaked(const struct item *borrowed);
int64_t leaked(const struct item *borrowed)
{
  struct item *kept = weir_keep(item, borrowed);
  return kept ? kept->number : 0;
}
