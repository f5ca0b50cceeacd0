/* shared_names_one.c: a plugin of test_shared_names. */
#include <weir/record.h>

#include "shared_names.h"

struct note {
  int64_t n;
};
WEIR_MESSAGE(note, WEIR_FIELD(n));
struct clash {
  int64_t value;
};
WEIR_SHARED(clash, "test.clash", WEIR_FIELD(value));

static weir_value make(void)
{
  static const struct record r = {.key = "from one", .payload = {"\0one", 4, NULL}, .time_ms = 7};
  return WEIR_AT(record, &r);
}

WEIR_API const struct plugin *weir_test_plugin(void);
const struct plugin *weir_test_plugin(void)
{
  static const struct plugin p = {weir_message_record, weir_message_note, weir_message_clash, make};
  return &p;
}
