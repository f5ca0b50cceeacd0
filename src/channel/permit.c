/* permit.c: see permit.h. */
#include "channel/permit.h"

#include <assert.h>

#include "channel/bias.h"
#include "channel/breaker.h"
#include "channel/overflow.h"
#include "channel/send.h"
#include "runtime/slots.h"
#include "runtime/strand.h"
#include "runtime/task.h"

enum state { FREE, WANTED, HELD, REVOKED };

static struct weir__slots permits = WEIR__SLOTS(struct weir__permit, 1 << 24);

static uint64_t word_of(uint64_t generation, enum state state) { return generation << 32 | state; }
static enum state state_of(uint64_t word) { return (enum state)(uint32_t)word; }
static uint64_t read_word(struct weir__permit *p) { return atomic_load_explicit(&p->word, memory_order_acquire); }
static uint64_t name_of(const struct weir__permit *p, uint64_t word) { return word >> 32 << 32 | p->slot; }

static struct weir__cell *cell_of(struct weir__permit *p)
{
  return atomic_load_explicit(&p->cell, memory_order_relaxed);
}

static void set_state(struct weir__permit *p, enum state state)
{
  atomic_store_explicit(&p->word, word_of(read_word(p) >> 32, state), memory_order_release);
}

/* ---- the holder's list (P3) ---- */

static struct weir__permit **list_of_thread(struct weir__holder *holder)
{
  struct weir__thread *t = weir__thread();
  *holder = (struct weir__holder){WEIR__HELD_BY_THREAD, (uintptr_t)t};
  return t ? &t->permits_held : NULL;
}

static struct weir__permit **list_here(struct weir__holder *holder)
{
  struct weir__strand *s = weir__strand_here();
  if (s && s->self && s->self->kind == WEIR__ACTOR_TURN) {
    *holder = (struct weir__holder){WEIR__HELD_BY_ACTOR, weir__ref_of(weir__cell_of_work(s->self)).bits};
    return weir__actor_permits();
  }
  if (s && s->self) {
    *holder = (struct weir__holder){WEIR__HELD_BY_TASK, (uintptr_t)s->self};
    return weir__task_permits();
  }
  return list_of_thread(holder);
}

static void link_held(struct weir__permit *p, struct weir__permit **list)
{
  struct weir__bucket *lock = weir__bucket_lock_for(list);
  p->previous_held = NULL;
  p->next_held = *list;
  if (p->next_held) p->next_held->previous_held = p;
  *list = p;
  atomic_store_explicit(&p->list, list, memory_order_relaxed);
  weir__bucket_unlock(lock);
}

/* Lock of the list held. */
static void unlink_held_locked(struct weir__permit *p, struct weir__permit **list)
{
  if (p->previous_held)
    p->previous_held->next_held = p->next_held;
  else
    *list = p->next_held;
  if (p->next_held) p->next_held->previous_held = p->previous_held;
  atomic_store_explicit(&p->list, NULL, memory_order_release); /* the last access: from now on it may be reused */
}

/* Unless its holder has ended meanwhile. */
static void unlink_held(struct weir__permit *p)
{
  struct weir__permit **list = atomic_load_explicit(&p->list, memory_order_acquire);
  if (!list) return; /* acquire: who took it out has left it */
  struct weir__bucket *lock = weir__bucket_lock_for(list);
  if (atomic_load_explicit(&p->list, memory_order_relaxed)) unlink_held_locked(p, list);
  weir__bucket_unlock(lock);
}

/* ---- open, close ---- */

/* A record in state WANTED, in that list. NULL: no memory. */
static struct weir__permit *open_in(struct weir__permit **list, struct weir__holder holder,
                                    struct weir__notice_record *notice, struct weir__cell *cell, uint32_t n, int gone)
{
  struct weir__thread *t = weir__thread();
  uint32_t slot;
  struct weir__permit *p = t && list ? weir__slots_take(&permits, &t->permits, &slot) : NULL;
  if (!p) return NULL;
  uint64_t generation = read_word(p) >> 32;
  assert(state_of(read_word(p)) == FREE);
  p->slot = slot;
  p->places = n;
  p->gone = gone;
  p->holder = holder;
  p->notice = notice;
  atomic_store_explicit(&p->cell, cell, memory_order_relaxed);
  atomic_store_explicit(&p->word, word_of(generation ? generation : 1, WANTED), memory_order_release);
  link_held(p, list);
  return p;
}

