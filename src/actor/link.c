/* link.c: monitors and links.
 *
 *   monitor  a record, in the list of the one that is watched and in that of the one that watches
 *   link     two records, one for each direction, each in the list of the one that it watches; each knows its twin
 *
 *   FREE --weir_monitor, weir_link--> WATCHES --the watched one ends: it tells--> FREE, with the next generation
 *                                        '------ demonitor, unlink, the watcher ends ----^
 *
 * L1  One lock guards records and lists. Under it the lock of one bucket at a time is taken, and none that is not a leaf.
 * L2  TOLD_END is set in an actor's flags, and WATCHED in its marks, under the lock of its bucket. So who comes to watch is in
 *     the list before its end looks there, or finds TOLD_END and is told at once.
 * L3  The message that a record sends is made together with it: an end needs no memory for those that it must tell. It
 *     has no texts of its own; where there is memory, a fuller one goes instead.
 * L4  News are queued under the lock: after weir_demonitor() has taken it there is a record, or the news are in the
 *     mailbox, or were popped.
 * L5  News are bounded (M5): one for each record, and one of weir_exit() at a time (EXIT_NEWS). */
#include "actor/link.h"

#include <assert.h>

#include "actor/relay.h"
#include "channel/bias.h"
#include "channel/line.h"
#include "channel/overflow.h"
#include "runtime/slots.h"

struct weir__watch {
  struct weir__watch *next, *previous;      /* in the list of the watched one. First two words: see slots.h */
  struct weir__watch *own_next, **own_link; /* a monitor: in that of the watcher */
  struct weir__watch *twin;                 /* a link: the other direction; NULL: a monitor */
  struct weir__cell *watcher, *watched;
  weir_ref watcher_ref;
  struct weir__message *message; /* L3 */
  uint32_t slot, generation;
  bool used;
};

static struct weir__slots records = WEIR__SLOTS(struct weir__watch, 1 << 24);
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct weir__cache cache; /* under the lock */

static uint64_t name_of(const struct weir__watch *r) { return (uint64_t)r->generation << 32 | r->slot; }

/* ---- news ---- */

bool weir__is_there(const struct weir__cell *cell, weir_ref ref)
{
  return weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == weir__generation_of(ref) &&
         weir__cell_is_actor(cell) && !(atomic_load_explicit(&cell->work.flags, memory_order_relaxed) & WEIR__TOLD_END);
}

uintptr_t weir__push_news(struct weir__cell *cell, struct weir__message *m)
{
  m->kind = WEIR__NEWS;
  m->deadline = m->payload_bytes;
  m->payload_bytes = 0;
  weir__unbias(cell);
  return weir__mpsc_push(cell, m);
}

static struct weir_exited *exited_in(struct weir__message *m) { return weir__payload(m); }

void weir__news_popped(struct weir__cell *cell, struct weir__message *m)
{
  m->kind = WEIR__PLAIN;
  m->payload_bytes = (uint32_t)m->deadline;
  m->deadline = INT64_MAX;
  if (m->type == weir_message_weir_exited() && !exited_in(m)->linked)
    atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)WEIR__EXIT_NEWS, memory_order_relaxed);
}

bool weir__is_news(const weir_message *type)
{
  return weir_message_same(type, weir_message_weir_down()) || weir_message_same(type, weir_message_weir_exited());
}

/* A message that is to be filled in, without texts of its own. NULL (with a text): no memory. */
static struct weir__message *news_room(bool link)
{
  const weir_message *type = link ? weir_message_weir_exited() : weir_message_weir_down();
  struct weir__message *m = weir__message_room(type, weir__value_align(type->size));
  if (!m) weir_error(WEIR_ENOMEM, "no memory to watch an actor");
  return m;
}

/* What is told of an end. Borrowed texts. */
struct end {
  weir_ref who;
  const char *name, *type_name, *text;
  int code;
};

static void fill(struct weir__message *m, const struct end *end, const char *name, const char *text, uint64_t watch)
{
  if (watch)
    *(struct weir_down *)weir__payload(m) =
        (struct weir_down){.watch = watch, .who = end->who, .name = name, .text = text, .code = end->code};
  else
    *exited_in(m) =
        (struct weir_exited){.who = end->who, .name = name, .text = text, .code = end->code, .linked = true};
}

