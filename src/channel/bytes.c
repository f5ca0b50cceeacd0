/* bytes.c: see bytes.h. */
#include "channel/bytes.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/strand.h"
#include "runtime/thread.h"

struct weir_buffer {
  _Atomic(size_t) shares; /* B1 */
  size_t size;
  void (*destroy)(void *content);       /* with the last share; NULL: nothing more is to be done */
  _Alignas(16) unsigned char content[]; /* B2 */
};

static const weir_bytes nothing = {NULL, 0, NULL};

weir_bytes weir_bytes_make(size_t size, void **writable) { return weir__bytes_make_held(size, writable, NULL); }

weir_bytes weir__bytes_make_held(size_t size, void **writable, void (*destroy)(void *content))
{
  struct weir_buffer *b = size <= SIZE_MAX / 2 ? malloc(sizeof *b + size) : NULL;
  if (writable) *writable = b ? b->content : NULL;
  if (!b) {
    weir_error(WEIR_ENOMEM, "no memory for %zu bytes", size);
    return nothing;
  }
  atomic_init(&b->shares, 1);
  b->size = size;
  b->destroy = destroy;
  weir__count(WEIR__BUFFERS_MADE);
  return (weir_bytes){b->content, size, b};
}

bool weir__bytes_are_held(weir_bytes bytes) { return bytes.owner && bytes.owner->destroy; }

weir_bytes weir_bytes_copy(const void *data, size_t size)
{
  void *room;
  weir_bytes b = weir_bytes_make(size, &room);
  if (room && size) memcpy(room, data, size);
  return b;
}

weir_bytes weir_bytes_part(weir_bytes whole, size_t from, size_t size)
{
  if (from > whole.size) from = whole.size;
  if (size > whole.size - from) size = whole.size - from;
  return (weir_bytes){whole.data ? (const char *)whole.data + from : NULL, size, whole.owner};
}

void weir__bytes_hold(weir_bytes bytes)
{
  /* Relaxed: the holder of one share (B1) hands the other on by means that order. */
  if (bytes.owner) atomic_fetch_add_explicit(&bytes.owner->shares, 1, memory_order_relaxed);
}

weir_bytes weir_bytes_share(weir_bytes bytes)
{
  if (!bytes.owner) return bytes.size ? weir_bytes_copy(bytes.data, bytes.size) : nothing;
  weir__bytes_hold(bytes);
  return bytes;
}

void weir_bytes_drop(weir_bytes bytes)
{
  struct weir_buffer *b = bytes.owner;
  if (!b) return;
  /* Release: what this holder read was read before; acquire: whoever frees comes after all of them. */
  if (atomic_fetch_sub_explicit(&b->shares, 1, memory_order_acq_rel) != 1) return;
  if (b->destroy) b->destroy(b->content);
#ifdef WEIR_DEBUG
  memset(b->content, 0xdb, b->size);
#endif
  weir__count(WEIR__BUFFERS_FREED);
  free(b);
}

/* Hangs on whoever runs here, as the texts of weir_format() do. */
weir_bytes weir_bytes_leave(weir_bytes bytes)
{
  if (!bytes.owner) return bytes;
  if (weir__text_leave(bytes.owner)) return bytes;
  weir_bytes_drop(bytes);
  return nothing;
}
