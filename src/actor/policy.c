/* policy.c: what is ordered for an actor when it is spawned, and few have: see struct weir__rare in actor.h. */
#include <stdlib.h>

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "channel/breaker.h"
#include "runtime/scope.h"

int weir__breaker_make(struct weir__cell *cell, const weir_breaker *options)
{
  if (!options->failures) return WEIR_OK;
  struct weir__rare *rare = weir__rare(cell);
  struct weir__breaker *b = rare ? calloc(1, sizeof *b) : NULL;
  if (!b) return weir_error(WEIR_ENOMEM, "no memory for a breaker");
  rare->breaker = b;
  weir__breaker_begin(cell, b, options);
  return WEIR_OK;
}

struct weir__breaker *weir__breaker_of(const struct weir__cell *cell)
{
  return weir__is_guarded(cell) && cell->extras ? cell->extras->rare->breaker : NULL;
}

void weir__breaker_discarded(struct weir__cell *cell, uint32_t generation, const weir_message *type)
{
  weir_ref to = {(uint64_t)generation << 32 | cell->slot};
  weir__tell_unsent(to, type, weir_error(WEIR_EOPEN, "%s", weir_strerror(WEIR_EOPEN)), false);
}

/* ---- memory ---- */

int weir__memory_limit(struct weir__cell *cell, size_t bytes)
{
  if (!bytes) return WEIR_OK;
  struct weir__rare *rare = weir__rare(cell);
  if (!rare) return WEIR_ENOMEM;
  rare->memory = bytes;
  weir__cell_mark(cell, WEIR__LIMITED);
  cell->special |= WEIR__HAS_POLICY;
  return WEIR_OK;
}

static bool is_limited(const struct weir__cell *cell)
{
  return atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__LIMITED;
}

static void holds_too_much(const struct weir__cell *cell, size_t bytes)
{
  weir_error(WEIR_ENOMEM, "%s: %zu bytes are more than the %zu that it may hold", weir__actor_name(cell), bytes,
             cell->extras->rare->memory);
  weir__fail_as_noted();
}

void weir__actor_may_hold(struct weir__work *self, size_t bytes)
{
  const struct weir__cell *cell = weir__cell_of_work(self);
  if (is_limited(cell) && bytes > cell->extras->rare->memory) holds_too_much(cell, bytes);
}

void weir__memory_look(struct weir__cell *cell)
{
  struct weir__rare *rare = cell->extras->rare;
  size_t bytes = weir__scope_used(cell->extras->scope);
  uint32_t count = 0;
  if (rare->look_in) {
    rare->look_in--;
    return;
  }
  for (const struct weir__message *m = cell->owned; m; m = m->next) {
    bytes += WEIR__ENVELOPE + m->payload_bytes;
    count++;
  }
  rare->look_in = count / 8;
  if (bytes > rare->memory) holds_too_much(cell, bytes);
}
