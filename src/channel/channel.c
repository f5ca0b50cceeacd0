/* channel.c: the public mpsc channel: a cell whose owner is whoever receives.
 *
 * The idle mark in its inbox names the wait of its receiver (Q4). Its life:
 *
 *   open --- last sender dropped, or receiver_close ---> closed --- receiver dropped ---> gone --- last place back --.
 *                                                                                               free <-------------'
 *
 * `small.senders` is under the lock of the bucket. When the receiver is gone nobody owns the cell: who takes the mark
 * WEIR__CELL_IDLE away owns it for a moment, and clears up (C4). */
#include <weir/mailbox.h>
#include <weir/mpsc.h>

#include "channel/line.h"
#include "channel/notice.h"
#include "channel/permit.h"
#include "channel/send.h"

/* work.flags. RECEIVING: somebody is in a receive. GONE: the receiver was dropped; the cell waits for its last
 * place. */
enum { RECEIVING = 1 << 0, GONE = 1 << 1 };

static weir_ref ref_of(uint64_t bits) { return (weir_ref){bits}; }

/* The cell, if the name has ever been one of a channel. */
static struct weir__cell *channel_cell(uint64_t bits)
{
  weir_ref ref = ref_of(bits);
  return weir__generation_of(ref) ? weir__cell_at(weir__slot_of(ref)) : NULL;
}

static bool is_current(const struct weir__cell *cell, uint64_t bits)
{
  return cell && weir__generation_in(atomic_load_explicit(&cell->places, memory_order_acquire)) == bits >> 32;
}

int weir_mpsc(size_t capacity, weir_sender *tx, weir_receiver *rx)
{
  *tx = (weir_sender){0};
  *rx = (weir_receiver){0};
  if (capacity < 1 || capacity > WEIR__CAPACITY_MAX)
    return weir_error(WEIR_ERANGE, "capacity is %zu: 1 to %d", capacity, WEIR__CAPACITY_MAX);
  struct weir__cell *cell = weir__cell_take();
  if (!cell) return weir_error(WEIR_ENOMEM, "no memory for a channel");
  atomic_store_explicit(&cell->kind, WEIR__CELL_CHANNEL, memory_order_relaxed);
  atomic_store_explicit(&cell->capacity, (uint32_t)capacity, memory_order_relaxed);
  atomic_store_explicit(&cell->inbox, 0, memory_order_relaxed);
  atomic_store_explicit(&cell->small.senders, 1, memory_order_relaxed);
  weir__cell_open(cell);
  tx->bits = rx->bits = weir__ref_of(cell).bits;
  return WEIR_OK;
}

/* ---- the receiver is gone ---- */

/* The caller owns the cell: it took WEIR__CELL_IDLE away, or is the receiver that goes. */
static void bury(struct weir__cell *cell)
{
  do {
    struct weir__message *m;
    weir__mpsc_collect(cell);
    while ((m = weir__mpsc_pop(cell))) {
      weir__count(WEIR__LEFT);
      weir__message_end(m, WEIR__DEAD);
    }
    if (weir__cell_free_if_done(cell)) return;
  } while (!weir__mpsc_idle(cell, WEIR__CELL_IDLE));
}

void weir__channel_wake(struct weir__cell *cell, uintptr_t idle)
{
  if (idle == WEIR__CELL_IDLE)
    bury(cell);
  else if (weir__wait_claim(weir__idle_name_of(idle), WEIR__IDLE))
    weir__wait_finish(weir__wait_at(weir__idle_name_of(idle)), WEIR_OK, NULL, NULL);
}

/* ---- senders ---- */

/* Closes the cell of that name; false: it is closed by now. */
static bool close_channel(struct weir__bucket *bucket, struct weir__cell *cell, uint64_t bits)
{
  return weir__mpsc_close(bucket, cell, (uint32_t)(bits >> 32), WEIR_ECLOSED);
}

int weir_sender_clone(weir_sender tx, weir_sender *copy)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  *copy = (weir_sender){0};
  if (!cell) return weir_error(WEIR_ECLOSED, "no such channel");
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_acquire);
  bool open = is_current(cell, tx.bits) && !(places & WEIR__CLOSED);
  if (open) atomic_fetch_add_explicit(&cell->small.senders, 1, memory_order_relaxed);
  weir__bucket_unlock(bucket);
  if (!open) return weir_error(WEIR_ECLOSED, "the channel is closed");
  *copy = tx;
  return WEIR_OK;
}

void weir_sender_drop(weir_sender tx)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  uintptr_t wake = 0;
  if (!cell) return;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  if (is_current(cell, tx.bits)) {
    uint64_t senders = atomic_load_explicit(&cell->small.senders, memory_order_relaxed);
    if (senders) atomic_store_explicit(&cell->small.senders, senders - 1, memory_order_relaxed);
    if (senders == 1 && close_channel(bucket, cell, tx.bits)) wake = weir__mpsc_nudge(cell);
  }
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
}

