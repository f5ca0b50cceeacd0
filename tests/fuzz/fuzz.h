/* fuzz.h: what the fuzz targets share: checks that hold in every build, and what must be true of every problem that is
 * told of a document. */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <weir/json.h>
#include <weir/weir.h>

/* What libFuzzer and replay.c call. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* abort() is what libFuzzer takes for a finding. */
#define CHECK(condition) ((condition) ? (void)0 : fuzz_failed(__FILE__, __LINE__, #condition))
static inline void fuzz_failed(const char *file, int line, const char *what)
{
  fprintf(stderr, "%s:%d: not so: %s (weir_error_text: %s)\n", file, line, what, weir_error_text());
  abort();
}

/* Each message that was made has ended, and no shared buffer is left (L2). */
static inline void fuzz_check_accounts(void)
{
  weir_accounts a;
  weir_accounts_read(&a);
  CHECK(a.live == 0);
  CHECK(a.buffers == 0);
  CHECK(a.created == a.handled + a.received + a.withdrawn + a.dead + a.freed + a.unsent + a.evicted);
}

/* Bytes of the character at `c`, 0 if it is not UTF-8: another reading of RFC 3629 than the library's. */
static inline size_t fuzz_character(const char *text)
{
  const unsigned char *c = (const unsigned char *)text;
  size_t bytes = *c < 0x80 ? 1 : *c >> 5 == 6 ? 2 : *c >> 4 == 14 ? 3 : *c >> 3 == 30 ? 4 : 0;
  uint32_t point = bytes == 1 ? *c : *c & (0xffu >> (bytes + 1));
  for (size_t i = 1; i < bytes; i++) {
    if (c[i] >> 6 != 2) return 0;
    point = point << 6 | (c[i] & 0x3f);
  }
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  return bytes && point >= least[bytes] && point <= 0x10ffff && point >> 11 != 0x1b ? bytes : 0;
}

static inline bool fuzz_is_utf8(const char *text)
{
  for (size_t bytes; *text; text += bytes)
    if (!(bytes = fuzz_character(text))) return false;
  return true;
}

/* One line for people, wherever it came from. */
static inline void fuzz_check_line(const char *text)
{
  CHECK(text && *text);
  CHECK(fuzz_is_utf8(text));
  for (const char *c = text; *c; c++) CHECK((unsigned char)*c >= 0x20 && *c != 0x7f);
}

/* What was told of one document; `.arg` of its options. */
struct fuzz_told {
  int lines; /* of the document */
  int line, column;
  size_t count;
  uint64_t hash; /* of all that was told */
};

static inline int fuzz_lines(const uint8_t *text, size_t size)
{
  int lines = 1;
  for (size_t i = 0; i < size; i++) lines += text[i] == '\n';
  return lines;
}

static inline void fuzz_tell(void *arg, const weir_problem *p)
{
  struct fuzz_told *told = arg;
  fuzz_check_line(p->text);
  if (p->line) { /* in the order of the document, and inside of it */
    CHECK(p->line <= told->lines && p->column > 0);
    CHECK(p->line > told->line || (p->line == told->line && p->column >= told->column));
    told->line = p->line;
    told->column = p->column;
  }
  told->count++;
  for (const char *c = p->text; *c; c++) told->hash = (told->hash ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
  told->hash += (uint64_t)p->line << 32 | (uint32_t)p->column;
}

#endif
