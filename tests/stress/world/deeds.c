/* deeds.c: see world.h: what an actor does that has got a message with fuel. */
#include "stress/world/world.h"

#include <stdlib.h>

struct lane *any_out(struct dweller *d, uint32_t *node)
{
  const struct node *here = &world.nodes[d->node];
  if (!here->outs) return NULL;
  uint32_t which = (uint32_t)luck(&d->voice, here->outs);
  *node = here->out[which];
  for (uint32_t i = 0; i < which; i++) /* several ways to one node are one lane */
    if (here->out[i] == *node) return &d->lanes[i];
  return &d->lanes[which];
}

/* A node that one at `node` leads to, so that it is later than that where all wait in one direction; `node`: none. */
static uint32_t beyond(struct voice *v, uint32_t node)
{
  const struct node *n = &world.nodes[node];
  return n->outs ? n->out[luck(v, n->outs)] : node;
}

/* ---- tasks ---- */

/* A voice that keeps no order. */
static struct voice hum(void)
{
  struct voice v = {.luck = chance_mix((uint64_t)atomic_fetch_add_explicit(&world.nonces, 1, memory_order_relaxed))};
  v.may_be_told_to_stop = true;
  return v;
}

static int run_errand(struct node *to)
{
  struct voice v = hum();
  struct lane lane = {0};
  uint32_t node = (uint32_t)(to - world.nodes);
  for (uint64_t n = 1 + luck(&v, 3); n; n--) {
    if (luck(&v, 2))
      voice_ask(&v, &lane, node, 0);
    else
      voice_send(&v, &lane, node, 0, NULL);
    if (luck(&v, 4) == 0) weir_yield();
  }
  atomic_fetch_sub_explicit(&world.tasks, 1, memory_order_relaxed);
  return WEIR_OK;
}

static void join_in_the_end(struct dweller *d, weir_task *t)
{
  weir_duration within = some_time(&d->voice);
  int rc = weir_task_join(t, within, NULL);
  voice_expect(&d->voice, rc, within.ns == INT64_MAX ? 0 : MAY_TIME_OUT, "to join");
  if (!rc) return;
  if (rc == WEIR_EDEADLOCK || luck(&d->voice, 2)) weir_task_cancel(t);
  weir_task_detach(t);
}

static void start_task(struct dweller *d)
{
  uint32_t node;
  if (!any_out(d, &node)) return;
  count_one(&world.tasks);
  weir_task *t = weir_task_start(NULL, run_errand, &world.nodes[node]);
  if (!t) {
    atomic_fetch_sub_explicit(&world.tasks, 1, memory_order_relaxed);
    voice_expect(&d->voice, WEIR_EDEAD, 0, "to start a task"); /* its runtime stops */
    return;
  }
  count_one(&world.sums.tasks);
  if (luck(&d->voice, 3))
    join_in_the_end(d, t);
  else
    weir_task_detach(t);
}

/* ---- a channel between a task and the actor that started it ---- */

struct pipe {
  weir_sender tx;
  int64_t count;
  _Atomic(int) holders; /* who comes to its end last frees it: acq_rel */
};
static void leave_pipe(struct pipe *p)
{
  if (atomic_fetch_sub_explicit(&p->holders, 1, memory_order_acq_rel) == 1) free(p);
}
static int fill_pipe(struct pipe *p)
{
  int rc = WEIR_OK;
  for (int64_t i = 1; i <= p->count && !rc; i++) rc = weir_channel_send(p->tx, answer, .nonce = i);
  weir_sender_drop(p->tx);
  leave_pipe(p);
  return rc;
}

/* All that was sent, in its order, and then the end; less where somebody is told to stop. */
static void drain_pipe(struct dweller *d, weir_receiver rx, int64_t count)
{
  struct answer *a;
  int64_t n = 0;
  int rc;
  while (!(rc = weir_receive(rx, &a, answer))) {
    if (a->nonce != ++n) world_wrong("a channel gave %lld as number %lld", (long long)a->nonce, (long long)n);
    weir_free(a);
  }
  if (rc == WEIR_ECLOSED && n != count && world.plan.ending == CALM && !world.plan.deaths)
    world_wrong("a channel ended after %lld of %lld", (long long)n, (long long)count);
  if (rc != WEIR_ECLOSED) voice_expect(&d->voice, rc, 0, "to receive");
}

static void use_channel(struct dweller *d)
{
  weir_receiver rx;
  struct pipe *p = malloc(sizeof *p);
  if (!p) abort();
  *p = (struct pipe){.count = (int64_t)luck(&d->voice, 10), .holders = 2};
  if (weir_mpsc(1 + luck(&d->voice, 3), &p->tx, &rx)) abort();
  weir_task *t = weir_task_start(NULL, fill_pipe, p);
  if (t) {
    drain_pipe(d, rx, p->count);
  } else {
    weir_sender_drop(p->tx);
    leave_pipe(p);
  }
  weir_receiver_drop(rx);
  leave_pipe(p);
  if (t && weir_task_join(t, WEIR_FOREVER, NULL)) weir_task_detach(t); /* told to stop */
}

/* ---- what else ---- */

static int compute(struct dweller *d)
{
  spin((int64_t)luck(&d->voice, 50000));
  return WEIR_OK;
}

