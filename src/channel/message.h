/* message.h: the envelope of a message, and how one is made from a value and a table of fields.
 *
 * One allocation: envelope, struct, then texts, bytes and lists. The envelope is the node of every queue it goes
 * through. A message has one owner at a time, who alone touches it, and it has one counted end (L2):
 *
 *            make                 push                  pop                  handled, refused, …
 *   (sender) ----> sender's hand ----> a mailbox's list ----> a handler's hand -----------------> ended
 *                       |                                        |  weir_keep(): RECEIVED, then the user's until
 *                       '--> a wait record (line)                '-------> weir_free() or weir_pass() */
#ifndef WEIR__MESSAGE_H
#define WEIR__MESSAGE_H

#include <weir/message.h>

#include <string.h>

#include "channel/fields.h"
#include "runtime/depot.h"

enum weir__message_kind {
  WEIR__PLAIN = 0,
  WEIR__OWN_TIMER, /* of a timer that its actor set to itself: goes ahead of the others, takes no place (M5) */
  WEIR__BATCH,     /* records of an edge: see actor/edge.h */
  WEIR__EDGE_END,  /* an upstream actor has sent its last: see actor/edge.h */
  WEIR__NEWS,      /* the runtime tells of an end: queued behind the others, takes no place (M5); see actor/link.h */
  WEIR__CHANGE     /* a new configuration: see actor/change.h */
};

enum { WEIR__PLACE_BYTES = 64 << 10 }; /* a message takes a place for each so many bytes of payload */

struct weir__message {
  struct weir__message *next; /* of the list it stands in */
  const weir_message *type;
  union {
    uint64_t asker;                 /* in a request on its way: the name of the wait to be answered; 0: nobody asks */
    struct weir__message *previous; /* when it is the user's: in its actor's list of those (F2) */
  };
  union {
    int64_t deadline;         /* in a request of an asker on its way: of the ask; INT64_MAX: none. Of queued news: the
                                 payload's bytes */
    struct weir__cell *owner; /* when it is the user's: whose list it is in; NULL: in none */
    uint64_t timer;           /* of WEIR__OWN_TIMER: its name; 0: it comes once */
  };
  uint32_t payload_bytes;
  union {
    struct {
      uint8_t class;   /* of depot.h */
      uint8_t kind;    /* enum weir__message_kind */
      bool users : 1;  /* handed to the user, who may weir_free() it */
      bool shares : 1; /* its payload may hold shares of bytes (B3), or secrets: more is to be done when it is freed */
      uint8_t attempts : 6; /* so many handlers have failed with it (actor/child.h) */
      bool asked;           /* somebody may wait for its answer, or its type has one */
    };
    uint32_t unusual; /* all of these at once; 0: a small one to which nothing applies, as most are */
  };
#ifdef WEIR_DEBUG
  uint64_t mark; /* WEIR__MARK, right before the payload, as long as the message lives */
#endif
};
#define WEIR__MARK UINT64_C(0x726576697220656d)
/* What `unusual` is where it is asked for, and nothing else applies. */
#define WEIR__ASKED (((struct weir__message){.asked = true}).unusual)
enum { WEIR__ENVELOPE = sizeof(struct weir__message), WEIR__PAYLOAD_OF_SMALLEST = WEIR__SMALLEST - WEIR__ENVELOPE };

static inline void *weir__payload(struct weir__message *m) { return (char *)m + WEIR__ENVELOPE; }
static inline struct weir__message *weir__message_of(const void *payload)
{
  return (struct weir__message *)((char *)(uintptr_t)payload - WEIR__ENVELOPE);
}

/* How many places a message of so many bytes takes: none without any, as news are while they are queued. */
static inline uint32_t weir__places(size_t bytes)
{
  return (uint32_t)((bytes + WEIR__PLACE_BYTES - 1) / WEIR__PLACE_BYTES);
}
/* Fills in a fresh envelope, and counts it. */
static inline void weir__message_begin(struct weir__message *m, const weir_message *type, size_t bytes, unsigned class)
{
  *m = (struct weir__message){.type = type,
                              .deadline = INT64_MAX,
                              .payload_bytes = (uint32_t)bytes,
                              .class = (uint8_t) class,
                              .asked = type->reply != NULL};
#ifdef WEIR_DEBUG
  m->mark = WEIR__MARK;
#endif
  weir__count(WEIR__CREATED);
}
/* The same, with its value, of a small type (WEIR__SMALL), in the block that weir__depot_next() has shown. `unusual`: 0, or
 * WEIR__ASKED; then who asks sets asker and deadline. `next` is still the block's: who queues it sets that. */
