/* oneshot.c: promise and future: the two names of one wait record (wait.h), which is IDLE until the promise is kept or
 * dropped. The future closes the record; a promise whose future is gone is a stale name. */
#include <weir/oneshot.h>

#include <sched.h>

#include "channel/message.h"
#include "runtime/wait.h"

int weir_oneshot(weir_promise *promise, weir_future *future)
{
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  promise->bits = future->bits = 0;
  if (!w) return weir_error(WEIR_ENOMEM, "no memory for a oneshot");
  atomic_store_explicit(&w->keeps, true, memory_order_relaxed);
  promise->bits = future->bits = weir__wait_name(w);
  return WEIR_OK;
}

/* ---- the promise ---- */

static int not_pending(uint64_t name)
{
  if (weir__wait_phase(name)) return weir__misuse(WEIR_EINVAL, "the promise was used up before");
  return weir_error(WEIR_ECLOSED, "the future was dropped");
}

int weir_promise_send_value(weir_promise promise, weir_value value)
{
  size_t bytes;
  if (!value.type || !value.at) return weir_error(WEIR_EINVAL, "no value was given");
  const weir_message *type = value.type();
  int rc = weir__measure(type, value.at, &bytes);
  if (rc) return rc;
  if (!(weir__wait_phase(promise.bits) & WEIR__IDLE)) return not_pending(promise.bits);
  struct weir__message *m = weir__message_make(type, value.at, bytes);
  if (!m) return weir_error(WEIR_ENOMEM, "no memory for the message");
  if (!weir__wait_claim(promise.bits, WEIR__IDLE)) {
    weir__message_end(m, WEIR__UNSENT);
    return not_pending(promise.bits);
  }
  weir__count(WEIR__ENTERED);
  weir__wait_finish(weir__wait_at(promise.bits), WEIR_OK, m, NULL);
  return WEIR_OK;
}

void weir_promise_drop(weir_promise promise)
{
  if (weir__wait_claim(promise.bits, WEIR__IDLE))
    weir__wait_finish(weir__wait_at(promise.bits), WEIR_ECLOSED, NULL, NULL);
}

bool weir_promise_wanted(weir_promise promise) { return weir__wait_phase(promise.bits) & WEIR__IDLE; }

/* ---- the future ---- */

/* DONE, and the caller's (I6 of wait.h): takes the value, unless it is of another type. */
static int take(struct weir__wait *w, const weir_message *type, void **out)
{
  struct weir__message *m = w->message;
  int rc = w->result;
  if (m && type && !weir_message_same(m->type, type)) {
    rc = weir_error(WEIR_EPROTO, "the value is a %s, not a %s", m->type->name, type->name);
    weir__wait_leave(w);
    return rc;
  }
  weir__wait_close(w);
  if (!m) return weir_error(rc, "the promise was dropped");
  weir__count(WEIR__LEFT);
  *out = weir__message_hand_out(m);
  return WEIR_OK;
}

static int busy(void) { return weir_error(WEIR_EBUSY, "another one waits for it"); }

static int check(weir_future future, void *out)
{
  *(void **)out = NULL;
  return weir__wait_phase(future.bits) ? WEIR_OK : weir__misuse(WEIR_EINVAL, "the future was used up before");
}

int weir_future_try_value(weir_future future, const weir_message *type, void *out)
{
  int rc = check(future, out);
  if (rc) return rc;
  struct weir__wait *w = weir__wait_at(future.bits);
  if (!(weir__wait_phase(future.bits) & WEIR__DONE)) return WEIR_EMPTY_NOW;
  return weir__wait_reattach(w) == WEIR_EBUSY ? busy() : take(w, type, out);
}

int weir_future_wait_value(weir_future future, weir_duration within, const weir_message *type, void *out)
{
  int rc = check(future, out);
  if (rc) return rc;
  struct weir__wait *w = weir__wait_at(future.bits);
  if (!(weir__wait_phase(future.bits) & WEIR__DONE)) rc = weir__may_wait();
  if (rc) return weir__heeded(rc);
  rc = weir__wait_reattach(w);
  if (rc == WEIR_EBUSY) return busy();
  if (rc == WEIR_STOP) return take(w, type, out);
  rc = weir__wait_sleep(w, weir__deadline(within));
  if (!rc) return take(w, type, out);
  weir__wait_leave(w);
  return weir__heeded(weir_error(rc, "no value yet: %s", weir_strerror(rc)));
}

void weir_future_drop(weir_future future)
{
  struct weir__wait *w = weir__wait_at(future.bits);
  if (!weir__wait_phase(future.bits)) return;
  if (weir__wait_close_if_idle(future.bits)) return;
  /* Kept or dropped already, or just being so: the claim and the finish follow each other without a wait. */
  while (!(weir__wait_phase(future.bits) & WEIR__DONE)) sched_yield();
  if (w->message) {
    weir__count(WEIR__LEFT);
    weir__message_end(w->message, WEIR__FREED);
  }
  weir__wait_close(w);
}
