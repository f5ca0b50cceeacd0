/* io.c: reading and writing for actors.
 *
 * There are two ways, chosen at opening:
 *
 *   polled  pipes, terminals, sockets: non-blocking, and uv_poll tells when to go on. In a thread such a request could
 *           block for ever, and the end of the process with it. Who reads does not wait meanwhile, but is told.
 *   pool    all else, regular files above all, which can't be polled: each read or write is a request in libuv's
 *           thread pool. One at a time, at the file's own position.
 *
 * Switching a descriptor that we were given to non-blocking would do so for all processes that share it (the shell,
 * its terminal). So where the system lets us (/proc/self/fd) it is opened anew; else it is switched back at the end.
 *
 * I1  `busy`: the loop holds the request (pool) or the poll is active (polled). Begins and ends on the actor's worker,
 *     so nothing here is atomic.
 * I2  `waiting`: a handler waits for `future`, and `done` is its promise. The callback ends the wait by dropping the
 *     promise: no value has to travel, and dropping needs no memory, so it can't fail. A kill takes the handler away from
 *     its wait: closing ends what is left of that.
 * I3  The request and its memory are in here, never on a stack (F4). If the wait for a request is broken off, it stays
 *     busy; what is closed then is orphaned, and its callback frees it. */
#include "io.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <weir/oneshot.h>
#include <weir/uv.h>

struct weir__io {
  const char *name;
  int fd;
  bool own;           /* the descriptor is ours to close */
  int flags_to_reset; /* of a description that is shared, as they were; -1: leave them */
  bool await_first;   /* perhaps a FIFO that nobody has opened for writing yet: that looks like the end of a file */
  uv_poll_t *poll;    /* polled; NULL: pool */
  bool (*ready)(void *arg); /* polled: who is told that there is something to read */
  void *ready_arg;
  uv_fs_t request; /* pool; I1 */
  int64_t result;  /* pool: of the last request */
  char *into;      /* polled: where to read to, and how much */
  size_t size;
  bool busy;     /* I1 */
  bool waiting;  /* I2 */
  bool orphaned; /* I3 */
  weir_promise done;
  weir_future future; /* I2; 0: there is none */
  char room[];
};

const char *weir__io_name(const struct weir__io *io) { return io->name; }
char *weir__io_room(struct weir__io *io) { return io->room; }

void weir__io_rename(struct weir__io *io, const char *path)
{
  if (strcmp(path, "-") != 0) io->name = path; /* else it is no copy */
}

static int failed(const struct weir__io *io, int rc) { return weir_error(rc, "%s: %s", io->name, weir_strerror(rc)); }

/* ---- waiting ---- */

/* In callbacks: the request or the poll has ended. */
static void arrived(struct weir__io *io)
{
  io->busy = false;
  if (io->waiting) weir_promise_drop(io->done);
  io->waiting = false;
}

static void forget_wait(struct weir__io *io)
{
  if (io->waiting) weir_promise_drop(io->done);
  if (io->future.bits) weir_future_drop(io->future);
  io->waiting = false;
  io->future.bits = 0;
}

static int wait_while_busy(struct weir__io *io)
{
  struct weir_none *nothing;
  if (!io->busy) return WEIR_OK;
  int rc = weir_oneshot(&io->done, &io->future);
  if (rc) return rc;
  io->waiting = true;
  rc = weir_future_wait(io->future, WEIR_FOREVER, &nothing, weir_none);
  if (rc == WEIR_ECLOSED) {
    io->future.bits = 0;
    return WEIR_OK;
  }
  forget_wait(io);
  return rc;
}

/* ---- the pool's way ---- */

static int release(struct weir__io *io);

static void on_request_done(uv_fs_t *request)
{
  struct weir__io *io = request->data;
  io->result = request->result;
  uv_fs_req_cleanup(request);
  arrived(io);
  if (io->orphaned) (void)release(io);
}

