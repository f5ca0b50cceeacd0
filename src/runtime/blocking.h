/* blocking.h: the blocking pool: threads for what blocks, so that no worker stands still, and libuv's own few threads
 * stay free for files and names.
 *
 * Two kinds of jobs stand in one line, first come first served:
 *   an actor's turn      of an actor that lives on the pool (its home is WEIR__ON_POOL)
 *   a suspended fiber    whose handler or task has called weir_run_blocking(): its function runs here, then it is
 *                        resumed
 *
 *    job:    given --> queued --> a thread takes it --> done
 *    thread: started when a job finds none free --> idle <--> at work --> ended, after idle_ns without a job --> joined
 *
 * P1  Whoever runs a job owns what its worker would: the actor's cell, or the suspended fiber's strand, handed over by
 *     the pool's lock and, back, by the worker's inbox.
 * P2  A pool thread is a plain thread to which a strand is lent (weir__thread.strand): weir__strand_here() is that one,
 *     weir__worker_here() is NULL. So errors, texts and "who am I" are the handler's, and waits block the thread.
 * P3  `given` is raised before a job is seen by anybody, `done` after all that it did can be seen: while both are equal
 *     the pool is at rest (R3).
 * P4  A fiber whose job is here is not dropped: it publishes no wait (its function does), so that nothing ends its
 *     sleep but the end of the job. Nothing of it is touched by its worker meanwhile.
 * P5  While actors live on the pool one thread at least stays: a turn that was given is run. */
#ifndef WEIR__BLOCKING_H
#define WEIR__BLOCKING_H

#include "runtime/worker.h"

struct weir__pool_thread;

struct weir__blocking {
  pthread_mutex_t lock;        /* a leaf. Guards all but the counts */
  pthread_cond_t came;         /* a job, or the end */
  pthread_cond_t left;         /* a thread has */
  struct weir__work_list jobs; /* not taken yet … */
  unsigned queued;             /* … and how many */
  unsigned threads, idle;      /* that have not ended; of them, how many wait for a job */
  unsigned most;               /* threads; written before any starts */
  unsigned residents;          /* actors that live here (P5) */
  int64_t idle_ns;             /* how long a thread waits for another job before it ends; read under the lock */
  bool ending;
  struct weir__pool_thread *ended; /* to be joined */
  /* P3. seq_cst: raised before and after what is looked at together with them. */
  _Atomic(uint64_t) given, done;
};

void weir__blocking_init(struct weir__blocking *b, unsigned most);
void weir__blocking_free(struct weir__blocking *b);
/* No job is left, and none will come: ends the threads and waits for them. */
void weir__blocking_end(struct weir_runtime *rt);
/* Has it no job? See P3 for how to be sure. */
bool weir__blocking_rests(struct weir__blocking *b);

/* From any thread: a turn of an actor that lives here. */
void weir__blocking_schedule(struct weir_runtime *rt, struct weir__work *work);
/* One more actor lives here: WEIR_OK, or WEIR_ENOMEM when there is no thread for it. One less. */
int weir__blocking_move_in(struct weir_runtime *rt);
void weir__blocking_move_out(struct weir_runtime *rt);

/* On a pool thread: gives up what runs here, and does `dropped` next: for a fiber's job, when that goes on. */
WEIR_NORETURN void weir__blocking_drop(void (*dropped)(struct weir__strand *));

#endif
