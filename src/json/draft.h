/* draft.h: a text that grows as it is written. The first time that there is no memory is remembered, and nothing is
 * written after it: who writes asks once, at the end. */
#ifndef WEIR__JSON_DRAFT_H
#define WEIR__JSON_DRAFT_H

#include <weir/base.h>

/* All zeros is an empty text. */
struct weir__draft {
  char *text; /* owned, ends with a NUL; NULL while it is empty */
  size_t size, room;
  bool failed;
};

void weir__draft_put(struct weir__draft *t, const char *bytes, size_t size);
void weir__draft_add(struct weir__draft *t, const char *format, ...) WEIR_PRINTF(2, 3);
/* A text in double quotes, escaped as JSON wants it; what is not UTF-8 becomes U+FFFD. */
void weir__draft_quote(struct weir__draft *t, const char *text);
/* Spaces, until the line is so many characters long; at least one. */
void weir__draft_pad(struct weir__draft *t, size_t column);
/* Gives it away, to be freed with free(): WEIR_OK or WEIR_ENOMEM. `size`: NULL is fine. */
int weir__draft_take(struct weir__draft *t, char **text, size_t *size);
void weir__draft_free(struct weir__draft *t);

#endif
