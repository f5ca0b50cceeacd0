/* weir/message.h: a message is a plain struct and a table of its fields.
 *
 *   struct greet { const char *name; int32_t times; };
 *   WEIR_MESSAGE(greet, WEIR_FIELD(name), WEIR_FIELD(times, .def = "1", .min = 1, .max = 100));
 *
 * From the table come copying, destruction, JSON (weir/json.h), printing and configuration. Values are passed; the
 * library makes the message, in one allocation, texts and lists included. A table is checked when its type is first
 * used: one that leaves bytes of the struct out, or whose defaults or bounds make no sense, is refused with
 * WEIR_EINVAL, and weir_error_text() says where it was declared. Guide: docs/guide/messages.md. */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

#include <weir/base.h>
#include <weir/cpp.h>

#define WEIR__CAT(a, b) WEIR__CAT_(a, b)
#define WEIR__CAT_(a, b) a##b
#ifndef __cplusplus
/* An expression that does nothing, unless the condition is false: then it does not compile, and says why. */
#define WEIR__MUST(condition, why) ((void)WEIR__MUST_0(condition, why))
/* The constant 0, under that condition. */
#define WEIR__MUST_0(condition, why)                                                                                   \
  (0 * (int)sizeof(struct {                                                                                            \
     _Static_assert(condition, why);                                                                                   \
     char weir__unused;                                                                                                \
   }))
#define WEIR__MUST_BE_KIND(kind, why) ((weir_kind)((int)(kind) + WEIR__MUST_0((int)(kind) >= 0, why)))
#endif
/* 1 for one argument, M for two to forty. */
#define WEIR__MANY(...)                                                                                                \
  WEIR__MANY_(__VA_ARGS__, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M, M,   \
              M, M, M, M, M, M, M, M, M, 1, 0)
#define WEIR__MANY_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z, A, B, C, D, E, F, G, \
                    H, I, J, K, L, O, P, N, ...)                                                                       \
  N

