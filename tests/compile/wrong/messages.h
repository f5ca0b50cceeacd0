/* Messages for the wrong programs beside it. */
#include <weir/weir.h>

struct item {
  int32_t number;
};
struct tally {
  int64_t items;
};
struct how_many {
  WEIR_EMPTY;
};
struct sink {
  int32_t taken;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));
WEIR_MESSAGE(tally, WEIR_FIELD(items));
WEIR_REQUEST(how_many, tally);
