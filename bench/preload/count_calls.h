/* count_calls.h: how often the process has called for memory, where count_calls.so is preloaded. */
#ifndef WEIR_BENCH_COUNT_CALLS_H
#define WEIR_BENCH_COUNT_CALLS_H

#include <stdint.h>

#define COUNTED_CALLS(X) X(malloc) X(calloc) X(realloc) X(free) X(aligned_alloc) X(posix_memalign) X(mmap) X(munmap)

struct counted_calls {
#define COUNTED_FIELD(name) uint64_t name##_calls;
  COUNTED_CALLS(COUNTED_FIELD)
#undef COUNTED_FIELD
};

/* What count_calls.so exports as counted_calls_read: what was called since the process began, whoever did. */
typedef void counted_calls_reader(struct counted_calls *calls);

#endif