/* L3: with all that is known; NULL: no memory. */
static struct weir__message *full_news(const struct end *end, uint64_t watch)
{
  size_t bytes;
  struct weir_down down = {.watch = watch, .who = end->who, .name = end->name, .text = end->text, .code = end->code};
  struct weir_exited exited = {
      .who = end->who, .name = end->name, .text = end->text, .code = end->code, .linked = true};
  weir_value value = watch ? WEIR_AT(weir_down, &down) : WEIR_AT(weir_exited, &exited);
  return weir__measure(value.type(), value.at, &bytes) ? NULL : weir__message_make(value.type(), value.at, bytes);
}

/* ---- lists: lock held ---- */

static struct weir__watch *record_at(uint32_t link) { return link ? weir__slots_at(&records, link - 1) : NULL; }

static void link_record(struct weir__watch *r, struct weir__tally *tally)
{
  r->next = record_at(tally->watchers);
  r->previous = NULL;
  if (r->next) r->next->previous = r;
  tally->watchers = r->slot + 1;
}

/* The list's beginning is in the tally, which is there while WATCHED is set. */
static struct weir__tally *tally_of(struct weir__cell *cell)
{
  return (struct weir__tally *)(uintptr_t)weir__tally_look(cell);
}

static void unlink_record(struct weir__watch *r)
{
  if (r->previous)
    r->previous->next = r->next;
  else
    tally_of(r->watched)->watchers = r->next ? r->next->slot + 1 : 0;
  if (r->next) r->next->previous = r->previous;
  if (!r->own_link) return;
  *r->own_link = r->own_next;
  if (r->own_next) r->own_next->own_link = r->own_link;
  r->own_link = NULL;
}

static void link_own(struct weir__watch *r, struct weir__rare *rare)
{
  r->own_next = rare->monitors;
  if (r->own_next) r->own_next->own_link = &r->own_next;
  r->own_link = &rare->monitors;
  rare->monitors = r;
}

/* Takes over the message; NULL: no memory. */
static struct weir__watch *take_record(struct weir__cell *watcher, struct weir__cell *watched, struct weir__message *m)
{
  uint32_t slot;
  struct weir__watch *r = weir__slots_take(&records, &cache, &slot);
  if (!r) return NULL;
  r->slot = slot;
  if (!r->generation) r->generation = 1;
  r->used = true;
  r->own_link = NULL;
  r->twin = NULL;
  r->watcher = watcher;
  r->watcher_ref = weir__ref_of(watcher);
  r->watched = watched;
  r->message = m;
  return r;
}

/* In no list any more. Its message is the caller's. */
static struct weir__message *free_record(struct weir__watch *r)
{
  struct weir__message *m = r->message;
  r->message = NULL;
  r->used = false;
  if (!++r->generation) r->generation = 1;
  weir__slots_put(&records, &cache, r);
  return m;
}

static void drop_message(struct weir__message *m)
{
  if (m) weir__message_end(m, WEIR__FREED);
}

/* ---- telling: lock held ---- */

/* Queues news for a watcher; owns the message. It may have ended meanwhile. */
static uintptr_t push_to(struct weir__cell *watcher, weir_ref ref, struct weir__message *m)
{
  struct weir__bucket *bucket = weir__bucket_lock(watcher);
  bool there = weir__is_there(watcher, ref);
  uintptr_t wake = there ? weir__push_news(watcher, m) : 0;
  weir__bucket_unlock(bucket);
  if (!there) drop_message(m);
  return wake;
}

/* The exit of one that it was linked with. Owns the message. */
static uintptr_t exit_to(struct weir__cell *watcher, weir_ref ref, int code, struct weir__message *m)
{
  uintptr_t wake = 0;
  struct weir__bucket *bucket = weir__bucket_lock(watcher);
  bool there = weir__is_there(watcher, ref);
  bool traps = atomic_load_explicit(&watcher->work.flags, memory_order_relaxed) & WEIR__TRAPS;
  if (there && traps)
    wake = weir__push_news(watcher, m), m = NULL;
  else if (there && code)
    wake = weir__tell_exit(bucket, watcher, 0, code);
  weir__bucket_unlock(bucket);
  drop_message(m);
  return wake;
}

/* A record fires: it and its twin are out of all lists, and free. `fuller` (owned) goes in place of its own message. Whom
 * to wake; `*wake` 0: nobody. */
static struct weir__cell *fire(struct weir__watch *r, const struct end *end, struct weir__message *fuller,
                               uintptr_t *wake)
{
  struct weir__cell *watcher = r->watcher;
  weir_ref ref = r->watcher_ref;
  uint64_t watch = r->twin ? 0 : name_of(r);
  unlink_record(r);
  if (r->twin) {
    unlink_record(r->twin);
    drop_message(free_record(r->twin));
  }
  struct weir__message *m = free_record(r);
  if (fuller) {
    drop_message(m);
    m = fuller;
  } else {
    fill(m, end, end->type_name, weir__ended_well(end->code) ? "" : weir_strerror(end->code), watch);
  }
  *wake = watch ? push_to(watcher, ref, m) : exit_to(watcher, ref, end->code, m);
  return watcher;
}

