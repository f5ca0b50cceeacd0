/* quantity.h: numbers with a unit, as values of a document: durations, sizes and rates, within their field's bounds. */
#ifndef WEIR__JSON_QUANTITY_H
#define WEIR__JSON_QUANTITY_H

#include <weir/message.h>

#include "json/document.h"

/* Each reports what is wrong with the value, and leaves the result alone then. */
void weir__read_duration(struct weir__document *document, uint32_t node, const weir_field *field, weir_duration *at);
void weir__read_rate(struct weir__document *document, uint32_t node, const weir_field *field, weir_rate *at);
/* Of an integer of that kind, whose unit is bytes. */
void weir__read_size(struct weir__document *document, uint32_t node, const weir_field *field, weir_kind kind, void *at);

#endif
