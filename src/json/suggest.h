/* suggest.h: "did you mean": the known word that is nearest to one that is not known. */
#ifndef WEIR__JSON_SUGGEST_H
#define WEIR__JSON_SUGGEST_H

#include <stddef.h>

struct weir__suggestion {
  const char *word;
  const char *nearest; /* borrowed from weir__suggest_offer(); NULL: nothing is near */
  size_t distance;     /* of `nearest`, in changes; at first the least that is too far */
  char text[96];
};

/* A suggestion for `word`; borrowed, as all words offered are, as long as the suggestion is used. */
struct weir__suggestion weir__suggest(const char *word);
void weir__suggest_offer(struct weir__suggestion *suggestion, const char *known);
/* ` (did you mean "x"?)`, or "". It lives in the suggestion. */
const char *weir__suggest_text(struct weir__suggestion *suggestion);

#endif