static int pool_begin(struct weir__io *io, enum weir__io_for what_for, char *at, size_t size)
{
  uv_buf_t piece = uv_buf_init(at, (unsigned)size);
  io->request.data = io;
  int rc = what_for == WEIR__IO_READ ? uv_fs_read(weir_loop(), &io->request, io->fd, &piece, 1, -1, on_request_done)
                                     : uv_fs_write(weir_loop(), &io->request, io->fd, &piece, 1, -1, on_request_done);
  io->busy = rc == 0;
  return rc;
}

static int64_t pool_end(struct weir__io *io)
{
  int rc = wait_while_busy(io);
  return rc ? rc : io->result;
}

/* ---- the polled way ---- */

/* What is there stays there: so this comes again with the loop's next turn, unless the poll is stopped. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
  struct weir__io *io = poll->data;
  (void)status, (void)events; /* an error shows at the next read or write, too */
  if (io->ready && !io->ready(io->ready_arg)) return;
  uv_poll_stop(poll);
  arrived(io);
}

static int begin_poll(struct weir__io *io, int events)
{
  int rc = uv_poll_start(io->poll, events, on_ready);
  io->busy = rc == 0;
  return rc;
}

static int wait_until_writable(struct weir__io *io)
{
  int rc = begin_poll(io, UV_WRITABLE);
  if (rc) return rc;
  rc = wait_while_busy(io);
  if (rc) uv_poll_stop(io->poll);
  io->busy = false;
  return rc;
}

static int64_t read_now(struct weir__io *io)
{
  ssize_t n = read(io->fd, io->into, io->size);
  while (n < 0 && errno == EINTR) n = read(io->fd, io->into, io->size);
  if (n >= 0) return n;
  return errno == EAGAIN || errno == EWOULDBLOCK ? WEIR_EWOULDBLOCK : -errno;
}

static int64_t polled_read(struct weir__io *io, bool (*ready)(void *arg), void *arg)
{
  int64_t n = io->await_first ? WEIR_EWOULDBLOCK : read_now(io);
  io->await_first = false;
  if (n != WEIR_EWOULDBLOCK) return n;
  io->ready = ready, io->ready_arg = arg;
  int rc = begin_poll(io, UV_READABLE);
  return rc ? rc : WEIR_EWOULDBLOCK;
}

static int64_t polled_write(struct weir__io *io, const char *from, size_t size)
{
  int rc = WEIR_OK;
  while (!rc) {
    ssize_t n = write(io->fd, from, size);
    if (n >= 0) return n;
    if (errno != EINTR) rc = errno == EAGAIN || errno == EWOULDBLOCK ? wait_until_writable(io) : -errno;
  }
  return rc;
}

/* ---- reading and writing ---- */

int weir__io_read_begin(struct weir__io *io, char *into, size_t size)
{
  io->into = into, io->size = size;
  int rc = io->poll ? WEIR_OK : pool_begin(io, WEIR__IO_READ, into, size);
  return rc ? failed(io, rc) : WEIR_OK;
}

int64_t weir__io_read_end(struct weir__io *io, bool (*ready)(void *arg), void *arg)
{
  int64_t n = io->poll ? polled_read(io, ready, arg) : pool_end(io);
  return n < 0 && n != WEIR_ECANCELED && n != WEIR_EWOULDBLOCK ? failed(io, (int)n) : n;
}

static int64_t write_some(struct weir__io *io, const char *from, size_t size)
{
  if (io->poll) return polled_write(io, from, size);
  int rc = pool_begin(io, WEIR__IO_WRITE, (char *)from, size);
  return rc ? rc : pool_end(io);
}

int weir__io_write(struct weir__io *io, const char *from, size_t size)
{
  while (size > 0) {
    int64_t n = write_some(io, from, size);
    if (n == WEIR_ECANCELED) return WEIR_ECANCELED;
    if (n < 0) return failed(io, (int)n);
    from += n, size -= (size_t)n;
  }
  return WEIR_OK;
}

/* ---- opening ---- */

