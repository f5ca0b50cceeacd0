#include <weir/weir.h>

struct item {
  int32_t number;
};
WEIR_MESSAGE(item, WEIR_FIELD(number));

void send_it(weir_ref to);
void send_it(weir_ref to) { weir_try_send(to, item, .number = 1); }
