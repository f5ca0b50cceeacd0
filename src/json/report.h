/* report.h: what is wrong with a document, collected: all of it, in the order of the document.
 *
 * A check goes on after an error, so that one look shows all errors. What a document says is made harmless before it
 * is shown: control characters are escaped, long texts are cut. */
#ifndef WEIR__JSON_REPORT_H
#define WEIR__JSON_REPORT_H

#include <stdarg.h>
#include <weir/json.h>

struct weir__noted {
  weir_problem problem; /* `text` and `pointer` are owned; `file` is borrowed */
  size_t rank;          /* of its file */
  size_t order;         /* in which it was noted */
};

/* No one reads more; and a document that is wrong in each of its millions of values must not fill the memory. */
enum { WEIR__REPORT_MOST = 1000 };

/* Where a problem is. All zeros: nowhere in particular. All borrowed, `file` until the report is delivered. */
struct weir__place {
  const char *file;
  int line; /* 0: it has no position */
  int column;
  const char *path;    /* in the document, for people; "" or NULL: none */
  const char *pointer; /* in the document; NULL: none */
};

/* All zeros is an empty report. */
struct weir__report {
  struct weir__noted *notes;
  size_t kept; /* in `notes`: at most WEIR__REPORT_MOST */
  size_t capacity;
  size_t count;       /* of all that was noted; what is beyond the most is only counted */
  const char **files; /* their order in what is delivered; borrowed */
  size_t file_count;
  bool pointers; /* paths are JSON pointers: /actors/0/config; else actors.words.config */
  bool failed;   /* no memory for a problem: the report is not complete */
};

/* The problems of this file come behind those of the files before. */
void weir__report_file(struct weir__report *report, const char *file);
/* Notes a problem: its path, then the text. */
void weir__report_atv(struct weir__report *report, const struct weir__place *place, const char *format,
                      va_list arguments) WEIR_PRINTF(3, 0);
/* Notes a problem that has no path. `line` and `column` are 0 for one that has no position. */
void weir__report_add(struct weir__report *report, const char *file, int line, int column, const char *format, ...)
    WEIR_PRINTF(5, 6);
/* WEIR_OK for an empty report, WEIR_EINVAL for problems, WEIR_ENOMEM. */
int weir__report_code(const struct weir__report *report);
/* Hands each problem to `problem` (NULL: nobody), by file and position, then in the order in which they were noted, and
 * how many were not kept; empties the report. What stands twice (a template is used twice) is told once. */
void weir__report_deliver(struct weir__report *report, void (*problem)(void *, const weir_problem *), void *arg);
/* The first of them by position; NULL: there is none. Borrowed from the report. */
const weir_problem *weir__report_first(struct weir__report *report);
void weir__report_free(struct weir__report *report);

/* A text of the document in double quotes, cut where it is long, for use in a message. */
struct weir__quoted {
  char text[72];
};
struct weir__quoted weir__quote(const char *text);

#endif
