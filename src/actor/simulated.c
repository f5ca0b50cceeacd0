/* simulated.c: see simulated.h.
 *
 * A fault comes before a handler by the way of a behaviour (actor/become.c): the cell's `became` is set for the one message,
 * and whoever looks for its clauses finds the fault. So the ordinary way to a handler knows nothing of it. */
#include "actor/simulated.h"

#include <stdio.h>
#include <string.h>

#include <weir/actor.h>

#include "actor/actor.h"
#include "channel/bytes.h"

/* ---- the content of a value, by its table: refs by their numbers, since slots differ from run to run ---- */

static uint64_t join(uint64_t h, uint64_t x)
{
  h = (h ^ x) * UINT64_C(0x9e3779b97f4a7c15);
  return h ^ h >> 32;
}

static uint64_t hash_run(uint64_t h, const void *at, size_t size)
{
  const unsigned char *bytes = at;
  h = join(h, size);
  for (size_t i = 0; at && i < size; i++) h = join(h, bytes[i]);
  return h;
}

static uint64_t hash_struct(struct weir__simulation *s, uint64_t h, const weir_message *type, const void *value);

static uint64_t hash_one(struct weir__simulation *s, uint64_t h, const weir_field *f, weir_kind kind, const void *at)
{
  const char *text;
  weir_ref ref;
  weir_bytes bytes;
  switch (kind) {
  case WEIR_KIND_TEXT:
    text = weir__load_pointer(at);
    return text ? hash_run(h, text, strlen(text)) : join(h, 1);
  case WEIR_KIND_CHARS:
    return hash_run(h, at, strnlen(at, f->size));
  case WEIR_KIND_REF:
    memcpy(&ref, at, sizeof ref);
    return join(h, weir__simulation_number(s, ref.bits));
  case WEIR_KIND_BYTES:
    bytes = weir__load_bytes(at);
    return hash_run(h, weir__bytes_are_held(bytes) ? NULL : bytes.data, bytes.size);
  case WEIR_KIND_NESTED:
    return hash_struct(s, h, f->of(), at);
  case WEIR_KIND_OPTIONAL:
    return weir__load_pointer(at) ? hash_struct(s, h, f->of(), weir__load_pointer(at)) : join(h, 2);
  default:
    return hash_run(h, at, weir__kind_bytes(f, kind));
  }
}

static uint64_t hash_items(struct weir__simulation *s, uint64_t h, const weir_field *f, const char *items, size_t count)
{
  h = join(h, count);
  for (size_t i = 0; items && i < count; i++) h = hash_one(s, h, f, f->item, items + i * weir__kind_bytes(f, f->item));
  return h;
}

static uint64_t hash_struct(struct weir__simulation *s, uint64_t h, const weir_message *type, const void *value)
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    const char *at = (const char *)value + f->offset;
    if (f->kind == WEIR_KIND_LIST)
      h = hash_items(s, h, f, weir__load_pointer(at), weir__list_count(f, value));
    else if (f->kind == WEIR_KIND_ARRAY)
      h = hash_items(s, h, f, at, weir__array_count(f));
    else
      h = hash_one(s, h, f, f->kind, at);
  }
  return h;
}

/* Of a value that was measured, so that its table is sound and no value in it too deep. */
static uint64_t hash_value(struct weir__simulation *s, const weir_message *type, const void *value)
{
  return hash_struct(s, hash_run(0, type->name, strlen(type->name)), type, value);
}

enum { PRINTED = 160 };

static _Thread_local const weir_message *printed_type;
static const weir_message *type_of_printed(void) { return printed_type; }

static void print(const weir_message *type, const void *value, char text[PRINTED])
{
  printed_type = type;
  weir_print_value((weir_value){.type = type_of_printed, .at = value}, text, PRINTED);
}

/* ---- sends ---- */

static void note_send(struct weir__simulation *s, const char *how, uint64_t number, weir_ref to,
                      const weir_message *type, const void *value)
{
  char who[WEIR__SIM_NAME], whom[WEIR__SIM_NAME], text[PRINTED];
  weir__simulation_notes(s, WEIR__SIM_SEND, weir__simulation_self(s, who), number, hash_value(s, type, value));
  if (!weir__simulation_is_traced(s)) return;
  weir__simulation_name(s, to.bits, whom);
  print(type, value, text);
  weir__simulation_tells(s, "%s %s %s %s", who, how, whom, text);
}

struct weir__simulated_send weir__simulated_send_noted(const char *how, weir_ref to, const weir_message *type,
                                                       const void *value, bool waits)
{
  struct weir__simulation *s = weir__simulation_here();
  size_t bytes;
  if (!s || !type || !value || weir__measure(type, value, &bytes)) return (struct weir__simulated_send){0};
  if (waits) weir__simulation_lets_others(s);
  struct weir__simulated_send send = {s, weir__simulation_number(s, to.bits)};
  note_send(s, how, send.number, to, type, value);
  return send;
}

