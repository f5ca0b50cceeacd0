/* control.c: see control.h. */
#define _GNU_SOURCE /* accept4(), pipe2() */
#include "cli/control.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <weir/weir.h>

#include "cli/say.h"

enum { REQUEST_BYTES = 4096, PATIENCE_MS = 2000, BACKLOG = 16 };

/* ---- where it is ---- */

static uint64_t hash_of(const char *text)
{
  uint64_t hash = UINT64_C(14695981039346656037);
  for (; *text; text++) hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
  return hash;
}

bool weir__control_path(const char *file, char path[WEIR__CONTROL_PATH])
{
  const char *folder = getenv("XDG_RUNTIME_DIR");
  char *whole = realpath(file, NULL);
  int size = -1;
  if (folder && *folder == '/' && whole)
    size = snprintf(path, WEIR__CONTROL_PATH, "%s/weir-%016" PRIx64 ".sock", folder, hash_of(whole));
  free(whole);
  return size > 0 && size < WEIR__CONTROL_PATH;
}

static bool address_of(const char *path, struct sockaddr_un *address)
{
  *address = (struct sockaddr_un){.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address->sun_path) return false;
  memcpy(address->sun_path, path, strlen(path) + 1);
  return true;
}

/* ---- taking it ---- */

static int refuse(const struct weir__control *c, const char *why)
{
  weir__say("the control socket %s: %s", c->path, why);
  return WEIR_EINVAL;
}

/* Somebody listens, nobody does any more, or it is something else. */
static int look(struct weir__control *c, const struct sockaddr_un *address)
{
  struct stat info;
  if (lstat(c->path, &info)) return errno == ENOENT ? WEIR_OK : refuse(c, strerror(errno));
  if (!S_ISSOCK(info.st_mode)) return refuse(c, "there is something else, which is no socket");
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0) return refuse(c, strerror(errno));
  bool stale = connect(fd, (const struct sockaddr *)address, sizeof *address) && errno == ECONNREFUSED;
  close(fd);
  if (!stale) return refuse(c, "another run listens there");
  return unlink(c->path) ? refuse(c, strerror(errno)) : WEIR_OK;
}

/* Nobody can connect before it has its mode, as it does not listen yet. */
static int bind_it(struct weir__control *c, const struct sockaddr_un *address)
{
  c->socket = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (c->socket < 0) return refuse(c, strerror(errno));
  struct stat info;
  if (bind(c->socket, (const struct sockaddr *)address, sizeof *address) || chmod(c->path, S_IRUSR | S_IWUSR) ||
      lstat(c->path, &info) || listen(c->socket, BACKLOG))
    return refuse(c, strerror(errno));
  c->device = info.st_dev;
  c->inode = info.st_ino;
  return WEIR_OK;
}

/* L1 */
static int take_locked(struct weir__control *c, const struct sockaddr_un *address)
{
  char folder[WEIR__CONTROL_PATH];
  const char *slash = strrchr(c->path, '/');
  snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - c->path) + 1 : 1, slash ? c->path : ".");
  int lock = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  int rc = lock < 0 || flock(lock, LOCK_EX) ? refuse(c, strerror(errno)) : look(c, address);
  if (!rc) rc = bind_it(c, address);
  if (lock >= 0) close(lock);
  return rc;
}

static int take(struct weir__control *c)
{
  struct sockaddr_un address;
  int rc = address_of(c->path, &address) ? take_locked(c, &address) : refuse(c, "the path is too long");
  if (rc && c->socket >= 0) close(c->socket), c->socket = -1;
  return rc;
}

/* ---- one client ---- */

static int64_t now_ms(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Until something can be done with a descriptor, at most until then. */
static bool await(int fd, short what, int64_t until_ms)
{
  for (;;) {
    struct pollfd one = {.fd = fd, .events = what};
    int64_t left = until_ms - now_ms();
    int n = left > 0 ? poll(&one, 1, (int)left) : 0;
    if (n > 0) return true;
    if (n == 0 || errno != EINTR) return false;
  }
}

/* One line, cut where its newline was. False: it did not come, or not in time. */
static bool read_request(int fd, char text[REQUEST_BYTES])
{
  int64_t until = now_ms() + PATIENCE_MS;
  size_t used = 0;
  while (used < REQUEST_BYTES && await(fd, POLLIN, until)) {
    ssize_t n = read(fd, text + used, REQUEST_BYTES - used);
    if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN)) return false;
    if (n < 0) continue;
    char *newline = memchr(text + used, '\n', (size_t)n);
    used += (size_t)n;
    if (newline) *newline = 0;
    if (newline) return true;
  }
  return false;
}

