/* split.c: lines into words.
 *
 * A word is a run of the letters A-Z and a-z; every other byte separates: digits, zeros, whatever is not ASCII, so
 * that a text in no valid encoding is split like any other. Words have no bound but their line's. */
#include <stdlib.h>
#include <string.h>

#include <weir/arena.h>

#include "stock.h"
#include <weir/records.h>

#define IN_EACH(byte) (UINT64_C(0x0101010101010101) * (byte))
enum { EIGHT = sizeof(uint64_t) };

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
  uint64_t fold; /* in each byte the bit by which A-Z and a-z differ, if letters are folded; else 0 */
  char *letters; /* the line in hand, all but its letters zeroed: so its words are texts */
  size_t room;
};

/* Deferred: see file_lines.c. */
static void split_close(void *state) { free(((struct split *)state)->letters); }

static int split_open(struct split *s, const struct split_config *c)
{
  if (!c) return weir_error(WEIR_EINVAL, "split: no configuration");
  s->fold = c->fold_case ? IN_EACH(0x20) : 0;
  s->out = weir_output("out");
  return weir_defer(split_close, s);
}

/* The line in hand is another one's matter: a change comes between two. */
static int split_change(struct split *s, const struct split_config *c)
{
  s->fold = c->fold_case ? IN_EACH(0x20) : 0;
  return WEIR_OK;
}

/* A zero behind the last word, and what is written past it: letters come in eights. Doubling keeps a text whose lines
 * get longer and longer from asking for memory each time. */
static int make_room(struct split *s, size_t line_size)
{
  size_t room = s->room ? s->room : 256;
  while (room <= line_size + EIGHT) room *= 2;
  if (room == s->room) return WEIR_OK;
  char *letters = realloc(s->letters, room);
  if (!letters) return weir_error(WEIR_ENOMEM, "split: no memory for a line of %zu bytes", line_size);
  s->letters = letters, s->room = room;
  return WEIR_OK;
}

/* Eight bytes: letters stay, or are folded, others become zeros. Each byte is a lane of its own: what is added to its
 * lower seven bits carries into the eighth, never beyond. */
static inline uint64_t only_letters(uint64_t eight, uint64_t fold)
{
  uint64_t lower = eight | IN_EACH(0x20), seven = lower & IN_EACH(0x7f);
  uint64_t from_a = seven + IN_EACH(0x80 - 'a'), beyond_z = seven + IN_EACH(0x7f - 'z');
  uint64_t is_letter = (from_a & ~beyond_z & ~lower) >> 7 & IN_EACH(1);
  return (eight | fold) & is_letter * 0xff;
}

static void find_letters(struct split *s, const unsigned char *line, size_t size)
{
  uint64_t eight;
  size_t at = 0;
  for (; at + EIGHT <= size; at += EIGHT) {
    memcpy(&eight, line + at, EIGHT);
    eight = only_letters(eight, s->fold);
    memcpy(s->letters + at, &eight, EIGHT);
  }
  eight = 0;
  if (at < size) memcpy(&eight, line + at, size - at);
  eight = only_letters(eight, s->fold);
  memcpy(s->letters + at, &eight, EIGHT);
}

/* A send may wait; the line is the message in hand, and nothing else touches the letters meanwhile. */
static int split_line(struct split *s, const struct line *l)
{
  int rc = make_room(s, l->text.size);
  if (rc) return rc;
  find_letters(s, l->text.data, l->text.size);
  const char *at = s->letters, *end = at + l->text.size;
  while (at < end && rc == WEIR_OK) {
    if (*at) {
      rc = weir_send(s->out, word, .word = at);
      at += strlen(at);
    }
    at++;
  }
  return rc;
}

WEIR_ACTOR(split,
           WEIR_ON_START(split_config, split_open) WEIR_ON_CONFIG(split_config, split_change) WEIR_ON(line, split_line),
           .help = "splits lines into words");

const struct weir__stock weir__stock_split = {
    .actor = &split, .config = weir_message_split_config, .takes = weir_message_line, .gives = weir_message_word};
