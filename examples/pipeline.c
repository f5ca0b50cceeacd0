/* A pipeline of tasks and channels, without actors: lines go in, "key=value" facts come out, in order.
 *
 *   main --lines--> parse_all --parsed--> print_all
 *
 * Each channel holds at most a few messages: whoever is ahead waits for whoever is behind. The end travels by itself:
 * when the last sender of a channel is dropped, its receiver drains it and sees WEIR_ECLOSED. */
#include <stdio.h>
#include <string.h>
#include <weir/weir.h>

struct line {
  const char *text;
};
struct fact {
  const char *key, *value;
};
WEIR_MESSAGE(line, WEIR_FIELD(text));
WEIR_MESSAGE(fact, WEIR_FIELD(key), WEIR_FIELD(value));

struct job {
  weir_receiver lines;
  weir_sender parsed;
  weir_receiver facts;
};

/* A task is a function; it may wait anywhere. What is sent is copied, so the line may be cut up in place. */
static int parse(struct job *j, struct line *l)
{
  char *text = (char *)l->text, *equals = strchr(text, '=');
  if (!equals) return WEIR_OK; /* no fact: left out */
  *equals = 0;
  return weir_channel_send(j->parsed, fact, .key = text, .value = equals + 1); /* waits while the channel is full */
}

static int parse_all(struct job *j)
{
  struct line *l;
  int rc;
  while (!(rc = weir_receive(j->lines, &l, line))) {
    rc = parse(j, l);
    weir_free(l);
    if (rc) break;
  }
  weir_sender_drop(j->parsed); /* the last one: print_all sees the end */
  return rc == WEIR_ECLOSED ? WEIR_OK : rc;
}

static int print_all(struct job *j)
{
  struct fact *f;
  int rc, count = 0;
  while (!(rc = weir_receive(j->facts, &f, fact))) {
    printf("%s is %s\n", f->key, f->value);
    weir_free(f);
    count++;
  }
  printf("%d facts\n", count);
  return rc == WEIR_ECLOSED ? WEIR_OK : rc;
}

static int feed(weir_sender lines)
{
  static const char *const input[] = {"river=long", "# a comment", "weir=low", "lake=deep", "", "sea=wide"};
  int rc = WEIR_OK;
  for (size_t i = 0; i < sizeof input / sizeof input[0] && !rc; i++)
    rc = weir_channel_send(lines, line, .text = input[i]); /* blocks this thread while the channel is full */
  weir_sender_drop(lines);
  return rc;
}

static int join(weir_task *task)
{
  int result;
  int rc = weir_task_join(task, WEIR_SECONDS(10), &result); /* WEIR_ETIMEDOUT would be the join's own … */
  return rc ? rc : result;                                  /* … what the task returned is apart */
}

int main(void)
{
  weir_runtime *rt;
  weir_sender lines;
  struct job job;
  int rc = weir_runtime_start(NULL, &rt);
  if (rc) return weir_die(rc, "cannot start");
  rc = weir_mpsc(2, &lines, &job.lines); /* at most two queued, whoever sends */
  if (!rc) rc = weir_mpsc(2, &job.parsed, &job.facts);
  if (rc) return weir_die(rc, "no channels");

  weir_task *parser = weir_task_start(rt, parse_all, &job);
  weir_task *printer = weir_task_start(rt, print_all, &job);
  if (!parser || !printer) return weir_die(WEIR_ENOMEM, "no tasks");
  rc = feed(lines);
  if (!rc) rc = join(parser);
  if (!rc) rc = join(printer);
  if (rc) return weir_die(rc, "the pipeline broke");

  weir_receiver_drop(job.lines);
  weir_receiver_drop(job.facts);
  return weir_exit_status(weir_runtime_stop(rt, WEIR_SECONDS(5)));
}
