/* topology.c: reading a topology: file, text, document, graph. */
#include "topology/topology.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "topology/check.h"

static int no_memory_for(const char *name) { return weir_error(WEIR_ENOMEM, "%s: no memory to read it", name); }

/* `text` is followed by a zero byte. */
static int read_text(const struct weir__stock *const *types, const char *name, const char *text, size_t size,
                     struct weir__report *report, weir_topology *topology)
{
  struct weir__document document;
  int rc = weir__document_open(&document, name, text, size, report);
  if (!rc) rc = weir__check(&document, types, &topology->arena, &topology->graph);
  weir__document_close(&document);
  return rc;
}

static int make_topology(const struct weir__stock *const *types, const char *name, const char *text, size_t size,
                         const weir_listener *listener, weir_topology **topology)
{
  weir_topology *made = calloc(1, sizeof *made);
  if (!made) return no_memory_for(name);
  struct weir__report report = {0};
  int rc = read_text(types, name, text, size, &report, made);
  if (rc) {
    weir_topology_free(made);
    made = NULL;
  }
  if (rc == WEIR_EINVAL)
    weir__tell_problems(&report, listener);
  else if (rc == WEIR_ENOMEM)
    no_memory_for(name);
  weir__report_free(&report);
  *topology = made;
  return rc;
}

int weir__topology_parse(const struct weir__stock *const *types, const char *name, const void *text, size_t size,
                         const weir_listener *listener, weir_topology **topology)
{
  *topology = NULL;
  char *copy = size < SIZE_MAX ? malloc(size + 1) : NULL;
  if (!copy) return no_memory_for(name);
  if (size) memcpy(copy, text, size);
  copy[size] = 0;
  int rc = make_topology(types, name, copy, size, listener, topology);
  free(copy);
  return rc;
}

int weir_topology_parse(const char *name, const void *text, size_t size, const weir_listener *listener,
                        weir_topology **topology)
{
  return weir__topology_parse(weir__stock_types, name, text, size, listener, topology);
}

void weir_topology_runtime(const weir_topology *topology, weir_runtime_options *options)
{
  *options = (weir_runtime_options){.flavor = topology->graph.flavor, .workers = topology->graph.workers};
}

void weir_topology_free(weir_topology *topology)
{
  if (!topology) return;
  weir__arena_free(&topology->arena);
  free(topology);
}

/* ---- files ---- */

/* A file's bytes, with a zero byte after them. */
struct contents {
  char *text; /* owned */
  size_t size;
};

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

static int read_file(const char *file, struct contents *contents)
{
  int fd = open(file, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return -errno;
  int rc = read_all(fd, contents);
  close(fd);
  return rc;
}

static void tell_unreadable(const weir_listener *listener, const char *file, int rc)
{
  struct weir__report report = {0};
  const char *why = strerror(-rc);
  weir__report_add(&report, NULL, 0, 0, "cannot read %s: %s", file, why);
  if (!report.failed)
    weir__tell_problems(&report, listener);
  else if (listener && listener->problem)
    listener->problem(listener->arg, &(weir_problem){.text = why});
  weir_error(rc, "cannot read %s: %s", file, why);
}

int weir_topology_load(const char *file, const weir_listener *listener, weir_topology **topology)
{
  struct contents contents = {0};
  *topology = NULL;
  int rc = read_file(file, &contents);
  if (!rc)
    rc = make_topology(weir__stock_types, file, contents.text, contents.size, listener, topology);
  else if (rc == WEIR_ENOMEM)
    no_memory_for(file);
  else
    tell_unreadable(listener, file, rc);
  free(contents.text);
  return rc;
}
