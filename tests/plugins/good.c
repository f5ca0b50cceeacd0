/* A plugin with two types: one that takes a configuration in place, a source, and how they go into a topology. */
#include <weir/edge.h>
#include <weir/plugin.h>
#include <weir/record.h>
#include <weir/weir.h>

struct repeat_config {
  int64_t times;
  const char *text;
};
WEIR_MESSAGE(repeat_config, WEIR_FIELD(times, .def = "1", .min = 0, .max = 1e6, .help = "how many records"),
             WEIR_FIELD(text, .def = "\"x\"", .help = "what each holds"));

struct go_on {
  WEIR_EMPTY;
};
WEIR_MESSAGE(go_on);

struct repeat {
  const struct repeat_config *config;
  weir_ref out;
  int64_t sent;
};

static int repeat_open(struct repeat *r, const struct repeat_config *c)
{
  r->config = c;
  r->out = weir_output("out");
  return weir_try_send(weir_self(), go_on);
}

static int repeat_go_on(struct repeat *r)
{
  size_t size = 0;
  while (r->config->text[size]) size++;
  if (r->sent == r->config->times) return WEIR_STOP;
  int rc = weir_send(r->out, record, .key = "k", .payload = {r->config->text, size, NULL}, .time_ms = r->sent++);
  return rc ? rc : weir_try_send(weir_self(), go_on);
}

WEIR_ACTOR(repeat, WEIR_ON_START(repeat_config, repeat_open) WEIR_ON(go_on, repeat_go_on), .source = true,
           .gives = {weir_message_record}, .help = "makes records");

struct total {
  int64_t records, bytes;
};

static int total_add(struct total *t, const struct record *m)
{
  t->records++;
  t->bytes += (int64_t)m->payload.size;
  return WEIR_OK;
}

static int total_end(struct total *t)
{
  if (!t->records) weir_fail(WEIR_EUSER(1), "no records at all");
  return WEIR_OK;
}

WEIR_ACTOR(total, WEIR_ON(record, total_add) WEIR_ON(weir_inputs_ended, total_end), .help = "adds records up");

WEIR_PLUGIN("test", "1.2.3", &repeat, &total);
