/* split.c: lines into words.
 *
 * A word is a run of the letters A-Z and a-z; every other byte separates: digits, zeros, whatever is not ASCII, so
 * that a text in no valid encoding is split like any other. Words have no bound but their line's. */
#include <stdlib.h>
#include <string.h>

#include "records.h"
#include "stock.h"

struct split_config {
  const char *on;
  bool fold_case;
};
WEIR_MESSAGE(split_config,
             WEIR_FIELD(on, .def = "\"non-letters\"", .one_of = "non-letters",
                        .help = "what separates words: \"non-letters\" (all bytes but A-Z and a-z)"),
             WEIR_FIELD(fold_case, .def = "false", .help = "turns A-Z into a-z"));

struct split {
  weir_ref out;
  unsigned char letter[256]; /* what a byte becomes inside a word; 0: it separates */
  char *word;                /* the word in hand, with room for `room` bytes; text fields end with a zero */
  size_t room;
};

static void set_letters(struct split *s, bool fold_case)
{
  for (int c = 'a'; c <= 'z'; c++) s->letter[c] = (unsigned char)c;
  for (int c = 'A'; c <= 'Z'; c++) s->letter[c] = (unsigned char)(fold_case ? c - 'A' + 'a' : c);
}

static int split_open(struct split *s, const struct split_config *c)
{
  if (!c) return weir_error(WEIR_EINVAL, "split: no configuration");
  set_letters(s, c->fold_case);
  s->out = weir_output("out");
  return WEIR_OK;
}

/* Words are copied out of a line of `line_size` bytes, so this much room is enough for each of them. Doubling keeps a
 * text whose lines get longer and longer from asking for memory each time. */
static int make_room(struct split *s, size_t line_size)
{
  size_t room = s->room ? s->room : 256;
  while (room <= line_size) room *= 2;
  if (room == s->room) return WEIR_OK;
  char *word = realloc(s->word, room);
  if (!word) return weir_error(WEIR_ENOMEM, "split: no memory for a line of %zu bytes", line_size);
  s->word = word, s->room = room;
  return WEIR_OK;
}

static int split_line(struct split *s, const struct line *l)
{
  const unsigned char *at = l->text.data, *end = at + l->text.size;
  int rc = make_room(s, l->text.size);
  while (rc == WEIR_OK) {
    while (at < end && !s->letter[*at]) at++;
    if (at == end) break;
    char *to = s->word;
    unsigned char c;
    while (at < end && (c = s->letter[*at])) *to++ = (char)c, at++;
    *to = '\0';
    rc = weir_send(s->out, word, .word = s->word);
  }
  return rc;
}

static void split_close(struct split *s) { free(s->word); }

WEIR_ACTOR(split, WEIR_ON_START(split_config, split_open) WEIR_ON(line, split_line) WEIR_ON_END(split_close),
           .help = "splits lines into words");

const struct weir__stock weir__stock_split = {&split, weir_message_split_config, weir_message_line, weir_message_word};