static int send_value(weir_sender tx, weir_value value, bool waits, weir_duration within)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  struct weir__parcel parcel;
  int rc = weir__parcel_of_value(&parcel, value);
  if (rc) return rc;
  if (!cell) return weir__turned_away(weir_error(WEIR_ECLOSED, "no such channel"));
  uint32_t generation = (uint32_t)(tx.bits >> 32);
  return waits ? weir__heeded(weir__cell_send(cell, generation, &parcel, weir__deadline(within), WEIR_ECLOSED))
               : weir__cell_try_send(cell, generation, &parcel, WEIR_ECLOSED);
}

int weir_channel_send_value(weir_sender tx, weir_value value) { return send_value(tx, value, true, WEIR_FOREVER); }
int weir_channel_try_send_value(weir_sender tx, weir_value value) { return send_value(tx, value, false, WEIR_FOREVER); }
int weir_channel_send_within_value(weir_sender tx, weir_duration within, weir_value value)
{
  return send_value(tx, value, true, within);
}

static int reserve(weir_sender tx, size_t n, bool waits, weir_duration within, weir_permit *permit)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  *permit = (weir_permit){0};
  if (!cell) return weir_error(WEIR_ECLOSED, "no such channel");
  return weir__permit_reserve(cell, (uint32_t)(tx.bits >> 32), n, waits, waits ? weir__deadline(within) : 0,
                              WEIR_ECLOSED, permit);
}

int weir_channel_reserve(weir_sender tx, weir_duration within, weir_permit *permit)
{
  return reserve(tx, 1, true, within, permit);
}
int weir_channel_try_reserve(weir_sender tx, weir_permit *permit)
{
  return reserve(tx, 1, false, WEIR_FOREVER, permit);
}
int weir_channel_reserve_many(weir_sender tx, size_t n, weir_duration within, weir_permit *permit)
{
  return reserve(tx, n, true, within, permit);
}
int weir_channel_try_reserve_many(weir_sender tx, size_t n, weir_permit *permit)
{
  return reserve(tx, n, false, WEIR_FOREVER, permit);
}

int weir_channel_notify_writable(weir_sender tx, weir_writable f, void *arg, weir_notice *notice)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  if (notice) *notice = (weir_notice){0};
  if (!cell) return weir_error(WEIR_ECLOSED, "no such channel");
  return weir__notice_register(cell, (uint32_t)(tx.bits >> 32), WEIR_ECLOSED, f, arg, notice);
}

size_t weir_sender_room(weir_sender tx)
{
  struct weir__cell *cell = channel_cell(tx.bits);
  uint32_t room = 0, length;
  if (cell) weir__mpsc_look(cell, (uint32_t)(tx.bits >> 32), &room, &length);
  return room;
}

/* ---- the receiver ---- */

void weir_receiver_close(weir_receiver rx)
{
  struct weir__cell *cell = channel_cell(rx.bits);
  if (!cell) return;
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uintptr_t wake = close_channel(bucket, cell, rx.bits) ? weir__mpsc_nudge(cell) : 0;
  weir__bucket_unlock(bucket);
  weir__cell_wake(cell, wake);
}

void weir_receiver_drop(weir_receiver rx)
{
  struct weir__cell *cell = channel_cell(rx.bits);
  if (!is_current(cell, rx.bits)) return;
  if (atomic_fetch_or_explicit(&cell->work.flags, GONE, memory_order_relaxed) & GONE) return;
  weir_receiver_close(rx);
  struct weir__bucket *bucket = weir__bucket_lock(cell);
  uint32_t held = weir__permits_revoke(bucket, cell); /* P4 */
  if (held) weir__mpsc_give_back_locked(bucket, cell, held);
  weir__bucket_unlock(bucket);
  bury(cell);
}

static bool drained(const struct weir__cell *cell)
{
  uint64_t places = atomic_load_explicit(&cell->places, memory_order_seq_cst);
  return (places & WEIR__CLOSED) && weir__used(cell, places) == 0;
}

/* What is there now: WEIR_OK, WEIR_EPROTO, WEIR_ECLOSED or WEIR_EMPTY_NOW. */
static int take(struct weir__cell *cell, const weir_message *type, void **out)
{
  weir__mpsc_collect(cell);
  if (!cell->queued) return drained(cell) ? WEIR_ECLOSED : WEIR_EMPTY_NOW;
  if (type && !weir_message_same(cell->queued->type, type))
    return weir_error(WEIR_EPROTO, "the oldest message is a %s, not a %s", cell->queued->type->name, type->name);
  struct weir__message *m = weir__mpsc_pop(cell);
  weir__count(WEIR__LEFT);
  *out = weir__message_hand_out(m);
  return WEIR_OK;
}

