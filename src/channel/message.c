/* message.c: see message.h. */
#include "channel/message.h"

#include <string.h>

#include "channel/cell.h"
#include "runtime/depot.h"
#include "runtime/strand.h"
#include "runtime/worker.h"

/* ---- making and ending ---- */

struct weir__message *weir__message_room(const weir_message *type, size_t bytes)
{
  unsigned class = weir__depot_class(WEIR__ENVELOPE + bytes);
  struct weir__message *m = weir__depot_take(class, WEIR__ENVELOPE + bytes);
  if (!m) return NULL;
  weir__message_begin(m, type, bytes, class);
  return m;
}

struct weir__message *weir__message_make(const weir_message *type, const void *value, size_t bytes)
{
  unsigned traits; /* a type that could not be noted for want of memory is looked at again, and may want it again */
  struct weir__message *m = weir__type_know(type, &traits) ? NULL : weir__message_room(type, bytes);
  if (!m) return NULL;
  if (WEIR__LIKELY(traits & WEIR__FLAT)) {
    weir__copy_struct(weir__payload(m), value, type->size);
  } else {
    weir__copy_value(type, value, weir__payload(m), bytes);
    m->shares = (traits & WEIR__SHARES) != 0;
  }
  return m;
}

void weir__message_wipe(struct weir__message *m, const weir_message *type)
{
  if (weir__type_traits(type) & WEIR__SECRET) explicit_bzero(weir__payload(m), m->payload_bytes);
}

static void release(struct weir__message *m)
{
  if (m->kind == WEIR__BATCH) {
    weir__batch_release(m);
    return;
  }
  weir__release(m->type, weir__payload(m));
  weir__message_wipe(m, m->type);
}

void weir__message_free_slowly(struct weir__message *m)
{
  if (WEIR__UNLIKELY(m->shares)) release(m);
#ifdef WEIR_DEBUG
  m->mark = 0;
  memset(weir__payload(m), 0xdb, m->payload_bytes); /* what was borrowed is not to be used any more */
#endif
  weir__depot_put(m->class, m);
}

/* ---- what is the user's ---- */

void *weir__message_hand_out(struct weir__message *m)
{
  weir__count(WEIR__RECEIVED);
  return weir__message_give(weir__cell_here(), m);
}

static bool lies_in(const void *at, struct weir__message *m)
{
  uintptr_t begin = m ? (uintptr_t)weir__payload(m) : 0;
  return m && (uintptr_t)at - begin < m->payload_bytes;
}

/* What the running handler has only borrowed: known without a look at what the pointer points to. NULL: it is not. */
static const char *borrowed_as(const void *at, const struct weir__cell *cell)
{
  struct weir__strand *s = weir__strand_here();
  if (lies_in(at, cell->in_hand))
    return "the message in hand: it is borrowed until the handler returns (weir_keep() it)";
  if (s && lies_in(at, s->reply)) return "the answer to be filled in: it is the library's";
  if (lies_in(at, weir__config_of(cell))) return "the configuration: it is borrowed until the actor ends";
  return NULL;
}

/* What is wrong with it; NULL: it is the caller's. */
static const char *not_owned(void *payload, struct weir__message *m, const struct weir__cell *cell)
{
  const char *borrowed = cell ? borrowed_as(payload, cell) : NULL;
  if (borrowed) return borrowed;
  if ((uintptr_t)payload % WEIR__VALUE_ALIGNMENT) return "a pointer into a message, or to something else";
#ifdef WEIR_DEBUG
  if (m->mark != WEIR__MARK) return "no message: a pointer into one, one that was freed before, or something else";
#endif
  if (!m->users) return "a message that is not the caller's: it is borrowed, or was given away";
  if (cell && m->owner && m->owner != cell) return "another actor's message";
  return NULL;
}

/* It says so itself: what is borrowed names no owner, and nothing else holds the address of this cell there. */
static bool is_owned(const void *payload, const struct weir__message *m, const struct weir__cell *cell)
{
  if ((uintptr_t)payload % WEIR__VALUE_ALIGNMENT || !cell) return false;
#ifdef WEIR_DEBUG
  if (m->mark != WEIR__MARK) return false;
#endif
  return m->owner == cell && m->users;
}

/* Out of its actor's list. */
static inline void disown(struct weir__message *m)
{
  m->users = 0;
  if (m->owner) {
    if (m->previous)
      m->previous->next = m->next;
    else
      m->owner->owned = m->next;
    if (m->next) m->next->previous = m->previous;
  }
}

WEIR__SLOW static bool is_not_owned(void *payload, struct weir__message *m, const struct weir__cell *cell)
{
  const char *wrong = not_owned(payload, m, cell);
  if (wrong) weir__misuse(WEIR_EINVAL, "weir_free() or weir_pass() of %p, which is %s", payload, wrong);
  return wrong;
}

static inline struct weir__message *take_back(void *payload)
{
  struct weir__message *m = weir__message_of(payload);
  const struct weir__cell *cell = weir__cell_here();
  if (WEIR__UNLIKELY(!is_owned(payload, m, cell)) && is_not_owned(payload, m, cell)) return NULL;
  disown(m);
  return m;
}

struct weir__message *weir__message_take_back(void *payload)
{
  struct weir__message *m = take_back(payload);
  if (m) m->next = NULL;
  return m;
}

/* Whatever it is. */
WEIR__APART static void free_any(void *message)
{
  struct weir__message *m = take_back(message);
  if (m) weir__message_free(m);
}

void weir_free(void *message)
{
  if (!message) return;
  struct weir__thread *t = weir__thread_here;
  struct weir__message *m = weir__message_of(message);
  if (WEIR__UNLIKELY(!t || !is_owned(message, m, weir__cell_of_strand(t->strand)))) {
    free_any(message);
    return;
  }
  disown(m);
#ifndef WEIR_DEBUG
  if (WEIR__LIKELY(!m->unusual && weir__depot_put_here(t, 0, m))) return;
#endif
  weir__message_free_slowly(m);
}

void weir_free_at(void *pointer_to_message)
{
  void **at_message = pointer_to_message;
  weir_free(*at_message);
  *at_message = NULL;
}
