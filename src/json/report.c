/* report.c: see report.h. */
#include "json/report.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/utf8.h"

static bool make_room(struct weir__report *report)
{
  if (report->kept < report->capacity) return true;
  size_t capacity = report->capacity ? 2 * report->capacity : 16;
  struct weir__noted *notes = realloc(report->notes, capacity * sizeof *notes);
  if (!notes) return false;
  report->notes = notes;
  report->capacity = capacity;
  return true;
}

static WEIR_PRINTF(1, 0) char *printed(const char *format, va_list arguments)
{
  va_list again;
  va_copy(again, arguments);
  int size = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *text = size < 0 ? NULL : malloc((size_t)size + 1);
  if (text) vsnprintf(text, (size_t)size + 1, format, arguments);
  return text;
}

/* A copy in which a control character is \u00XX: a document must not be able to steer a terminal. And what is no UTF-8
 * (documents are, but a pointer that the program gave need not be) is \xXX. */
static char *harmless(const char *text)
{
  const unsigned char *c = (const unsigned char *)text, *end = c + strlen(text);
  char *copy = malloc(6 * (size_t)(end - c) + 1);
  if (!copy) return NULL;
  char *to = copy;
  while (c < end) {
    size_t size = weir__utf8_size(c, end);
    if (!size || *c < 0x20 || *c == 0x7f)
      to += sprintf(to, size ? "\\u%04x" : "\\x%02x", (unsigned)*c);
    else
      to = (char *)memcpy(to, c, size) + size;
    c += size ? size : 1;
  }
  *to = 0;
  return copy;
}

void weir__report_file(struct weir__report *report, const char *file)
{
  const char **files = realloc(report->files, (report->file_count + 1) * sizeof *files);
  if (files)
    report->files = files, files[report->file_count++] = file;
  else
    report->failed = true;
}

static size_t rank_of(const struct weir__report *report, const char *file)
{
  size_t rank = report->file_count;
  while (rank && report->files[rank - 1] != file) rank--;
  return rank;
}

/* "PATH: TEXT"; *what is where TEXT begins. */
static char *whole_text(const char *path, const char *text, size_t *what)
{
  char *shown_path = harmless(path), *shown = harmless(text), *whole = NULL;
  *what = shown_path && *path ? strlen(shown_path) + 2 : 0;
  if (shown_path && shown) whole = malloc(*what + strlen(shown) + 1);
  if (whole) sprintf(whole, "%s%s%s", shown_path, *what ? ": " : "", shown);
  free(shown_path);
  free(shown);
  return whole;
}

void weir__report_atv(struct weir__report *report, const struct weir__place *place, const char *format,
                      va_list arguments)
{
  size_t what;
  report->count++;
  if (report->kept == WEIR__REPORT_MOST) return;
  char *raw = printed(format, arguments);
  char *text = raw ? whole_text(place->path ? place->path : "", raw, &what) : NULL;
  char *pointer = text && place->pointer ? strdup(place->pointer) : NULL;
  free(raw);
  if (!text || (place->pointer && !pointer) || !make_room(report)) {
    free(text);
    free(pointer);
    report->failed = true;
    return;
  }
  weir_problem problem = {.file = place->file,
                          .line = place->line,
                          .column = place->column,
                          .text = text,
                          .what = text + what,
                          .pointer = pointer};
  report->notes[report->kept] =
      (struct weir__noted){.problem = problem, .rank = rank_of(report, place->file), .order = report->kept};
  report->kept++;
}

void weir__report_add(struct weir__report *report, const char *file, int line, int column, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  weir__report_atv(report, &(struct weir__place){.file = file, .line = line, .column = column}, format, arguments);
  va_end(arguments);
}

int weir__report_code(const struct weir__report *report)
{
  if (report->failed) return WEIR_ENOMEM;
  return report->count ? WEIR_EINVAL : WEIR_OK;
}

static int by_position(const void *left, const void *right)
{
  const struct weir__noted *a = left, *b = right;
  if (a->rank != b->rank) return a->rank < b->rank ? -1 : 1;
  if (a->problem.line != b->problem.line) return a->problem.line < b->problem.line ? -1 : 1;
  if (a->problem.column != b->problem.column) return a->problem.column < b->problem.column ? -1 : 1;
  return a->order < b->order ? -1 : 1;
}

static void sort(struct weir__report *report)
{
  if (report->kept) qsort(report->notes, report->kept, sizeof *report->notes, by_position);
}

const weir_problem *weir__report_first(struct weir__report *report)
{
  sort(report);
  return report->kept ? &report->notes[0].problem : NULL;
}

/* The same place of a file, and the same words: an element of a template that is used more than once. */
static bool is_repeated(const weir_problem *a, const weir_problem *b)
{
  return a->line && a->file == b->file && a->line == b->line && a->column == b->column && a->pointer && b->pointer &&
         strcmp(a->pointer, b->pointer) == 0 && strcmp(a->what, b->what) == 0;
}

void weir__report_deliver(struct weir__report *report, void (*problem)(void *, const weir_problem *), void *arg)
{
  sort(report);
  for (size_t i = 0; problem && i < report->kept; i++)
    if (!i || !is_repeated(&report->notes[i - 1].problem, &report->notes[i].problem))
      problem(arg, &report->notes[i].problem);
  if (problem && report->kept && report->count > report->kept) {
    char text[64];
    snprintf(text, sizeof text, "%zu more errors are not shown", report->count - report->kept);
    problem(arg, &(weir_problem){.file = report->notes[0].problem.file, .text = text, .what = text});
  }
  weir__report_free(report);
}

void weir__report_free(struct weir__report *report)
{
  for (size_t i = 0; i < report->kept; i++) {
    free((char *)report->notes[i].problem.text);
    free((char *)report->notes[i].problem.pointer);
  }
  free(report->notes);
  free(report->files);
  *report = (struct weir__report){.failed = report->failed};
}

struct weir__quoted weir__quote(const char *text)
{
  enum { MOST = 60 };
  struct weir__quoted quoted;
  size_t size = strlen(text);
  size_t shown = size > MOST ? MOST : size;
  /* Not in the middle of a character: its later bytes are 10xxxxxx. */
  while (shown < size && shown > 0 && ((unsigned char)text[shown] & 0xc0) == 0x80) shown--;
  snprintf(quoted.text, sizeof quoted.text, "\"%.*s%s\"", (int)shown, text, shown < size ? "..." : "");
  return quoted;
}