static void write_answer(int fd, const char *text, size_t size)
{
  int64_t until = now_ms() + PATIENCE_MS;
  while (size && await(fd, POLLOUT, until)) {
    ssize_t n = write(fd, text, size);
    if (n < 0 && errno != EINTR && errno != EAGAIN) return;
    if (n > 0) text += n, size -= (size_t)n;
  }
}

static int ask(const struct weir__control *c, const struct weir_reload_file *request, struct weir_reloaded **answer)
{
  return weir_ask_value(c->reloader, WEIR_FOREVER, answer, WEIR_AT(weir_reload_file, request));
}

/* An answer in any case. */
static void answer(const struct weir__control *c, int fd, const char *request)
{
  struct weir_reload_file *asked = NULL;
  struct weir_reloaded *done = NULL, failed = {.outcome = "failed"};
  char *text = NULL, why[512] = "";
  size_t size = 0;
  int rc = weir_json_read(weir_reload_file, &asked, request, strlen(request));
  if (!rc) rc = ask(c, asked, &done);
  if (rc) snprintf(why, sizeof why, "%s", *weir_error_text() ? weir_error_text() : weir_strerror(rc));
  failed.why = why;
  weir_free(asked);
  if (!weir_json_write(weir_reloaded, done ? done : &failed, &text, &size)) {
    text[size++] = '\n'; /* for the NUL */
    write_answer(fd, text, size);
  }
  free(text);
  weir_free(done);
}

static void serve_client(const struct weir__control *c)
{
  char request[REQUEST_BYTES];
  int fd = accept4(c->socket, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) return; /* it has gone again, or there are no descriptors */
  if (read_request(fd, request)) answer(c, fd, request);
  close(fd);
}

/* ---- SIGHUP ---- */

static void log_line(void *to, const char *text)
{
  (void)to;
  weir__say("reload: %s", text);
}

static void heed_hup(const struct weir__control *c)
{
  struct signalfd_siginfo info;
  struct weir_reloaded *done = NULL;
  if (read(c->hup, &info, sizeof info) != sizeof info) return;
  weir__say("SIGHUP: %s is read anew", c->file);
  if (ask(c, &(struct weir_reload_file){.timeout = WEIR_SECONDS(10)}, &done))
    weir__say("reload: %s", weir_error_text());
  else
    weir__control_print(done, log_line, NULL);
  weir_free(done);
}

/* ---- the thread ---- */

static void *listen_there(void *arg)
{
  const struct weir__control *c = arg;
  for (;;) {
    struct pollfd all[] = {{.fd = c->stop[0], .events = POLLIN},
                           {.fd = c->hup, .events = POLLIN},
                           {.fd = c->socket, .events = POLLIN}}; /* one that is -1 is left out */
    if (poll(all, 3, -1) < 0) continue;
    if (all[0].revents) return NULL;
    if (all[1].revents) heed_hup(c);
    if (all[2].revents) serve_client(c);
  }
}

static int begin(struct weir__control *c)
{
  sigset_t hup;
  sigemptyset(&hup);
  sigaddset(&hup, SIGHUP);
  c->hup = signalfd(-1, &hup, SFD_CLOEXEC | SFD_NONBLOCK);
  int rc = c->hup < 0 || pipe2(c->stop, O_CLOEXEC) ? errno : 0;
  if (!rc) rc = pthread_create(&c->thread, NULL, listen_there, c);
  c->runs = !rc;
  if (rc) weir__say("can't wait for requests: %s", strerror(rc));
  return rc ? WEIR_EINVAL : WEIR_OK;
}

int weir__control_begin(void *arg, weir_runtime *rt, weir_ref reloader)
{
  struct weir__control *c = arg;
  (void)rt;
  c->reloader = reloader;
  int rc = c->path ? take(c) : WEIR_OK;
  if (rc && c->wanted) return weir_error(rc, "no control socket");
  if (rc) weir__say("it runs without: --control PATH gives it another one");
  rc = begin(c);
  return rc ? weir_error(rc, "no thread for requests") : WEIR_OK;
}

static void close_one(int *fd)
{
  if (*fd >= 0) close(*fd);
  *fd = -1;
}

