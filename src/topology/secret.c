/* secret.c: "secrets": files that hold one each, and what {"secret": NAME} in a configuration stands for (checking.h).
 *
 *   named in the document ---> its file is read, if it is to be used ---> a text where a configuration names it
 *
 * A secret is in the arena of the topology, which is overwritten when it is freed, and in the configurations of actors, which
 * are, too (channel/message.h). It never becomes part of the document: so nothing that shows values of it can show one. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "platform/utf8.h"
#include "topology/checking.h"
#include "topology/source.h"
#include "json/read.h"

enum { SECRET_MOST = 64 << 10, NEWLINE_MOST = 2 };

/* A file's bytes; one byte more than may be tells that it is too large. */
struct contents {
  char bytes[SECRET_MOST + NEWLINE_MOST + 1];
  size_t size;
};

/* ---- the file ---- */

/* What is wrong with it; NULL: nothing. */
static const char *wrong_with_file(const struct stat *info, bool world_readable)
{
  if (S_ISDIR(info->st_mode)) return strerror(EISDIR);
  if (!S_ISREG(info->st_mode)) return "it is no ordinary file";
  if (info->st_mode & S_IWOTH) return "everybody may write it: take that right away (chmod o-w)";
  if ((info->st_mode & S_IROTH) && !world_readable)
    return "everybody may read it: take that right away (chmod o-r), or say \"world_readable\": true";
  return NULL;
}

static const char *read_all(int fd, struct contents *c)
{
  ssize_t n;
  do {
    n = read(fd, c->bytes + c->size, sizeof c->bytes - c->size);
    if (n > 0) c->size += (size_t)n;
  } while ((n < 0 && errno == EINTR) || (n > 0 && c->size < sizeof c->bytes));
  return n < 0 ? strerror(errno) : NULL;
}

/* Opened so that it makes nobody wait, should it be a pipe. */
static const char *read_file(const char *path, bool world_readable, struct contents *c)
{
  struct stat info;
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return strerror(errno);
  const char *wrong = fstat(fd, &info) ? strerror(errno) : wrong_with_file(&info, world_readable);
  if (!wrong) wrong = read_all(fd, c);
  close(fd);
  return wrong;
}

/* Editors and echo put one at the end. */
static void cut_newline(struct contents *c)
{
  if (c->size && c->bytes[c->size - 1] == '\n') c->size--;
  if (c->size && c->bytes[c->size - 1] == '\r') c->size--;
}

/* It is as if the text stood in the document: so it must be one. */
static const char *wrong_with_text(const struct contents *c)
{
  if (!c->size) return "it is empty";
  if (c->size > SECRET_MOST) return "it holds more than 64 KiB";
  if (memchr(c->bytes, 0, c->size)) return "it holds a zero byte";
  return weir__is_utf8(c->bytes, c->size) ? NULL : "it is no UTF-8";
}

static const char *read_value(struct weir__check *c, uint32_t node, const struct weir__secret *settings,
                              struct contents *contents)
{
  const char *path = weir__source_path(c->arena, weir__document_file(c->document, node), settings->file);
  if (!path) return NULL;
  const char *wrong = read_file(path, settings->world_readable, contents);
  if (!wrong) {
    cut_newline(contents);
    wrong = wrong_with_text(contents);
  }
  if (wrong) weir__document_error(c->document, node, "cannot read the secret %s: %s", path, wrong);
  char *value = wrong ? NULL : weir__arena_alloc(c->arena, contents->size + 1);
  return value ? memcpy(value, contents->bytes, contents->size) : NULL;
}

/* NULL: it can't be read, which is reported. */
static const char *read_secret_at(struct weir__check *c, uint32_t node, const struct weir__secret *settings)
{
  struct contents *contents = calloc(1, sizeof *contents);
  c->arena->wipes = true;
  if (!contents) c->arena->failed = true;
  if (!contents) return NULL;
  const char *value = read_value(c, node, settings, contents);
  explicit_bzero(contents, sizeof *contents);
  free(contents);
  return value;
}