/* Sleeps until something is pushed, or the channel is closed. */
static int await_push(struct weir__cell *cell, int64_t deadline_ns)
{
  int rc = weir__may_wait();
  if (rc) return rc;
  struct weir__wait *w = weir__wait_open(WEIR__IDLE);
  if (!w) return weir_error(WEIR_ENOMEM, "no memory to wait with");
  weir__wait_attach(w);
  weir__mpsc_serve(cell);
  bool idle = weir__mpsc_idle(cell, weir__idle_mark_of(weir__wait_name(w)));
  /* Closed meanwhile: whoever closed looked for the mark before it was set. If it is taken away from us, we are being
   * woken. */
  if (idle && drained(cell) && weir__mpsc_nudge(cell)) idle = false;
  if (idle) {
    weir__wait_sleep(w, deadline_ns);
    rc = w->result;
    weir__mpsc_nudge(cell);
  }
  weir__wait_close(w);
  return rc;
}

static int receive(struct weir__cell *cell, int64_t deadline_ns, const weir_message *type, void **out)
{
  for (;;) {
    int rc = take(cell, type, out);
    if (rc != WEIR_EMPTY_NOW) return rc;
    rc = await_push(cell, deadline_ns);
    if (rc && take(cell, type, out) == WEIR_OK) return WEIR_OK; /* it came at the very moment */
    if (rc) return weir_error(rc, "nothing came: %s", weir_strerror(rc));
  }
}

/* One receiver at a time. */
static int begin_receive(weir_receiver rx, struct weir__cell **cell, void *out)
{
  *(void **)out = NULL;
  *cell = channel_cell(rx.bits);
  if (!is_current(*cell, rx.bits)) return weir__misuse(WEIR_EINVAL, "no such receiver");
  uint32_t flags = atomic_fetch_or_explicit(&(*cell)->work.flags, RECEIVING, memory_order_acquire);
  if (flags & GONE) return weir__misuse(WEIR_EINVAL, "no such receiver");
  return flags & RECEIVING ? weir_error(WEIR_EBUSY, "another one is receiving") : WEIR_OK;
}

static int end_receive(struct weir__cell *cell, int rc)
{
  weir__mpsc_serve(cell);
  atomic_fetch_and_explicit(&cell->work.flags, ~(uint32_t)RECEIVING, memory_order_release);
  return weir__heeded(rc);
}

int weir_receive_within_value(weir_receiver rx, weir_duration within, const weir_message *type, void *out)
{
  struct weir__cell *cell;
  int rc = begin_receive(rx, &cell, out);
  return rc ? rc : end_receive(cell, receive(cell, weir__deadline(within), type, out));
}

static bool is_there(struct weir__cell *cell, const weir_message *type)
{
  weir__mpsc_collect(cell);
  return cell->queued && (!type || weir_message_same(cell->queued->type, type));
}

int weir_receive_many_value(weir_receiver rx, weir_duration within, const weir_message *type, void *out, size_t most,
                            size_t *count)
{
  struct weir__cell *cell;
  void **messages = out;
  *count = 0;
  if (most == 0) return WEIR_OK;
  int rc = begin_receive(rx, &cell, out);
  if (rc) return rc;
  rc = receive(cell, weir__deadline(within), type, messages);
  if (!rc) *count = 1;
  while (!rc && *count < most && is_there(cell, type)) rc = take(cell, type, &messages[(*count)++]);
  return end_receive(cell, rc);
}

int weir_try_receive_value(weir_receiver rx, const weir_message *type, void *out)
{
  struct weir__cell *cell;
  int rc = begin_receive(rx, &cell, out);
  return rc ? rc : end_receive(cell, take(cell, type, out));
}

const weir_message *weir_receiver_peek(weir_receiver rx)
{
  struct weir__cell *cell;
  void *none;
  if (begin_receive(rx, &cell, &none)) return NULL;
  weir__mpsc_collect(cell);
  const weir_message *type = cell->queued ? cell->queued->type : NULL;
  end_receive(cell, WEIR_OK);
  return type;
}

int weir_receiver_set_capacity(weir_receiver rx, size_t capacity)
{
  struct weir__cell *cell = channel_cell(rx.bits);
  if (!cell) return weir_error(WEIR_ECLOSED, "no such channel");
  return weir__mpsc_set_capacity(cell, (uint32_t)(rx.bits >> 32), capacity, WEIR_ECLOSED);
}

size_t weir_receiver_length(weir_receiver rx)
{
  struct weir__cell *cell = channel_cell(rx.bits);
  uint32_t room, length = 0;
  if (cell) weir__mpsc_look(cell, (uint32_t)(rx.bits >> 32), &room, &length);
  return length;
}
