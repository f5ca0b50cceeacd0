/* follow.c: see follow.h. */
#include "topology/follow.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "platform/clock.h"
#include "runtime/watchdog.h"
#include "json/draft.h"
#include "json/write.h"

enum {
  PATH_BYTES = 4 * WEIR__FOLLOWED_MOST + 1, /* a number for each record on the way: at most three digits and a dot */
  VALUE_MOST = 4096
};

static const char *const words[] = {
    [WEIR__STEP_GIVEN] = "given",         [WEIR__STEP_GOT] = "got",          [WEIR__STEP_SENT] = "sent",
    [WEIR__STEP_BEGUN] = "begun",         [WEIR__STEP_REFUSED] = "refused",  [WEIR__STEP_FAILED] = "failed",
    [WEIR__STEP_DIVERTED] = "diverted",   [WEIR__STEP_DONE] = "done",        [WEIR__STEP_DROPPED] = "dropped",
    [WEIR__STEP_DISCARDED] = "discarded", [WEIR__STEP_DEAD] = "dead letter", [WEIR__STEP_LOST] = "lost",
};

int weir__follow_begin(struct weir__follow *f, const weir_listener *listener)
{
  *f = (struct weir__follow){.listener = listener};
  return uv_mutex_init(&f->lock) ? weir_error(WEIR_ENOMEM, "no lock to follow a record") : WEIR_OK;
}

void weir__follow_end(struct weir__follow *f) { uv_mutex_destroy(&f->lock); }

/* ---- a step as JSON ---- */

static void add_text(struct weir__draft *t, const char *key, const char *text)
{
  if (!text || !*text) return;
  weir__draft_add(t, ", \"%s\": ", key);
  weir__draft_quote(t, text);
}

/* One that is too large to be shown is told by its size. */
static void add_value(struct weir__draft *t, weir_value value)
{
  char *text;
  size_t size;
  add_text(t, "type", value.type()->name);
  int rc = weir__json_show(value, &text, &size);
  if (rc == WEIR_ENOMEM) t->failed = true;
  if (rc) return; /* it has a text that is not UTF-8 */
  if (size <= VALUE_MOST)
    weir__draft_add(t, ", \"value\": %s", text);
  else
    weir__draft_add(t, ", \"value\": null, \"bytes\": %zu", size);
  free(text);
}

/* NULL: no memory. Owned. */
static char *write_json(const weir_step *s)
{
  struct weir__draft t = {0};
  char *text;
  bool is_over = strcmp(s->what, "over") == 0, is_done = strcmp(s->what, "done") == 0;
  weir__draft_add(&t, "{\"step\": \"%s\", \"record\": \"%s\"", s->what, s->record);
  add_text(&t, "actor", s->actor);
  add_text(&t, "output", s->output);
  add_text(&t, "to", s->to);
  if (s->value.at) add_value(&t, s->value);
  if (is_over || is_done || strcmp(s->what, "begun") == 0) weir__draft_add(&t, ", \"ns\": %" PRId64, s->time.ns);
  if (is_over || is_done) weir__draft_add(&t, ", \"records\": %u", s->records);
  if (is_over) weir__draft_add(&t, ", \"beyond\": %" PRIu64, s->beyond);
  if (s->code) add_text(&t, "code", weir_strerror(s->code));
  add_text(&t, "text", s->text);
  weir__draft_add(&t, "}");
  return weir__draft_take(&t, &text, NULL) ? NULL : text;
}

/* ---- with the lock held ---- */

static struct weir__followed *record_of(struct weir__follow *f, uint32_t number) { return &f->records[number - 1]; }

/* "1.2.1": of the first the second, of that the first. */
static int write_path(struct weir__follow *f, uint32_t number, char *path, int *depth)
{
  const struct weir__followed *r = record_of(f, number);
  int size = r->parent ? write_path(f, r->parent, path, depth) : 0;
  ++*depth;
  return size + snprintf(path + size, PATH_BYTES - (size_t)size, r->parent ? ".%u" : "%u", (unsigned)r->index);
}

static uint32_t add(struct weir__follow *f, uint32_t parent)
{
  if (f->count == WEIR__FOLLOWED_MOST) {
    f->beyond++;
    return 0;
  }
  uint32_t number = ++f->count;
  *record_of(f, number) =
      (struct weir__followed){.parent = parent, .index = parent ? ++record_of(f, parent)->children : 1};
  record_of(f, number)->sent_ns = weir__now_ns();
  f->living++;
  return number;
}

static void tell(struct weir__follow *f, uint32_t number, weir_step *step)
{
  char path[PATH_BYTES];
  step->depth = 0;
  write_path(f, number, path, &step->depth);
  step->record = path;
  char *json = write_json(step);
  step->json = json;
  f->listener->step(f->listener->arg, step);
  free(json);
}

static void tell_over(struct weir__follow *f)
{
  weir_step over = {.what = "over", .actor = "", .time = WEIR__NS(weir__now_ns() - record_of(f, 1)->sent_ns)};
  over.records = f->count;
  over.beyond = f->beyond;
  tell(f, 1, &over);
}

static bool is_end(int kind) { return kind >= WEIR__STEP_DONE; }

static void note_times(struct weir__followed *r, int kind, weir_step *told)
{
  int64_t now = weir__now_ns();
  if (kind == WEIR__STEP_BEGUN) {
    told->time = WEIR__NS(now - r->sent_ns);
    r->begun_ns = now;
  }
  if (is_end(kind)) told->time = WEIR__NS(r->begun_ns ? now - r->begun_ns : 0);
  if (kind == WEIR__STEP_FAILED) r->sent_ns = now; /* it waits once more */
}

static uint32_t take_step(struct weir__follow *f, const struct weir__step *step, const char *to)
{
  bool is_first = step->kind == WEIR__STEP_GIVEN || step->kind == WEIR__STEP_GOT;
  if (is_first && f->count) return 0; /* another instance has had it */
  uint32_t number = is_first || step->kind == WEIR__STEP_SENT ? add(f, step->record) : step->record;
  if (!number || record_of(f, number)->ended) return 0;
  struct weir__followed *r = record_of(f, number);
  weir_step told = {.what = words[step->kind],
                    .actor = step->actor,
                    .output = step->output,
                    .to = step->to.bits ? to : NULL,
                    .code = step->code,
                    .text = step->text,
                    .records = r->children};
  if (step->value) told.value = (weir_value){.type = step->type->get, .at = step->value};
  note_times(r, step->kind, &told);
  tell(f, number, &told);
  r->ended = is_end(step->kind);
  if (r->ended && !--f->living) tell_over(f);
  return number;
}

uint32_t weir__follow_step(void *follow, const struct weir__step *step)
{
  struct weir__follow *f = follow;
  char to[256] = "one that is gone";
  if (step->to.bits) weir__name_of_running(weir_runtime_here(), step->to.bits, to, sizeof to);
  uv_mutex_lock(&f->lock);
  uint32_t number = take_step(f, step, to);
  uv_mutex_unlock(&f->lock);
  return number;
}
