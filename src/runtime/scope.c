/* scope.c: see scope.h. */
#include "runtime/scope.h"
#include "platform/trap.h"

#include <weir/arena.h>

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/arena.h"
#include "runtime/worker.h"

enum { ROUNDED_TO = 16 };

struct deferred {
  struct deferred *before;
  void (*f)(void *);
  void *arg;
};

struct weir__scope {
  struct weir__arena arena;
  size_t used;           /* of it, each rounded up */
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

/* From the scope of who runs here. NULL: no memory. */
static void *take(struct weir__scope *scope, size_t size)
{
  struct weir__work *self = weir__strand_here()->self;
  size_t rounded = size > SIZE_MAX / 2 ? SIZE_MAX / 2 : (size + ROUNDED_TO - 1) / ROUNDED_TO * ROUNDED_TO;
  if (self->kind == WEIR__ACTOR_TURN) weir__actor_may_hold(self, scope->used + rounded);
  void *at = weir__arena_alloc(&scope->arena, size);
  if (at) scope->used += rounded;
  return at;
}

static void *allocate(size_t size, const char *what)
{
  struct weir__scope *scope = NULL;
  if (scope_here(what, &scope)) return NULL;
  assert(scope);
  void *at = take(scope, size);
  if (!at) weir_error(WEIR_ENOMEM, "%s: no memory for %zu bytes", what, size);
  return at;
}

size_t weir__scope_used(const struct weir__scope *scope) { return scope ? scope->used : 0; }

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
  struct deferred *d = take(scope, sizeof *d);
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