#ifdef __cplusplus
extern "C" {
#endif

/** A run of bytes; may hold zeros. As a field it is copied into the message, unless it has an owner: a buffer that is
 * never changed any more and is shared instead (weir/bytes.h). A weir_bytes made by hand has none: NULL. */
typedef struct weir_bytes {
  const void *data WEIR__ZERO;
  size_t size WEIR__ZERO;
  struct weir_buffer *owner WEIR__ZERO;
} weir_bytes;

/** The kind of a field; WEIR_FIELD() finds it from the C type. */
typedef enum weir_kind {
  WEIR_KIND_TEXT,     /* const char *: NUL-terminated, copied; NULL stays NULL */
  WEIR_KIND_CHARS,    /* char[n]: in place, NUL-terminated */
  WEIR_KIND_BOOL,     /* bool */
  WEIR_KIND_I32,      /* int32_t */
  WEIR_KIND_U32,      /* uint32_t */
  WEIR_KIND_I64,      /* int64_t */
  WEIR_KIND_U64,      /* uint64_t */
  WEIR_KIND_F64,      /* double */
  WEIR_KIND_REF,      /* weir_ref */
  WEIR_KIND_BYTES,    /* weir_bytes: copied, or shared where they have an owner */
  WEIR_KIND_DURATION, /* weir_duration */
  WEIR_KIND_RATE,     /* weir_rate */
  WEIR_KIND_LIST,     /* const ITEM *f and size_t n, by WEIR_LIST(f, n): n items, copied with what they hold */
  WEIR_KIND_ARRAY,    /* ITEM f[n]: in place */
  WEIR_KIND_NESTED,   /* struct T f, by WEIR_NESTED(f, T): in place */
  WEIR_KIND_OPTIONAL  /* const struct T *f, by WEIR_OPTIONAL(f, T): copied; NULL stays NULL */
} weir_kind;

/** What an integer counts, where that is said when it is read and written: in JSON it is a text with a unit then. */
typedef enum weir_unit {
  WEIR_UNIT_NONE,
  WEIR_UNIT_BYTES /* a size: "64KiB" is 65536, "64kB" is 64000 */
} weir_unit;

/** What becomes of an actor when a field of its configuration changes while it runs. */
typedef enum weir_reload {
  WEIR_RELOAD_LIVE,    /* WEIR_ON_CONFIG() decides: it takes the change, or says WEIR_RESTART; without it: a restart */
  WEIR_RELOAD_RESTART, /* the actor is started anew, without being asked; its mailbox is kept */
  WEIR_RELOAD_REFUSE   /* the new configuration is refused, and nothing changes */
} weir_reload;

/** What a text of a configuration names outside of the program. The check of a topology knows by it who reads and writes
 * what, and takes a path as relative to the file that holds it. "-" is the standard input, or output. */
typedef enum weir_use {
  WEIR_USE_NONE,
  WEIR_USE_READS,   /* a file that is read */
  WEIR_USE_WRITES,  /* a file that is written, by one actor alone */
  WEIR_USE_LISTENS, /* an address that is bound, by one actor alone: "HOST:PORT" or "unix:PATH" */
  WEIR_USE_CONNECTS /* an address that is connected to */
} weir_use;

/** One row of a table of fields. Made by WEIR_FIELD(); the rows from `json` on are the options it takes. */
typedef struct weir_field {
  const char *name WEIR__ZERO;
  size_t offset WEIR__ZERO;
  size_t size WEIR__ZERO;
  size_t align WEIR__ZERO;
  weir_kind kind WEIR__ZERO;
  weir_kind item WEIR__ZERO;                        /* of a list or an array */
  const struct weir_message *(*of)(void)WEIR__ZERO; /* the type of a struct: nested, optional, or an item */
  size_t count_offset WEIR__ZERO;                   /* of a list: where its size_t count is */
  const char *json WEIR__ZERO;                      /* its key in JSON, where that is no C name; NULL: `name` */
  const char *def WEIR__ZERO;                       /* its default, as JSON; NULL: the field is required */
  double min WEIR__ZERO; /* bounds of a number, both included (of a duration in ns, of a rate per second); min == max:
                          none */
  double max WEIR__ZERO;
  weir_unit unit WEIR__ZERO;     /* of an integer; WEIR_UNIT_NONE: it has none */
  const char *one_of WEIR__ZERO; /* of a text: what it may be, separated by '|'; NULL: anything. Of an integer: a word
                                    that stands for 0 */
  bool key WEIR__ZERO;           /* what a hash route goes by */
  bool secret WEIR__ZERO;        /* of a text or bytes: neither printed nor quoted in an error, and overwritten when its
                                    message is freed; weir/json.h writes it */
  weir_reload reload WEIR__ZERO; /* of a configuration: what a change of it does to a live actor */
  weir_use use WEIR__ZERO;       /* of a text, or texts, of a configuration */
  const char *help WEIR__ZERO;   /* one line for people */
} weir_field;

/* What the library notes of a type when it meets it first. Zeros until then; not for programs. */
struct weir__pointer {
  uint16_t offset;
  uint16_t kind; /* a text or bytes */
};
struct weir__known_type {
  const struct weir_message *known;
  unsigned traits;
  unsigned pointers;                 /* of `plan` */
  const struct weir_message *answer; /* a request's, once one was made that is small */
  struct weir__pointer plan[8];
};

/** A message type. Made by WEIR_MESSAGE(), WEIR_REQUEST() and WEIR_SHARED(). */
typedef struct weir_message {
  const char *name WEIR__ZERO;
  size_t size WEIR__ZERO;  /* of the struct */
  size_t align WEIR__ZERO; /* of the struct; at most 8 */
  const weir_field *fields WEIR__ZERO;
  size_t count WEIR__ZERO;                             /* of fields */
  const struct weir_message *(*reply)(void)WEIR__ZERO; /* a request's answer; NULL: none */
  const char *file WEIR__ZERO;                         /* where it was declared */
  int line WEIR__ZERO;
  bool shared WEIR__ZERO; /* its name stands for it, in the program and in all plugins */
  struct weir__known_type *note WEIR__ZERO;
  const struct weir_message *(*get)(void)WEIR__ZERO; /* the function that gives this very table */
} weir_message;

/** The struct of a message without fields: struct refill { WEIR_EMPTY; }; */
#define WEIR_EMPTY char weir_nothing

#ifdef __cplusplus
}
constexpr weir_kind weir__kind(const char *const *) { return WEIR_KIND_TEXT; }
template <size_t N> constexpr weir_kind weir__kind(const char (*)[N]) { return WEIR_KIND_CHARS; }
constexpr weir_kind weir__kind(const bool *) { return WEIR_KIND_BOOL; }
constexpr weir_kind weir__kind(const int32_t *) { return WEIR_KIND_I32; }
constexpr weir_kind weir__kind(const uint32_t *) { return WEIR_KIND_U32; }
constexpr weir_kind weir__kind(const int64_t *) { return WEIR_KIND_I64; }
constexpr weir_kind weir__kind(const uint64_t *) { return WEIR_KIND_U64; }
constexpr weir_kind weir__kind(const double *) { return WEIR_KIND_F64; }
constexpr weir_kind weir__kind(const weir_ref *) { return WEIR_KIND_REF; }
constexpr weir_kind weir__kind(const weir_bytes *) { return WEIR_KIND_BYTES; }
constexpr weir_kind weir__kind(const weir_duration *) { return WEIR_KIND_DURATION; }
constexpr weir_kind weir__kind(const weir_rate *) { return WEIR_KIND_RATE; }
template <class T, size_t N> constexpr weir_kind weir__kind(const T (*)[N])
{
  return (void)weir__kind((const T *)nullptr), WEIR_KIND_ARRAY;
}
template <class T> constexpr weir_kind weir__kind(const T *)
{
  static_assert(sizeof(T) == 0, "no kind of field is for the C type of this member");
  return WEIR_KIND_TEXT;
}
template <class T> constexpr weir_kind weir__element(const T *) { return WEIR_KIND_TEXT; }
template <size_t N> constexpr weir_kind weir__element(const char (*)[N]) { return WEIR_KIND_TEXT; }
template <class T, size_t N> constexpr weir_kind weir__element(const T (*)[N])
{
  return weir__kind((const T *)nullptr);
}
template <class T> constexpr weir_kind weir__nested(const T *) { return WEIR_KIND_NESTED; }
template <class T, size_t N> constexpr weir_kind weir__nested(const T (*)[N]) { return WEIR_KIND_ARRAY; }
template <class T> constexpr weir_kind weir__pointed(const T *, weir_kind kind) { return kind; }
constexpr size_t weir__count_at(const size_t *, size_t offset) { return offset; }
#define WEIR__TYPE_OF(f) decltype(((weir__self *)nullptr)->f)
#define WEIR__POINTER_TO(f) ((decltype(&((weir__self *)nullptr)->f))nullptr)
#define WEIR__KIND(f) weir__kind(WEIR__POINTER_TO(f))
#define WEIR__ELEMENT(f) weir__element(WEIR__POINTER_TO(f))
#define WEIR__ITEM(f) weir__kind((WEIR__TYPE_OF(f)) nullptr)
#define WEIR__NESTED_KIND(f, T) weir__nested<weir_struct_##T>(WEIR__POINTER_TO(f))
#define WEIR__OPTIONAL_KIND(f, T) weir__pointed<weir_struct_##T>((WEIR__TYPE_OF(f)) nullptr, WEIR_KIND_OPTIONAL)
#define WEIR__ITEM_OF(f, T) weir__pointed<weir_struct_##T>((WEIR__TYPE_OF(f)) nullptr, WEIR_KIND_NESTED)
#define WEIR__COUNT(n) weir__count_at(WEIR__POINTER_TO(n), offsetof(weir__self, n))
extern "C" {
#else
/* How many T fill the member; 1 where it is smaller, since no array is empty. */
#define WEIR__FILL(T, f) ((sizeof(((weir__self *)0)->f) + sizeof(T) - 1) / sizeof(T))
#define WEIR__KIND(f) WEIR__MUST_BE_KIND(WEIR__KIND_OF(f), "no kind of field is for the C type of: " #f)
#define WEIR__KIND_OF(f)                                                                                               \
  _Generic(&((weir__self *)0)->f,                                                                                      \
      const char **: WEIR_KIND_TEXT,                                                                                   \
      char(*)[sizeof(((weir__self *)0)->f)]: WEIR_KIND_CHARS,                                                          \
      bool *: WEIR_KIND_BOOL,                                                                                          \
      int32_t *: WEIR_KIND_I32,                                                                                        \
      uint32_t *: WEIR_KIND_U32,                                                                                       \
      int64_t *: WEIR_KIND_I64,                                                                                        \
      uint64_t *: WEIR_KIND_U64,                                                                                       \
      double *: WEIR_KIND_F64,                                                                                         \
      weir_ref *: WEIR_KIND_REF,                                                                                       \
      weir_bytes *: WEIR_KIND_BYTES,                                                                                   \
      weir_duration *: WEIR_KIND_DURATION,                                                                             \
      weir_rate *: WEIR_KIND_RATE,                                                                                     \
      const char *(*)[WEIR__FILL(const char *, f)]: WEIR_KIND_ARRAY,                                                   \
      bool(*)[WEIR__FILL(bool, f)]: WEIR_KIND_ARRAY,                                                                   \
      int32_t(*)[WEIR__FILL(int32_t, f)]: WEIR_KIND_ARRAY,                                                             \
      uint32_t(*)[WEIR__FILL(uint32_t, f)]: WEIR_KIND_ARRAY,                                                           \
      int64_t(*)[WEIR__FILL(int64_t, f)]: WEIR_KIND_ARRAY,                                                             \
      uint64_t(*)[WEIR__FILL(uint64_t, f)]: WEIR_KIND_ARRAY,                                                           \
      double(*)[WEIR__FILL(double, f)]: WEIR_KIND_ARRAY,                                                               \
      weir_ref(*)[WEIR__FILL(weir_ref, f)]: WEIR_KIND_ARRAY,                                                           \
      weir_bytes(*)[WEIR__FILL(weir_bytes, f)]: WEIR_KIND_ARRAY,                                                       \
      weir_duration(*)[WEIR__FILL(weir_duration, f)]: WEIR_KIND_ARRAY,                                                 \
      weir_rate(*)[WEIR__FILL(weir_rate, f)]: WEIR_KIND_ARRAY,                                                         \
      default: -1)
#define WEIR__ELEMENT(f)                                                                                               \
  _Generic(&((weir__self *)0)->f, bool(*)[WEIR__FILL(bool, f)]                                                         \
           : WEIR_KIND_BOOL, int32_t(*)[WEIR__FILL(int32_t, f)]                                                        \
           : WEIR_KIND_I32, uint32_t(*)[WEIR__FILL(uint32_t, f)]                                                       \
           : WEIR_KIND_U32, int64_t(*)[WEIR__FILL(int64_t, f)]                                                         \
           : WEIR_KIND_I64, uint64_t(*)[WEIR__FILL(uint64_t, f)]                                                       \
           : WEIR_KIND_U64, double(*)[WEIR__FILL(double, f)]                                                           \
           : WEIR_KIND_F64, weir_ref(*)[WEIR__FILL(weir_ref, f)]                                                       \
           : WEIR_KIND_REF, weir_bytes(*)[WEIR__FILL(weir_bytes, f)]                                                   \
           : WEIR_KIND_BYTES, weir_duration(*)[WEIR__FILL(weir_duration, f)]                                           \
           : WEIR_KIND_DURATION, weir_rate(*)[WEIR__FILL(weir_rate, f)]                                                \
           : WEIR_KIND_RATE, default                                                                                   \
           : WEIR_KIND_TEXT)
#define WEIR__ITEM(f)                                                                                                  \
  WEIR__MUST_BE_KIND(WEIR__ITEM_KIND(f), "no list is of the C type of: " #f " (which must be: const ITEM *)")
#define WEIR__ITEM_KIND(f)                                                                                             \
  _Generic(((weir__self *)0)->f,                                                                                       \
      const char *const *: WEIR_KIND_TEXT,                                                                             \
      const bool *: WEIR_KIND_BOOL,                                                                                    \
      const int32_t *: WEIR_KIND_I32,                                                                                  \
      const uint32_t *: WEIR_KIND_U32,                                                                                 \
      const int64_t *: WEIR_KIND_I64,                                                                                  \
      const uint64_t *: WEIR_KIND_U64,                                                                                 \
      const double *: WEIR_KIND_F64,                                                                                   \
      const weir_ref *: WEIR_KIND_REF,                                                                                 \
      const weir_bytes *: WEIR_KIND_BYTES,                                                                             \
      const weir_duration *: WEIR_KIND_DURATION,                                                                       \
      const weir_rate *: WEIR_KIND_RATE,                                                                               \
      default: -1)
#define WEIR__NESTED_KIND(f, T)                                                                                        \
  WEIR__MUST_BE_KIND(_Generic(&((weir__self *)0)->f, struct T *                                                        \
                              : WEIR_KIND_NESTED, struct T(*)[WEIR__FILL(struct T, f)]                                 \
                              : WEIR_KIND_ARRAY, default                                                               \
                              : -1),                                                                                   \
                     "WEIR_NESTED(" #f ", " #T ") is for: struct " #T " " #f)
#define WEIR__OPTIONAL_KIND(f, T)                                                                                      \
  WEIR__MUST_BE_KIND(_Generic(((weir__self *)0)->f, const struct T * : WEIR_KIND_OPTIONAL, default : -1),              \
                     "WEIR_OPTIONAL(" #f ", " #T ") is for: const struct " #T " *" #f)
#define WEIR__ITEM_OF(f, T)                                                                                            \
  WEIR__MUST_BE_KIND(_Generic(((weir__self *)0)->f, const struct T * : WEIR_KIND_NESTED, default : -1),                \
                     "a list of " #T " must be: const struct " #T " *" #f)
#define WEIR__COUNT(n)                                                                                                 \
  (offsetof(weir__self, n) + (size_t)WEIR__MUST_0(_Generic(&((weir__self *)0)->n, size_t * : 1, default : 0),          \
                                                  "the count of a list must be: size_t " #n))
#endif
#define WEIR__PLACE(f)                                                                                                 \
  .name = #f, .offset = offsetof(weir__self, f), .size = sizeof(((weir__self *)0)->f),                                 \
  .align = __alignof__(((weir__self *)0)->f)
/** WEIR_FIELD(f) or WEIR_FIELD(f, .def = "1", .min = 1, .max = 100, .help = "…"): a row for member `f`, or for an array
 * `f[n]`. A C type that has no kind does not compile. Defaults and bounds hold for what is read (JSON,
 * configuration); a value sent from C goes as it is. Bounds hold for each number of an array or list. */
#define WEIR_FIELD(...) WEIR__CAT(WEIR__FIELD_, WEIR__MANY(__VA_ARGS__))(__VA_ARGS__)
#define WEIR__FIELD_1(f)                                                                                               \
  {                                                                                                                    \
    WEIR__PLACE(f), .kind = WEIR__KIND(f), .item = WEIR__ELEMENT(f)                                                    \
  }
#define WEIR__FIELD_M(f, ...)                                                                                          \
  {                                                                                                                    \
    WEIR__PLACE(f), .kind = WEIR__KIND(f), .item = WEIR__ELEMENT(f), __VA_ARGS__                                       \
  }

/** WEIR_NESTED(f, T) or with options: a row for the member `struct T f;` or `struct T f[n];`, T being a message type
 * that was declared before. */
#define WEIR_NESTED(f, ...) WEIR__CAT(WEIR__NESTED_, WEIR__MANY(__VA_ARGS__))(f, __VA_ARGS__)
#define WEIR__NESTED_ROW(f, T)                                                                                         \
  WEIR__PLACE(f), .kind = WEIR__NESTED_KIND(f, T), .item = WEIR_KIND_NESTED, .of = weir_message_##T
#define WEIR__NESTED_1(f, T)                                                                                           \
  {                                                                                                                    \
    WEIR__NESTED_ROW(f, T)                                                                                             \
  }
#define WEIR__NESTED_M(f, T, ...)                                                                                      \
  {                                                                                                                    \
    WEIR__NESTED_ROW(f, T), __VA_ARGS__                                                                                \
  }

/** WEIR_OPTIONAL(f, T) or with options: a row for the member `const struct T *f;`, which may be NULL. T may be the very
 * type that is being declared: a value is at most 64 structs deep (WEIR_ERANGE). */
#define WEIR_OPTIONAL(f, ...) WEIR__CAT(WEIR__OPTIONAL_, WEIR__MANY(__VA_ARGS__))(f, __VA_ARGS__)
#define WEIR__OPTIONAL_ROW(f, T) WEIR__PLACE(f), .kind = WEIR__OPTIONAL_KIND(f, T), .of = weir_message_##T
#define WEIR__OPTIONAL_1(f, T)                                                                                         \
  {                                                                                                                    \
    WEIR__OPTIONAL_ROW(f, T)                                                                                           \
  }
#define WEIR__OPTIONAL_M(f, T, ...)                                                                                    \
  {                                                                                                                    \
    WEIR__OPTIONAL_ROW(f, T), __VA_ARGS__                                                                              \
  }

/** WEIR_LIST(f, n) or WEIR_LIST(f, n, .def = "[]", …): a row for the members `const ITEM *f; size_t n;`, ITEM being
 * `char *const`, bool, int32_t, uint32_t, int64_t, uint64_t, double, weir_ref, weir_bytes, weir_duration or weir_rate. */
#define WEIR_LIST(f, ...) WEIR__CAT(WEIR__LIST_, WEIR__MANY(__VA_ARGS__))(f, __VA_ARGS__)
#define WEIR__LIST_ROW(f, n)                                                                                           \
  WEIR__PLACE(f), .kind = WEIR_KIND_LIST, .item = WEIR__ITEM(f), .count_offset = WEIR__COUNT(n)
#define WEIR__LIST_1(f, n)                                                                                             \
  {                                                                                                                    \
    WEIR__LIST_ROW(f, n)                                                                                               \
  }
#define WEIR__LIST_M(f, n, ...)                                                                                        \
  {                                                                                                                    \
    WEIR__LIST_ROW(f, n), __VA_ARGS__                                                                                  \
  }

/** WEIR_LIST_OF(f, n, T) or with options: a row for the members `const struct T *f; size_t n;`: a list of structs. */
#define WEIR_LIST_OF(f, n, ...) WEIR__CAT(WEIR__LIST_OF_, WEIR__MANY(__VA_ARGS__))(f, n, __VA_ARGS__)
#define WEIR__LIST_OF_ROW(f, n, T)                                                                                     \
  WEIR__PLACE(f), .kind = WEIR_KIND_LIST, .item = WEIR__ITEM_OF(f, T), .of = weir_message_##T,                         \
                  .count_offset = WEIR__COUNT(n)
#define WEIR__LIST_OF_1(f, n, T)                                                                                       \
  {                                                                                                                    \
    WEIR__LIST_OF_ROW(f, n, T)                                                                                         \
  }
#define WEIR__LIST_OF_M(f, n, T, ...)                                                                                  \
  {                                                                                                                    \
    WEIR__LIST_OF_ROW(f, n, T), __VA_ARGS__                                                                            \
  }

/** WEIR_MESSAGE(T, field…): struct T can be sent. WEIR_REQUEST(T, R, field…): and is answered by a struct R.
 * WEIR_SHARED(T, "name", field…): and means the same in the program and in all plugins.
 *
 * A type is known by its declaration: by name, file (whatever the path to it), line and layout. A shared one is known
 * by its name alone, and its layout must be the same wherever it is declared: the first use of another one is refused
 * (WEIR_EINVAL), naming both. Put a version into the name ("shop.order.2") and change it with the layout.
 *
 * Expands to `typedef struct T weir_struct_T; typedef struct R weir_reply_of_T;` and
 * `static inline const weir_message *weir_message_T(void)`. */
#define WEIR__DEFINE(T, NAME, SHARED, R, REPLY, ...)                                                                   \
  typedef struct T weir_struct_##T;                                                                                    \
  typedef struct R weir_reply_of_##T;                                                                                  \
  __attribute__((unused)) static inline const weir_message *weir_message_##T(void);                                    \
  static inline const weir_message *weir_message_##T(void)                                                             \
  {                                                                                                                    \
    typedef struct T weir__self;                                                                                       \
    static struct weir__known_type note;                                                                               \
    static const weir_field fields[] = {__VA_ARGS__};                                                                  \
    static const weir_message type = {.name = NAME,                                                                    \
                                      .size = sizeof(weir__self),                                                      \
                                      .align = __alignof__(weir__self),                                                \
                                      .fields = fields,                                                                \
                                      .count = sizeof fields / sizeof fields[0] - 1,                                   \
                                      .reply = REPLY,                                                                  \
                                      .file = __FILE__,                                                                \
                                      .line = __LINE__,                                                                \
                                      .shared = SHARED,                                                                \
                                      .note = &note,                                                                   \
                                      .get = weir_message_##T};                                                        \
    return &type;                                                                                                      \
  }                                                                                                                    \
  struct weir__semicolon
#define WEIR__LAST_FIELD                                                                                               \
  {                                                                                                                    \
    .name = NULL                                                                                                       \
  }
#define WEIR_MESSAGE(...) WEIR__MESSAGE(__VA_ARGS__, WEIR__LAST_FIELD)
#define WEIR__MESSAGE(T, ...) WEIR__DEFINE(T, #T, false, weir_none, NULL, __VA_ARGS__)
#define WEIR_REQUEST(...) WEIR__REQUEST(__VA_ARGS__, WEIR__LAST_FIELD)
#define WEIR__REQUEST(T, R, ...) WEIR__DEFINE(T, #T, false, R, weir_message_##R, __VA_ARGS__)
#define WEIR_SHARED(...) WEIR__SHARED(__VA_ARGS__, WEIR__LAST_FIELD)
#define WEIR__SHARED(T, NAME, ...) WEIR__DEFINE(T, NAME, true, weir_none, NULL, __VA_ARGS__)

/** The type of nothing: what a plain message answers when it is asked. */
struct weir_none {
  char weir_nothing;
};
WEIR_SHARED(weir_none, "weir_none"); /* as all types of the library: programs see its headers in other places */

/** A value on its way: a message type and the address of a temporary. Made by WEIR_VALUE() and WEIR_AT(). */
typedef struct weir_value {
  const weir_message *(*type)(void)WEIR__ZERO;
  const void *at WEIR__ZERO;
} weir_value;

/** WEIR_VALUE(greet, .name = "x"): a value made on the spot. WEIR_AT(greet, &g): one that was filled in beforehand. */
#define WEIR_VALUE(...) WEIR__CAT(WEIR__VALUE_, WEIR__MANY(__VA_ARGS__))(__VA_ARGS__)
/* WEIR__OUT(T, p): `p` must be a `struct R **` of the reply type of T, or NULL; WEIR__OWN(T, p): a `struct T **`. */
#ifdef __cplusplus
}
template <class R> inline void *weir__out(R **p) { return p; }
#define WEIR__OUT(T, p) weir__out<weir_reply_of_##T>(p)
#define WEIR__OWN(T, p) weir__out<weir_struct_##T>(p)
template <class T> inline const T *weir__this(const T *p) { return p; }
#define WEIR_AT(T, p)                                                                                                  \
  weir_value { weir_message_##T, weir__this<weir_struct_##T>(p) }
extern "C" {
#else
#define WEIR__VALUE_1(T) ((weir_value){weir_message_##T, &(struct T){0}})
#define WEIR__VALUE_M(T, ...) ((weir_value){weir_message_##T, &(struct T){__VA_ARGS__}})
#define WEIR__OPTIONS(O, ...) (&(O){__VA_ARGS__})
#define WEIR_AT(T, p)                                                                                                  \
  ((weir_value){weir_message_##T, (WEIR__MUST(_Generic((p), struct T * : 1, const struct T * : 1, default : 0),        \
                                              "a value of " #T " must be given as: struct " #T " *"),                  \
                                   (const void *)(p))})
#define WEIR__OUT(T, p)                                                                                                \
  (WEIR__MUST(_Generic((p), weir_reply_of_##T * * : 1, void * : 1, default : 0),                                       \
              "the answer to " #T " must go to: struct R **, where " #T " is a WEIR_REQUEST(" #T ", R), or NULL"),     \
   _Generic((p), void * : NULL, default : (void *)(p)))
#define WEIR__OWN(T, p)                                                                                                \
  (WEIR__MUST(_Generic((p), struct T * * : 1, default : 0),                                                            \
              "what is received as " #T " must go to: struct " #T " **"),                                              \
   (void *)(p))
#endif

/**
 * Frees a message that is the caller's: one that was received, an answer, one kept with weir_keep().
 *
 * @param message  The `struct T *` itself; owned, and gone afterwards. NULL is fine.
 * Threads         Any. Does not wait.
 */
WEIR_API void weir_free(void *message) WEIR_TAKES(1);

/** For WEIR_AUTO: frees what `*pointer_to_message` points to. */
WEIR_API void weir_free_at(void *pointer_to_message);
/** WEIR_AUTO struct tally *t = NULL;: freed when it goes out of scope. For plain threads and tasks; what an actor still
 * holds is freed when it ends. */
#define WEIR_AUTO __attribute__((cleanup(weir_free_at)))

/** Do two tables describe the same message type? (One declaration in a header has a table per translation unit.)
 * Threads: any. Does not wait. */
WEIR_API bool weir_message_same(const weir_message *a, const weir_message *b);

/**
 * Prints a value for people: `greet { name: "river", times: 2 }`. Long texts, bytes and lists are shortened, control
 * characters escaped. Not for programs to read: see weir/json.h.
 *
 * @param value   A struct of that type; borrowed.
 * @param buffer  Receives at most `size` bytes, the NUL included. May be NULL where `size` is 0.
 *
 * Returns  The length of the whole text, as snprintf() does: it was cut where that is `size` or more.
 * Threads  Any. Does not wait.
 */
WEIR_API size_t weir_print_value(weir_value value, char *buffer, size_t size);
/** weir_print(greet, g, buffer, size): as weir_print_value(), `g` being a `const struct greet *`. */
#define weir_print(T, value, buffer, size) weir_print_value(WEIR_AT(T, value), buffer, size)

#ifdef __cplusplus
}
#endif
#endif
