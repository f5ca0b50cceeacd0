/* debt.c: answers that are owed: given later, or by another actor.
 *
 *   FREE --weir_answer_later--> OWED --answered, refused, its actor ended--> TAKEN --> FREE, with the next generation
 *                                 ^                                            |
 *                                 '---- taken over by another actor -----------'  with the next generation
 *
 * I1  The word holds generation and state; who takes OWED away answers, and nobody else.
 * I2  The list of an actor's debts is under the lock of its bucket (C2). Its end empties the list, those included that
 *     somebody is just paying: `owner` is NULL from then on. */
#include <weir/ask.h>

#include <stdio.h>

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "actor/edge.h"
#include "actor/relay.h"
#include "channel/line.h"
#include "channel/send.h"
#include "runtime/slots.h"
#include "runtime/strand.h"

enum state { FREE, OWED, TAKEN };

struct weir__debt {
  struct weir__debt *next, *previous; /* I2. First two words: see slots.h */
  _Atomic(uint64_t) word;             /* generation << 32 | state; I1. Release: what follows was written */
  uint32_t slot;
  struct weir__cell *_Atomic owner; /* I2; relaxed outside of the lock: only to find the lock */
  /* Written before it is owed. Relaxed: what is read by a stale name is not used. */
  _Atomic(uint64_t) asker;
  const weir_message *_Atomic request;
};

static struct weir__slots debts = WEIR__SLOTS(struct weir__debt, 1 << 22);

static uint64_t word_of(uint64_t generation, enum state state) { return generation << 32 | state; }

/* The debt of that name, taken by the caller; NULL: it was paid before. */
static struct weir__debt *take(uint64_t name)
{
  struct weir__debt *d = weir__slots_at(&debts, (uint32_t)name);
  uint64_t owed = word_of(name >> 32, OWED);
  bool taken = d && name >> 32 &&
               atomic_compare_exchange_strong_explicit(&d->word, &owed, word_of(name >> 32, TAKEN),
                                                       memory_order_acquire, memory_order_relaxed);
  return taken ? d : NULL;
}

static uint64_t asker_of(struct weir__debt *d) { return atomic_load_explicit(&d->asker, memory_order_relaxed); }

static bool is_owed(struct weir__debt *d, uint64_t name)
{
  return d && name >> 32 && atomic_load_explicit(&d->word, memory_order_acquire) == word_of(name >> 32, OWED);
}

static uint64_t next_generation(struct weir__debt *d)
{
  uint32_t next = (uint32_t)(atomic_load_explicit(&d->word, memory_order_relaxed) >> 32) + 1;
  return next ? next : 1;
}

static void close_debt(struct weir__debt *d)
{
  atomic_store_explicit(&d->word, word_of(next_generation(d), FREE), memory_order_release);
  struct weir__thread *t = weir__thread();
  if (t) weir__slots_put(&debts, &t->debts, d); /* without memory for a context the slot is lost */
}

/* ---- the actor's list ---- */

static void link_debt(struct weir__cell *cell, struct weir__debt *d)
{
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__rare *rare = cell->extras->rare;
  d->previous = NULL;
  d->next = rare->debts;
  if (d->next) d->next->previous = d;
  rare->debts = d;
  weir__bucket_unlock(bucket);
}

/* Lock held. */
static void unlink_locked(struct weir__cell *cell, struct weir__debt *d)
{
  if (d->previous)
    d->previous->next = d->next;
  else
    cell->extras->rare->debts = d->next;
  if (d->next) d->next->previous = d->previous;
  atomic_store_explicit(&d->owner, NULL, memory_order_relaxed);
}

/* Taken: unless its actor has ended meanwhile. */
static void unlink_debt(struct weir__debt *d)
{
  struct weir__cell *cell = atomic_load_explicit(&d->owner, memory_order_relaxed);
  if (!cell) return;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (atomic_load_explicit(&d->owner, memory_order_relaxed)) unlink_locked(cell, d);
  weir__bucket_unlock(bucket);
}

/* The first of the list, out of it. Its name, 0: none is left. */
static uint64_t take_out_first(struct weir__cell *cell)
{
  uint64_t name = 0;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  struct weir__debt *d = cell->extras->rare->debts;
  if (d) {
    name = atomic_load_explicit(&d->word, memory_order_relaxed) >> 32 << 32 | d->slot;
    unlink_locked(cell, d);
  }
  weir__bucket_unlock(bucket);
  return name;
}

