/* weir/bytes.h: bytes that are shared instead of copied.
 *
 *   void *room;
 *   weir_bytes page = weir_bytes_make(4096, &room);      // yours to fill, once
 *   …fill it…
 *   weir_send(a, write_page, .content = page);           // nothing is copied: the message has a share
 *   weir_send(b, write_page, .content = page);           // and so has this one
 *   weir_bytes_drop(page);                               // your own share
 *
 * A buffer lives until its last share is gone: each message that holds it has one from the moment it is sent until its
 * end, and so has whoever made it or called weir_bytes_share(). Bytes with an owner never change: fill them before they
 * are sent first. Guide: docs/guide/messages.md. */
#ifndef WEIR_BYTES_H
#define WEIR_BYTES_H

#include <weir/message.h>

#ifdef __cplusplus
extern "C" {
#ifdef __clang__
/* The default values that weir_bytes has in C++ change nothing of how it is passed. */
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wreturn-type-c-linkage"
#endif
#endif

/**
 * Makes a buffer.
 *
 * @param size      In bytes.
 * @param writable  Receives where to write its content, until it is sent or shared first.
 *
 * Returns    Its bytes, whose share is the caller's: weir_bytes_drop() or weir_bytes_leave() them. No memory:
 *            `owner` is NULL, as `*writable` is.
 * Threads    Any. Does not wait.
 */
WEIR_API weir_bytes weir_bytes_make(size_t size, void **writable);

/** As weir_bytes_make(), filled with a copy of `data`. */
WEIR_API weir_bytes weir_bytes_copy(const void *data, size_t size);

/** A part of some bytes; it begins `from` bytes into them, and ends where they end at the latest. It takes no share: it
 * is good as long as `whole` is. Threads: any. Does not wait. */
WEIR_API weir_bytes weir_bytes_part(weir_bytes whole, size_t from, size_t size);

/**
 * Takes a share: what a handler does to keep the bytes of a borrowed message in its state. Bytes without an owner are
 * copied into a buffer of their own, so that the result can be held in any case.
 *
 * Returns    The same bytes, to be dropped. No memory for a copy, or no bytes: `owner` is NULL; weir_error_text()
 *            tells them apart.
 * Threads    Any. Does not wait.
 */
WEIR_API weir_bytes weir_bytes_share(weir_bytes bytes);

/** Gives a share back; without an owner it does nothing. Threads: any. Does not wait. */
WEIR_API void weir_bytes_drop(weir_bytes bytes);

/**
 * Leaves a share to the library, which gives it back when the handler has returned and its answer is on its way: for
 * bytes that a handler has made for its answer, as weir_format() for texts. On a plain thread, where nothing tells when
 * a handler that is tested by itself has returned: some calls later, at the latest when the thread ends.
 *
 * Returns    The same bytes; without an owner if there was no memory to note it: the share is given back then.
 * Threads    Any. Does not wait.
 */
WEIR_API weir_bytes weir_bytes_leave(weir_bytes bytes);

#ifdef __cplusplus
#ifdef __clang__
#pragma clang diagnostic pop
#endif
}
#endif
#endif