/* L2. Was it watched? */
static bool is_gone_now(struct weir__cell *cell)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  atomic_fetch_or_explicit(&cell->work.flags, WEIR__TOLD_END, memory_order_relaxed);
  bool watched = atomic_load_explicit(&cell->marks, memory_order_relaxed) & WEIR__WATCHED;
  weir__bucket_unlock(bucket);
  return watched;
}

/* The first of the list, and what it is; 0: it is empty. */
static uint64_t first_watcher(struct weir__cell *cell, bool *link)
{
  pthread_mutex_lock(&lock);
  struct weir__watch *r = record_at(tally_of(cell)->watchers);
  uint64_t name = r ? name_of(r) : 0;
  *link = r && r->twin;
  pthread_mutex_unlock(&lock);
  return name;
}

static void tell_one(struct weir__cell *cell, const struct end *end, uint64_t name, bool link)
{
  struct weir__message *fuller = full_news(end, link ? 0 : name); /* without the lock */
  uintptr_t wake = 0;
  struct weir__cell *watcher = NULL;
  pthread_mutex_lock(&lock);
  struct weir__watch *r = record_at(tally_of(cell)->watchers);
  if (r && name_of(r) == name) /* else it was ended meanwhile */
    watcher = fire(r, end, fuller, &wake);
  else
    drop_message(fuller);
  pthread_mutex_unlock(&lock);
  if (wake) weir__cell_wake(watcher, wake);
}

void weir__watchers_told(struct weir__cell *cell, int code, const char *why)
{
  bool link;
  uint64_t name;
  if (!is_gone_now(cell)) return;
  struct end end = {.who = weir__ref_of(cell),
                    .name = weir__actor_name(cell),
                    .type_name = cell->type->name,
                    .text = why,
                    .code = code};
  while ((name = first_watcher(cell, &link))) tell_one(cell, &end, name, link);
}

/* ---- watching ---- */

/* The actor that a ref names; NULL: `*rc`, with a text, WEIR_EDEAD: it was one. */
static struct weir__cell *actor_at(weir_ref ref, int *rc)
{
  *rc = weir_ref_error(ref);
  struct weir__cell *cell = *rc ? NULL : weir__cell_at(weir__slot_of(ref));
  if (!*rc && !cell) *rc = weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(ref));
  if (cell && weir__is_relay(cell, ref)) {
    *rc = weir_error(WEIR_EINVAL, "an output or a route has no end to be told");
    cell = NULL;
  }
  return cell;
}

/* Lock held. L2: into the list of the watched one, unless that is gone. */
static bool watch(struct weir__watch *r, weir_ref ref)
{
  struct weir__bucket *bucket = weir__bucket_lock(r->watched);
  bool there = weir__is_there(r->watched, ref);
  if (there) {
    weir__cell_mark(r->watched, WEIR__WATCHED);
    link_record(r, weir__tally(r->watched));
  }
  weir__bucket_unlock(bucket);
  return there;
}

/* The one that it names was gone already. */
static void fill_gone(struct weir__message *m, weir_ref ref, uint64_t watch)
{
  struct end end = {.who = ref, .code = WEIR_EDEAD};
  fill(m, &end, "", weir_strerror(WEIR_EDEAD), watch);
}

/* Lock held. The name of the monitor; 0: no memory. */
static uint64_t monitor(struct weir__cell *self, struct weir__cell *cell, weir_ref ref, struct weir__message *m,
                        uintptr_t *wake)
{
  struct weir__watch *r = take_record(self, cell, m);
  if (!r) return 0;
  uint64_t name = name_of(r);
  if (cell && watch(r, ref)) {
    link_own(r, self->extras->rare);
    return name;
  }
  m = free_record(r);
  fill_gone(m, ref, name);
  *wake = push_to(self, weir__ref_of(self), m);
  return name;
}

static weir_watch failed(int code) { return (weir_watch){0, code}; }

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory to watch an actor"); }

