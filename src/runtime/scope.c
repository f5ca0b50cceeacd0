/* scope.c: see scope.h. */
#include "runtime/scope.h"
#include "platform/trap.h"

#include <weir/arena.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/worker.h"

struct deferred {
  struct deferred *before;
  void (*f)(void *);
  void *arg;
};

struct weir__scope {
  struct weir__arena arena;
  struct deferred *last; /* in the arena */
};

/* Of who runs here, made if need be. WEIR_OK, or an error with a text. */
static int scope_here(const char *what, struct weir__scope **scope)
{
  struct weir__strand *s = weir__strand_here();
  if (!s || !s->self) return weir_error(WEIR_EINVAL, "%s is for handlers and tasks", what);
  struct weir__scope **at = s->self->kind == WEIR__ACTOR_TURN ? weir__actor_scope(s->self) : weir__task_scope(s->self);
  if (at && !*at) *at = calloc(1, sizeof **at);
  if (!at || !*at) return weir_error(WEIR_ENOMEM, "%s: no memory", what);
  *scope = *at;
  return WEIR_OK;
}

static void *allocate(size_t size, const char *what)
{
  struct weir__scope *scope = NULL;
  if (scope_here(what, &scope)) return NULL;
  assert(scope);
  void *at = weir__arena_alloc(&scope->arena, size);
  if (!at) weir_error(WEIR_ENOMEM, "%s: no memory for %zu bytes", what, size);
  return at;
}

void *weir_alloc(size_t size) { return allocate(size, "weir_alloc()"); }

char *weir_strdup(const char *text)
{
  size_t size = text ? strlen(text) + 1 : 0;
  char *copy = text ? allocate(size, "weir_strdup()") : NULL;
  return copy ? memcpy(copy, text, size) : NULL;
}

int weir_defer(void (*f)(void *), void *arg)
{
  struct weir__scope *scope = NULL;
  if (!f) return weir_error(WEIR_EINVAL, "weir_defer(): no function was given");
  int rc = scope_here("weir_defer()", &scope);
  if (rc) return rc;
  assert(scope);
  struct deferred *d = weir__arena_alloc(&scope->arena, sizeof *d);
  if (!d) return weir_error(WEIR_ENOMEM, "weir_defer(): no memory");
  *d = (struct deferred){scope->last, f, arg};
  scope->last = d;
  return WEIR_OK;
}

WEIR__ENTRY bool weir__scope_run_one(struct weir__scope *scope)
{
  struct deferred *d = scope ? scope->last : NULL;
  if (!d) return false;
  scope->last = d->before;
  d->f(d->arg);
  return true;
}

void weir__scope_free(struct weir__scope *scope)
{
  if (!scope) return;
  weir__arena_free(&scope->arena);
  free(scope);
}