/* In the caller's list. */
static struct weir__permit *open_permit(struct weir__cell *cell, uint32_t n, int gone)
{
  struct weir__holder holder;
  struct weir__permit **list = list_here(&holder);
  return open_in(list, holder, NULL, cell, n, gone);
}

struct weir__permit *weir__permit_open_for(struct weir__notice_record *n, struct weir__cell *cell, int gone,
                                           uint64_t *name)
{
  struct weir__holder holder;
  struct weir__permit **list = list_of_thread(&holder);
  struct weir__permit *p = open_in(list, holder, n, cell, 1, gone);
  if (p) *name = name_of(p, read_word(p));
  return p;
}

/* P1: who calls has set FREE. */
static void put_back(struct weir__permit *p)
{
  struct weir__thread *t = weir__thread();
  unlink_held(p);
  if (t) weir__slots_put(&permits, &t->permits, p); /* without memory for a context the slot is lost */
}

/* Lock held. */
static void set_free(struct weir__permit *p)
{
  uint64_t next = (uint32_t)((read_word(p) >> 32) + 1);
  atomic_store_explicit(&p->word, word_of(next ? next : 1, FREE), memory_order_release);
}

/* One that got no place. */
static void close_wanted(struct weir__permit *p)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell_of(p));
  assert(state_of(read_word(p)) == WANTED);
  set_free(p);
  weir__bucket_unlock(bucket);
  put_back(p);
}

/* ---- the mailbox's: lock of its bucket held ---- */

void weir__permit_grant(struct weir__bucket *bucket, struct weir__cell *cell, struct weir__permit *p)
{
  assert(state_of(read_word(p)) == WANTED);
  p->previous = NULL;
  p->next = bucket->permits;
  if (p->next) p->next->previous = p;
  bucket->permits = p;
  weir__tally(cell)->permit_places += p->places;
  set_state(p, HELD);
}

static void unlink_out(struct weir__bucket *bucket, struct weir__permit *p)
{
  if (p->previous)
    p->previous->next = p->next;
  else
    bucket->permits = p->next;
  if (p->next) p->next->previous = p->previous;
}

static void use_places(struct weir__permit *p, uint32_t n)
{
  struct weir__tally *tally = weir__tally(cell_of(p));
  assert(n <= p->places && n <= tally->permit_places);
  p->places -= n;
  tally->permit_places -= n;
}

uint32_t weir__permits_revoke(struct weir__bucket *bucket, struct weir__cell *cell)
{
  uint32_t places = 0;
  for (struct weir__permit *p = bucket->permits, *next; p; p = next) {
    next = p->next;
    if (cell_of(p) != cell) continue;
    places += p->places;
    unlink_out(bucket, p);
    use_places(p, p->places);
    set_state(p, REVOKED);
  }
  return places;
}

void weir__permits_each(struct weir__bucket *bucket, const struct weir__cell *cell,
                        bool (*f)(const struct weir__permit *, void *), void *arg)
{
  for (struct weir__permit *p = bucket->permits; p; p = p->next)
    if (cell_of(p) == cell && !f(p, arg)) return;
}

/* ---- reserve ---- */

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for a permit"); }

static int too_many(const struct weir__cell *cell, size_t n)
{
  return weir_error(WEIR_ERANGE, "%zu places: the mailbox has %u", n,
                    atomic_load_explicit(&cell->capacity, memory_order_relaxed));
}

static int code_of(enum weir__reserve got, const struct weir__cell *cell, size_t n, int gone)
{
  switch (got) {
  case WEIR__GOT:
    return WEIR_OK;
  case WEIR__FULL:
    return weir_error(WEIR_EFULL, "there is no room");
  case WEIR__TOO_LARGE:
    return too_many(cell, n);
  case WEIR__TURNED_AWAY:
    return weir_error(WEIR_EOPEN, "%s", weir_strerror(WEIR_EOPEN));
  case WEIR__GONE:
    break;
  }
  return weir_error(gone, "the mailbox is gone");
}

