/* ask.c: a request, and its answer: a send with a wait record (runtime/wait.h) that the envelope names. */
#include <stdlib.h>
#include <string.h>

#include "actor/actor.h"
#include "actor/dead_letter.h"
#include "actor/relay.h"
#include "channel/line.h"
#include "channel/overflow.h"
#include "channel/send.h"
#include "runtime/strand.h"

/* ---- the answer ---- */

void weir__answer(uint64_t asker, int code, struct weir__message *message, const char *text)
{
  char *copy = code && text ? strdup(text) : NULL; /* without memory the code alone travels */
  if (WEIR__LIKELY(weir__wait_answer(asker, code, message, copy))) return;
  free(copy);
  if (message) weir__message_end(message, WEIR__FREED);
}

void weir__answer_unbegun(uint64_t asker, int code, const char *text)
{
  if (weir__wait_claim(asker, WEIR__QUEUED))
    weir__wait_finish(weir__wait_at(asker), code, NULL, text ? strdup(text) : NULL);
}

bool weir_wanted(void)
{
  struct weir__strand *s = weir__strand_here();
  return !s || !s->asker || (weir__wait_phase(s->asker) & WEIR__BEGUN);
}

void weir_ignore_deadline(void)
{
  struct weir__strand *s = weir__strand_here();
  if (s) s->no_deadline = true;
}

/* ---- the ask ---- */

int64_t weir__ask_deadline(weir_duration within)
{
  struct weir__strand *s = weir__strand_here();
  int64_t own = weir__deadline(within);
  return s && s->self && !s->no_deadline && s->deadline < own ? s->deadline : own;
}

static void default_text(weir_ref to, int code)
{
  switch (code) {
  case WEIR_ETIMEDOUT:
    weir_error(code, "actor %u had not begun with the request", weir__slot_of(to));
    break;
  case WEIR_EINDOUBT:
    weir_error(code, "actor %u had begun with the request", weir__slot_of(to));
    break;
  case WEIR_EDEAD:
    weir_error(code, "actor %u is gone", weir__slot_of(to));
    break;
  default:
    weir__error_with(code, NULL);
    break;
  }
}

int weir__take_answer(weir_ref to, struct weir__wait *w, void *out)
{
  int rc = w->result;
  struct weir__message *m = w->message;
  if (rc) {
    if (m) weir__message_end(m, WEIR__UNSENT); /* the request: it never got a place */
    if (w->text)
      weir__error_with(rc, w->text);
    else
      default_text(to, rc);
  } else if (m && out) {
    *(void **)out = weir__message_hand_out(m);
  } else if (m) {
    weir__message_end(m, WEIR__FREED);
  }
  weir__wait_close(w);
  return rc;
}

/* Nothing of it was published. */
static int not_asked(weir_ref to, struct weir__wait *w, struct weir__parcel *p, int code)
{
  weir__tell_refused(to, p->type, code, true);
  if (!p->message) weir__turned_away_from(weir__cell_at(weir__slot_of(to)), weir__generation_of(to), code);
  weir__parcel_drop(p);
  weir__wait_close(w);
  return code;
}

static int ask_in_line(weir_ref to, struct weir__cell *cell, struct weir__wait *w, struct weir__parcel *p,
                       int64_t deadline_ns, void *out)
{
  struct weir__message *m = weir__parcel_message(p);
  if (!m) return not_asked(to, w, p, weir_error(WEIR_ENOMEM, "no memory for the message"));
  weir__wait_set_in_line(w, m, weir__places(p->bytes));
  switch (weir__mpsc_join(cell, weir__generation_of(to), w)) {
  case WEIR__FULL:
    weir__wait_for_place(w, deadline_ns);
    break;
  case WEIR__GOT:
    w->message = NULL;
    weir__wait_set_phase(w, WEIR__QUEUED);
    weir__cell_wake(cell, weir__mpsc_push(cell, m));
    weir__wait_sleep(w, deadline_ns);
    break;
  case WEIR__TOO_LARGE:
    return not_asked(to, w, p, weir_error(WEIR_ERANGE, "the mailbox has become too small for this message"));
  default:
    return not_asked(to, w, p, weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)));
  }
  if (w->result) weir__line_leave_late(w);
  return weir__take_answer(to, w, out);
}

static int ask(weir_ref to, struct weir__cell *cell, struct weir__parcel *p, int64_t deadline_ns, void *out)
{
  struct weir__wait *w = weir__wait_open_for(WEIR__QUEUED, cell->slot + 1);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to wait with");
  p->asker = weir__wait_name(w);
  p->deadline = deadline_ns;
  weir__wait_attach(w);
  int rc = weir__cell_try(cell, weir__generation_of(to), p, WEIR_EDEAD);
  if (rc == WEIR_EFULL && weir__makes_wait(cell)) return ask_in_line(to, cell, w, p, deadline_ns, out);
  if (rc == WEIR_EDEAD) weir_error(rc, "actor %u is gone", weir__slot_of(to));
  if (rc) return not_asked(to, w, p, rc);
  weir__wait_sleep(w, deadline_ns);
  return weir__take_answer(to, w, out);
}

int weir_ask_value(weir_ref to, weir_duration within, void *out, weir_value value)
{
  struct weir__parcel parcel;
  if (out) *(void **)out = NULL;
  int rc = weir_ref_error(to);
  if (rc && !to.bits) weir__misuse(rc, "an ask of a ref that was never set");
  if (rc) return weir__tell_refused(to, value.type ? value.type() : NULL, weir__turned_away(rc), true);
  struct weir__cell *cell = weir__cell_at(weir__slot_of(to));
  rc = weir__parcel_of_value(&parcel, value);
  if (!rc) rc = weir__may_wait();
  if (rc) return rc;
  if (!cell) return weir__turned_away(weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(to)));
  if (weir__is_relay(cell, to)) {
    rc = weir__relay_pick(&to, parcel.type, parcel.value, "asked");
    if (rc) return weir__tell_refused(to, parcel.type, weir__turned_away(rc), true);
    cell = weir__cell_at(weir__slot_of(to));
  }
  return ask(to, cell, &parcel, weir__ask_deadline(within), out);
}
