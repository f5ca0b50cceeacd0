/* lock.c: the lock of one word, itself: everywhere else it is one step. */
#include "real/lock.h"

#include "model.h"

static uint32_t lock;
static int counted; /* plain: under the lock */

static void count(void)
{
  real_lock_take(&lock);
  counted++;
  real_lock_leave(&lock);
}
static void count_twice(void)
{
  count();
  count();
}
static void all_counted(void)
{
  model_outcome("%d", counted);
  MODEL_CHECK(lock == 0);
}
MODEL_SCENARIO(lock_two, .about = "O1, O2 of lock.h: who holds it is alone, and who sleeps is woken",
               .threads = {count_twice, count_twice}, .finish = all_counted, .outcomes = "4");
MODEL_SCENARIO(lock_three, .about = "O2 of lock.h: who has slept takes it as contended, for whoever sleeps still",
               .threads = {count, count, count}, .finish = all_counted, .outcomes = "3");
