/* io.h: a file, pipe, terminal or socket that a pinned actor reads or writes without ever blocking its worker. */
#ifndef WEIR_ACTORS_IO_H
#define WEIR_ACTORS_IO_H

#include <weir/base.h>

struct weir__io;

enum weir__io_for { WEIR__IO_READ, WEIR__IO_WRITE };

/**
 * Opens `path`, "-" being standard input or output. A file that is written is made or emptied.
 *
 * @param path        Borrowed until weir__io_close().
 * @param room_bytes  Memory that comes with it, for what is read or written: see weir__io_room().
 * Errors  The system's, with a text that names the file.
 */
WEIR_NODISCARD int weir__io_open(const char *path, enum weir__io_for what_for, size_t room_bytes, struct weir__io **io);

/** What people call it: its path, "standard input" or "standard output". Borrowed until it is closed. */
const char *weir__io_name(const struct weir__io *io);

/** It is called so from now on, "-" excepted: another copy of its path. Borrowed until weir__io_close(). */
void weir__io_rename(struct weir__io *io, const char *path);

/** Its memory. Only this may be read into and written from: it outlives every request, even where its actor does not.
 */
char *weir__io_room(struct weir__io *io);

/** Begins to read at most `size` bytes to `into`, a place in its room. One at a time; weir__io_read_end() ends it. */
WEIR_NODISCARD int weir__io_read_begin(struct weir__io *io, char *into, size_t size);
/** Waits for what was begun. Returns the number of bytes, 0 at the end of the file, or an error with a text;
 * WEIR_ECANCELED: the caller was told to stop, and only weir__io_close() may follow.
 *
 * Where it may take for ever (pipes, terminals, sockets) it does not wait: WEIR_EWOULDBLOCK, and `ready` is called when this is to be
 * called again; in a callback of the loop, not after weir__io_close(). False: it could not say so, and is called once more soon. */
WEIR_NODISCARD int64_t weir__io_read_end(struct weir__io *io, bool (*ready)(void *arg), void *arg);

/** Writes all of `size` bytes from its room, waiting as long as it takes. Errors: the
 * system's, with a text; WEIR_ECANCELED as above. */
WEIR_NODISCARD int weir__io_write(struct weir__io *io, const char *from, size_t size);

/** Waits for a request under way, closes the file and frees everything. NULL is fine. Returns what closing a written
 * file found out: a file system may report a lack of room only now. */
int weir__io_close(struct weir__io *io);

#endif
