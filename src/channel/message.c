/* message.c: see message.h. */
#include "channel/message.h"

#include <string.h>

#include "channel/cell.h"
#include "runtime/depot.h"
#include "runtime/worker.h"

/* ---- making and ending ---- */

struct weir__message *weir__message_room(const weir_message *type, size_t bytes)
{
  unsigned class = weir__depot_class(WEIR__ENVELOPE + bytes);
  struct weir__message *m = weir__depot_take(class, WEIR__ENVELOPE + bytes);
  if (!m) return NULL;
  *m = (struct weir__message){
      .type = type, .deadline = INT64_MAX, .payload_bytes = (uint32_t)bytes, .class = (uint8_t) class};
  weir__count(WEIR__CREATED);
  return m;
}

struct weir__message *weir__message_make(const weir_message *type, const void *value, size_t bytes)
{
  struct weir__message *m = weir__message_room(type, bytes);
  if (!m) return NULL;
  weir__copy_value(type, value, weir__payload(m));
  m->shares = (weir__type_traits(type) & WEIR__SHARES) != 0;
  return m;
}

static void release(struct weir__message *m)
{
  if (m->kind == WEIR__BATCH)
    weir__batch_release(m);
  else
    weir__release(m->type, weir__payload(m));
}

void weir__message_free(struct weir__message *m)
{
  if (WEIR__UNLIKELY(m->shares)) release(m);
#ifdef WEIR_DEBUG
  memset(weir__payload(m), 0xdb, m->payload_bytes); /* what was borrowed is not to be used any more */
#endif
  weir__depot_put(m->class, m);
}

void weir__message_end(struct weir__message *m, enum weir__count how)
{
  weir__count(how);
  weir__message_free(m);
}

/* ---- what is the user's ---- */

void *weir__message_hand_out(struct weir__message *m)
{
  struct weir__cell *owner = weir__cell_here();
  weir__count(WEIR__RECEIVED);
  m->users = 1;
  m->owner = owner;
  m->previous = NULL;
  m->next = NULL;
  if (owner) {
    m->next = owner->owned;
    if (m->next) m->next->previous = m;
    owner->owned = m;
  }
  return weir__payload(m);
}

struct weir__message *weir__message_take_back(void *payload)
{
  struct weir__message *m = weir__message_of(payload);
  if (!m->users) {
    weir_error(WEIR_EINVAL, "not a message of the caller's: it is borrowed, or was given away");
    return NULL;
  }
  m->users = 0;
  if (m->owner) {
    if (m->previous)
      m->previous->next = m->next;
    else
      m->owner->owned = m->next;
    if (m->next) m->next->previous = m->previous;
  }
  m->next = NULL;
  return m;
}

void weir_free(void *message)
{
  if (!message) return;
  struct weir__message *m = weir__message_take_back(message);
  if (m) weir__message_free(m);
}

void weir_free_at(void *pointer_to_message)
{
  void **at_message = pointer_to_message;
  weir_free(*at_message);
  *at_message = NULL;
}