/* ---- the document ---- */

static const struct weir__graph_secret *find(const struct weir__graph *g, const char *name)
{
  for (size_t i = 0; i < g->secret_count; i++)
    if (strcmp(g->secrets[i].name, name) == 0) return &g->secrets[i];
  return NULL;
}

/* What it was before a reload that is not to read it again. NULL: it is to be read. */
static const char *keep(struct weir__check *c, const char *name, const struct weir__secret *settings)
{
  const struct weir__graph_secret *before = c->before ? find(c->before, name) : NULL;
  if (!before || !before->value || settings->reload || strcmp(before->settings->file, settings->file) != 0) return NULL;
  c->arena->wipes = true;
  return weir__arena_text(c->arena, before->value);
}

static void report_twice(struct weir__check *c, uint32_t node, uint32_t first)
{
  const struct weir__json_node *n = &c->document->nodes[first];
  weir__document_key_error(c->document, node, "the secret is defined twice (first in %s:%u:%u)",
                           weir__document_file(c->document, first), (unsigned)n->key_line, (unsigned)n->key_column);
}

static void read_secret(struct weir__check *c, uint32_t node)
{
  static const struct weir__key none[] = {{0}};
  struct weir__graph *g = c->graph;
  const char *name = weir__document_key(c->document, node);
  if (!weir__check_is_name(name))
    weir__document_key_error(c->document, node,
                             "a secret's name must be lower-case letters, digits and _, beginning with a letter");
  const struct weir__secret *settings = weir__check_table(c, node, weir_message_weir__secret(), none);
  const struct weir__graph_secret *first = find(g, name);
  if (first) report_twice(c, node, first->node);
  uint32_t file = settings ? weir__check_member(c, node, "file") : WEIR__NO_NODE;
  bool is_read = c->reads_secrets && file != WEIR__NO_NODE && settings->file;
  struct weir__graph_secret secret = {.name = weir__arena_text(c->arena, name), .settings = settings, .node = node};
  if (is_read) secret.value = keep(c, name, settings);
  if (is_read && !secret.value) secret.value = read_secret_at(c, file, settings);
  if (secret.name) g->secrets[g->secret_count++] = secret;
}

static void read_secrets_of(struct weir__check *c, uint32_t root)
{
  struct weir__graph *g = c->graph;
  uint32_t all = weir__check_member(c, root, "secrets");
  if (all == WEIR__NO_NODE || !weir__expect_object(c->document, all)) return;
  size_t count = g->secret_count + c->document->nodes[all].inside;
  struct weir__graph_secret *secrets = weir__arena_array(c->arena, count, sizeof *secrets);
  if (!secrets) return;
  if (g->secret_count) memcpy(secrets, g->secrets, g->secret_count * sizeof *secrets);
  g->secrets = secrets;
  for (uint32_t s = weir__document_child(c->document, all); s != WEIR__NO_NODE; s = c->document->nodes[s].next)
    read_secret(c, s);
}

/* For the document: what the name at `node` stands for. */
static const char *stands_for(void *arg, uint32_t node)
{
  struct weir__check *c = arg;
  const char *name;
  if (!weir__expect_text(c->document, node, &name)) return NULL;
  const struct weir__graph_secret *found = find(c->graph, name);
  if (found) return found->value;
  struct weir__suggestion s = weir__suggest(name);
  for (size_t i = 0; i < c->graph->secret_count; i++) weir__suggest_offer(&s, c->graph->secrets[i].name);
  weir__document_error(c->document, node, "unknown secret %s%s", weir__quote(name).text, weir__suggest_text(&s));
  return NULL;
}

void weir__check_secrets(struct weir__check *c)
{
  weir__check_each_file(c, read_secrets_of);
  c->document->secret = stands_for;
  c->document->secret_arg = c;
}
