/* send.h: sending to a cell, for actors and channels alike. */
#ifndef WEIR__SEND_H
#define WEIR__SEND_H

#include "channel/bias.h"

/* What is to be sent: a value that is to be copied once there is a place for it, or a message that exists. */
struct weir__parcel {
  const weir_message *type;
  const void *value;             /* borrowed */
  struct weir__message *message; /* owned, gone after the send; NULL: to be made */
  uint64_t asker;                /* for the envelope; 0: nobody asks */
  int64_t deadline;              /* for the envelope */
  size_t bytes;                  /* of the payload */
  bool forwarded;                /* who asked waits for the sender until it is queued, then for the receiver */
};

/* Measures a value, of a type; NULL: none was given. The errors of weir__measure(). */
int weir__parcel_of(struct weir__parcel *p, const weir_message *type, const void *value);
int weir__parcel_of_value(struct weir__parcel *p, weir_value value);
/* The message, made if need be. NULL: no memory. */
struct weir__message *weir__parcel_message(struct weir__parcel *p);
/* Ends it, if it exists, as not sent. */
void weir__parcel_drop(struct weir__parcel *p);

/* The common case of a send, but for the push: a place in an actor's mailbox that has room, and a message of a flat value
 * of one cache line. NULL: nothing was done, and the long way does it, whatever it is. */
static inline struct weir__message *weir__message_at_once(struct weir__thread *t, struct weir__cell *cell,
                                                          uint32_t generation, const weir_message *type,
                                                          const void *value)
{
  if (type->size > WEIR__SMALLEST - WEIR__ENVELOPE || !weir__type_is_flat(type)) return NULL;
  struct weir__message *m = weir__depot_next(t, 0);
  if (!m || atomic_load_explicit(&cell->kind, memory_order_relaxed) != WEIR__CELL_ACTOR ||
      !weir__reserve_one(t->worker, cell, generation))
    return NULL;
  weir__depot_take_next(t, 0);
  weir__message_begin(m, type, weir__value_align(type->size), 0);
  weir__copy_struct(weir__payload(m), value, type->size);
  return m;
}

/* Queues it if there is a place: WEIR_OK, WEIR_EFULL, `gone`, WEIR_ERANGE, WEIR_ENOMEM. Counts nothing that it turns
 * away, and leaves the parcel to the caller then. */
int weir__cell_try(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone);
/* Queues it, waiting for a place until the deadline. Owns the parcel, whatever happens. */
int weir__cell_send(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int64_t deadline_ns,
                    int gone);
/* Queues it without waiting; counts what it turns away. Owns the parcel. */
int weir__cell_try_send(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone);

/* Sleeps on a wait that stands in line; how long that was is counted for the actor whose handler runs here. */
void weir__wait_for_place(struct weir__wait *w, int64_t deadline_ns);

/* Counts what was turned away before a message was made, and returns the code. */
int weir__turned_away(int code);

#endif
