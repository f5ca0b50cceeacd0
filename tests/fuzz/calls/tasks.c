/* tasks.c: the calls of the API fuzzer that start, join and end tasks, and those of the blocking pool. */
#include "world.h"

static int work(struct task_note *note)
{
  struct who who = {.where = IN_TASK, .sender = note->sender, .kept = note->kept};
  CHECK(!world.stopped);
  perform(&who, note->steps);
  for (size_t i = 0; i < KEPT; i++) weir_free(note->kept[i]), note->kept[i] = NULL;
  return who.code;
}

static void call_start(struct who *who, const struct step *s)
{
  unsigned n = s->a % TASKS;
  if (world.tasks[n].task || world.tasks_started == TASKS_MOST) return;
  struct task_note *note = &world.task_notes[world.tasks_started++];
  *note = (struct task_note){.steps = s->b % 8, .sender = new_sender()};
  weir_task *task = weir_task_start(world.runtime, work, note);
  (void)who;
  if (task && s->c % 8 == 7)
    weir_task_detach(task);
  else
    world.tasks[n].task = task; /* NULL: the runtime stops */
}

static void call_join_task(struct who *who, const struct step *s)
{
  unsigned n = s->a % TASKS;
  weir_task *task = world.tasks[n].task;
  int result = 1;
  if (!task) return;
  world.tasks[n].joining++;
  int rc = weir_task_join(task, time_of(who, s->b), &result);
  world.tasks[n].joining--;
  EXPECT(who, rc, OK | TIMED | BUSY | WAITING);
  if (rc) return;
  CHECK(result != 1);
  world.tasks[n].task = NULL;
}

static void call_end_task(struct who *who, const struct step *s)
{
  unsigned n = s->a % TASKS;
  (void)who;
  if (!world.tasks[n].task) return;
  if (s->b % 4) {
    weir_task_cancel(world.tasks[n].task);
  } else if (!world.tasks[n].joining) {
    weir_task_detach(world.tasks[n].task);
    world.tasks[n].task = NULL;
  }
}

static int add_one(int *n)
{
  ++*n;
  return 7;
}

static void call_blocking(struct who *who, const struct step *s)
{
  int n = s->a;
  int rc = weir_run_blocking(add_one, &n);
  if (rc != 7) EXPECT(who, rc, CANCELED | BLOCKS);
  CHECK(n == s->a + (rc == 7));
}

const struct call task_calls[] = {
    {'H', call_start}, {'j', call_join_task}, {'A', call_end_task}, {'Y', call_blocking}, {0},
};