enum weir__reserve weir__permit_take(struct weir__cell *cell, uint32_t generation, struct weir__permit *p)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__message *victims = NULL;
  weir__unbias(cell); /* while a permit is out it is not biased again: that may be used elsewhere */
  enum weir__reserve got = weir__mpsc_reserve(cell, generation, p->places);
  if (got == WEIR__FULL && weir__is_guarded(cell))
    got = weir__breaker_reserve_locked(cell, generation, p->places, false);
  if (got == WEIR__FULL && weir__drops_oldest(cell) && weir__evict_for(cell, p->places, &victims)) got = WEIR__GOT;
  if (got == WEIR__GOT) weir__permit_grant(bucket, cell, p);
  weir__bucket_unlock(bucket);
  weir__evicted(victims);
  return got;
}

static int after_sleep(struct weir__wait *w)
{
  int rc = w->result;
  if (rc) weir__line_leave_late(w);
  const char *text = rc == WEIR_ETIMEDOUT ? "no place came free in time" : weir_strerror(rc);
  if (rc) weir_error(rc, "%s", w->text ? w->text : text);
  weir__wait_close(w);
  return rc;
}

static int stand_in_line(struct weir__cell *cell, uint32_t generation, struct weir__permit *p, int64_t deadline_ns,
                         int gone)
{
  int rc = weir__may_wait();
  if (rc) return rc;
  struct weir__wait *w = weir__wait_open(WEIR__IN_LINE);
  if (!w) return no_memory();
  w->permit = p;
  w->places = p->places;
  weir__wait_attach(w);
  enum weir__reserve got = weir__mpsc_join(cell, generation, w);
  if (got == WEIR__FULL) {
    weir__wait_for_place(w, deadline_ns);
    return after_sleep(w);
  }
  weir__wait_close(w);
  return code_of(got, cell, w->places, gone);
}

/* Zero places of a mailbox that lives. */
static int reserve_none(struct weir__cell *cell, uint32_t generation, int gone)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool open = weir__generation_in(places) == generation && !(places & WEIR__CLOSED);
  return open ? WEIR_OK : code_of(WEIR__GONE, cell, 0, gone);
}

int weir__permit_reserve(struct weir__cell *cell, uint32_t generation, size_t n, bool waits, int64_t deadline_ns,
                         int gone, weir_permit *permit)
{
  if (n == 0) return reserve_none(cell, generation, gone);
  if (n > WEIR__CAPACITY_MAX) return too_many(cell, n);
  struct weir__permit *p = open_permit(cell, (uint32_t)n, gone);
  if (!p) return no_memory();
  enum weir__reserve got = weir__permit_take(cell, generation, p);
  int rc = got == WEIR__FULL && waits && weir__makes_wait(cell) ? stand_in_line(cell, generation, p, deadline_ns, gone)
                                                                : code_of(got, cell, n, gone);
  if (rc)
    close_wanted(p);
  else
    permit->bits = name_of(p, read_word(p));
  return weir__heeded(rc);
}

/* ---- using one ---- */

static struct weir__permit *permit_at(uint64_t name)
{
  return name >> 32 ? weir__slots_at(&permits, (uint32_t)name) : NULL;
}

/* The record of that name, its mailbox's bucket locked; NULL, and nothing is locked: it is stale. */
static struct weir__permit *lock_permit(uint64_t name, struct weir__bucket **bucket)
{
  struct weir__permit *p = permit_at(name);
  struct weir__cell *cell = p ? cell_of(p) : NULL;
  if (!cell) return NULL;
  *bucket = weir__bucket_lock(cell);
  uint64_t word = read_word(p);
  if (word >> 32 == name >> 32 && (state_of(word) == HELD || state_of(word) == REVOKED) && cell_of(p) == cell) return p;
  weir__bucket_unlock(*bucket);
  return NULL;
}

int weir__permit_look(uint64_t name)
{
  struct weir__bucket *bucket;
  struct weir__permit *p = lock_permit(name, &bucket);
  if (!p) return WEIR_EINVAL;
  int rc = state_of(read_word(p)) == REVOKED ? p->gone : WEIR_OK;
  weir__bucket_unlock(bucket);
  return rc;
}

