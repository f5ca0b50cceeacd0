/* scan.c: see scan.h. The scanner is an automaton with an explicit stack:
 *
 *              {  [                 ,
 *     VALUE ---------> VALUE   NEXT ---> VALUE        A container that is empty, and each scalar, lead to NEXT,
 *       |                       | ^                   as does the end of a container; the end of the root ends
 *       +---- scalar, {}, [] ---+ | }  ]              the text.
 *                               +-+
 *
 * I1  `at` is at a character's first byte, and all before it is valid UTF-8.
 * I2  open[0 .. depth) are the containers that are open, the innermost last.
 * I3  The text is followed by a zero byte that does not belong to it, so one byte may always be looked at. */
#include "json/scan.h"
#include "platform/number.h"
#include "platform/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct open_container {
  uint32_t node;
  uint32_t last; /* child so far, or WEIR__NO_NODE */
};

struct scanner {
  struct weir__document *document;
  const unsigned char *at;
  const unsigned char *end;
  const unsigned char *line_start;
  uint32_t line;
  uint32_t later_bytes; /* of characters that take several, on this line: they take no column */
  uint32_t duplicates;
  bool comments; /* they are skipped */
  bool is_jsonc; /* they may be there */
  struct open_container open[WEIR__DOCUMENT_DEPTH_MAX];
  uint32_t depth;
};

/* What a step came to: go on, or stop with a code that has been reported. */
enum { GO_ON = WEIR_OK };

static uint32_t column(const struct scanner *s) { return (uint32_t)(s->at - s->line_start) - s->later_bytes + 1; }

static const struct weir__source *scanned(const struct scanner *s)
{
  return &s->document->sources[s->document->source_count - 1];
}

static WEIR_PRINTF(2, 3) int fail(struct scanner *s, const char *format, ...)
{
  va_list arguments;
  struct weir__place place = {
      .file = scanned(s)->name, .line = (int)s->line, .column = (int)column(s), .pointer = NULL};
  va_start(arguments, format);
  weir__report_atv(s->document->report, &place, format, arguments);
  va_end(arguments);
  return weir__report_code(s->document->report);
}

static int no_memory(struct scanner *s)
{
  s->document->report->failed = true;
  return WEIR_ENOMEM;
}

/* ---- characters ---- */

static void skip_character(struct scanner *s, size_t size)
{
  s->at += size;
  s->later_bytes += (uint32_t)size - 1;
}

static void begin_line(struct scanner *s)
{
  s->line++;
  s->line_start = s->at;
  s->later_bytes = 0;
}

/* A comment that is not valid, or has no end, is left where it goes wrong: there it is refused as what it is. */
static void skip_comment(struct scanner *s)
{
  bool to_line_end = s->at[1] == '/';
  const unsigned char *begin = s->at;
  uint32_t line = s->line, later_bytes = s->later_bytes;
  const unsigned char *line_start = s->line_start;
  for (s->at += 2; s->at < s->end;) {
    if (to_line_end ? *s->at == '\n' : s->at[0] == '*' && s->at[1] == '/') {
      s->at += to_line_end ? 0 : 2;
      return;
    }
    size_t size = weir__utf8_size(s->at, s->end);
    if (!size) return;
    bool new_line = *s->at == '\n';
    skip_character(s, size);
    if (new_line) begin_line(s);
  }
  if (to_line_end) return;
  s->at = begin, s->line = line, s->line_start = line_start, s->later_bytes = later_bytes;
  s->comments = false;
}

static bool at_comment(const struct scanner *s)
{
  return s->comments && s->at[0] == '/' && (s->at[1] == '/' || s->at[1] == '*');
}

static void skip_space(struct scanner *s)
{
  while (s->at < s->end) {
    if (*s->at == '\n') {
      s->at++;
      begin_line(s);
    } else if (*s->at == ' ' || *s->at == '\t' || *s->at == '\r') {
      s->at++;
    } else if (at_comment(s)) {
      skip_comment(s);
    } else {
      return;
    }
  }
}

