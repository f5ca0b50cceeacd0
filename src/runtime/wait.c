/* wait.c: see wait.h. */
#include "runtime/wait.h"

#include <assert.h>
#include <stdlib.h>
#include <time.h>

#include "platform/clock.h"
#include "runtime/runtime.h"
#include "runtime/simulation.h"
#include "runtime/slots.h"

struct weir__slots weir__waits = WEIR__SLOTS(struct weir__wait, 1 << 24);
_Static_assert(sizeof(struct weir__wait) == 3 * (size_t)WEIR__LINE, "the lines of a record");

struct weir__wait *weir__wait_open(enum weir__wait_phase phase) { return weir__wait_open_for(phase, WEIR__NO_EDGE); }

/* Relaxed: a stale name that is looked up meanwhile fails on either value (I1). */
static uint32_t generation_here(const struct weir__wait *w)
{
  return weir__wait_generation_of(atomic_load_explicit(&w->word, memory_order_relaxed));
}

/* The cache is empty, or has one that was never used. */
static struct weir__wait *take_new(struct weir__thread *t)
{
  uint32_t slot;
  struct weir__wait *w = t ? weir__slots_take(&weir__waits, &t->waits, &slot) : NULL;
  if (!w) return NULL;
  w->slot = slot;
  if (!generation_here(w)) atomic_store_explicit(&w->word, weir__wait_word(1, WEIR__FREE, 0), memory_order_relaxed);
  return w;
}

static struct weir__wait *take(struct weir__thread *t)
{
  struct weir__wait *w = t ? t->waits.head : NULL;
  return WEIR__LIKELY(w && generation_here(w)) ? weir__slots_pop(&t->waits) : take_new(t);
}

static void begin_line(struct weir__wait *w, struct weir__message *message, uint32_t places)
{
  w->message = message;
  w->places = places;
  w->permit = NULL;
  atomic_store_explicit(&w->placed_ns, 0, memory_order_relaxed);
}

struct weir__wait *weir__wait_open_for(enum weir__wait_phase phase, uint32_t edge)
{
  struct weir__wait *w = take(weir__thread());
  if (!w) return NULL;
  assert((phase & WEIR__PENDING) &&
         weir__wait_phase_of(atomic_load_explicit(&w->word, memory_order_relaxed)) == WEIR__FREE);
  assert(!w->cell && !w->text);
  if (phase == WEIR__IN_LINE) begin_line(w, NULL, 1);
  atomic_store_explicit(&w->keeps, false, memory_order_relaxed);
  atomic_store_explicit(&w->taken, false, memory_order_relaxed);
  atomic_store_explicit(&w->word, weir__wait_word(generation_here(w), phase, edge), memory_order_release);
  return w;
}

static void put_back(struct weir__wait *w)
{
  struct weir__thread *t = weir__thread();
  if (t) weir__slots_push(&weir__waits, &t->waits, w); /* without memory for a context the slot is lost */
}

void weir__wait_close(struct weir__wait *w)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  assert(weir__wait_phase_of(word) != WEIR__FREE && !w->cell);
  if (w->text) free(w->text);
  w->text = NULL;
  atomic_store_explicit(&w->word, weir__wait_freed(word), memory_order_release);
  put_back(w);
}

bool weir__wait_close_if_idle(uint64_t name)
{
  struct weir__wait *w = weir__wait_at(name);
  uint64_t word = weir__wait_word(weir__wait_generation_of(name), WEIR__IDLE, 0);
  if (!w || !atomic_compare_exchange_strong_explicit(&w->word, &word, weir__wait_freed(word), memory_order_acq_rel,
                                                     memory_order_relaxed))
    return false;
  put_back(w);
  return true;
}

void weir__wait_set_phase(struct weir__wait *w, enum weir__wait_phase phase)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  atomic_store_explicit(&w->word, weir__wait_with_phase(word, phase), memory_order_release);
}

void weir__wait_set_in_line(struct weir__wait *w, struct weir__message *message, uint32_t places)
{
  begin_line(w, message, places);
  weir__wait_set_phase(w, WEIR__IN_LINE);
}

void weir__wait_set_edge(struct weir__wait *w, uint32_t edge)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  uint64_t set =
      weir__wait_word(weir__wait_generation_of(word), weir__wait_phase_of(word), edge) | (word & WEIR__ATTACHED);
  atomic_store_explicit(&w->word, set, memory_order_release);
}