/* Lock held; the places are gone. Its holder's list is left afterwards, without the lock. */
static void end_locked(struct weir__bucket *bucket, struct weir__permit *p)
{
  if (state_of(read_word(p)) == HELD) unlink_out(bucket, p);
  set_free(p);
}

static int stale(void) { return weir__misuse(WEIR_EINVAL, "no such permit: it was used up or given back"); }

/* Owns the message. */
static int send_with(uint64_t name, struct weir__message *m)
{
  struct weir__bucket *bucket;
  struct weir__permit *p = lock_permit(name, &bucket);
  uint32_t n = weir__places(m->payload_bytes);
  if (!p) {
    weir__message_end(m, WEIR__UNSENT);
    return stale();
  }
  struct weir__cell *cell = cell_of(p);
  bool revoked = state_of(read_word(p)) == REVOKED, fits = n <= p->places;
  uintptr_t wake = 0;
  uint32_t left = p->places;
  int rc = revoked ? p->gone : WEIR_OK;
  if (!revoked && fits) {
    use_places(p, n);
    weir__count_entry(cell);
    wake = weir__mpsc_push(cell, m);
  }
  bool ends = revoked || p->places == 0;
  if (ends) end_locked(bucket, p);
  weir__bucket_unlock(bucket);
  if (ends) put_back(p);
  if (wake) weir__cell_wake(cell, wake);
  if (!rc && fits) return WEIR_OK;
  weir__message_end(m, WEIR__UNSENT);
  return rc ? weir_error(rc, "the mailbox is gone")
            : weir_error(WEIR_ERANGE, "the message takes %u places, and the permit has %u", n, left);
}

int weir_permit_send_value(weir_permit permit, weir_value value)
{
  struct weir__parcel parcel;
  int rc = weir__parcel_of_value(&parcel, value);
  if (rc) return rc;
  struct weir__message *m = weir__parcel_message(&parcel);
  return m ? send_with(permit.bits, m) : weir_error(WEIR_ENOMEM, "no memory for the message");
}

size_t weir_permit_places(weir_permit permit)
{
  struct weir__bucket *bucket;
  struct weir__permit *p = lock_permit(permit.bits, &bucket);
  if (!p) return 0;
  size_t places = p->places;
  weir__bucket_unlock(bucket);
  return places;
}

/* ---- giving back ---- */

/* Whose holder does not need it any more. False: it was stale. */
static bool release(uint64_t name)
{
  struct weir__bucket *bucket;
  struct weir__permit *p = lock_permit(name, &bucket);
  if (!p) return false;
  struct weir__cell *cell = cell_of(p);
  uint32_t n = p->places;
  uintptr_t wake = 0;
  bool held = state_of(read_word(p)) == HELD;
  if (held) use_places(p, n);
  end_locked(bucket, p);
  if (held) wake = weir__mpsc_give_back_locked(bucket, cell, n);
  weir__bucket_unlock(bucket);
  put_back(p);
  weir__cell_wake(cell, wake);
  return true;
}

void weir__permit_drop(struct weir__permit *p, uint64_t name)
{
  if (release(name)) return;
  uint64_t word = read_word(p);
  if (name_of(p, word) == name && state_of(word) == WANTED) close_wanted(p);
}

void weir_permit_give_back(weir_permit *permit)
{
  release(permit->bits);
  *permit = (weir_permit){0};
}

/* The first of a list, out of it: its name; 0: the list is empty. */
static bool take_out_first(struct weir__permit **list, uint64_t *name)
{
  struct weir__bucket *lock = weir__bucket_lock_for(list);
  struct weir__permit *p = *list;
  if (p) {
    /* FREE: somebody has just used it up, and is about to look for it in this list. */
    uint64_t word = read_word(p);
    *name = state_of(word) == FREE ? 0 : name_of(p, word);
    unlink_held_locked(p, list);
  }
  weir__bucket_unlock(lock);
  return p != NULL;
}

void weir__permits_end(struct weir__permit **list)
{
  uint64_t name;
  while (take_out_first(list, &name)) release(name);
}

void weir__permits_return_all(struct weir__thread *t) { weir__slots_return(&permits, &t->permits); }
