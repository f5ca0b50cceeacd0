/* weir/records.h: the records that the stock actor types exchange, for plugins that stand among them.
 *
 * An edge carries one type of record; which one a type takes and gives: weir types NAME. */
#ifndef WEIR_RECORDS_H
#define WEIR_RECORDS_H

#include <weir/message.h>

/** A line of a text, without its newline; any bytes, zeros too. */
struct line {
  weir_bytes text;
};
WEIR_SHARED(line, "line", WEIR_FIELD(text, .help = "the line's bytes, without the newline"));

/** A word. Hash routes go by it. */
struct word {
  const char *word;
};
WEIR_SHARED(word, "word", WEIR_FIELD(word, .key = true, .help = "the word"));

/** How often a word was seen. */
struct tally {
  const char *word;
  int64_t count;
};
WEIR_SHARED(tally, "tally", WEIR_FIELD(word, .key = true, .help = "the word"),
            WEIR_FIELD(count, .help = "how often it was seen"));

#endif