static WEIR__INLINED struct weir__message *weir__message_make_small(struct weir__thread *t, const weir_message *type,
                                                                    const void *value, uint32_t unusual)
{
  struct weir__message *m = weir__depot_next(t, 0);
  weir__depot_take_next(t, 0);
  m->type = type;
  m->asker = 0;
  m->unusual = unusual;
#ifdef WEIR_DEBUG
  m->mark = WEIR__MARK;
#endif
  if (WEIR__LIKELY(type->size == 8)) { /* nothing to compute */
    m->payload_bytes = 8;
    memcpy(weir__payload(m), value, 8);
  } else {
    m->payload_bytes = (uint32_t)weir__value_align(type->size);
    weir__copy_small(weir__payload(m), value, type->size);
  }
  weir__count_at(t, WEIR__CREATED);
  return m;
}
/* Likewise, zeroed, of a small type. */
static WEIR__INLINED void weir__message_begin_zeroed(struct weir__thread *t, struct weir__message *m,
                                                     const weir_message *type)
{
  uint64_t *words = weir__payload(m);
  m->next = NULL;
  m->type = type;
  m->asker = 0;
  m->payload_bytes = (uint32_t)weir__value_align(type->size);
  m->unusual = 0; /* on its way it is an answer, whatever its type is elsewhere */
#ifdef WEIR_DEBUG
  m->mark = WEIR__MARK;
#endif
  for (unsigned i = 0; i < WEIR__PAYLOAD_OF_SMALLEST / 8; i++) words[i] = 0;
  weir__count_at(t, WEIR__CREATED);
}
/* An envelope with room for `bytes` of payload. NULL: no memory. Counted as created. */
struct weir__message *weir__message_room(const weir_message *type, size_t bytes);
/* A message made of a copy of the value, whose size weir__measure() gave. */
struct weir__message *weir__message_make(const weir_message *type, const void *value, size_t bytes);
/* Frees without counting: what the user had received. */
void weir__message_free_slowly(struct weir__message *m);
static inline void weir__message_free(struct weir__message *m)
{
#ifndef WEIR_DEBUG
  struct weir__thread *t = weir__thread_here;
  if (WEIR__LIKELY(t && !m->shares && weir__depot_put_here(t, m->class, m))) return;
#endif
  weir__message_free_slowly(m);
}
/* The one end of a message: counts it, and frees it. Whoever asks must have been answered. */
static inline void weir__message_end(struct weir__message *m, enum weir__count how)
{
  weir__count(how);
  weir__message_free(m);
}
/* Likewise, of one that is not `unusual`, on the thread of `t`. */
static inline void weir__message_end_small(struct weir__thread *t, struct weir__message *m, enum weir__count how)
{
  weir__count_at(t, how);
#ifndef WEIR_DEBUG
  if (WEIR__LIKELY(weir__depot_put_here(t, 0, m))) return;
#endif
  weir__message_free_slowly(m);
}
/* Implemented by actor/spawn.c: an actor's configuration; NULL: it has none. */
struct weir__message *weir__config_of(const struct weir__cell *cell);
/* Overwrites what a message holds, if there are secrets in values of `type`. */
void weir__message_wipe(struct weir__message *m, const weir_message *type);
/* Implemented by actor/edge.c: gives back the shares of a batch's records, and overwrites secrets. */
void weir__batch_release(struct weir__message *m);

/* Hands a message to the user: counted as received, in the list of the actor that runs here, if one does. */
void *weir__message_hand_out(struct weir__message *m);
/* Takes one that is the user's back. NULL (with a text): it is not one. */
struct weir__message *weir__message_take_back(void *payload);

#endif