weir_watch weir_monitor(weir_ref ref)
{
  int rc;
  struct weir__cell *self = weir__cell_here(), *cell = actor_at(ref, &rc);
  uintptr_t wake = 0;
  if (!self) return failed(weir__misuse(WEIR_EINVAL, "weir_monitor() is for an actor's handler"));
  if (rc && (rc != WEIR_EDEAD || !weir__generation_of(ref))) return failed(rc);
  struct weir__message *m = weir__rare(self) ? news_room(false) : NULL;
  if (!m) return failed(WEIR_ENOMEM);
  pthread_mutex_lock(&lock);
  uint64_t name = monitor(self, cell, ref, m, &wake);
  pthread_mutex_unlock(&lock);
  if (wake) weir__cell_wake(self, wake);
  if (name) return (weir_watch){name, WEIR_OK};
  drop_message(m);
  return failed(no_memory());
}

/* ---- watching no more ---- */

static bool is_news_of(const struct weir__message *m, const void *name)
{
  if (m->kind != WEIR__NEWS || m->type != weir_message_weir_down()) return false;
  const struct weir_down *down = weir__payload((struct weir__message *)(uintptr_t)m);
  return down->watch == *(const uint64_t *)name;
}

/* Lock held. NULL: it is none any more. */
static struct weir__watch *find(uint64_t name)
{
  struct weir__watch *r = weir__slots_at(&records, (uint32_t)name);
  return r && r->used && r->generation == name >> 32 && !r->twin ? r : NULL;
}

int weir_demonitor(weir_watch monitor)
{
  struct weir__cell *self = weir__cell_here();
  struct weir__message *m = NULL;
  if (!self) return weir__misuse(WEIR_EINVAL, "weir_demonitor() is for an actor's handler");
  if (monitor.error) return monitor.error;
  pthread_mutex_lock(&lock);
  struct weir__watch *r = find(monitor.bits);
  bool others = r && r->watcher != self;
  if (r && !others) {
    unlink_record(r);
    m = free_record(r);
  }
  pthread_mutex_unlock(&lock);
  if (others) return weir__misuse(WEIR_EINVAL, "a monitor of another actor");
  drop_message(m);
  if (m) return WEIR_OK;
  m = weir__mpsc_take_out(self, is_news_of, &monitor.bits); /* L4 */
  if (m) weir__message_end(m, WEIR__WITHDRAWN);
  return WEIR_EDEAD;
}

void weir__monitors_end(struct weir__cell *cell)
{
  for (;;) {
    pthread_mutex_lock(&lock);
    struct weir__watch *r = cell->extras->rare->monitors;
    if (r) unlink_record(r);
    struct weir__message *m = r ? free_record(r) : NULL;
    pthread_mutex_unlock(&lock);
    if (!r) return;
    drop_message(m);
  }
}

/* ---- links ---- */

/* Lock held. The record by which `self` watches `cell`; NULL: they are not linked. */
static struct weir__watch *find_link(const struct weir__cell *self, struct weir__cell *cell)
{
  struct weir__watch *r = record_at(weir__tally_look(self)->watchers);
  while (r && !(r->twin && r->watcher == cell)) r = r->next;
  return r ? r->twin : NULL;
}

/* Lock held. Both directions, or, with one that is gone, neither. False: no memory, and both messages are the caller's. */
static bool link_both(struct weir__cell *self, struct weir__cell *cell, weir_ref ref, struct weir__message *to_self,
                      struct weir__message *to_other, uintptr_t *wake)
{
  struct weir__watch *r = take_record(self, cell, to_self);
  struct weir__watch *twin = r ? take_record(self, self, to_other) : NULL;
  if (!twin) {
    if (r) free_record(r);
    return false;
  }
  r->twin = twin;
  twin->twin = r;
  twin->watcher = cell;
  twin->watcher_ref = ref;
  if (cell && watch(r, ref)) {
    watch(twin, weir__ref_of(self));
    return true;
  }
  drop_message(free_record(twin));
  free_record(r);
  fill_gone(to_self, ref, 0);
  *wake = exit_to(self, weir__ref_of(self), WEIR_EDEAD, to_self);
  return true;
}

int weir_link(weir_ref ref)
{
  int rc;
  struct weir__cell *self = weir__cell_here(), *cell = actor_at(ref, &rc);
  uintptr_t wake = 0;
  if (!self) return weir__misuse(WEIR_EINVAL, "weir_link() is for an actor's handler");
  if (rc && (rc != WEIR_EDEAD || !weir__generation_of(ref))) return rc;
  if (ref.bits == weir__ref_of(self).bits) return weir_error(WEIR_EINVAL, "an actor is not linked with itself");
  struct weir__message *to_self = news_room(true), *to_other = to_self ? news_room(true) : NULL;
  pthread_mutex_lock(&lock);
  bool linked = cell && find_link(self, cell);
  bool made = to_other && !linked && link_both(self, cell, ref, to_self, to_other, &wake);
  pthread_mutex_unlock(&lock);
  if (wake) weir__cell_wake(self, wake);
  if (made) return WEIR_OK;
  drop_message(to_self);
  drop_message(to_other);
  return linked ? WEIR_OK : no_memory();
}

