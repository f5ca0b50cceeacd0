/* weir/record.h: a record as sources, stores and plugins exchange it: a key, a payload, a time. */
#ifndef WEIR_RECORD_H
#define WEIR_RECORD_H

#include <weir/message.h>

struct record {
  const char *key;
  weir_bytes payload;
  int64_t time_ms; /* since 1970, UTC */
};
WEIR_SHARED(record, "weir.record", WEIR_FIELD(key), WEIR_FIELD(payload), WEIR_FIELD(time_ms));

#endif