void weir__debts_end(struct weir__cell *cell, const char *failure)
{
  char text[sizeof((struct weir__error *)0)->text];
  const char *who = weir__actor_name(cell);
  uint64_t name = take_out_first(cell);
  if (!name) return;
  if (*failure)
    snprintf(text, sizeof text, "%s failed: %s", who, failure);
  else
    snprintf(text, sizeof text, "%s ended before it answered", who);
  for (; name; name = take_out_first(cell)) {
    struct weir__debt *d = take(name);
    if (!d) continue; /* somebody is just paying it */
    weir__answer(asker_of(d), WEIR_EFAILED, NULL, text);
    close_debt(d);
  }
}

/* ---- owing ---- */

weir_asker weir__owe(struct weir__cell *cell, uint64_t asker, const weir_message *request)
{
  struct weir__thread *t = weir__thread();
  weir_asker nobody = {0};
  uint32_t slot;
  struct weir__debt *d = t && weir__rare(cell) ? weir__slots_take(&debts, &t->debts, &slot) : NULL;
  if (!d) {
    weir_error(WEIR_ENOMEM, "no memory to answer later");
    return nobody;
  }
  uint64_t generation = atomic_load_explicit(&d->word, memory_order_relaxed) >> 32;
  if (!generation) generation = 1;
  d->slot = slot;
  atomic_store_explicit(&d->asker, asker, memory_order_relaxed);
  atomic_store_explicit(&d->request, request, memory_order_relaxed);
  atomic_store_explicit(&d->owner, cell, memory_order_relaxed);
  link_debt(cell, d);
  atomic_store_explicit(&d->word, word_of(generation, OWED), memory_order_release);
  weir__wait_owe(asker, cell->slot + 1);
  return (weir_asker){generation << 32 | d->slot};
}

weir_asker weir_answer_later(void)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__strand *s = weir__strand_here();
  weir_asker asker = {0};
  if (cell && s->asker) asker = weir__owe(cell, s->asker, s->request);
  if (asker.bits) s->asker = 0;
  return asker;
}

static int paid_before(void) { return weir__misuse(WEIR_EINVAL, "answered before, or nobody asked"); }

weir_asker weir_asker_take_over(weir_asker asker)
{
  struct weir__cell *cell = weir__cell_here();
  weir_asker nobody = {0};
  if (!cell) weir__misuse(WEIR_EINVAL, "only an actor's handler can take a duty over");
  if (!cell || !weir__rare(cell)) return nobody;
  struct weir__debt *d = take(asker.bits);
  if (!d) {
    paid_before();
    return nobody;
  }
  unlink_debt(d);
  uint64_t generation = next_generation(d);
  atomic_store_explicit(&d->owner, cell, memory_order_relaxed);
  link_debt(cell, d); /* it ends after this handler, so nobody takes the record out before it is owed */
  weir__wait_owe(asker_of(d), cell->slot + 1);
  atomic_store_explicit(&d->word, word_of(generation, OWED), memory_order_release);
  return (weir_asker){generation << 32 | d->slot};
}

/* ---- paying ---- */

/* Owns the answer. */
static int pay(weir_asker asker, int code, struct weir__message *answer, const char *text)
{
  struct weir__debt *d = take(asker.bits);
  if (!d) {
    if (answer) weir__message_end(answer, WEIR__FREED);
    return paid_before();
  }
  unlink_debt(d);
  weir__answer(asker_of(d), code, answer, text);
  close_debt(d);
  return WEIR_OK;
}

/* Is `type` the answer to what is owed there? By a stale name anything may be read; pay() will tell. */
static int check_type(weir_asker asker, const weir_message *type)
{
  struct weir__debt *d = weir__slots_at(&debts, (uint32_t)asker.bits);
  if (!is_owed(d, asker.bits)) return paid_before();
  const weir_message *request = atomic_load_explicit(&d->request, memory_order_relaxed);
  if (request->reply && weir_message_same(type, request->reply())) return WEIR_OK;
  return weir_error(WEIR_EPROTO, "a %s is no answer to a %s", type->name, request->name);
}

