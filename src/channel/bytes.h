/* bytes.h: what stands behind bytes that have an owner: see weir/bytes.h.
 *
 *   made: 1 share ----> share, a message is made: + 1 ----> drop, a message ends: - 1 ----> 0: freed
 *
 * B1  Whoever holds a share may take another; nobody else touches the count.
 * B2  The content is written by its maker before a second share is taken, and by nobody afterwards.
 * B3  A message has one share for each field that holds the bytes, taken when its copy is complete, given back when it
 *     is freed: all ways of ending lead there. So have the records of a batch. */
#ifndef WEIR__BYTES_H
#define WEIR__BYTES_H

#include <weir/bytes.h>

/* As weir_bytes_make(); `destroy` is called, on whatever thread, with the content when the last share is given back. */
weir_bytes weir__bytes_make_held(size_t size, void **writable, void (*destroy)(void *content));
/* Is the content such a thing, with addresses in it, and not data? */
bool weir__bytes_are_held(weir_bytes bytes);
/* One more share of bytes that have an owner; else nothing. */
void weir__bytes_hold(weir_bytes bytes);

#endif
