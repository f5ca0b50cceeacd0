/* dead_letter.c: see weir/dead_letter.h.
 *
 * D1  The lock guards the list. It is a leaf: who tells takes the list as it is, and then sends without it.
 * D2  `missed` of a listener is taken by who tells it next, and put back if that one is not queued, either.
 * D3  Of dead letters themselves nobody is told: so telling ends. */
#include "actor/dead_letter.h"

#include <string.h>

#include "actor/relay.h"
#include "channel/send.h"

enum { LISTENERS_MOST = 16 };

struct listener {
  weir_ref ref;
  uint64_t missed; /* D2 */
};

static struct {
  pthread_mutex_t lock;
  struct listener list[LISTENERS_MOST];
  unsigned count;
} listeners = {.lock = PTHREAD_MUTEX_INITIALIZER};

_Atomic(unsigned) weir__dead_letter_listeners;

/* ---- the list: lock held ---- */

static struct listener *find(weir_ref ref)
{
  for (unsigned i = 0; i < listeners.count; i++)
    if (listeners.list[i].ref.bits == ref.bits) return &listeners.list[i];
  return NULL;
}

static void remove_listener(struct listener *l)
{
  *l = listeners.list[--listeners.count];
  atomic_store_explicit(&weir__dead_letter_listeners, listeners.count, memory_order_relaxed);
}

/* Those that have ended make room. */
static void forget_the_dead(void)
{
  for (unsigned i = listeners.count; i-- > 0;)
    if (!weir_alive(listeners.list[i].ref)) remove_listener(&listeners.list[i]);
}

static int add_listener(weir_ref ref)
{
  forget_the_dead();
  if (find(ref)) return weir_error(WEIR_EEXIST, "it listens already");
  if (listeners.count == LISTENERS_MOST)
    return weir_error(WEIR_ERANGE, "%d listen to dead letters already", LISTENERS_MOST);
  listeners.list[listeners.count++] = (struct listener){.ref = ref};
  atomic_store_explicit(&weir__dead_letter_listeners, listeners.count, memory_order_relaxed);
  return WEIR_OK;
}

int weir_dead_letters(weir_ref listener)
{
  int rc = weir__ref_check(listener);
  if (rc) return rc;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(listener));
  if (cell && weir__is_relay(cell, listener)) return weir_error(WEIR_EINVAL, "only an actor listens to dead letters");
  if (!weir_alive(listener)) return weir_error(WEIR_EDEAD, "actor %u is gone", weir__slot_of(listener));
  pthread_mutex_lock(&listeners.lock);
  rc = add_listener(listener);
  pthread_mutex_unlock(&listeners.lock);
  return rc;
}

int weir_dead_letters_end(weir_ref listener)
{
  pthread_mutex_lock(&listeners.lock);
  struct listener *l = find(listener);
  if (l) remove_listener(l);
  pthread_mutex_unlock(&listeners.lock);
  return l ? WEIR_OK : weir_error(WEIR_EDEAD, "it does not listen to dead letters");
}

/* ---- telling ---- */

static int tell_one(const struct listener *l, struct weir_dead_letter *letter)
{
  struct weir__parcel parcel;
  letter->missed = l->missed;
  int rc = weir__parcel_of_value(&parcel, WEIR_AT(weir_dead_letter, letter));
  if (rc) return rc;
  struct weir__cell *cell = weir__cell_at(weir__slot_of(l->ref));
  rc = weir__cell_try(cell, weir__generation_of(l->ref), &parcel, WEIR_EDEAD);
  weir__parcel_drop(&parcel);
  return rc;
}

static void was_not_told(const struct listener *l, int code)
{
  pthread_mutex_lock(&listeners.lock);
  struct listener *now = find(l->ref);
  if (now && code == WEIR_EDEAD)
    remove_listener(now);
  else if (now)
    now->missed += l->missed + 1;
  pthread_mutex_unlock(&listeners.lock);
}

/* D1, D2 */
static unsigned take_list(struct listener *list)
{
  pthread_mutex_lock(&listeners.lock);
  unsigned count = listeners.count;
  memcpy(list, listeners.list, count * sizeof *list);
  for (unsigned i = 0; i < count; i++) listeners.list[i].missed = 0;
  pthread_mutex_unlock(&listeners.lock);
  return count;
}

static void tell_all(struct weir_dead_letter *letter)
{
  struct listener list[LISTENERS_MOST];
  unsigned count = take_list(list);
  for (unsigned i = 0; i < count; i++) {
    int rc = tell_one(&list[i], letter);
    if (rc) was_not_told(&list[i], rc);
  }
}

/* The caller's own error stays what it was. `text` may be part of it. */
static void tell(const struct weir_dead_letter *told)
{
  struct weir_dead_letter letter = *told;
  struct weir__error *error = weir__error_here();
  if (!error) return;
  struct weir__error before = *error;
  char text[sizeof before.text];
  snprintf(text, sizeof text, "%s", told->text ? told->text : weir_strerror(told->code));
  letter.text = text;
  tell_all(&letter);
  *error = before;
}

static bool is_dead_letter(const weir_message *type)
{
  return weir_message_same(type, weir_message_weir_dead_letter()); /* D3 */
}

void weir__tell_dead(const struct weir__cell *cell, const weir_message *type, int code, const char *text, bool asked)
{
  if (!weir__somebody_listens() || is_dead_letter(type)) return;
  struct weir_dead_letter letter = {.message = type->name, .name = weir__actor_name(cell), .text = text};
  letter.to = weir__ref_of(cell);
  letter.code = code;
  letter.asked = asked;
  tell(&letter);
}

void weir__tell_unsent(weir_ref to, const weir_message *type, int code, bool asked)
{
  if (!weir__somebody_listens() || !type || is_dead_letter(type)) return;
  struct weir__cell *here = weir__cell_here();
  struct weir_dead_letter letter = {.message = type->name, .name = "", .text = weir__error_text_of(code)};
  if (here) letter.from = weir__ref_of(here);
  letter.to = to;
  letter.code = code;
  letter.asked = asked;
  tell(&letter);
}

int weir__tell_refused(weir_ref to, const weir_message *type, int code, bool asked)
{
  if (code == WEIR_EDEAD) weir__tell_unsent(to, type, code, asked);
  return code;
}