int weir_unlink(weir_ref ref)
{
  struct weir__cell *self = weir__cell_here();
  struct weir__cell *cell = weir_ref_error(ref) ? NULL : weir__cell_at(weir__slot_of(ref));
  if (!self) return weir__misuse(WEIR_EINVAL, "weir_unlink() is for an actor's handler");
  pthread_mutex_lock(&lock);
  struct weir__watch *r = cell ? find_link(self, cell) : NULL;
  if (r && r->twin->watcher_ref.bits != ref.bits) r = NULL; /* a stale ref */
  struct weir__watch *twin = r ? r->twin : NULL;
  if (r) unlink_record(r), unlink_record(twin);
  struct weir__message *to_self = r ? free_record(r) : NULL, *to_other = twin ? free_record(twin) : NULL;
  pthread_mutex_unlock(&lock);
  drop_message(to_self);
  drop_message(to_other);
  return WEIR_OK;
}

/* ---- exits ---- */

int weir_trap_exits(bool traps)
{
  struct weir__cell *self = weir__cell_here();
  if (!self) return weir__misuse(WEIR_EINVAL, "weir_trap_exits() is for an actor's handler");
  if (traps)
    atomic_fetch_or_explicit(&self->work.flags, WEIR__TRAPS, memory_order_relaxed);
  else
    atomic_fetch_and_explicit(&self->work.flags, ~(uint32_t)WEIR__TRAPS, memory_order_relaxed);
  return WEIR_OK;
}

/* The message of weir_exit(). NULL: no memory. */
static struct weir__message *exit_message(int code)
{
  size_t bytes;
  struct weir__cell *here = weir__cell_here();
  struct weir_exited exited = {.name = here ? weir__actor_name(here) : "", .text = "", .code = code};
  if (here) exited.who = weir__ref_of(here);
  if (!weir__ended_well(code)) exited.text = weir_strerror(code);
  weir_value value = WEIR_AT(weir_exited, &exited);
  return weir__measure(value.type(), value.at, &bytes) ? NULL : weir__message_make(value.type(), value.at, bytes);
}

/* Lock of the bucket held. `*m` (owned by the caller, NULL: none was made yet) becomes NULL when it was queued. True: a
 * message is needed. */
static bool tell_or_queue(struct weir__bucket *bucket, struct weir__cell *cell, uint32_t flags, int code,
                          struct weir__message **m, uintptr_t *wake)
{
  uint32_t now = atomic_load_explicit(&cell->work.flags, memory_order_relaxed);
  bool traps = (now & WEIR__TRAPS) && !(flags & WEIR__KILLED);
  if (!traps) {
    if (code) *wake = weir__tell_exit(bucket, cell, flags, code);
    return false;
  }
  if (now & WEIR__EXIT_NEWS) return false; /* L5 */
  if (!*m) return true;
  atomic_fetch_or_explicit(&cell->work.flags, WEIR__EXIT_NEWS, memory_order_relaxed);
  *wake = weir__push_news(cell, *m);
  *m = NULL;
  return false;
}

static int signal_exit(weir_ref ref, uint32_t flags, int code)
{
  int rc;
  struct weir__cell *cell = actor_at(ref, &rc);
  struct weir__message *m = NULL;
  if (!cell) return rc;
  for (;;) {
    uintptr_t wake = 0;
    struct weir__bucket *bucket = weir__bucket_lock(cell);
    bool there = weir__is_there(cell, ref);
    bool again = there && tell_or_queue(bucket, cell, flags, code, &m, &wake);
    weir__bucket_unlock(bucket);
    weir__cell_wake(cell, wake);
    if (again && !(m = exit_message(code))) return weir_error(WEIR_ENOMEM, "no memory to tell of an exit");
    if (again) continue;
    drop_message(m);
    return there ? WEIR_OK : weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(ref));
  }
}

int weir_exit(weir_ref ref, int code)
{
  if (code > 0) return weir__misuse(WEIR_EINVAL, "%d is no reason to end", code);
  return signal_exit(ref, 0, code);
}

int weir_kill(weir_ref ref) { return signal_exit(ref, WEIR__KILLED, WEIR_EKILLED); }
