#include <weir/weir.h>

struct item {
  void (*call)(void);
};
WEIR_MESSAGE(item, WEIR_FIELD(call));
