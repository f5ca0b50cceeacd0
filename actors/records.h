/* records.h: the record types that stock actors exchange. An edge carries one of them; which ones a type takes and
 * gives stands in its row of the table (stock.h). */
#ifndef WEIR_ACTORS_RECORDS_H
#define WEIR_ACTORS_RECORDS_H

#include <weir/message.h>

/** A line of a text, without its newline; any bytes, zeros too. */
struct line {
  weir_bytes text;
};
WEIR_MESSAGE(line, WEIR_FIELD(text, .help = "the line's bytes, without the newline"));

/** A word. Hash routes go by it. */
struct word {
  const char *word;
};
WEIR_MESSAGE(word, WEIR_FIELD(word, .key = true, .help = "the word"));

/** How often a word was seen. */
struct tally {
  const char *word;
  int64_t count;
};
WEIR_MESSAGE(tally, WEIR_FIELD(word, .key = true, .help = "the word"),
             WEIR_FIELD(count, .help = "how often it was seen"));

#endif