int weir_answer_value(weir_asker asker, weir_value value)
{
  size_t bytes;
  if (!value.type || !value.at) return weir__misuse(WEIR_EINVAL, "no value was given");
  const weir_message *type = value.type();
  int rc = check_type(asker, type);
  if (!rc) rc = weir__measure(type, value.at, &bytes);
  if (rc) return rc;
  struct weir__message *answer = weir__message_make(type, value.at, bytes);
  return answer ? pay(asker, WEIR_OK, answer, NULL) : weir_error(WEIR_ENOMEM, "no memory for the answer");
}

int weir_answer_done(weir_asker asker) { return pay(asker, WEIR_OK, NULL, NULL); }

int weir_refuse(weir_asker asker, int code, const char *why)
{
  if (code >= 0) return weir__misuse(WEIR_EINVAL, "%d is no error", code);
  return pay(asker, code, NULL, why ? why : "");
}

bool weir_asker_waits(weir_asker asker)
{
  struct weir__debt *d = weir__slots_at(&debts, (uint32_t)asker.bits);
  return is_owed(d, asker.bits) && (weir__wait_phase(asker_of(d)) & WEIR__BEGUN);
}

/* ---- forwarding ---- */

/* The message in hand, which is to go on; NULL: there is none that can. Of a route `to` becomes an instance, or a ref
 * that carries the error. */
static struct weir__message *out_of_hand(struct weir__cell *cell, weir_ref *to)
{
  struct weir__cell *target = weir_ref_error(*to) ? NULL : weir__cell_at(weir__slot_of(*to));
  struct weir__message *m = cell ? cell->in_hand : NULL;
  if (target && weir__edge_check(target)) return NULL;
  if (!m || m->kind == WEIR__BATCH) {
    weir__misuse(WEIR_EINVAL, "there is no message in hand to be forwarded");
    return NULL;
  }
  if (target && weir__is_relay(target, *to)) {
    int rc = weir__relay_pick(to, m->type, weir__payload(m), "forwarded to");
    if (rc == WEIR_EINVAL) return NULL;
    if (rc) *to = weir__ref_error_make(rc);
  }
  cell->in_hand = NULL;
  m->kind = WEIR__PLAIN;
  return m;
}

/* Where it can't be sent on: its asker learns why. */
static int send_on(weir_ref to, struct weir__message *m)
{
  struct weir__cell *cell = weir_ref_error(to) ? NULL : weir__cell_at(weir__slot_of(to));
  struct weir__parcel parcel = {.type = m->type, .message = m, .bytes = m->payload_bytes};
  parcel.asker = m->asker;
  parcel.deadline = m->deadline;
  parcel.forwarded = m->asker != 0;
  if (cell) return weir__cell_send(cell, weir__generation_of(to), &parcel, m->deadline, WEIR_EDEAD);
  weir__message_end(m, WEIR__DEAD);
  int rc = weir__ref_check(to);
  return rc ? rc : weir_error(WEIR_EDEAD, "%s", weir_strerror(WEIR_EDEAD));
}

int weir_forward(weir_ref to)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__strand *s = weir__strand_here();
  if (weir__is_edge(to)) return weir__heeded(weir__edge_forward(to));
  struct weir__message *m = out_of_hand(cell, &to);
  if (!m) return WEIR_EINVAL;
  uint64_t asker = s->asker;
  s->asker = 0;
  m->asker = asker; /* 0 when the duty was taken before */
  if (!asker) m->deadline = INT64_MAX;
  if (asker && !weir__wait_move(asker, WEIR__BEGUN, WEIR__QUEUED)) {
    weir__message_end(m, WEIR__WITHDRAWN);
    return WEIR_OK; /* nobody waits for it any more */
  }
  const weir_message *type = m->type;
  int rc = send_on(to, m);
  if (rc == WEIR_EDEAD) weir__tell_refused(to, type, weir_error(rc, "actor %u is gone", weir__slot_of(to)), asker != 0);
  if (rc == WEIR_ECANCELED)
    weir__answer_unbegun(asker, WEIR_EFAILED, "it was stopped while it forwarded the request");
  else if (rc)
    weir__answer_unbegun(asker, rc, weir__error_text_of(rc));
  else if (asker)
    weir__deadlock_look(asker); /* its edge has moved, and nobody begins to wait */
  return weir__heeded(rc);
}

void weir__debts_return_all(struct weir__thread *t) { weir__slots_return(&debts, &t->debts); }
