/* quantity.c: see quantity.h. A bare number would leave it to the reader which unit is meant, so it is refused, with
 * what could be written instead. */
#include "json/quantity.h"

#include <string.h>

#include "channel/bounds.h"
#include "channel/units.h"
#include "json/expect.h"

/* One sort of quantity, in the words of its messages. */
struct sort {
  const char *like;  /* what a text of it looks like */
  const char *unit;  /* what could follow a bare number */
  const char *units; /* all that there are */
  const char *fine;  /* of what there are only whole ones */
};
static const struct sort durations = {"a duration like \"500ms\"", "s", WEIR__DURATION_UNITS, "nanoseconds"};
static const struct sort sizes = {"a size like \"64KiB\"", "B", WEIR__SIZE_UNITS, "bytes"};
static const struct sort rates = {"a rate like \"10/s\" or \"1/min\"", "/s", WEIR__DURATION_UNITS, "nanoseconds"};

/* It is no quantity of this sort, or one of no use. */
static void refuse(struct weir__document *document, uint32_t node, const struct sort *sort, enum weir__unit_text is)
{
  if (is == WEIR__UNIT_TOO_FINE) {
    weir__expected(document, node, "a whole number of %s", sort->fine);
  } else if (weir__document_is(document, node, WEIR__NUMBER)) {
    const char *number = weir__document_number(document, node);
    int digits = (int)strspn(number, "0123456789");
    weir__expected(document, node, "a text with a unit, like \"%.*s%s\" (%s)", digits ? digits : 1,
                   digits ? number : "1", sort->unit, sort->units);
  } else {
    weir__expected(document, node, "%s (%s)", sort->like, sort->units);
  }
}

/* `most`: NULL where only its 64 bits limit it. */
static void refuse_range(struct weir__document *document, uint32_t node, const char *least, const char *most)
{
  if (most)
    weir__expected(document, node, "from \"%s\" to \"%s\"", least, most);
  else
    weir__expected(document, node, "at least \"%s\", and fit in 64 bits", least);
}

void weir__read_duration(struct weir__document *document, uint32_t node, const weir_field *field, weir_duration *at)
{
  weir_duration found = {0}, least, most;
  char from[WEIR__DURATION_TEXT], to[WEIR__DURATION_TEXT];
  const char *text = weir__document_text(document, node);
  enum weir__unit_text is = text ? weir__duration_read(text, &found) : WEIR__UNIT_WRONG;
  weir__integer_range(field, WEIR_KIND_DURATION, &least.ns, &most.ns);
  weir__duration_text(least, from);
  weir__duration_text(most, to);
  if (is == WEIR__UNIT_WRONG || is == WEIR__UNIT_TOO_FINE)
    refuse(document, node, &durations, is);
  else if (is || found.ns < least.ns || found.ns > most.ns)
    refuse_range(document, node, from, most.ns < INT64_MAX ? to : NULL);
  else
    *at = found;
}

void weir__read_size(struct weir__document *document, uint32_t node, const weir_field *field, weir_kind kind, void *at)
{
  uint64_t found = 0, least, most;
  char from[WEIR__SIZE_TEXT], to[WEIR__SIZE_TEXT];
  const char *text = weir__document_text(document, node);
  enum weir__unit_text is = text ? weir__size_read(text, &found) : WEIR__UNIT_WRONG;
  weir__size_range(field, kind, &least, &most);
  weir__size_text(least, from);
  weir__size_text(most, to);
  if (is == WEIR__UNIT_WRONG || is == WEIR__UNIT_TOO_FINE)
    refuse(document, node, &sizes, is);
  else if (is || found < least || found > most)
    refuse_range(document, node, from, most < INT64_MAX ? to : NULL);
  else if (kind == WEIR_KIND_I32 || kind == WEIR_KIND_U32)
    *(uint32_t *)at = (uint32_t)found;
  else
    *(uint64_t *)at = found;
}

void weir__read_rate(struct weir__document *document, uint32_t node, const weir_field *field, weir_rate *at)
{
  weir_rate found = {0};
  char from[WEIR__RATE_TEXT], to[WEIR__RATE_TEXT];
  const char *text = weir__document_text(document, node);
  enum weir__unit_text is = text ? weir__rate_read(text, &found) : WEIR__UNIT_WRONG;
  double count = (double)found.count * 1e9, per = (double)found.per.ns;
  bool within = !weir__has_bounds(field) || (count >= field->min * per && count <= field->max * per);
  weir__rate_bound_text(weir__has_bounds(field) ? field->min : 0, from);
  weir__rate_bound_text(field->max, to);
  if (is == WEIR__UNIT_WRONG || is == WEIR__UNIT_TOO_FINE)
    refuse(document, node, &rates, is);
  else if (is || !within)
    refuse_range(document, node, from, weir__has_bounds(field) ? to : NULL);
  else
    *at = found;
}