/* O1. The phase it was in, now `to`; 0: it is in none of `from`, or stale. With `edge` UINT32_MAX that stays, too. */
static unsigned change(uint64_t name, unsigned from, unsigned to, uint32_t edge, unsigned owed)
{
  struct weir__wait *w = weir__wait_at(name);
  uint64_t word = w ? atomic_load_explicit(&w->word, memory_order_acquire) : 0;
  while (w && weir__wait_generation_of(word) == weir__wait_generation_of(name) && (weir__wait_phase_of(word) & from)) {
    uint64_t changed = weir__wait_with_phase(word, to);
    if (edge != UINT32_MAX)
      changed = weir__wait_word(weir__wait_generation_of(word), to, edge) | (word & WEIR__ATTACHED) | owed;
    if (atomic_compare_exchange_weak_explicit(&w->word, &word, changed, memory_order_acq_rel, memory_order_acquire))
      return weir__wait_phase_of(word);
  }
  return 0;
}

/* The note first: who claims it afterwards has seen the move, and so the note, by the word (acquire). Relaxed, and only if nobody
 * has noted another since the name was good: what a stale name's caller writes there last is not believed (I1). */
bool weir__wait_try_again(uint64_t name)
{
  struct weir__wait *w = weir__wait_of(name);
  uint32_t before = atomic_load_explicit(&w->tried_in, memory_order_relaxed);
  if (!(weir__wait_phase(name) & WEIR__BEGUN)) return false;
  atomic_compare_exchange_strong_explicit(&w->tried_in, &before, weir__wait_generation_of(name), memory_order_relaxed,
                                          memory_order_relaxed);
  return weir__wait_move(name, WEIR__BEGUN, WEIR__QUEUED);
}

int weir__wait_late_code(const struct weir__wait *w, uint64_t name, unsigned phase)
{
  bool tried = atomic_load_explicit(&w->tried_in, memory_order_relaxed) == weir__wait_generation_of(name);
  return phase == WEIR__BEGUN || (phase == WEIR__QUEUED && tried) ? WEIR_EINDOUBT : WEIR_ETIMEDOUT;
}

void weir__wait_turn_to(uint64_t name, uint32_t edge) { change(name, WEIR__QUEUED, WEIR__QUEUED, edge, 0); }

bool weir__wait_owe(uint64_t name, uint32_t edge) { return change(name, WEIR__BEGUN, WEIR__BEGUN, edge, WEIR__OWED); }

unsigned weir__wait_claim(uint64_t name, unsigned phases) { return change(name, phases, WEIR__CLAIMED, UINT32_MAX, 0); }

bool weir__wait_claim_seen(uint64_t name, const struct weir__edge_seen *seen)
{
  struct weir__wait *w = weir__wait_at(name);
  uint64_t word = seen->word | WEIR__ATTACHED;
  if (w && atomic_compare_exchange_strong_explicit(&w->word, &word, weir__wait_with_phase(word, WEIR__CLAIMED),
                                                   memory_order_acq_rel, memory_order_relaxed))
    return true;
  return false;
}

uint32_t weir__wait_slots(void) { return weir__slots_used(&weir__waits); }

/* ---- waking ---- */

static void wake_driver(struct weir__wait *w)
{
  struct weir__worker *worker = w->worker;
  struct weir_runtime *rt = worker->rt;
  weir__runtime_hold(rt); /* the driver can't end the runtime before `woken` is set */
  atomic_store_explicit(&w->woken, true, memory_order_release);
  atomic_store_explicit(&worker->driven, true, memory_order_release);
  weir__worker_ring(worker);
  weir__runtime_release(rt);
}

static void wake_thread(struct weir__wait *w)
{
  struct weir__thread *t = w->thread;
  pthread_mutex_lock(&t->lock);
  atomic_store_explicit(&w->woken, true, memory_order_release);
  pthread_cond_signal(&t->woken);
  pthread_mutex_unlock(&t->lock);
}

/* I3: once per attachment. */
static inline void wake(struct weir__wait *w)
{
  struct weir__strand *sleeper = weir__wait_sleeper(w);
  if (sleeper)
    weir__resume(sleeper);
  else if (w->worker)
    wake_driver(w);
  else
    wake_thread(w);
}

