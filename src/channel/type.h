/* type.h: what the library knows of a message type: it is looked at once, when it is met first.
 *
 *   not met ----> met: sound, noted, with its traits
 *      '--------> refused, each time anew: a table that is broken */
#ifndef WEIR__TYPE_H
#define WEIR__TYPE_H

#include <weir/message.h>

#include "platform/cpu.h"

/* Traits, of a type and of all that its fields can hold. */
enum {
  WEIR__FLAT = 1,   /* nothing points elsewhere: a copy of the struct is a copy of the value */
  WEIR__SHARES = 2, /* there may be bytes with an owner, of whom each message has a share */
  WEIR__SECRET =
      32, /* there are secrets: a message is overwritten when it is freed. With the one above, and never flat */
  WEIR__PLANNED = 4, /* the plan in its note lists all that points elsewhere, in the order of the table */
  /* In the note alone: */
  WEIR__SMALL = 8, /* flat, and fits one line of memory with its envelope */
  WEIR__TOLD = 16  /* SMALL, and no request */
};

/* The slow way: checks, and notes. WEIR_EINVAL, with a text: the table is refused. */
int weir__type_meet(const weir_message *type, unsigned *traits);

/* The traits of a type; it is met if need be. The errors of weir__type_meet(). */
static inline int weir__type_know(const weir_message *type, unsigned *traits)
{
  /* Acquire: the traits were written before. */
  if (WEIR__LIKELY(type->note && __atomic_load_n(&type->note->known, __ATOMIC_ACQUIRE))) {
    *traits = type->note->traits;
    return WEIR_OK;
  }
  return weir__type_meet(type, traits);
}

/* Likewise, of a type that was met before. */
static inline unsigned weir__type_traits(const weir_message *type)
{
  unsigned traits = 0;
  weir__type_know(type, &traits);
  return traits;
}

/* What the note of a type says of it, if it has one and was met before. Acquire: as above. */
static inline unsigned weir__noted_traits(const weir_message *type)
{
  return WEIR__LIKELY(type->note != NULL) ? __atomic_load_n(&type->note->traits, __ATOMIC_ACQUIRE) : 0;
}

/* Is it flat, and was met before? Acquire: as above; the traits alone tell it. */
static inline bool weir__type_is_flat(const weir_message *type) { return weir__noted_traits(type) & WEIR__FLAT; }

/* The type of a request's answer, if it is small and one was made before; NULL else. Acquire: as its traits. */
static inline const weir_message *weir__small_answer(const weir_message *request)
{
  return WEIR__LIKELY(request->note != NULL) ? __atomic_load_n(&request->note->answer, __ATOMIC_ACQUIRE) : NULL;
}
static inline void weir__note_answer(const weir_message *request, const weir_message *answer)
{
  if (request->note && (weir__noted_traits(answer) & WEIR__SMALL))
    __atomic_store_n(&request->note->answer, answer, __ATOMIC_RELEASE);
}

/* Its note, if it is planned, which says that it was met before. NULL: it is not, or it was never met. */
static inline const struct weir__known_type *weir__plan_of(const weir_message *type)
{
  const struct weir__known_type *note = type->note;
  bool planned = note && __atomic_load_n(&note->known, __ATOMIC_ACQUIRE) && (note->traits & WEIR__PLANNED);
  return planned ? note : NULL;
}

/* The bytes of one value of a kind; `f` is the field that it belongs to. */
size_t weir__kind_bytes(const weir_field *f, weir_kind kind);

/* Notes an error of a field, with where its type was declared. Returns the code. */
int weir__field_error(const weir_message *type, const weir_field *f, int code, const char *format, ...)
    WEIR_PRINTF(4, 5);

#endif