/* If it is ours still. */
static void remove_socket(const struct weir__control *c)
{
  struct stat info;
  if (lstat(c->path, &info) == 0 && info.st_dev == c->device && info.st_ino == c->inode) unlink(c->path);
}

void weir__control_end(struct weir__control *c)
{
  if (c->runs) {
    close_one(&c->stop[1]); /* it sees that */
    pthread_join(c->thread, NULL);
  }
  if (c->socket >= 0) remove_socket(c);
  close_one(&c->socket);
  close_one(&c->hup);
  close_one(&c->stop[0]);
  close_one(&c->stop[1]);
}

/* ---- who asks ---- */

static int connect_to(const char *path)
{
  struct sockaddr_un address;
  if (!address_of(path, &address)) {
    errno = ENAMETOOLONG;
    return -1;
  }
  int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
  int why = errno;
  close(fd);
  errno = why;
  return -1;
}

/* One line; NULL: none came. Owns the descriptor. */
static char *read_answer(int fd)
{
  char *text = NULL;
  size_t room = 0;
  FILE *from = fdopen(fd, "r");
  if (!from) {
    close(fd);
    return NULL;
  }
  ssize_t size = getline(&text, &room, from);
  fclose(from);
  if (size > 0) return text;
  free(text);
  return NULL;
}

static int say_failed(const char *path, const char *why)
{
  weir__say("%s: %s", path, why);
  return WEIR__EXIT_FAILED;
}

int weir__control_ask(const char *path, const struct weir_reload_file *request, struct weir_reloaded **answer)
{
  char *text;
  size_t size;
  *answer = NULL;
  int fd = connect_to(path);
  if (fd < 0) {
    weir__say("no run listens at %s: %s", path, strerror(errno));
    return WEIR__EXIT_NOT_THERE;
  }
  int rc = weir_json_write(weir_reload_file, request, &text, &size);
  if (rc) {
    close(fd);
    return say_failed(path, weir_strerror(rc));
  }
  text[size++] = '\n'; /* for the NUL */
  write_answer(fd, text, size);
  free(text);
  text = read_answer(fd);
  if (!text) return say_failed(path, "the run gave no answer: it has ended");
  rc = weir_json_read(weir_reloaded, answer, text, strlen(text));
  free(text);
  return rc ? say_failed(path, weir_error_text()) : WEIR__EXIT_SUCCESS;
}

/* ---- for people ---- */

static size_t count(const struct weir_reloaded *a, char mark)
{
  size_t n = 0;
  for (size_t i = 0; i < a->step_count; i++) n += a->plan[i].mark[0] == mark;
  return n;
}

void weir__control_print(const struct weir_reloaded *a, void (*line)(void *to, const char *text), void *to)
{
  char text[2048];
  for (size_t i = 0; i < a->step_count; i++) {
    snprintf(text, sizeof text, "%s %s: %s", a->plan[i].mark, a->plan[i].name, a->plan[i].text);
    line(to, text);
  }
  for (size_t i = 0; i < a->problem_count; i++)
    weir__say_problems.problem(NULL, &(weir_problem){.file = a->problems[i].file,
                                                     .line = a->problems[i].line,
                                                     .column = a->problems[i].column,
                                                     .text = a->problems[i].text,
                                                     .what = a->problems[i].message,
                                                     .pointer = a->problems[i].pointer});
  for (size_t i = 0; i < a->killed_count; i++) {
    snprintf(text, sizeof text, "%s did not end in time, and was killed", a->killed[i]);
    line(to, text);
  }
  if (a->dead_letters) {
    snprintf(text, sizeof text, "%" PRId64 " record%s", a->dead_letters,
             a->dead_letters == 1 ? " became a dead letter" : "s became dead letters");
    line(to, text);
  }
  int size =
      snprintf(text, sizeof text, "%s", strcmp(a->outcome, "would_apply") == 0 ? "would be applied" : a->outcome);
  if (a->step_count)
    size += snprintf(text + size, sizeof text - (size_t)size, ": %zu added, %zu removed, %zu changed", count(a, '+'),
                     count(a, '-'), count(a, '~'));
  if (count(a, '!')) size += snprintf(text + size, sizeof text - (size_t)size, ", %zu refused", count(a, '!'));
  if (a->why) size += snprintf(text + size, sizeof text - (size_t)size, ": %s", a->why);
  snprintf(text + size, sizeof text - (size_t)size, " (generation %" PRId64 ")", a->generation);
  line(to, text);
}