/* The text ends in the middle: what is open began earlier, and that is where a reader has to look. */
static int fail_at_end(struct scanner *s, const char *expected)
{
  if (!s->depth) return fail(s, "the file ends where %s should be", expected);
  const struct weir__json_node *open = &s->document->nodes[s->open[s->depth - 1].node];
  bool object = s->document->text[open->offset] == '{';
  return fail(s, "the file ends inside the %s that begins at %u:%u", object ? "object" : "array", (unsigned)open->line,
              (unsigned)open->column);
}

static int fail_unexpected(struct scanner *s, const char *expected)
{
  if (s->at == s->end) return fail_at_end(s, expected);
  unsigned char c = *s->at;
  size_t size = weir__utf8_size(s->at, s->end);
  if (!size) return fail(s, "byte 0x%02x is not valid UTF-8", c);
  if (!c) return fail(s, "a zero byte where %s should be: is this a text file?", expected);
  if (c == '/' && s->at[1] == '*' && s->is_jsonc) return fail(s, "the file ends inside the comment that begins here");
  if (c == '/' && !s->is_jsonc)
    return fail(s, "expected %s, not \"/\": JSON has no comments (a .jsonc file may)", expected);
  if (c == '#') return fail(s, "expected %s, not \"%c\": JSON has no comments", expected, c);
  if (c == '\'') return fail(s, "expected %s, not \"'\": JSON quotes with \"", expected);
  if (c < 0x20 || c == 0x7f) return fail(s, "expected %s, not a control character (0x%02x)", expected, c);
  return fail(s, "expected %s, not \"%.*s\"", expected, (int)size, (const char *)s->at);
}

/* ---- nodes and keys ---- */

bool weir__scan_room(struct weir__document *d)
{
  if (d->node_count < d->node_capacity) return true;
  if (d->node_capacity >= WEIR__NODES_MOST) return false;
  uint32_t capacity = d->node_capacity ? 2 * d->node_capacity : 256; /* a power of two: it never wraps */
  struct weir__json_node *nodes = realloc(d->nodes, capacity * sizeof *nodes);
  if (!nodes) return false;
  d->nodes = nodes;
  d->node_capacity = capacity;
  return true;
}

/* A node for the value that comes next, as the innermost container's next child. */
static bool add_node(struct scanner *s)
{
  struct weir__document *d = s->document;
  if (!weir__scan_room(d)) return false;
  uint32_t node = d->node_count++;
  struct open_container *in = s->depth ? &s->open[s->depth - 1] : NULL;
  d->nodes[node] = (struct weir__json_node){.parent = in ? in->node : WEIR__NO_NODE, .next = WEIR__NO_NODE};
  if (!in) return true;
  if (in->last != WEIR__NO_NODE) d->nodes[in->last].next = node;
  d->nodes[node].index = d->nodes[in->node].inside++;
  in->last = node;
  return true;
}

static void note_value(struct scanner *s)
{
  struct weir__json_node *node = &s->document->nodes[s->document->node_count - 1];
  node->line = s->line & 0x3fffffff;
  node->column = column(s);
  node->offset = (uint32_t)((const char *)s->at - s->document->text);
}

static uint32_t hash_of(uint32_t parent, const char *key)
{
  uint32_t hash = 2166136261u ^ (parent * 2654435761u); /* FNV-1a */
  for (; *key; key++) hash = (hash ^ (unsigned char)*key) * 16777619u;
  return hash ^ hash >> 15;
}

/* Where (parent, key) is in the table, or the empty place where it belongs. */
static uint32_t *find_place(const struct weir__document *d, uint32_t parent, const char *key)
{
  for (uint32_t i = hash_of(parent, key);; i++) {
    uint32_t *place = &d->table[i & (d->table_size - 1)];
    if (*place == WEIR__NO_NODE) return place;
    const struct weir__json_node *node = &d->nodes[*place];
    if (node->parent == parent && strcmp(d->texts + node->key, key) == 0) return place;
  }
}

