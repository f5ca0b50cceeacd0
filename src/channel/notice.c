/* notice.c: see notice.h. */
#include "channel/notice.h"

#include <assert.h>

#include "channel/overflow.h"
#include "runtime/runtime.h"
#include "runtime/slots.h"
#include "runtime/strand.h"

/* N1, but for what says otherwise. */
struct weir__notice_record {
  struct weir__notice_record *next, *previous;      /* of its worker's. First two words: see slots.h */
  struct weir__notice_record *own_next, **own_link; /* of its actor's; own_link NULL: in no list */
  struct weir__notice_record **list;                /* its actor's; NULL: it is nobody's */
  uint32_t slot;
  _Atomic(uint32_t) generation; /* this and the next: read by anybody, relaxed: who reads its own worker there … */
  struct weir__worker *_Atomic worker; /* … has written both. NULL: it is free */
  bool cancelled;
  weir_writable f;
  void *arg;
  struct weir__wait *wait;     /* N2; NULL: there was room at once */
  struct weir__permit *permit; /* until it was given back, or is the callback's; NULL then */
  uint64_t permit_name;
  struct weir__call_work call; /* by who tells it, then by its worker */
};

static struct weir__slots records = WEIR__SLOTS(struct weir__notice_record, 1 << 22);

static uint32_t generation_of(struct weir__notice_record *n)
{
  return atomic_load_explicit(&n->generation, memory_order_relaxed);
}

static struct weir__worker *worker_of(struct weir__notice_record *n)
{
  return atomic_load_explicit(&n->worker, memory_order_relaxed);
}

/* ---- its lists ---- */

static void link_worker(struct weir__notice_record *n, struct weir__worker *w)
{
  n->previous = NULL;
  n->next = w->notices;
  if (n->next) n->next->previous = n;
  w->notices = n;
}

static void unlink_worker(struct weir__notice_record *n)
{
  if (n->previous)
    n->previous->next = n->next;
  else
    worker_of(n)->notices = n->next;
  if (n->next) n->next->previous = n->previous;
}

static void link_actor(struct weir__notice_record *n)
{
  if (!n->list) return;
  n->own_next = *n->list;
  if (n->own_next) n->own_next->own_link = &n->own_next;
  n->own_link = n->list;
  *n->list = n;
}

static void unlink_actor(struct weir__notice_record *n)
{
  if (!n->own_link) return;
  *n->own_link = n->own_next;
  if (n->own_next) n->own_next->own_link = n->own_link;
  n->own_link = NULL;
}

/* ---- records ---- */

static void call_back(struct weir__call_work *call);

static struct weir__notice_record *take_record(struct weir__worker *w)
{
  uint32_t slot;
  struct weir__notice_record *n = weir__slots_take(&records, &w->thread->notices, &slot);
  if (!n) return NULL;
  assert(!worker_of(n));
  n->slot = slot;
  if (!generation_of(n)) atomic_store_explicit(&n->generation, 1, memory_order_relaxed);
  atomic_store_explicit(&n->worker, w, memory_order_relaxed);
  n->own_link = NULL;
  n->list = NULL;
  n->cancelled = false;
  n->wait = NULL;
  n->permit = NULL;
  n->call.work = (struct weir__work){.kind = WEIR__CALLBACK, .home = (uint16_t)w->index};
  n->call.call = call_back;
  link_worker(n, w);
  return n;
}

static void give_permit_back(struct weir__notice_record *n)
{
  if (n->permit) weir__permit_drop(n->permit, n->permit_name);
  n->permit = NULL;
}

/* It stands in no line, and is not about to be told. */
static void free_record(struct weir__notice_record *n)
{
  struct weir__thread *t = weir__thread();
  unlink_worker(n);
  unlink_actor(n);
  give_permit_back(n);
  if (n->wait) weir__wait_close(n->wait);
  uint32_t next = generation_of(n) + 1;
  atomic_store_explicit(&n->generation, next ? next : 1, memory_order_relaxed);
  atomic_store_explicit(&n->worker, NULL, memory_order_relaxed);
  if (t) weir__slots_put(&records, &t->notices, n); /* without memory for a context the slot is lost */
}

/* True: it stood in line, and does not any more. False: it has been told. */
static bool leave_line(struct weir__notice_record *n)
{
  if (!n->wait || !weir__wait_claim(weir__wait_name(n->wait), WEIR__IN_LINE)) return false;
  weir__line_leave_late(n->wait);
  return true;
}

/* ---- being called ---- */

void weir__notice_tell(struct weir__notice_record *n)
{
  struct weir__worker *w = worker_of(n);
  weir__schedule(w->rt, &n->call.work);
}

/* What became of it, when its worker comes to it. */
static int status_of(struct weir__notice_record *n)
{
  int status = n->wait ? n->wait->result : WEIR_OK;
  return status ? status : weir__permit_look(n->permit_name);
}

static void call_with(struct weir__notice_record *n, struct weir__worker *w, int status)
{
  weir_permit permit = {status ? 0 : n->permit_name};
  weir_writable f = n->f;
  void *arg = n->arg;
  struct weir__notice_record **before = w->called_for;
  w->called_for = n->list;
  if (!status) n->permit = NULL;
  free_record(n); /* N4 */
  if (status) weir_error(status, "%s", status == WEIR_EOPEN ? weir_strerror(status) : "the mailbox is gone");
  f(arg, permit, status);
  w->called_for = before;
  weir_permit_give_back(&permit);
}