static bool can_be_polled(int fd)
{
  struct stat info;
  return fstat(fd, &info) == 0 && (S_ISFIFO(info.st_mode) || S_ISSOCK(info.st_mode) || isatty(fd));
}

/* A description of our own for a descriptor that we were given, or -1. */
static int open_anew(int fd, int flags)
{
  char path[32];
  snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  return open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
}

static int open_standard(struct weir__io *io, enum weir__io_for what_for)
{
  bool reads = what_for == WEIR__IO_READ;
  int given = reads ? STDIN_FILENO : STDOUT_FILENO, refused = reads ? O_WRONLY : O_RDONLY;
  int flags = fcntl(given, F_GETFL);
  if (flags < 0 || (flags & O_ACCMODE) == refused) return -EBADF;
  io->fd = can_be_polled(given) ? open_anew(given, reads ? O_RDONLY : O_WRONLY) : -1;
  io->own = io->fd >= 0;
  if (io->own) return WEIR_OK;
  io->fd = given;
  io->flags_to_reset = flags;
  return WEIR_OK;
}

static int open_path(struct weir__io *io, const char *path, enum weir__io_for what_for)
{
  int flags = what_for == WEIR__IO_READ ? O_RDONLY : O_WRONLY | O_CREAT | O_TRUNC;
  io->fd = open(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
  if (io->fd < 0) return -errno;
  io->own = true;
  io->await_first = true;
  return WEIR_OK;
}

static int make_poll(struct weir__io *io)
{
  io->poll = weir_uv_new(uv_poll_t);
  if (!io->poll) return WEIR_ENOMEM;
  io->poll->data = io;
  return uv_poll_init(weir_loop(), io->poll, io->fd);
}

static int choose_way(struct weir__io *io)
{
  struct stat info;
  if (fstat(io->fd, &info)) return -errno;
  if (S_ISDIR(info.st_mode)) return -EISDIR;
  return can_be_polled(io->fd) ? make_poll(io) : WEIR_OK;
}

static const char *name_of(const char *path, enum weir__io_for what_for)
{
  if (strcmp(path, "-") != 0) return path;
  return what_for == WEIR__IO_READ ? "standard input" : "standard output";
}

int weir__io_open(const char *path, enum weir__io_for what_for, size_t room_bytes, struct weir__io **opened)
{
  struct weir__io *io = calloc(1, sizeof *io + room_bytes);
  *opened = NULL;
  if (!io) return weir_error(WEIR_ENOMEM, "%s: no memory to open it", path);
  io->name = name_of(path, what_for);
  io->fd = -1, io->flags_to_reset = -1;
  int rc = io->name == path ? open_path(io, path, what_for) : open_standard(io, what_for);
  if (!rc) rc = choose_way(io);
  if (rc) {
    rc = failed(io, rc);
    weir__io_close(io);
    return rc;
  }
  *opened = io;
  return WEIR_OK;
}

/* ---- closing ---- */

static int release(struct weir__io *io)
{
  int rc = WEIR_OK;
  if (io->flags_to_reset >= 0) (void)fcntl(io->fd, F_SETFL, io->flags_to_reset);
  if (io->own && close(io->fd) && errno != EINTR) rc = failed(io, -errno);
  free(io);
  return rc;
}

/* I3: from here on it is its callback's. So that it is closed when its actor has ended that is waited for, if we may. */
static void orphan(struct weir__io *io)
{
  weir_future future;
  struct weir_none *nothing;
  io->orphaned = true;
  uv_cancel((uv_req_t *)&io->request);
  if (weir_cancelled() || weir_oneshot(&io->done, &future)) return;
  io->waiting = true;
  if (weir_future_wait(future, WEIR_FOREVER, &nothing, weir_none) != WEIR_ECLOSED) weir_future_drop(future);
}

int weir__io_close(struct weir__io *io)
{
  if (!io) return WEIR_OK;
  forget_wait(io);
  if (io->poll) weir_uv_close(io->poll);
  if (io->poll || !io->busy) return release(io);
  orphan(io);
  return WEIR_OK;
}
