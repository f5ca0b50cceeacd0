/* show.h: a value as JSON that is to be shown: as weir_json_write_value(), with null for each secret. */
#ifndef WEIR__JSON_SHOW_H
#define WEIR__JSON_SHOW_H

#include <weir/message.h>

int weir__json_show(weir_value value, char **text, size_t *size);

#endif
