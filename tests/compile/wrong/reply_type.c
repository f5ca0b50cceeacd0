#include <weir/weir.h>

struct item {
  int32_t number;
};
struct tally {
  int64_t items;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));
WEIR_MESSAGE(tally, WEIR_FIELD(items));
struct how_many {
  WEIR_EMPTY;
};
WEIR_REQUEST(how_many, tally);

int ask_it(weir_ref to);
int ask_it(weir_ref to)
{
  struct item *wrong;
  return weir_ask(to, WEIR_SECONDS(1), &wrong, how_many);
}
