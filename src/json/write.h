/* write.h: messages to JSON, in parts, and for people. */
#ifndef WEIR__JSON_WRITE_H
#define WEIR__JSON_WRITE_H

#include <weir/json.h>

/* As weir_json_write_value(), with null for each secret. */
int weir__json_show(weir_value value, char **text, size_t *size);

/* What one field of a struct of `type` holds, without its key. The value is one that was sent, or read: sound, and not too
 * deep. `text` receives the text, owned. Errors: as weir_json_write_value(). */
int weir__json_write_field(const weir_message *type, const weir_field *field, const void *value, char **text);

#endif