/* O2 */
void weir__wait_is_done(struct weir__wait *w, uint64_t word)
{
  uint64_t done = weir__wait_word(weir__wait_generation_of(word), WEIR__DONE, 0);
  if (WEIR__LIKELY(word & WEIR__ATTACHED)) /* it stays attached while it is claimed (I3) */
    atomic_store_explicit(&w->word, done | WEIR__ATTACHED, memory_order_release);
  else
    word = atomic_exchange_explicit(&w->word, done, memory_order_acq_rel);
  if (word & WEIR__ATTACHED) wake(w);
}

void weir__wait_finish(struct weir__wait *w, int result, struct weir__message *message, char *text)
{
  assert(weir__wait_phase_of(atomic_load_explicit(&w->word, memory_order_relaxed)) == WEIR__CLAIMED);
  w->result = result;
  if (w->message != message) w->message = message; /* who serves a line reads it there until it has left the line */
  w->text = text;
  /* Acquire: who attached after the claim wrote down before whom to wake. */
  weir__wait_is_done(w, atomic_load_explicit(&w->word, memory_order_acquire));
}

bool weir__wait_answer(uint64_t name, int result, struct weir__message *message, char *text)
{
  struct weir__wait *w = weir__wait_of(name);
  uint64_t word = weir__wait_step(w, name, WEIR__BEGUN, WEIR__CLAIMED);
  if (!word) return false;
  w->result = result;
  w->message = message;
  w->text = text;
  weir__wait_is_done(w, word);
  return true;
}

/* ---- who waits, and where ---- */

enum weir__whereabouts weir__where(void)
{
  struct weir__worker *worker = weir__worker_here();
  if (!worker) return WEIR__ON_THREAD;
  if (worker->on_fiber) return WEIR__IN_FIBER;
  return worker->rt->flavor == WEIR_CURRENT_THREAD && !worker->in_uv ? WEIR__ON_DRIVER : WEIR__IN_CALLBACK;
}

bool weir_cancelled(void)
{
  struct weir__strand *strand = weir__strand_here();
  return strand && weir__told_to_stop(strand);
}

/* What it does may wait itself, and is then not done again. */
static void before_wait(struct weir__strand *strand)
{
  void (*f)(void) = strand->before_wait;
  if (!f) return;
  strand->before_wait = NULL;
  f();
  strand->before_wait = f;
}

/* A plain thread, or one of the blocking pool, that waits for whom it works. */
static int may_block(void)
{
  struct weir__strand *lent = weir__strand_here();
  if (!lent) return WEIR_OK;
  if (weir__told_to_stop(lent)) return weir_error(WEIR_ECANCELED, "told to stop");
  before_wait(lent);
  return WEIR_OK;
}

int weir__may_wait_by_place(void)
{
  if (!weir__thread()) return weir_error(WEIR_ENOMEM, "no memory for this thread's context");
  switch (weir__where()) {
  case WEIR__IN_CALLBACK:
    return weir__misuse(WEIR_EWOULDBLOCK, "a libuv callback must not wait");
  case WEIR__IN_FIBER:
    if (weir__told_to_stop(weir__strand_here())) return weir_error(WEIR_ECANCELED, "told to stop");
    before_wait(weir__strand_here());
    return weir__can_suspend(weir__worker_here());
  case WEIR__ON_THREAD:
    return may_block();
  case WEIR__ON_DRIVER:
    break;
  }
  return WEIR_OK;
}

static void sleeper_here(struct weir__wait *w)
{
  struct weir__thread *t = weir__thread_here;
  w->woken_by = WEIR_OK;
  struct weir__strand *sleeper = t->worker && t->worker->on_fiber ? t->worker->current : NULL;
  atomic_store_explicit(&w->strand, sleeper, memory_order_relaxed);
  if (WEIR__LIKELY(sleeper != NULL)) return;
  w->thread = t;
  w->worker = t->worker;
  atomic_store_explicit(&w->woken, false, memory_order_relaxed);
}

void weir__wait_attach(struct weir__wait *w)
{
  sleeper_here(w);
  atomic_store_explicit(&w->taken, true, memory_order_relaxed); /* published with the word */
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  atomic_store_explicit(&w->word, word | WEIR__ATTACHED, memory_order_release);
}

