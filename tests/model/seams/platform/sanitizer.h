/* sanitizer.h, for the model: its sources are compiled as for ThreadSanitizer, but that is not there. */
#ifndef WEIR__SANITIZER_H
#define WEIR__SANITIZER_H

#include <stddef.h>

#define WEIR__ASAN 0
#define WEIR__TSAN 0

struct weir__sanitizer {
  char none;
};

static inline void weir__sanitizer_make(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
}
static inline void weir__sanitizer_free(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
}
static inline void weir__sanitizer_reset(struct weir__sanitizer *s, void *low, size_t bytes)
{
  (void)s, (void)low, (void)bytes;
}
static inline void weir__sanitizer_adopt(struct weir__sanitizer *s) { (void)s; }
static inline void weir__sanitizer_leave(struct weir__sanitizer *from, struct weir__sanitizer *to, const void *low,
                                         size_t bytes)
{
  (void)from, (void)to, (void)low, (void)bytes;
}
static inline void weir__sanitizer_enter(struct weir__sanitizer *to, const void **low, size_t *bytes)
{
  (void)to, (void)low, (void)bytes;
}

#endif
