/* source.c: see source.h. The files are read in the order in which they are met: each one's includes stand behind those
 * of the files before it. */
#include "topology/source.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology/replace.h"
#include "json/expect.h"

/* A file's bytes, with a zero byte after them. */
struct contents {
  char *text; /* owned */
  size_t size;
};

/* By which a file is known again, whatever it is called. */
struct identity {
  dev_t device;
  ino_t file;
};

struct reading {
  struct weir__document *document;
  struct weir__arena *arena;
  const struct weir__origin *origin;
  struct identity known[WEIR__FILES_MAX]; /* of each source; zeros for a text that was given */
  bool good;                              /* all files could be read so far */
};

/* ---- files ---- */

/* Reads until the end of the file, or one byte more than a document may have: that is refused later. A size that
 * stat() gives is not relied on: pipes have none, and files grow. */
static int read_all(int fd, struct contents *contents)
{
  size_t capacity = 0;
  for (;;) {
    if (contents->size + 1 >= capacity) {
      capacity = capacity ? 2 * capacity : 64 * 1024;
      char *larger = realloc(contents->text, capacity);
      if (!larger) return WEIR_ENOMEM;
      contents->text = larger;
    }
    ssize_t n = read(fd, contents->text + contents->size, capacity - contents->size - 1);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return -errno;
    contents->size += (size_t)n;
    contents->text[contents->size] = 0;
    if (n == 0 || contents->size > WEIR__DOCUMENT_BYTES_MAX) return WEIR_OK;
  }
}

/* An included file must be an ordinary one: no document may make its reader wait for a pipe. */
static int read_file(const char *file, bool any, struct contents *contents, struct identity *identity)
{
  struct stat info;
  int fd = open(file, O_RDONLY | O_CLOEXEC | (any ? 0 : O_NONBLOCK));
  if (fd < 0) return -errno;
  int rc = fstat(fd, &info) ? -errno : WEIR_OK;
  if (!rc && !any && !S_ISREG(info.st_mode)) rc = S_ISDIR(info.st_mode) ? -EISDIR : -EINVAL;
  if (!rc) *identity = (struct identity){info.st_dev, info.st_ino};
  if (!rc) rc = read_all(fd, contents);
  close(fd);
  return rc;
}

const char *weir__source_path(struct weir__arena *arena, const char *file, const char *path)
{
  const char *slash = strrchr(file, '/');
  size_t folder = slash ? (size_t)(slash - file) + 1 : 0;
  if (!folder || *path == '/' || strcmp(path, "-") == 0) return weir__arena_text(arena, path);
  char *joined = weir__arena_alloc(arena, folder + strlen(path) + 1);
  if (!joined) return NULL;
  memcpy(joined, file, folder);
  memcpy(joined + folder, path, strlen(path) + 1);
  return joined;
}

/* ---- includes ---- */

static bool is_known(const struct reading *r, const struct identity *identity)
{
  for (uint32_t i = 0; i < r->document->source_count; i++)
    if (r->known[i].device == identity->device && r->known[i].file == identity->file) return true;
  return false;
}

static int add_text(struct reading *r, const char *name, const char *text, size_t size)
{
  int rc = weir__document_add(r->document, name, text, size);
  if (rc) return rc;
  uint32_t root = r->document->sources[r->document->source_count - 1].root;
  return weir__replace_variables(r->document, root, r->origin) ? WEIR_OK : WEIR_ENOMEM;
}

static int include_file(struct reading *r, uint32_t node, const char *name)
{
  struct contents contents = {0};
  struct identity identity = {0};
  int rc = read_file(name, false, &contents, &identity);
  if (rc && rc != WEIR_ENOMEM) {
    weir__document_error(r->document, node, "cannot read %s: %s", name,
                         rc == -EINVAL ? "it is no ordinary file" : strerror(-rc));
    r->good = false;
    rc = WEIR_OK;
  } else if (!rc && r->document->source_count == WEIR__FILES_MAX) {
    weir__document_error(r->document, node, "more than %d files", (int)WEIR__FILES_MAX);
    r->good = false;
  } else if (!rc && !is_known(r, &identity)) {
    r->known[r->document->source_count] = identity;
    rc = add_text(r, name, contents.text, contents.size);
    if (rc == WEIR_EINVAL) r->good = false, rc = WEIR_OK;
  }
  free(contents.text);
  return rc;
}

static int include_at(struct reading *r, uint32_t node, uint32_t source)
{
  const char *path;
  if (!weir__expect_text(r->document, node, &path)) return WEIR_OK;
  const char *name = weir__source_path(r->arena, r->document->sources[source].name, path);
  return name ? include_file(r, node, name) : WEIR_ENOMEM;
}

static int include_all(struct reading *r, uint32_t source)
{
  struct weir__document *d = r->document;
  uint32_t root = d->sources[source].root;
  uint32_t list = root == WEIR__NO_NODE ? root : weir__document_member(d, root, "include");
  if (list == WEIR__NO_NODE || !weir__expect_list(d, list)) return WEIR_OK;
  int rc = WEIR_OK;
  for (uint32_t item = weir__document_child(d, list); item != WEIR__NO_NODE && !rc; item = d->nodes[item].next)
    rc = include_at(r, item, source);
  return rc;
}

/* ---- tests ---- */

bool weir__source_is_tests(const char *file)
{
  static const char *const ends[] = {".test.json", ".test.jsonc"};
  size_t size = strlen(file);
  for (size_t i = 0; i < 2; i++)
    if (size > strlen(ends[i]) && strcmp(file + size - strlen(ends[i]), ends[i]) == 0) return true;
  return false;
}

/* Behind all others. */
static int add_tests(struct reading *r)
{
  struct contents contents = {0};
  struct identity identity = {0};
  int rc = read_file(r->origin->tests, true, &contents, &identity);
  if (rc && rc != WEIR_ENOMEM)
    weir__report_add(r->document->report, NULL, 0, 0, "cannot read %s: %s", r->origin->tests, strerror(-rc));
  if (!rc && !is_known(r, &identity)) rc = add_text(r, r->origin->tests, contents.text, contents.size);
  free(contents.text);
  return rc;
}

/* ---- all of it ---- */

static int read_first(struct reading *r)
{
  const struct weir__origin *o = r->origin;
  struct contents contents = {0};
  if (o->text || o->size) return add_text(r, o->name, o->text, o->size);
  int rc = read_file(o->name, true, &contents, &r->known[0]);
  if (rc && rc != WEIR_ENOMEM)
    weir__report_add(r->document->report, NULL, 0, 0, "cannot read %s: %s", o->name, strerror(-rc));
  if (!rc) rc = add_text(r, o->name, contents.text, contents.size);
  free(contents.text);
  return rc;
}

int weir__source_read(struct weir__document *document, struct weir__arena *arena, const struct weir__origin *origin)
{
  struct reading *r = calloc(1, sizeof *r);
  if (!r) return WEIR_ENOMEM;
  r->document = document, r->arena = arena, r->origin = origin, r->good = true;
  int rc = read_first(r);
  for (uint32_t source = 0; source < document->source_count && !rc; source++) rc = include_all(r, source);
  if (!rc && origin->tests) rc = add_tests(r);
  if (!rc && !r->good) rc = WEIR_EINVAL;
  free(r);
  return document->report->failed || arena->failed ? WEIR_ENOMEM : rc;
}