int weir__simulated_send_done(struct weir__simulated_send send, int code)
{
  struct weir__simulation *s = send.simulation;
  char who[WEIR__SIM_NAME];
  weir__simulation_notes(s, WEIR__SIM_SENT, weir__simulation_self(s, who), send.number, (uint64_t)code);
  if (code && weir__simulation_is_traced(s)) weir__simulation_tells(s, "%s gets %s", who, weir_strerror(code));
  return code;
}

/* ---- a turn ---- */

/* The fault that the next handler on this thread is to have. */
static _Thread_local struct {
  enum weir__simulated_fault fault;
  bool became;
} instead;

static bool is_value(const struct weir__message *m) { return m->kind == WEIR__PLAIN || m->kind == WEIR__OWN_TIMER; }

/* Of news the type alone: monitors have names there, and texts, that the seed does not decide. */
static uint64_t hash_taken(struct weir__simulation *s, struct weir__message *m)
{
  if (m->kind == WEIR__NEWS) return hash_run(0, m->type->name, strlen(m->type->name));
  return is_value(m) ? hash_value(s, m->type, weir__payload(m)) : m->payload_bytes;
}

static void print_taken(struct weir__message *m, char text[PRINTED])
{
  if (m->kind == WEIR__NEWS)
    snprintf(text, PRINTED, "the news %s", m->type->name);
  else if (is_value(m))
    print(m->type, weir__payload(m), text);
  else
    snprintf(text, PRINTED, "%u bytes of an edge", m->payload_bytes);
}

static void note_take(struct weir__simulation *s, struct weir__cell *cell, struct weir__message *m)
{
  char who[WEIR__SIM_NAME], text[PRINTED];
  uint64_t ref = weir__ref_of(cell).bits;
  weir__simulation_notes(s, WEIR__SIM_TAKES, weir__simulation_number(s, ref), m->kind, hash_taken(s, m));
  if (!weir__simulation_is_traced(s)) return;
  weir__simulation_name(s, ref, who);
  print_taken(m, text);
  weir__simulation_tells(s, "%s takes %s", who, text);
}

void weir__simulated_takes(struct weir__simulation *s, struct weir__cell *cell, struct weir__message *m)
{
  note_take(s, cell, m);
  static const enum weir__simulated_fault faults[] = {WEIR__SIM_FAIL, WEIR__SIM_REFUSE, WEIR__SIM_STALL};
  instead.fault = WEIR__SIM_NO_FAULT;
  for (size_t i = 0; i < sizeof faults / sizeof faults[0]; i++)
    if (weir__simulation_strikes(s, faults[i]) && !instead.fault) instead.fault = faults[i];
  if (!instead.fault) return;
  instead.became = cell->became;
  cell->became = true;
}

/* A message that nobody waits for any more has had no handler. */
static void forget_fault(struct weir__cell *cell)
{
  if (!instead.fault) return;
  cell->became = instead.became;
  instead.fault = WEIR__SIM_NO_FAULT;
}

bool weir__simulated_instead(const struct weir__cell *cell, int *code)
{
  struct weir__simulation *s = weir__simulation_here();
  enum weir__simulated_fault fault = instead.fault;
  struct weir__cell *here = weir__cell_here();
  if (!s || !fault || !here || cell != here) return false;
  forget_fault(here);
  if (fault == WEIR__SIM_STALL) {
    weir__simulation_stalls(s);
    return false;
  }
  if (fault == WEIR__SIM_FAIL) weir_fail(WEIR_EFAILED, "the simulation wants it to fail");
  *code = weir_error(weir__simulation_refusal(s), "the simulation refuses it");
  return true;
}

void weir__simulated_took(struct weir__simulation *s, struct weir__cell *cell, int code)
{
  char who[WEIR__SIM_NAME];
  uint64_t ref = weir__ref_of(cell).bits;
  forget_fault(cell);
  weir__simulation_notes(s, WEIR__SIM_TOOK, weir__simulation_number(s, ref), (uint64_t)code, 0);
  if (!code || !weir__simulation_is_traced(s)) return;
  weir__simulation_name(s, ref, who);
  weir__simulation_tells(s, "%s returns %s", who, code == WEIR_STOP ? "WEIR_STOP" : weir_strerror(code));
}

void weir__simulated_end(struct weir__cell *cell, int code)
{
  struct weir__simulation *s = weir__simulation_here();
  if (!s) return;
  char who[WEIR__SIM_NAME];
  uint64_t ref = weir__ref_of(cell).bits;
  weir__simulation_notes(s, WEIR__SIM_ENDS, weir__simulation_number(s, ref), (uint64_t)code, 0);
  weir__simulation_name(s, ref, who);
  weir__simulation_tells(s, "%s ends%s%s", who, code ? ": " : "", code ? weir_strerror(code) : "");
}
