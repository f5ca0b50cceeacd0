/* world.c: see world.h. */
#include "world.h"

struct world world;

/* ---- results ---- */

static unsigned set_of(int rc)
{
  static const struct {
    int rc;
    unsigned set;
  } sets[] = {{WEIR_OK, OK},
              {WEIR_EDEAD, DEAD},
              {WEIR_EFULL, FULL},
              {WEIR_ECLOSED, CLOSED},
              {WEIR_EMPTY_NOW, EMPTY},
              {WEIR_EDEADLOCK, LOCKED},
              {WEIR_EWOULDBLOCK, BLOCKS},
              {WEIR_EFAILED, FAILED},
              {WEIR_EPROTO, PROTO},
              {WEIR_ERANGE, RANGE},
              {WEIR_EINDOUBT, DOUBT},
              {WEIR_ETIMEDOUT, TIMED},
              {WEIR_ECANCELED, CANCELED},
              {WEIR_EINVAL, INVALID},
              {WEIR_EBUSY, BUSY},
              {WEIR_EEXIST, EXISTS},
              {WEIR_ENOTSUP, UNSUPPORTED},
              {WEIR_ESHUTDOWN, ENDED},
              {WEIR_EKILLED, ENDED}};
  for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
    if (sets[i].rc == rc) return sets[i].set;
  return rc <= WEIR_EUSER(0) ? USER : 0;
}

void expect(const struct who *who, int rc, unsigned allowed, const char *file, int line)
{
  unsigned set = set_of(rc);
  bool right = set & allowed;
  if (set == BLOCKS) right = right && who->where == IN_CALLBACK;
  if (set == CANCELED) right = right && weir_cancelled();
  if (right) return;
  fprintf(stderr, "%s:%d: returned %d (%s), place %d: %s\n", file, line, rc, weir_strerror(rc), (int)who->where,
          weir_error_text());
  abort();
}

unsigned own_errors(unsigned ref)
{
  int rc = weir_ref_error(world.refs[ref % REFS].ref);
  return (rc ? set_of(rc) : 0) | (world.refs[ref % REFS].route ? INVALID : 0);
}

/* ---- instructions ---- */

/* Digits are small numbers, so that seeds can be read. */
static uint8_t operand(uint8_t byte) { return byte >= '0' && byte <= '9' ? byte - '0' : byte; }

bool next_step(struct step *s)
{
  while (world.at < world.end && (*world.at == '\n' || *world.at == ' ')) world.at++;
  if (world.end - world.at < 4) {
    world.at = world.end;
    return false;
  }
  *s = (struct step){world.at[0], operand(world.at[1]), operand(world.at[2]), operand(world.at[3])};
  world.at += 4;
  return true;
}

static const struct call *call_of(uint8_t letter)
{
  static const struct call *const groups[] = {actor_calls,   inside_calls, place_calls,
                                              channel_calls, task_calls,   family_calls};
  static const struct call *all[128];
  static size_t count;
  if (!count)
    for (size_t i = 0; i < sizeof groups / sizeof groups[0]; i++)
      for (const struct call *c = groups[i]; c->perform; c++) all[count++] = c;
  for (size_t i = 0; i < count; i++)
    if (all[i]->letter == (char)letter) return all[i];
  return all[letter % count];
}

static void trace(const struct who *who, const struct step *s)
{
  static int wanted = -1;
  if (wanted < 0) wanted = getenv("WEIR_FUZZ_TRACE") != NULL;
  if (!wanted) return;
  static const char *const places[] = {"main", "handler", "end", "task", "callback"};
  fprintf(stderr, "%s %u: %c %u %u %u\n", places[who->where], who->sender, call_of(s->call)->letter, s->a, s->b, s->c);
}

void perform(struct who *who, unsigned steps)
{
  struct step s;
  while (steps-- && next_step(&s)) {
    trace(who, &s);
    call_of(s.call)->perform(who, &s);
  }
}

/* ---- values ---- */

weir_duration time_of(const struct who *who, unsigned operand)
{
  static const int64_t times[] = {0, 20000, 1000000, INT64_MAX};
  bool may_wait = who->where == IN_HANDLER || who->where == IN_TASK;
  if (!may_wait) operand = operand % 8 == 7 ? 2 : 0; /* a millisecond is long: most of a run would be waiting */
  return (weir_duration){times[operand % 4]};
}

uint32_t new_sender(void) { return world.senders + 1 < SENDERS_MOST ? ++world.senders : 0; }

enum { LARGEST = 150000 };

struct origin origin_of(const struct who *who, uint64_t to, const struct step *s)
{
  static unsigned char loads[LARGEST];
  static const size_t sizes[] = {0, 0, 0, 1, 300, 0, 70000, LARGEST};
  uint32_t id = world.messages + 1 < MESSAGES_MOST ? ++world.messages : 0;
  unsigned load = s->c >> 3 & 7;
  struct origin o = {.to = to, .id = id, .from = who->sender, .steps = s->c & 7, .key = s->b};
  o.load = (weir_bytes){sizes[load] ? loads : NULL, sizes[load], NULL};
  if (load == 5) o.load = world.shared;
  if (load == 2) o.text = "a text";
  return o;
}

weir_value as_job(const struct origin *o, struct job *job)
{
  memcpy(job, o, sizeof *o);
  return WEIR_AT(job, job);
}

weir_value as_query(const struct origin *o, struct query *query)
{
  memcpy(query, o, sizeof *o);
  return WEIR_AT(query, query);
}

void check_origin(const struct origin *o)
{
  const unsigned char *bytes = o->load.data;
  CHECK(o->load.size == 0 || bytes);
  CHECK(!o->text || strcmp(o->text, "a text") == 0);
  if (o->load.owner) CHECK(o->load.size == world.shared.size && bytes[0] == 0x5a);
  if (o->load.size && !o->load.owner) CHECK(!bytes[0] && !bytes[o->load.size - 1]);
}

void note_sent(uint32_t id, int rc)
{
  if (!rc || !id) return;
  CHECK(!world.notes[id].begun);
  world.notes[id].refused = true;
}

void note_begun(uint32_t id)
{
  if (!id) return;
  CHECK(id <= world.messages && !world.notes[id].refused);
  world.notes[id].begun = true;
}

struct job **room_for_kept(struct who *who)
{
  struct job **kept = who->body ? who->body->kept : who->kept;
  for (size_t i = 0; kept && i < KEPT; i++)
    if (!kept[i]) return &kept[i];
  return NULL;
}
