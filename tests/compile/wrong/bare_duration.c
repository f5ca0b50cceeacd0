#include <weir/weir.h>

struct item {
  int32_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));

int send_it(weir_ref to);
int send_it(weir_ref to) { return weir_send_within(to, 1000, item, .number = 1); }