static void rest(struct dweller *d)
{
  int rc = WEIR_OK;
  switch (luck(&d->voice, 3)) {
  case 0:
    rc = weir_sleep(WEIR_MILLIS((double)luck(&d->voice, 500) / 1000));
    break;
  case 1:
    rc = weir_yield();
    break;
  default:
    rc = weir_run_blocking(compute, d);
    break;
  }
  voice_expect(&d->voice, rc, 0, "a rest");
}

/* An actor that ends with its first message, or with its parent. */
struct mayfly {
  WEIR_EMPTY;
};
static int mayfly_nudge(struct mayfly *m)
{
  (void)m;
  return WEIR_STOP;
}
WEIR_ACTOR(mayfly, WEIR_ON(nudge, mayfly_nudge), .capacity = 1);

static void have_child(struct dweller *d)
{
  weir_ref child = weir_spawn(&mayfly);
  int rc = weir_ref_error(child);
  voice_expect(&d->voice, rc, 0, "a child");
  if (rc) return;
  count_one(&world.sums.actors);
  voice_expect(&d->voice, weir_send(child, nudge), 0, "to a child");
}

static void on_room(void *lives, weir_permit permit, int status)
{
  (void)lives;
  struct job j = {.text = "", .stamp = {.seq = 1 + atomic_fetch_add_explicit(&world.nonces, 1, memory_order_relaxed)}};
  if (!status && weir_permit_send_value(permit, WEIR_AT(job, &j)) == WEIR_OK) count_one(&world.sums.said);
}

static void ask_for_room(struct dweller *d)
{
  uint32_t node;
  struct life *to = any_out(d, &node) ? life_at(node) : NULL;
  if (!to || world.nodes[d->node].trade == POOLED) return;
  weir_notice notice;
  int rc = weir_notify_writable(to->ref, on_room, to, &notice);
  voice_expect(&d->voice, rc, MAY_BE_FULL | (to->route ? MAY_BE_A_ROUTE : 0), "a notice");
  if (!rc && luck(&d->voice, 4) == 0) weir_notice_cancel(notice); /* it may have been called */
}

static void count_call(void *unused)
{
  (void)unused;
  count_one(&world.called);
}
static void hold_something(struct dweller *d)
{
  if (!weir_strdup("until the end") || weir_defer(count_call, d))
    world_wrong("to hold something: %s", weir_error_text());
  else
    count_one(&world.deferred);
}

static void change_groups(struct dweller *d)
{
  const char *group = world_group(luck(&d->voice, GROUPS));
  int rc = luck(&d->voice, 2) ? weir_join(group) : weir_leave(group);
  if (rc != WEIR_EEXIST) voice_expect(&d->voice, rc, MAY_BE_A_ROUTE, "to join or leave"); /* it was in, or was not */
}

static void begin_beat(struct dweller *d)
{
  if (d->beats_left) return;
  d->beat_due_ns = weir__now_ns() + 1000000;
  d->beat = weir_send_every(weir_self(), WEIR_MILLIS(1), tick, .key = -2);
  voice_expect(&d->voice, d->beat.error, 0, "a periodic timer");
  if (!d->beat.error) d->beats_left = 1 + (int)luck(&d->voice, 5);
}

static void ask_beyond(struct voice *v, void *reserved)
{
  struct voice loose = hum();
  struct lane lane = {0};
  uint32_t at = *(uint32_t *)reserved, node = beyond(v, at);
  loose.in_actor = true, loose.hurried = v->hurried;
  if (node != at) voice_ask(&loose, &lane, node, 0);
}

static void ask_some(struct dweller *d, int64_t fuel)
{
  struct lane *lanes[3];
  uint32_t nodes[3];
  for (int i = 0; i < 3; i++)
    if (!(lanes[i] = any_out(d, &nodes[i]))) return;
  voice_ask_several(&d->voice, lanes, nodes, 1 + (int)luck(&d->voice, 3), fuel);
}

void do_deed(struct dweller *d, int64_t fuel, const struct stamp *cause)
{
  uint32_t node = 0;
  struct lane *lane = any_out(d, &node);
  switch (luck(&d->voice, 32)) {
  case 0:
  case 1:
  case 2:
    if (lane) voice_ask(&d->voice, lane, node, fuel);
    return;
  case 3:
    ask_some(d, fuel);
    return;
  case 4:
    if (lane) voice_send_reserved(&d->voice, lane, node, fuel, NULL, NULL);
    return;
  case 5:
    if (lane) voice_send_reserved(&d->voice, lane, node, fuel, ask_beyond, &node);
    return;
  case 6:
    start_task(d);
    return;
  case 7:
    use_channel(d);
    return;
  case 8:
  case 9:
    rest(d);
    return;
  case 10:
    have_child(d);
    return;
  case 11:
    ask_for_room(d);
    return;
  case 12:
    hold_something(d);
    return;
  case 13:
    change_groups(d);
    return;
  case 14:
    begin_beat(d);
    return;
  case 15:
    if (lane) voice_set_timer(&d->voice, node);
    return;
  case 16:
    if (lane) voice_nudge(&d->voice, node);
    return;
  case 17:
    close_shop(d);
    return;
  default:
    if (lane) voice_send(&d->voice, lane, node, fuel, cause);
    return;
  }
}
