// What this machine can do at all: the costs that bound any message-passing
// runtime on it. One JSON line per figure. Definitions: ../../README.md
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LINE 64
#define ALIGNED _Alignas(128)

static long divisor = 1;

static double now(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void pin(int cpu)
{
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(cpu, &set);
  if (pthread_setaffinity_np(pthread_self(), sizeof set, &set) != 0) {
    perror("pin");
    exit(1);
  }
}

static inline void relax(void)
{
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

static void line(const char *bench, const char *unit, double value, long n, double secs)
{
  printf("{\"peer\":\"limits\",\"bench\":\"%s\",\"n\":%ld,\"seconds\":%.6f,"
         "\"ops_per_s\":%.1f,\"value\":%.3f,\"unit\":\"%s\"}\n",
         bench, n, secs, (double)n / secs, value, unit);
  fflush(stdout);
}

// Two pinned threads: `f` on core 1, then the caller's part on core 0.
static ALIGNED atomic_int go;
static int other_core = 1; // 0: both threads on core 0
struct job {
  void (*f)(void);
};
static void *job_main(void *p)
{
  pin(other_core);
  atomic_fetch_add(&go, 1);
  while (atomic_load(&go) != 2) other_core ? relax() : (void)sched_yield();
  ((struct job *)p)->f();
  return NULL;
}
static double both(void (*on1)(void), void (*on0)(void))
{
  struct job j = {on1};
  pthread_t t;
  atomic_store(&go, 0);
  pin(0);
  pthread_create(&t, NULL, job_main, &j);
  while (atomic_load(&go) != 1) other_core ? relax() : (void)sched_yield();
  double t0 = now();
  atomic_store(&go, 2);
  on0();
  pthread_join(t, NULL);
  return now() - t0;
}

// (1) one cache line to and fro
static long n1;
static ALIGNED atomic_long ball;
static void ball1(void)
{
  for (long i = 0; i < n1; i++) {
    while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 1) {}
    atomic_store_explicit(&ball, 2 * i + 2, memory_order_release);
  }
}
static void ball0(void)
{
  for (long i = 0; i < n1; i++) {
    atomic_store_explicit(&ball, 2 * i + 1, memory_order_release);
    while (atomic_load_explicit(&ball, memory_order_acquire) != 2 * i + 2) {}
  }
}
// the same on two lines, one per direction
static ALIGNED atomic_long there;
static ALIGNED atomic_long back;
static void lines1(void)
{
  for (long i = 1; i <= n1; i++) {
    while (atomic_load_explicit(&there, memory_order_acquire) != i) {}
    atomic_store_explicit(&back, i, memory_order_release);
  }
}
static void lines0(void)
{
  for (long i = 1; i <= n1; i++) {
    atomic_store_explicit(&there, i, memory_order_release);
    while (atomic_load_explicit(&back, memory_order_acquire) != i) {}
  }
}

// (2), (3) fetch_add
static long n3;
static ALIGNED atomic_long shared_count;
static void bump(void)
{
  for (long i = 0; i < n3; i++) atomic_fetch_add_explicit(&shared_count, 1, memory_order_acq_rel);
}

// (4) calls through a table
typedef void (*handler)(long *);
#define H(k)                                                                                                           \
  __attribute__((noinline)) static void h##k(long *x) { *x += k; }
H(0) H(1) H(2) H(3) H(4) H(5) H(6) H(7) static handler volatile table_src[8] = {h0, h1, h2, h3, h4, h5, h6, h7};

// (5) wakes
static long n5;
static ALIGNED _Atomic uint32_t fa;
static ALIGNED _Atomic uint32_t fb;
static void fwait(_Atomic uint32_t *a)
{
  while (atomic_exchange(a, 0) == 0) syscall(SYS_futex, a, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
}
static void fwake(_Atomic uint32_t *a)
{
  atomic_store(a, 1);
  syscall(SYS_futex, a, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}
static void futex1(void)
{
  for (long i = 0; i < n5; i++) {
    fwait(&fa);
    fwake(&fb);
  }
}
static void futex0(void)
{
  for (long i = 0; i < n5; i++) {
    fwake(&fa);
    fwait(&fb);
  }
}
static int ea, eb;
static void eput(int fd)
{
  uint64_t one = 1;
  if (write(fd, &one, 8) != 8) abort();
}
static void eget(int fd)
{
  uint64_t v;
  if (read(fd, &v, 8) != 8) abort();
}
static void event1(void)
{
  for (long i = 0; i < n5; i++) {
    eget(ea);
    eput(eb);
  }
}
static void event0(void)
{
  for (long i = 0; i < n5; i++) {
    eput(ea);
    eget(eb);
  }
}

// (6) one producer, one consumer, a ring of 1024 words; each side keeps its
// last view of the other's index and looks again only when it must
#define RING 1024
static long n6;
static struct {
  ALIGNED atomic_ulong head;
  ALIGNED atomic_ulong tail;
  ALIGNED uint64_t slot[RING];
} ring;
static uint64_t ring_sum;
static void ring_produce(void)
{
  unsigned long t = 0, seen = 0;
  for (long i = 0; i < n6; i++) {
    while (t - seen == RING) {
      seen = atomic_load_explicit(&ring.head, memory_order_acquire);
      if (t - seen == RING) relax();
    }
    ring.slot[t % RING] = (uint64_t)i;
    atomic_store_explicit(&ring.tail, ++t, memory_order_release);
  }
}
static void ring_consume(void)
{
  unsigned long h = 0, seen = 0;
  uint64_t sum = 0;
  for (long i = 0; i < n6; i++) {
    while (h == seen) {
      seen = atomic_load_explicit(&ring.tail, memory_order_acquire);
      if (h == seen) relax();
    }
    sum += ring.slot[h % RING];
    atomic_store_explicit(&ring.head, ++h, memory_order_release);
  }
  ring_sum = sum;
}

// (7), (8) nodes of 64 bytes
struct node {
  struct node *_Atomic next;
  uint64_t value;
  char rest[LINE - 16];
};
_Static_assert(sizeof(struct node) == LINE, "a node is one line");

// (8) the intrusive multi-producer queue of D. Vyukov: a push is one exchange
// and one store, a pop by the only consumer is loads, and an exchange when the
// queue runs down to its last node
struct mpsc {
  ALIGNED struct node *_Atomic head;
  ALIGNED struct node *tail;
  struct node stub;
};
static void mpsc_init(struct mpsc *q)
{
  atomic_store(&q->stub.next, NULL);
  atomic_store(&q->head, &q->stub);
  q->tail = &q->stub;
}
static inline void mpsc_push(struct mpsc *q, struct node *n)
{
  atomic_store_explicit(&n->next, NULL, memory_order_relaxed);
  struct node *prev = atomic_exchange_explicit(&q->head, n, memory_order_acq_rel);
  atomic_store_explicit(&prev->next, n, memory_order_release);
}
static inline struct node *mpsc_pop(struct mpsc *q)
{
  struct node *tail = q->tail;
  struct node *next = atomic_load_explicit(&tail->next, memory_order_acquire);
  if (tail == &q->stub) {
    if (next == NULL) return NULL;
    q->tail = tail = next;
    next = atomic_load_explicit(&tail->next, memory_order_acquire);
  }
  if (next != NULL) {
    q->tail = next;
    return tail;
  }
  if (atomic_load_explicit(&q->head, memory_order_acquire) != tail) return NULL;
  mpsc_push(q, &q->stub);
  next = atomic_load_explicit(&tail->next, memory_order_acquire);
  if (next == NULL) return NULL;
  q->tail = next;
  return tail;
}
static long n8;
static struct mpsc mq;
static struct node *nodes;
static uint64_t mpsc_sum;
static void mpsc_produce(void)
{
  for (long i = 0; i < n8; i++) mpsc_push(&mq, &nodes[i]);
}
static void mpsc_consume(void)
{
  uint64_t sum = 0;
  for (long i = 0; i < n8;) {
    struct node *n = mpsc_pop(&mq);
    if (n == NULL) {
      relax();
      continue;
    }
    sum += n->value;
    i++;
  }
  mpsc_sum = sum;
}

static int wanted(int argc, char **argv, const char *name)
{
  if (argc < 2) return 1;
  for (int i = 1; i < argc; i++)
    if (strcmp(argv[i], name) == 0) return 1;
  return 0;
}
#define WANT(name) if (wanted(argc, argv, name))

int main(int argc, char **argv)
{
  const char *s = getenv("PEERS_DIV");
  if (s) divisor = atol(s);
  double t;

  WANT("cacheline")
  {
    n1 = 10000000 / divisor;
    atomic_store(&ball, 0);
    t = both(ball1, ball0);
    line("cacheline", "ns per round trip, one line", t / (double)n1 * 1e9, n1, t);
    atomic_store(&there, 0), atomic_store(&back, 0);
    t = both(lines1, lines0);
    line("cacheline2", "ns per round trip, a line each way", t / (double)n1 * 1e9, n1, t);
  }
  WANT("fetch_add")
  {
    n3 = 200000000 / divisor;
    pin(0);
    double t0 = now();
    bump();
    t = now() - t0;
    line("fetch_add", "ns, uncontended", t / (double)n3 * 1e9, n3, t);
  }
  WANT("fetch_add_contended")
  {
    n3 = 20000000 / divisor;
    t = both(bump, bump);
    line("fetch_add_contended", "ns per operation, both cores together", t / (double)(2 * n3) * 1e9, 2 * n3, t);
  }
  WANT("indirect")
  {
    long n = 500000000 / divisor, x = 0;
    handler tab[8];
    for (int i = 0; i < 8; i++) tab[i] = table_src[i];
    pin(0);
    double t0 = now();
    for (long i = 0; i < n; i++) tab[i & 7](&x);
    t = now() - t0;
    line("indirect", "ns per call, 8 targets in turn", t / (double)n * 1e9, n, t);
    uint32_t r = 1;
    n /= 5;
    t0 = now();
    for (long i = 0; i < n; i++) {
      r = r * 1103515245u + 12345u;
      tab[(r >> 16) & 7](&x);
    }
    t = now() - t0;
    line("indirect_random", "ns per call, 8 targets at random", t / (double)n * 1e9, n, t);
    if (x == 42) puts("");
  }
  WANT("wake")
  {
    n5 = 200000 / divisor;
    atomic_store(&fa, 0), atomic_store(&fb, 0);
    t = both(futex1, futex0);
    line("wake_futex", "us per round trip", t / (double)n5 * 1e6, n5, t);
    ea = eventfd(0, 0), eb = eventfd(0, 0);
    t = both(event1, event0);
    line("wake_eventfd", "us per round trip", t / (double)n5 * 1e6, n5, t);
    other_core = 0;
    atomic_store(&fa, 0), atomic_store(&fb, 0);
    t = both(futex1, futex0);
    line("wake_futex_one_core", "us per round trip, both threads on one core", t / (double)n5 * 1e6, n5, t);
    t = both(event1, event0);
    line("wake_eventfd_one_core", "us per round trip, both threads on one core", t / (double)n5 * 1e6, n5, t);
    other_core = 1;
  }
  WANT("spsc")
  {
    n6 = 100000000 / divisor;
    atomic_store(&ring.head, 0), atomic_store(&ring.tail, 0);
    t = both(ring_consume, ring_produce);
    if (ring_sum != (uint64_t)n6 * (uint64_t)(n6 - 1) / 2) {
      fputs("spsc: wrong sum\n", stderr);
      return 1;
    }
    line("spsc", "M messages/s", (double)n6 / t * 1e-6, n6, t);
  }
  WANT("page")
  {
    // First touch of fresh anonymous memory, a page at a time.
    long page = sysconf(_SC_PAGESIZE), n = (1L << 30) / page / divisor;
    pin(0);
    char *m = mmap(NULL, (size_t)(n * page), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (m == MAP_FAILED) {
      perror("mmap");
      return 1;
    }
    madvise(m, (size_t)(n * page), MADV_NOHUGEPAGE);
    double t0 = now();
    for (long i = 0; i < n; i++) m[i * page] = 1;
    t = now() - t0;
    line("page", "ns per first touch of a page", t / (double)n * 1e9, n, t);
    munmap(m, (size_t)(n * page));
  }
  WANT("queue")
  {
    // A FIFO held at 1, and at 1024, nodes; each turn pushes one and pops one.
    long depth[2] = {1, 1024};
    const char *name[2] = {"queue", "queue_1024"};
    pin(0);
    for (int d = 0; d < 2; d++) {
      long n = 50000000 / divisor;
      struct node *head = NULL, *tail = NULL;
      uint64_t sum = 0;
      double t0 = now();
      for (long i = 0; i < n + depth[d]; i++) {
        struct node *p = malloc(sizeof *p);
        p->value = (uint64_t)i;
        atomic_store_explicit(&p->next, NULL, memory_order_relaxed);
        if (tail)
          atomic_store_explicit(&tail->next, p, memory_order_relaxed);
        else
          head = p;
        tail = p;
        __asm__ volatile("" ::: "memory");
        if (i < depth[d]) continue;
        struct node *q = head;
        head = atomic_load_explicit(&q->next, memory_order_relaxed);
        if (!head) tail = NULL;
        sum += q->value;
        free(q);
      }
      t = now() - t0;
      if (sum == 42) puts("");
      line(name[d],
           d ? "ns per push and pop with malloc and free, 1024 queued"
             : "ns per push and pop with malloc and free, 1 queued",
           t / (double)n * 1e9, n, t);
      while (head) {
        struct node *q = head;
        head = atomic_load_explicit(&q->next, memory_order_relaxed);
        free(q);
      }
    }
  }
  WANT("mpsc")
  {
    n8 = 10000000 / divisor;
    nodes = aligned_alloc(LINE, sizeof(struct node) * (size_t)n8);
    if (!nodes) {
      perror("nodes");
      return 1;
    }
    for (long i = 0; i < n8; i++) {
      atomic_init(&nodes[i].next, NULL);
      nodes[i].value = (uint64_t)i;
    }
    mpsc_init(&mq);
    t = both(mpsc_consume, mpsc_produce);
    if (mpsc_sum != (uint64_t)n8 * (uint64_t)(n8 - 1) / 2) {
      fputs("mpsc: wrong sum\n", stderr);
      return 1;
    }
    line("mpsc", "M messages/s", (double)n8 / t * 1e-6, n8, t);
    // The same with one thread: push all, then pop all; no line is shared.
    pin(0);
    mpsc_init(&mq);
    double t0 = now();
    mpsc_produce();
    mpsc_consume();
    t = now() - t0;
    line("mpsc_one_thread", "M messages/s", (double)n8 / t * 1e-6, n8, t);
    free(nodes);
  }
  return 0;
}