int weir__wait_reattach(struct weir__wait *w)
{
  if (atomic_exchange_explicit(&w->taken, true, memory_order_acquire)) return WEIR_EBUSY;
  uint64_t word = atomic_load_explicit(&w->word, memory_order_acquire);
  if (weir__wait_phase_of(word) == WEIR__DONE) return WEIR_STOP;
  sleeper_here(w);
  while (weir__wait_phase_of(word) != WEIR__DONE)
    if (atomic_compare_exchange_weak_explicit(&w->word, &word, word | WEIR__ATTACHED, memory_order_acq_rel,
                                              memory_order_acquire))
      return WEIR_OK;
  return WEIR_STOP;
}

void weir__wait_leave(struct weir__wait *w)
{
  /* ATTACHED: then it is DONE, and nobody else writes the word. Else who took ATTACHED away has woken the caller. */
  uint64_t word = atomic_load_explicit(&w->word, memory_order_relaxed);
  assert(!(word & WEIR__ATTACHED) || weir__wait_phase_of(word) == WEIR__DONE);
  if (word & WEIR__ATTACHED) atomic_store_explicit(&w->word, word & ~(uint64_t)WEIR__ATTACHED, memory_order_release);
  atomic_store_explicit(&w->taken, false, memory_order_release);
}

/* ---- an end by time or by cancellation ---- */

/* With `keeps`: takes the sleeper away from the record. */
static void detach(struct weir__wait *w, uint64_t name, int code)
{
  uint64_t word = atomic_load_explicit(&w->word, memory_order_acquire);
  while (weir__wait_generation_of(word) == weir__wait_generation_of(name) && (word & WEIR__ATTACHED) &&
         (weir__wait_phase_of(word) & WEIR__PENDING))
    if (atomic_compare_exchange_weak_explicit(&w->word, &word, word & ~(uint64_t)WEIR__ATTACHED, memory_order_acq_rel,
                                              memory_order_acquire)) {
      w->woken_by = code;
      wake(w);
      return;
    }
}

static void give_up(uint64_t name, int code)
{
  struct weir__wait *w = weir__wait_at(name);
  unsigned phase = weir__wait_claim(name, WEIR__PENDING);
  if (!phase) return;
  if (code == WEIR_ETIMEDOUT) code = weir__wait_late_code(w, name, phase);
  /* What waited for a place is still the owner's. */
  weir__wait_finish(w, code, phase == WEIR__IN_LINE ? w->message : NULL, NULL);
}

/* `keeps` was written before the name was published, and is not written while it is. */
void weir__wait_end(uint64_t name, int code)
{
  struct weir__wait *w = weir__wait_at(name);
  if (!w || !(weir__wait_phase(name) & WEIR__PENDING)) return;
  if (atomic_load_explicit(&w->keeps, memory_order_relaxed))
    detach(w, name, code);
  else
    give_up(name, code);
}

void weir__wait_cancel(_Atomic(uint64_t) *waiting)
{
  /* seq_cst: the flag was stored before; a waiter publishes its wait, then looks at the flag. */
  uint64_t name = atomic_load_explicit(waiting, memory_order_seq_cst);
  if (name && !(name & WEIR__UNCANCELLED)) weir__wait_end(name, WEIR_ECANCELED);
}

void weir__wait_kill(_Atomic(uint64_t) *waiting)
{
  uint64_t name = atomic_load_explicit(waiting, memory_order_seq_cst); /* likewise */
  if (name && !(name & WEIR__UNKILLED)) weir__wait_end(name & ~WEIR__UNCANCELLED, WEIR_ECANCELED);
}

static void time_is_over(struct weir__worker *worker, struct weir__alarm *alarm)
{
  (void)worker;
  struct weir__wait *w = (struct weir__wait *)((char *)alarm - offsetof(struct weir__wait, timer));
  weir__wait_end(weir__wait_name(w), WEIR_ETIMEDOUT);
}

/* ---- sleeping ---- */

static bool has_edge(const struct weir__wait *w)
{
  return weir__wait_edge_of(atomic_load_explicit(&w->word, memory_order_relaxed));
}

/* Says whom to wake on a stop, then looks whether one came meanwhile; says who waits, then looks for whom (W1). Store,
 * load: seq_cst on both sides. */