/* Objects of a few members are looked through, which stays in a few cache lines; the table has the keys of larger ones. */
enum { FEW = 16 };

static uint32_t find_among_few(const struct weir__document *d, uint32_t parent, const char *key, uint32_t before)
{
  for (uint32_t child = parent + 1; child < before; child = d->nodes[child].next)
    if (strcmp(d->texts + d->nodes[child].key, key) == 0) return child;
  return WEIR__NO_NODE;
}

uint32_t weir__scan_find(const struct weir__document *d, uint32_t parent, const char *key)
{
  if (parent == WEIR__NO_NODE || d->text[d->nodes[parent].offset] != '{' || !d->nodes[parent].inside)
    return WEIR__NO_NODE;
  if (d->nodes[parent].inside <= FEW) return find_among_few(d, parent, key, WEIR__NO_NODE);
  return d->table_size ? *find_place(d, parent, key) : WEIR__NO_NODE;
}

/* Keeps the table at most half full. */
static bool grow_table(struct weir__document *d)
{
  if (2 * d->key_count < d->table_size) return true;
  uint32_t old_size = d->table_size, *old = d->table;
  uint32_t size = old_size ? 2 * old_size : 256;
  uint32_t *table = malloc(size * sizeof *table);
  if (!table) return false;
  memset(table, 0xff, size * sizeof *table);
  d->table = table;
  d->table_size = size;
  for (uint32_t i = 0; i < old_size; i++)
    if (old[i] != WEIR__NO_NODE) *find_place(d, d->nodes[old[i]].parent, d->texts + d->nodes[old[i]].key) = old[i];
  free(old);
  return true;
}

/* Enters the key of a node, unless an older node of its object has it. */
static bool enter_key(struct weir__document *d, uint32_t node, uint32_t *duplicates)
{
  if (!grow_table(d)) return false;
  uint32_t *place = find_place(d, d->nodes[node].parent, d->texts + d->nodes[node].key);
  if (*place != WEIR__NO_NODE) {
    ++*duplicates; /* NOLINT(clang-analyzer-core.uninitialized.Assign): the caller has set it to 0 */
  } else {
    *place = node;
    d->key_count++;
  }
  return true;
}

/* The newest node of an object has its key. When there are more than a few, all are entered into the table. */
static bool note_key(struct scanner *s)
{
  struct weir__document *d = s->document;
  uint32_t node = d->node_count - 1, parent = d->nodes[node].parent, known = 0;
  if (d->nodes[parent].inside <= FEW) {
    s->duplicates += find_among_few(d, parent, d->texts + d->nodes[node].key, node) != WEIR__NO_NODE;
    return true;
  }
  if (d->nodes[parent].inside > FEW + 1) return enter_key(d, node, &s->duplicates);
  for (uint32_t child = parent + 1; child != node; child = d->nodes[child].next)
    if (!enter_key(d, child, &known)) return false;
  return enter_key(d, node, &s->duplicates);
}

/* A copy's parent knows already how many there will be. */
bool weir__scan_enter(struct weir__document *d, uint32_t node)
{
  uint32_t known;
  return d->nodes[d->nodes[node].parent].inside <= FEW || enter_key(d, node, &known);
}

/* ---- strings ---- */

static int hex_value(unsigned char c)
{
  if (c >= '0' && c <= '9') return c - '0';
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f') return (c | 0x20) - 'a' + 10;
  return -1;
}

/* The four digits of \uXXXX, `at` being at the backslash; -1 if it is none. */
static int32_t hex_escape(const struct scanner *s, const unsigned char *at)
{
  if (s->end - at < 6 || at[0] != '\\' || at[1] != 'u') return -1;
  int32_t unit = 0;
  for (int i = 2; i < 6; i++) {
    int digit = hex_value(at[i]);
    if (digit < 0) return -1;
    unit = unit * 16 + digit;
  }
  return unit;
}

