/* follow.c: see follow.h. Each line is one write, so that it is not mixed with what others say. */
#include "cli/follow.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "platform/utf8.h"

enum { VALUE_MOST = 240, LINE_MOST = 4096, DEEPEST = 12 };

struct line {
  char text[LINE_MOST];
  size_t size;
};

static void add(struct line *l, const char *format, ...) WEIR_PRINTF(2, 3);
static void add(struct line *l, const char *format, ...)
{
  va_list arguments;
  va_start(arguments, format);
  int size = vsnprintf(l->text + l->size, sizeof l->text - l->size, format, arguments);
  va_end(arguments);
  weir__utf8_end(l->text + l->size, sizeof l->text - l->size, size);
  l->size += strlen(l->text + l->size);
}

static bool is(const weir_step *s, const char *what) { return strcmp(s->what, what) == 0; }

static void add_time(struct line *l, weir_duration time)
{
  double ns = (double)time.ns;
  if (ns < 1e6)
    add(l, "%.3g us", ns / 1e3);
  else if (ns < 1e9)
    add(l, "%.3g ms", ns / 1e6);
  else
    add(l, "%.3g s", ns / 1e9);
}

static void add_value(struct line *l, const weir_step *s)
{
  char text[VALUE_MOST];
  size_t size = weir_print_value(s->value, text, sizeof text);
  weir__utf8_end(text, sizeof text, (int)size);
  add(l, ": %s%s", text, size < sizeof text ? "" : " …");
}

static void add_sent(struct line *l, const weir_step *s)
{
  bool usual = strcmp(s->output, "out") == 0;
  add(l, " %s%s%s%s -> %s", s->actor, usual ? "" : " (", usual ? "" : s->output, usual ? "" : ")",
      s->to ? s->to : "nobody");
  add_value(l, s);
}

static void add_done(struct line *l, const weir_step *s)
{
  add(l, " %s is done in ", s->actor);
  add_time(l, s->time);
  if (s->records)
    add(l, ", has sent %u", s->records);
  else
    add(l, ", has sent nothing");
}

static void add_step(struct line *l, const weir_step *s)
{
  const char *text = s->text && *s->text ? s->text : s->code ? weir_strerror(s->code) : "";
  if (is(s, "given")) {
    add(l, " %s gives a %s", s->actor, s->value.type()->name);
  } else if (is(s, "got")) {
    add(l, " %s gets", s->actor);
    add_value(l, s);
  } else if (is(s, "sent")) {
    add_sent(l, s);
  } else if (is(s, "begun")) {
    add(l, " %s begins after ", s->actor);
    add_time(l, s->time);
  } else if (is(s, "done")) {
    add_done(l, s);
  } else if (is(s, "diverted")) {
    add(l, " diverted to %s", s->to);
  } else {
    add(l, " %s: %s%s%s", s->actor, s->what, *text ? ": " : "", text);
  }
}

static void add_over(struct line *l, const weir_step *s)
{
  add(l, "the way of %u record%s is over after ", s->records, s->records == 1 ? "" : "s");
  add_time(l, s->time);
  if (s->beyond) add(l, "; %" PRIu64 " more that came of them were not followed", s->beyond);
}

/* A source has no time of its own: what it sends is told. */
static bool is_sources_end(const weir_step *s) { return is(s, "done") && s->depth == 1 && !s->time.ns; }

void weir__follow_say(const weir_step *step)
{
  struct line line = {.text = "follow: ", .size = 8};
  if (is_sources_end(step)) return;
  if (is(step, "over")) {
    add_over(&line, step);
  } else {
    int depth = step->depth < DEEPEST ? step->depth : DEEPEST;
    add(&line, "%*s%s", 2 * (depth - 1), "", step->record);
    add_step(&line, step);
  }
  fprintf(stderr, "%s\n", line.text);
}
