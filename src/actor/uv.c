/* uv.c: libuv handles that belong to an actor.
 *
 *   NEW --uv_…_init, by the user--> OPEN --weir_uv_close, or the actor's end--> CLOSING --close callback--> freed
 *    |                          '--uv_close, by the user--> freed at the actor's end, after that one's callback
 *    '--never initialised--> freed at the actor's end
 *
 * H1  A handle's memory begins with a head. The actor is pinned, so that heads and their list are touched by its
 *     worker's thread alone. A handle is in the list until it is freed.
 * H2  The actor's cell, its state and its extras outlive the last close callback (T3), so callbacks may use them. */
#include <weir/uv.h>

#include <stdlib.h>

#include "actor/actor.h"
#include "channel/mpsc.h"

struct weir__handle {
  struct weir__handle *next, **link; /* in its actor's list */
  struct weir__cell *cell;
  weir_ref owner;
  bool closing;
  uv_idle_t after; /* closed twice in a row: after what was being closed when that began */
  bool once;
};
enum { HEAD = (sizeof(struct weir__handle) + 15) / 16 * 16 };

static struct weir__handle *head_of(const void *handle)
{
  return (struct weir__handle *)((char *)(uintptr_t)handle - HEAD);
}

static uv_handle_t *handle_of(struct weir__handle *h) { return (uv_handle_t *)(void *)((char *)h + HEAD); }

void weir__stay_here(struct weir__cell *cell)
{
  struct weir__worker *w = weir__worker_here();
  if (cell->work.home != WEIR__ANYWHERE) return;
  cell->work.home = (uint16_t)w->index;
  atomic_fetch_add_explicit(&w->bound, 1, memory_order_relaxed);
}

uv_loop_t *weir_loop(void)
{
  struct weir__strand *s = weir__strand_here();
  if (!s || !s->self || !weir__worker_here()) return NULL;
  if (weir__simulation_here()) {
    weir_error(WEIR_ENOTSUP, "there is no loop in a simulation");
    return NULL;
  }
  struct weir__cell *cell = weir__cell_here();
  if (cell) weir__stay_here(cell);
  return s->worker->loop;
}

void *weir__uv_new(size_t size)
{
  struct weir__cell *cell = weir__cell_here();
  if (!weir__worker_here()) cell = NULL; /* on the blocking pool */
  struct weir__rare *rare = cell ? weir__rare(cell) : NULL;
  if (!cell) weir_error(WEIR_EINVAL, "only an actor's handler on a worker can own a libuv handle");
  if (weir__simulation_here()) {
    weir_error(WEIR_ENOTSUP, "there are no libuv handles in a simulation");
    return NULL;
  }
  if (!rare) return NULL;
  struct weir__handle *h = calloc(1, HEAD + size);
  if (!h) {
    weir_error(WEIR_ENOMEM, "no memory for a libuv handle");
    return NULL;
  }
  weir__stay_here(cell);
  h->cell = cell;
  h->owner = weir__ref_of(cell);
  h->next = rare->handles;
  h->link = &rare->handles;
  if (h->next) h->next->link = &h->next;
  rare->handles = h;
  return handle_of(h);
}

weir_ref weir_uv_owner(const void *handle)
{
  return handle ? head_of(handle)->owner : weir__ref_error_make(WEIR_EINVAL);
}

static void forget(struct weir__handle *h)
{
  struct weir__cell *cell = h->cell;
  *h->link = h->next;
  if (h->next) h->next->link = h->link;
  free(h);
  /* The last one of an actor that has ended: its zombie ends, too (H2). */
  if (!cell->extras->rare->handles && (cell->phase == WEIR__ZOMBIE || cell->phase == WEIR__DOWN))
    weir__cell_wake(cell, weir__mpsc_nudge(cell));
}

static void on_closed(uv_handle_t *handle) { forget(head_of(handle)); }

static void close_after(struct weir__handle *h, uv_loop_t *loop);

/* All that was being closed with the first one has been closed by the second one. */
static void on_after(uv_handle_t *after)
{
  struct weir__handle *h = after->data;
  if (h->once)
    forget(h);
  else
    h->once = true, close_after(h, after->loop);
}

static void close_after(struct weir__handle *h, uv_loop_t *loop)
{
  uv_idle_init(loop, &h->after);
  h->after.data = h;
  uv_close((uv_handle_t *)&h->after, on_after);
}

static void close_handle(struct weir__handle *h)
{
  uv_handle_t *handle = handle_of(h);
  if (h->closing) return;
  h->closing = true;
  if (handle->type == UV_UNKNOWN_HANDLE)
    forget(h); /* never initialised */
  else if (uv_is_closing(handle))
    close_after(h, handle->loop); /* its user did so; its memory is in use until that one's callback has run */
  else
    uv_close(handle, on_closed);
}

void weir_uv_close(void *handle)
{
  if (handle) close_handle(head_of(handle));
}

void weir__handles_close(struct weir__cell *cell)
{
  for (struct weir__handle *h = cell->extras->rare->handles, *next; h; h = next) {
    next = h->next;
    close_handle(h);
  }
}