static void publish(struct weir__strand *strand, struct weir__wait *w)
{
  if (!strand->waiting) return;
  atomic_store_explicit(strand->waiting, weir__wait_shown(weir__wait_name(w), strand), memory_order_seq_cst);
  if (weir__told_to_stop(strand))
    weir__wait_end(weir__wait_name(w), WEIR_ECANCELED);
  else if (has_edge(w))
    weir__deadlock_look(weir__wait_name(w));
}

void weir__wait_arm(struct weir__wait *w, struct weir__worker *worker, int64_t deadline_ns)
{
  w->timer.ring = time_is_over;
  weir__worker_arm(worker, &w->timer, deadline_ns);
}

static void sleep_on_fiber(struct weir__wait *w, struct weir__strand *strand, int64_t deadline_ns)
{
  weir__wait_sleep_begins(w, strand, deadline_ns);
  if (has_edge(w)) weir__worker_will_sweep(strand->worker);
  publish(strand, w);
  weir__wait_sleep_through(w, strand, deadline_ns);
}

static bool is_woken(void *wait)
{
  struct weir__wait *w = wait;
  return atomic_load_explicit(&w->woken, memory_order_acquire);
}

static void sleep_driving(struct weir__wait *w, int64_t deadline_ns)
{
  struct weir__simulation *s = w->worker->rt->simulation;
  if (deadline_ns != INT64_MAX) weir__wait_arm(w, w->worker, deadline_ns);
  if (s) weir__simulation_drives(s, weir__wait_name(w));
  weir__worker_drive(w->worker, is_woken, w);
  if (deadline_ns != INT64_MAX) weir__worker_disarm(w->worker, &w->timer);
}

static void sleep_on_thread(struct weir__wait *w, int64_t deadline_ns)
{
  struct weir__thread *t = w->thread;
  struct timespec until = {.tv_sec = (time_t)(deadline_ns / 1000000000), .tv_nsec = (long)(deadline_ns % 1000000000)};
  bool over = deadline_ns == INT64_MAX;
  pthread_mutex_lock(&t->lock);
  while (!is_woken(w)) {
    if (over) {
      pthread_cond_wait(&t->woken, &t->lock);
    } else if (pthread_cond_timedwait(&t->woken, &t->lock, &until) == ETIMEDOUT) {
      over = true;
      pthread_mutex_unlock(&t->lock);
      weir__wait_end(weir__wait_name(w), WEIR_ETIMEDOUT); /* wakes this very thread, or somebody else is about to */
      pthread_mutex_lock(&t->lock);
    }
  }
  pthread_mutex_unlock(&t->lock);
}

/* On a thread of the blocking pool, for an actor or a fiber: as that would, but the thread stands still. */
static void sleep_on_pool(struct weir__wait *w, struct weir__strand *lent, int64_t deadline_ns)
{
  weir__strand_serves(lent);
  publish(lent, w);
  sleep_on_thread(w, deadline_ns);
  if (lent->waiting) atomic_store_explicit(lent->waiting, 0, memory_order_relaxed);
}

int weir__wait_sleep(struct weir__wait *w, int64_t deadline_ns)
{
  struct weir__strand *sleeper = weir__wait_sleeper(w);
  if (sleeper)
    sleep_on_fiber(w, sleeper, deadline_ns);
  else if (w->worker)
    sleep_driving(w, deadline_ns);
  else if (w->thread->strand)
    sleep_on_pool(w, w->thread->strand, deadline_ns);
  else
    sleep_on_thread(w, deadline_ns);
  return w->woken_by; /* WEIR_OK unless it `keeps` */
}

int64_t weir__deadline(weir_duration within)
{
  if (within.ns == INT64_MAX) return INT64_MAX;
  int64_t from = weir__now_ns();
  if (within.ns <= 0) return from;
  return within.ns > INT64_MAX - 1 - from ? INT64_MAX - 1 : from + within.ns;
}

int weir_sleep(weir_duration how_long)
{
  int rc = weir__may_wait();
  if (rc) return weir__heeded(rc);
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to wait with");
  weir__wait_attach(w);
  weir__wait_sleep(w, weir__deadline(how_long));
  rc = w->result == WEIR_ETIMEDOUT ? WEIR_OK : w->result;
  weir__wait_close(w);
  return weir__heeded(rc);
}

void weir__wait_return_all(struct weir__thread *t) { weir__slots_return(&weir__waits, &t->waits); }
