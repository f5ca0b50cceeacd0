/* send.c: see send.h. */
#include "channel/send.h"

#include "channel/bias.h"
#include "channel/breaker.h"
#include "channel/line.h"
#include "channel/overflow.h"
#include "platform/clock.h"
#include "runtime/wait.h"

int weir__parcel_of(struct weir__parcel *p, const weir_message *type, const void *value)
{
  *p = (struct weir__parcel){.type = type, .value = value, .deadline = INT64_MAX};
  if (!type || !value) return weir__misuse(WEIR_EINVAL, "no value was given");
  return weir__measure(type, value, &p->bytes);
}

int weir__parcel_of_value(struct weir__parcel *p, weir_value value)
{
  return weir__parcel_of(p, value.type ? value.type() : NULL, value.at);
}

struct weir__message *weir__parcel_message(struct weir__parcel *p)
{
  if (!p->message) p->message = weir__message_make(p->type, p->value, p->bytes);
  if (!p->message) return NULL;
  p->message->asker = p->asker;
  if (p->asker) p->message->asked = true;
  p->message->deadline = p->deadline;
  return p->message;
}

void weir__parcel_drop(struct weir__parcel *p)
{
  if (p->message) weir__message_end(p->message, WEIR__UNSENT);
  p->message = NULL;
}

int weir__turned_away(int code)
{
  if (code == WEIR_EFULL) weir__count(WEIR__REFUSED_FULL);
  if (code == WEIR_EDEAD || code == WEIR_ECLOSED) weir__count(WEIR__REFUSED_DEAD);
  if (code == WEIR_EOPEN) weir__count(WEIR__REFUSED_OPEN);
  return code;
}

static void queue(struct weir__cell *cell, struct weir__message *m)
{
  if (weir__cell_is_actor(cell)) {
    weir__push(weir__worker_here(), cell, m);
  } else {
    weir__count_entry(cell);
    weir__cell_wake(cell, weir__mpsc_push(cell, m));
  }
}

static int no_memory(void) { return weir_error(WEIR_ENOMEM, "no memory for the message"); }

static int too_large(const struct weir__cell *cell, const struct weir__parcel *p)
{
  return weir_error(WEIR_ERANGE, "%s: %zu bytes take %u places, and the mailbox has %u", p->type->name, p->bytes,
                    weir__places(p->bytes), atomic_load_explicit(&cell->capacity, memory_order_relaxed));
}

static enum weir__reserve reserve(struct weir__cell *cell, uint32_t generation, uint32_t places)
{
  enum weir__reserve got;
  do got = weir__mpsc_reserve(cell, generation, places);
  while (WEIR__UNLIKELY(got == WEIR__TOO_LARGE) && !weir__mpsc_is_too_large(cell, generation, places));
  return got;
}

int weir__cell_try(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone)
{
  uint32_t places = weir__places(p->bytes);
  enum weir__reserve got = reserve(cell, generation, places);
  if (WEIR__UNLIKELY(got == WEIR__FULL) && weir__is_guarded(cell))
    got = weir__breaker_reserve(cell, generation, places, weir__must_arrive(p));
  switch (got) {
  case WEIR__GONE:
    return gone;
  case WEIR__FULL:
    return weir__overflow(cell, generation, p, gone);
  case WEIR__TOO_LARGE:
    return too_large(cell, p);
  case WEIR__TURNED_AWAY:
    return weir__breaker_refuses(cell, generation, p);
  case WEIR__GOT:
    break;
  }
  struct weir__message *m = weir__parcel_message(p);
  if (!m) {
    weir__cell_wake(cell, weir__mpsc_give_back(cell, places));
    return no_memory();
  }
  p->message = NULL;
  if (p->forwarded) weir__wait_turn_to(m->asker, cell->slot + 1);
  queue(cell, m);
  return WEIR_OK;
}

int weir__cell_try_send(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int gone)
{
  int rc = weir__cell_try(cell, generation, p, gone);
  if (!rc) return WEIR_OK;
  if (!p->message) weir__turned_away_from(cell, generation, rc);
  weir__parcel_drop(p);
  return rc;
}

void weir__wait_for_place(struct weir__wait *w, int64_t deadline_ns)
{
  struct weir__cell *cell = weir__cell_here();
  struct weir__strand *sleeper = weir__wait_sleeper(w);
  struct weir__worker *worker = sleeper ? sleeper->worker : NULL; /* it comes back to that one */
  int64_t since = cell ? weir__now_ns() : 0;
  if (worker) weir__throttle_join(&worker->throttle);
  weir__wait_sleep(w, deadline_ns);
  if (worker) weir__throttle_leave(&worker->throttle);
  int64_t placed = atomic_load_explicit(&w->placed_ns, memory_order_relaxed);
  if (cell) weir__count_blocked(cell, (placed ? placed : weir__now_ns()) - since);
}

/* It stands in line with its message; its wait has come to an end. */
static int after_sleep(struct weir__wait *w)
{
  int rc = w->result;
  if (rc == WEIR_ETIMEDOUT || rc == WEIR_ECANCELED || rc == WEIR_EDEADLOCK) {
    weir__line_leave_late(w);
    weir__message_end(w->message, WEIR__UNSENT);
  }
  const char *text = rc == WEIR_ETIMEDOUT ? "no place came free in time" : weir_strerror(rc);
  if (rc) weir_error(rc, "%s", w->text ? w->text : text);
  weir__wait_close(w);
  return rc;
}

static int stand_in_line(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int64_t deadline_ns,
                         int gone)
{
  struct weir__wait *w = weir__wait_open(WEIR__IN_LINE);
  struct weir__message *m = w ? weir__parcel_message(p) : NULL;
  if (!m) {
    if (w) weir__wait_close(w);
    return no_memory();
  }
  w->message = m;
  w->places = weir__places(p->bytes);
  weir__wait_attach(w);
  switch (weir__mpsc_join(cell, generation, w)) {
  case WEIR__FULL:
    p->message = NULL;
    weir__wait_for_place(w, deadline_ns);
    return after_sleep(w);
  case WEIR__GOT:
    p->message = NULL;
    weir__wait_close(w);
    if (p->forwarded) weir__wait_turn_to(m->asker, cell->slot + 1);
    queue(cell, m);
    return WEIR_OK;
  case WEIR__TOO_LARGE:
    weir__wait_close(w);
    return too_large(cell, p);
  case WEIR__TURNED_AWAY: /* it has opened just now */
    weir__wait_close(w);
    return weir__breaker_refuses(cell, generation, p);
  default:
    weir__wait_close(w);
    return gone;
  }
}

int weir__cell_send(struct weir__cell *cell, uint32_t generation, struct weir__parcel *p, int64_t deadline_ns, int gone)
{
  int rc = weir__cell_try(cell, generation, p, gone);
  if (rc == WEIR_EFULL && (weir__makes_wait(cell) || weir__must_arrive(p))) {
    rc = weir__may_wait();
    if (!rc) rc = stand_in_line(cell, generation, p, deadline_ns, gone);
  } else if (rc && !p->message) {
    weir__turned_away_from(cell, generation, rc);
  }
  weir__parcel_drop(p);
  return rc;
}
