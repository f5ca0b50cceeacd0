/* live.c: see live.h. A file that is read is opened; one that is written is opened if it is there, else its folder must be
 * one in which it can be made. A FIFO is not opened: its other end would see that. */
#include "topology/live.h"

#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "topology/tables.h"
#include "json/expect.h"

enum { CONNECT_MS = 5000 };

struct trying {
  struct weir__document *document;
  uint32_t node; /* where what is tried is named */
};

static void refuse(const struct trying *t, const char *what, const char *name, const char *why)
{
  weir__document_error(t->document, t->node, "%s %s: %s", what, weir__quote(name).text, why);
}

/* ---- files ---- */

static int close_at_once(int fd)
{
  if (fd < 0) return -errno;
  close(fd);
  return WEIR_OK;
}

static void try_reading(const struct trying *t, const char *path)
{
  struct stat info = {0};
  int rc = strcmp(path, "-") == 0 ? (fcntl(STDIN_FILENO, F_GETFD) < 0 ? -errno : WEIR_OK)
           : stat(path, &info)    ? -errno
                                  : WEIR_OK;
  if (!rc && strcmp(path, "-") != 0) {
    if (S_ISDIR(info.st_mode))
      rc = -EISDIR;
    else if (S_ISREG(info.st_mode))
      rc = close_at_once(open(path, O_RDONLY | O_CLOEXEC));
    else if (access(path, R_OK))
      rc = -errno;
  }
  if (rc) refuse(t, "can't read", path, strerror(-rc));
}

/* Of a path; "." where it has no folder. */
static char *folder_of(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *folder = strdup(slash ? path : ".");
  if (folder && slash) folder[slash == path ? 1 : slash - path] = 0;
  return folder;
}

static int try_making(const char *path)
{
  struct stat info = {0};
  char *folder = folder_of(path);
  if (!folder) return -ENOMEM;
  int rc = stat(folder, &info) || access(folder, W_OK | X_OK) ? -errno : S_ISDIR(info.st_mode) ? WEIR_OK : -ENOTDIR;
  free(folder);
  return rc;
}

static void try_writing(const struct trying *t, const char *path)
{
  struct stat info = {0};
  int rc;
  if (strcmp(path, "-") == 0)
    rc = fcntl(STDOUT_FILENO, F_GETFD) < 0 ? -errno : WEIR_OK;
  else if (stat(path, &info))
    rc = errno == ENOENT ? try_making(path) : -errno;
  else if (S_ISDIR(info.st_mode))
    rc = -EISDIR;
  else if (S_ISREG(info.st_mode))
    rc = close_at_once(open(path, O_WRONLY | O_CLOEXEC)); /* neither made nor cut */
  else
    rc = access(path, W_OK) ? -errno : WEIR_OK;
  if (rc) refuse(t, "can't write", path, strerror(-rc));
}

/* ---- addresses ---- */

/* Waits for a connection that has begun. */
static int finish_connecting(int fd)
{
  int error = 0;
  socklen_t size = sizeof error;
  struct pollfd ready = {.fd = fd, .events = POLLOUT};
  int n = poll(&ready, 1, CONNECT_MS);
  if (n == 0) return -ETIMEDOUT;
  if (n < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size)) return -errno;
  return -error;
}

static int try_address(const struct sockaddr *address, socklen_t size, bool binds)
{
  static const int yes = 1;
  int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), rc = WEIR_OK;
  if (fd < 0) return -errno;
  if (binds && address->sa_family != AF_UNIX)
    rc = setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes) ? -errno : 0;
  if (!rc && (binds ? bind(fd, address, size) : connect(fd, address, size))) rc = -errno;
  if (rc == -EINPROGRESS) rc = finish_connecting(fd);
  close(fd);
  return rc;
}

static int try_unix(const char *path, bool binds)
{
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) return -ENAMETOOLONG;
  memcpy(address.sun_path, path, strlen(path) + 1);
  struct stat info = {0};
  if (binds && stat(path, &info) == 0) return -EADDRINUSE;
  int rc = try_address((const struct sockaddr *)&address, sizeof address, binds);
  if (binds && !rc) unlink(path); /* it was made just now */
  return rc;
}

/* "HOST:PORT", "[HOST]:PORT" or ":PORT"; all addresses of a host in turn. `*why`: better than its code, where there is such a text. */
static int try_host(const char *text, bool binds, const char **why)
{
  const char *colon = strrchr(text, ':');
  if (!colon || !colon[1]) {
    *why = "an address is HOST:PORT, [HOST]:PORT, :PORT or unix:PATH";
    return -EINVAL;
  }
  bool bracketed = *text == '[' && colon > text && colon[-1] == ']';
  char *host = strdup(text + bracketed);
  if (!host) return -ENOMEM;
  host[colon - text - 2 * bracketed] = 0;
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = binds ? AI_PASSIVE : 0}, *all = NULL;
  int failed = getaddrinfo(*host ? host : NULL, colon + 1, &hints, &all), rc = failed ? -EINVAL : WEIR_OK;
  free(host);
  if (failed) *why = gai_strerror(failed);
  for (const struct addrinfo *a = all; a; a = a->ai_next) {
    rc = try_address(a->ai_addr, a->ai_addrlen, binds);
    if (!rc) break;
  }
  if (all) freeaddrinfo(all);
  return rc;
}

static void try_socket(const struct trying *t, const char *text, bool binds)
{
  const char *why = NULL;
  int rc = strncmp(text, "unix:", 5) == 0 ? try_unix(text + 5, binds) : try_host(text, binds, &why);
  if (rc) refuse(t, binds ? "can't bind" : "can't connect to", text, why ? why : strerror(-rc));
}

/* ---- the graph ---- */

static void try_text(struct trying *t, weir_use use, const char *text)
{
  if (!text) return;
  if (use == WEIR_USE_READS)
    try_reading(t, text);
  else if (use == WEIR_USE_WRITES)
    try_writing(t, text);
  else
    try_socket(t, text, use == WEIR_USE_LISTENS);
}

static void try_fields(struct weir__document *d, const weir_message *type, const char *value, uint32_t object,
                       uint32_t owner)
{
  for (size_t i = 0; i < type->count; i++) {
    const weir_field *f = &type->fields[i];
    uint32_t node = object == WEIR__NO_NODE ? object : weir__document_member(d, object, f->json ? f->json : f->name);
    struct trying t = {.document = d, .node = node == WEIR__NO_NODE ? owner : node};
    const void *at = value + f->offset;
    if (f->kind == WEIR_KIND_NESTED) try_fields(d, f->of(), at, node, t.node);
    if (f->use && f->kind == WEIR_KIND_TEXT) try_text(&t, f->use, *(const char *const *)at);
    if (!f->use || f->kind != WEIR_KIND_LIST) continue;
    size_t count;
    const char *const *texts = *(const char *const *const *)at;
    uint32_t item = node == WEIR__NO_NODE ? node : weir__document_child(d, node);
    memcpy(&count, value + f->count_offset, sizeof count);
    for (size_t n = 0; n < count; n++) {
      if (item != WEIR__NO_NODE) t.node = item, item = d->nodes[item].next;
      try_text(&t, f->use, texts[n]);
    }
  }
}

void weir__check_live(struct weir__document *document, const struct weir__graph *graph)
{
  for (size_t i = 0; i < graph->count; i++) {
    const struct weir__graph_actor *actor = &graph->actors[i];
    if (actor->config)
      try_fields(document, actor->stock->config(), actor->config,
                 weir__document_member(document, actor->node, "config"), actor->node);
  }
}
