/* json.c: messages from JSON: see weir/json.h. */
#include <weir/json.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "channel/message.h"
#include "json/document.h"
#include "json/read.h"

/* Notes the first problem as the error, and hands all to who wants them. */
static int tell(struct weir__report *report, const weir_json_options *o)
{
  const weir_problem *first = weir__report_first(report);
  char more[48] = "";
  if (report->count > 1) snprintf(more, sizeof more, " (and %zu more)", report->count - 1);
  int rc = weir_error(WEIR_EINVAL, "%s%s%d:%d: %s%s", o->file ? o->file : "", o->file ? ":" : "", first->line,
                      first->column, first->text, more);
  weir__report_deliver(report, o->problem, o->arg);
  return rc;
}

/* NULL: nothing is there, which was reported, or no memory. */
static void *read_part(struct weir__document *document, const char *at, const weir_message *type,
                       struct weir__arena *arena)
{
  uint32_t node = weir__document_at(document, at ? at : "");
  if (node != WEIR__NO_NODE) return weir__json_read_object(document, node, node, type, arena);
  weir__document_error(document, 0, "nothing is at %s", weir__quote(at).text);
  return NULL;
}

static int make(const weir_message *type, const void *value, void **out)
{
  size_t bytes;
  int rc = weir__measure(type, value, &bytes);
  if (rc) return rc;
  struct weir__message *m = weir__message_make(type, value, bytes);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for the message");
  *out = weir__message_hand_out(m);
  return WEIR_OK;
}

/* `text` ends with a NUL. */
static int read_text(const weir_message *type, void **out, const char *text, size_t size, const weir_json_options *o)
{
  struct weir__report report = {.pointers = true};
  struct weir__document document;
  struct weir__arena arena = {0};
  int rc = weir__document_open(&document, o->file, text, size, &report);
  void *value = rc ? NULL : read_part(&document, o->at, type, &arena);
  if (rc == WEIR_ENOMEM || arena.failed || report.failed)
    rc = weir_error(WEIR_ENOMEM, "no memory to read JSON");
  else if (report.count)
    rc = tell(&report, o);
  else
    rc = make(type, value, out);
  weir__report_free(&report);
  weir__document_close(&document);
  weir__arena_free(&arena);
  return rc;
}

int weir_json_read_value(const weir_message *type, void *out, const char *text, size_t size,
                         const weir_json_options *options)
{
  static const weir_json_options none;
  *(void **)out = NULL;
  if (!text && size) return weir_error(WEIR_EINVAL, "no text was given");
  char *copy = size < SIZE_MAX ? malloc(size + 1) : NULL;
  if (!copy) return weir_error(WEIR_ENOMEM, "no memory to read JSON");
  if (size) memcpy(copy, text, size);
  copy[size] = 0;
  int rc = read_text(type, out, copy, size, options ? options : &none);
  free(copy);
  return rc;
}