static char *put_utf8(char *to, uint32_t c)
{
  if (c < 0x80) {
    *to++ = (char)c;
  } else if (c < 0x800) {
    *to++ = (char)(0xc0 | c >> 6);
    *to++ = (char)(0x80 | (c & 0x3f));
  } else if (c < 0x10000) {
    *to++ = (char)(0xe0 | c >> 12);
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  } else {
    *to++ = (char)(0xf0 | c >> 18);
    *to++ = (char)(0x80 | (c >> 12 & 0x3f));
    *to++ = (char)(0x80 | (c >> 6 & 0x3f));
    *to++ = (char)(0x80 | (c & 0x3f));
  }
  return to;
}

static int scan_unicode_escape(struct scanner *s, char **to)
{
  int32_t unit = hex_escape(s, s->at), low = -1;
  if (unit < 0) return fail(s, "\\u takes four hexadecimal digits");
  if (unit == 0) return fail(s, "\\u0000 can't be part of a text");
  bool high = unit >= 0xd800 && unit < 0xdc00;
  if (high) low = hex_escape(s, s->at + 6);
  if (high ? low < 0xdc00 || low > 0xdfff : unit >= 0xdc00 && unit <= 0xdfff)
    return fail(s, "\\u%04x is half of a character: its other half is missing", (unsigned)unit);
  uint32_t character = (uint32_t)unit;
  if (high) character = 0x10000 + ((character - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
  *to = put_utf8(*to, character);
  s->at += high ? 12 : 6;
  return GO_ON;
}

static int scan_escape(struct scanner *s, char **to)
{
  static const char escapes[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  unsigned char c = s->end - s->at > 1 ? s->at[1] : 0;
  if (c == 'u') return scan_unicode_escape(s, to);
  const char *escape = c ? strchr(escapes, c) : NULL;
  if (!escape) return fail(s, "JSON has no such escape (a backslash itself is \\\\)");
  *(*to)++ = meanings[escape - escapes];
  s->at += 2;
  return GO_ON;
}

/* One character of a string that is not the closing quote. */
static int scan_character(struct scanner *s, char **to)
{
  unsigned char c = *s->at;
  if (c == '\\') return scan_escape(s, to);
  if (c == '\n' || c == '\r')
    return fail(s, "the line ends inside a text: its closing quote is missing, or \\n is meant");
  if (c < 0x20) return fail(s, "a control character (0x%02x) inside a text: write \\u%04x", c, c);
  size_t size = weir__utf8_size(s->at, s->end);
  if (!size) return fail(s, "byte 0x%02x is not valid UTF-8", c);
  memcpy(*to, s->at, size);
  *to += size;
  skip_character(s, size);
  return GO_ON;
}

/* Goes to the document's texts. */
static int scan_string(struct scanner *s)
{
  char *to = s->document->texts + s->document->texts_size;
  uint32_t line = s->line, began = column(s);
  for (s->at++; s->at < s->end && *s->at != '"';) {
    int rc = scan_character(s, &to);
    if (rc) return rc;
  }
  if (s->at == s->end) return fail(s, "the file ends inside the text that begins at %u:%u", line, began);
  s->at++;
  *to++ = 0;
  s->document->texts_size = (size_t)(to - s->document->texts);
  return GO_ON;
}

/* ---- scalars ---- */

static const unsigned char *skip_digits(const unsigned char *c)
{
  while (*c >= '0' && *c <= '9') c++;
  return c;
}

/* Integers are held in 64 bits, with a sign or without; all others as a double. */
static bool integer_fits(const char *number)
{
  errno = 0;
  if (*number == '-')
    (void)strtoll(number, NULL, 10);
  else
    (void)strtoull(number, NULL, 10);
  return errno != ERANGE;
}

/* Whether a number that is well-formed can be held. */
static int check_size(struct scanner *s, const unsigned char *end, bool integer)
{
  if (integer && !integer_fits((const char *)s->at))
    return fail(s, "the number is too large: at most 64 bits are read");
  if (!integer && isinf(weir__number_read((const char *)s->at, NULL))) return fail(s, "the number is too large");
  s->at = end;
  return GO_ON;
}

static int scan_number(struct scanner *s)
{
  const unsigned char *c = s->at + (*s->at == '-'), *digits = c;
  c = skip_digits(c);
  if (c == digits) return fail(s, "a number needs a digit after its \"-\"");
  if (*digits == '0' && c - digits > 1) return fail(s, "a number can't begin with 0");
  bool integer = true;
  if (*c == '.') {
    integer = false;
    const unsigned char *fraction = c + 1;
    c = skip_digits(fraction);
    if (c == fraction) return fail(s, "a number needs a digit after its \".\"");
  }
  if (*c == 'e' || *c == 'E') {
    integer = false;
    const unsigned char *exponent = c + 1 + (c[1] == '+' || c[1] == '-');
    c = skip_digits(exponent);
    if (c == exponent) return fail(s, "a number needs a digit in its exponent");
  }
  return check_size(s, c, integer);
}

bool weir__scan_is_number(const char *text)
{
  const unsigned char *c = (const unsigned char *)text + (*text == '-'), *digits = c;
  bool integer = true;
  c = skip_digits(c);
  if (c == digits || (*digits == '0' && c - digits > 1)) return false;
  if (*c == '.') {
    integer = false;
    const unsigned char *fraction = ++c;
    c = skip_digits(c);
    if (c == fraction) return false;
  }
  if (*c == 'e' || *c == 'E') {
    integer = false;
    const unsigned char *exponent = c + 1 + (c[1] == '+' || c[1] == '-');
    c = skip_digits(exponent);
    if (c == exponent) return false;
  }
  if (*c) return false;
  return integer ? integer_fits(text) : !isinf(weir__number_read(text, NULL));
}

static int scan_word(struct scanner *s)
{
  static const char *const words[] = {"true", "false", "null"};
  size_t size = 0, left = (size_t)(s->end - s->at);
  while (size < left && ((s->at[size] | 0x20) >= 'a' && (s->at[size] | 0x20) <= 'z')) size++;
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (size == strlen(words[i]) && memcmp(s->at, words[i], size) == 0) {
      s->at += size;
      return GO_ON;
    }
  return fail(s, "expected a value, not \"%.*s%s\" (a text stands in double quotes)", (int)(size > 40 ? 40 : size),
              (const char *)s->at, size > 40 ? "..." : "");
}

static int scan_text_value(struct scanner *s)
{
  s->document->nodes[s->document->node_count - 1].inside = (uint32_t)s->document->texts_size;
  return scan_string(s);
}

static int scan_scalar(struct scanner *s)
{
  unsigned char c = s->at < s->end ? *s->at : 0;
  if (c == '"') return scan_text_value(s);
  if (c == '-' || (c >= '0' && c <= '9')) return scan_number(s);
  if ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') return scan_word(s);
  return fail_unexpected(s, "a value");
}

/* ---- containers ---- */

/* A key and its colon; the node of its value. */
static int scan_key(struct scanner *s)
{
  struct weir__document *d = s->document;
  if (s->at == s->end || *s->at != '"') return fail_unexpected(s, "a key in double quotes");
  if (!add_node(s)) return no_memory(s);
  struct weir__json_node *node = &d->nodes[d->node_count - 1];
  node->key_line = s->line;
  node->key_column = column(s);
  node->key = (uint32_t)d->texts_size;
  int rc = scan_string(s);
  if (rc) return rc;
  if (!note_key(s)) return no_memory(s);
  skip_space(s);
  if (s->at == s->end || *s->at != ':') return fail_unexpected(s, "\":\" after the key");
  s->at++;
  return GO_ON;
}

static bool in_object(const struct scanner *s)
{
  return s->document->text[s->document->nodes[s->open[s->depth - 1].node].offset] == '{';
}

/* Makes the node for the next element, with its key in an object; `at` is then before its value. */
static int begin_child(struct scanner *s)
{
  if (in_object(s)) return scan_key(s);
  return add_node(s) ? GO_ON : no_memory(s);
}

static bool at_closing(const struct scanner *s) { return s->at < s->end && *s->at == (in_object(s) ? '}' : ']'); }

/* The value of the newest node. `*open`: it is a container that is not empty, and `at` is before its first value. */
static int scan_value(struct scanner *s, bool *open)
{
  skip_space(s);
  note_value(s);
  *open = false;
  if (s->at == s->end || (*s->at != '{' && *s->at != '[')) return scan_scalar(s);
  if (s->depth == WEIR__DOCUMENT_DEPTH_MAX) return fail(s, "nested more than %d deep", (int)WEIR__DOCUMENT_DEPTH_MAX);
  s->open[s->depth++] = (struct open_container){.node = s->document->node_count - 1, .last = WEIR__NO_NODE};
  s->at++;
  skip_space(s);
  *open = !at_closing(s);
  if (*open) return begin_child(s);
  s->at++;
  s->depth--;
  return GO_ON;
}

/* After a value: ends the containers that end here. `*more`: another value follows, and `at` is before it. */
static int scan_next(struct scanner *s, bool *more)
{
  for (*more = false; s->depth; s->depth--, s->at++) {
    skip_space(s);
    if (at_closing(s)) continue;
    if (s->at == s->end || *s->at != ',') return fail_unexpected(s, in_object(s) ? "\",\" or \"}\"" : "\",\" or \"]\"");
    s->at++;
    skip_space(s);
    if (at_closing(s)) return fail(s, "a \",\" before the closing \"%c\"", *s->at);
    *more = true;
    return begin_child(s);
  }
  return GO_ON;
}

static int scan_values(struct scanner *s)
{
  bool before_value = true;
  while (before_value) {
    int rc = scan_value(s, &before_value);
    if (!rc && !before_value) rc = scan_next(s, &before_value);
    if (rc) return rc;
  }
  return GO_ON;
}

static int scan_text(struct scanner *s)
{
  if (s->end - s->at >= 3 && memcmp(s->at, "\xef\xbb\xbf", 3) == 0)
    return fail(s, "the file begins with a byte order mark: save it as UTF-8 without one");
  skip_space(s);
  if (s->at == s->end) return fail(s, "the file is empty");
  if (!add_node(s)) return no_memory(s);
  int rc = scan_values(s);
  if (rc) return rc;
  skip_space(s);
  return s->at == s->end ? GO_ON : fail_unexpected(s, "the end of the file");
}

/* Apart from the pass: only now is the name of each element known, for the paths in the messages. */
static void report_duplicates(struct weir__document *d)
{
  for (uint32_t i = d->sources[d->source_count - 1].root; i < d->node_count; i++) {
    const struct weir__json_node *node = &d->nodes[i];
    if (!node->key_line) continue;
    uint32_t first = weir__scan_find(d, node->parent, d->texts + node->key);
    if (first != i)
      weir__document_key_error(d, i, "given twice (first at %u:%u)", (unsigned)d->nodes[first].key_line,
                               (unsigned)d->nodes[first].key_column);
  }
}

int weir__scan(struct weir__document *d, bool comments)
{
  struct weir__source *source = &d->sources[d->source_count - 1];
  const unsigned char *text = (const unsigned char *)d->text + source->begin;
  struct scanner s = {.document = d,
                      .at = text,
                      .end = text + source->size,
                      .line_start = text,
                      .line = 1,
                      .comments = comments,
                      .is_jsonc = comments};
  source->root = d->node_count;
  int rc = scan_text(&s);
  if (!rc && s.duplicates) report_duplicates(d);
  if (rc) source->root = WEIR__NO_NODE; /* the last text may be half there */
  return d->report->failed ? WEIR_ENOMEM : rc;
}