static void call_back(struct weir__call_work *call)
{
  struct weir__notice_record *n =
      (struct weir__notice_record *)((char *)call - offsetof(struct weir__notice_record, call));
  struct weir__worker *w = worker_of(n);
  assert(w == weir__worker_here());
  if (n->cancelled || atomic_load_explicit(&w->rt->state, memory_order_relaxed) >= WEIR__STOPS)
    free_record(n);
  else
    call_with(n, w, status_of(n));
}

/* ---- registering ---- */

static int who_registers(struct weir__notice_record ***list)
{
  struct weir__worker *w = weir__worker_here();
  struct weir__strand *s = weir__strand_here();
  *list = NULL;
  if (!w) return weir__misuse(WEIR_EINVAL, "nobody calls back on this thread: weir_reserve() waits here");
  if (!s) {
    *list = w->called_for;
    return WEIR_OK;
  }
  if (s->self && s->self->kind == WEIR__ACTOR_TURN) return weir__actor_notices(list);
  return weir__misuse(WEIR_EINVAL, "a task is not called back: weir_reserve() waits");
}

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for a notice"); }

/* FULL: it stands in line. */
static enum weir__reserve join(struct weir__notice_record *n, struct weir__cell *cell, uint32_t generation)
{
  struct weir__wait *w = n->wait;
  w->permit = n->permit;
  enum weir__reserve got = weir__mpsc_join(cell, generation, w);
  if (got == WEIR__FULL) return got;
  n->wait = NULL;
  weir__wait_close(w);
  return got;
}

static int stand_in_line(struct weir__notice_record *n, struct weir__cell *cell, uint32_t generation, int gone)
{
  n->permit = weir__permit_open_for(n, cell, gone, &n->permit_name);
  n->wait = n->permit ? weir__wait_open(WEIR__IN_LINE) : NULL;
  if (!n->wait) return no_memory();
  switch (join(n, cell, generation)) {
  case WEIR__GOT:
    weir__notice_tell(n);
    return WEIR_OK;
  case WEIR__FULL:
    return WEIR_OK;
  case WEIR__TURNED_AWAY:
    return weir_error(WEIR_EOPEN, "%s", weir_strerror(WEIR_EOPEN));
  default:
    return weir_error(gone, "the mailbox is gone");
  }
}

/* A mailbox that drops the oldest has no line (V1). */
static int make_room(struct weir__notice_record *n, struct weir__cell *cell, uint32_t generation, int gone)
{
  n->permit = weir__permit_open_for(n, cell, gone, &n->permit_name);
  if (!n->permit) return no_memory();
  switch (weir__permit_take(cell, generation, n->permit)) {
  case WEIR__GOT:
    weir__notice_tell(n);
    return WEIR_OK;
  case WEIR__GONE:
    return weir_error(gone, "the mailbox is gone");
  case WEIR__TURNED_AWAY:
    return weir_error(WEIR_EOPEN, "%s", weir_strerror(WEIR_EOPEN));
  default:
    return weir_error(WEIR_EFULL, "all places are held by permits");
  }
}

int weir__notice_register(struct weir__cell *cell, uint32_t generation, int gone, weir_writable f, void *arg,
                          weir_notice *notice)
{
  struct weir__notice_record **list;
  if (!f) return weir_error(WEIR_EINVAL, "no function was given");
  int rc = who_registers(&list);
  if (rc) return rc;
  struct weir__notice_record *n = take_record(weir__worker_here());
  if (!n) return no_memory();
  n->f = f;
  n->arg = arg;
  n->list = list;
  link_actor(n);
  weir_notice name = {(uint64_t)generation_of(n) << 32 | n->slot};
  rc = weir__drops_oldest(cell) ? make_room(n, cell, generation, gone) : stand_in_line(n, cell, generation, gone);
  if (rc)
    free_record(n);
  else if (notice)
    *notice = name;
  return rc;
}

/* ---- taking it back ---- */

/* Told already, it is still in its worker's line of things to do: what it was given goes back now, the record then. */
static void withdraw(struct weir__notice_record *n)
{
  if (leave_line(n)) {
    free_record(n);
    return;
  }
  unlink_actor(n);
  give_permit_back(n);
  n->cancelled = true;
}

int weir_notice_cancel(weir_notice notice)
{
  struct weir__notice_record *n = notice.bits >> 32 ? weir__slots_at(&records, (uint32_t)notice.bits) : NULL;
  if (!n || generation_of(n) != notice.bits >> 32) return weir_error(WEIR_EDEAD, "no such notice any more");
  struct weir__worker *w = worker_of(n), *here = weir__worker_here();
  if (!here || w != here) return weir__misuse(WEIR_EINVAL, "a notice is cancelled on the thread that would call it");
  if (n->cancelled) return weir_error(WEIR_EDEAD, "it was cancelled");
  withdraw(n);
  return WEIR_OK;
}

void weir__notices_end(struct weir__notice_record **list)
{
  while (*list) withdraw(*list);
}

/* Its runtime has stopped: what has been told is not called any more. N2: giving the permit back takes the lock. */
void weir__worker_notices_end(struct weir__worker *w)
{
  while (w->notices) {
    leave_line(w->notices);
    free_record(w->notices);
  }
}

void weir__notices_return_all(struct weir__thread *t) { weir__slots_return(&records, &t->notices); }
