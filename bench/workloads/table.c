/* table.c: which workloads there are, and what they know. */
#include "bench.h"

const struct workload workloads[] = {
    {"pingpong",
     bench_pingpong,
     {.n = 1000000, .capacity = 1024, .may_be_watched = true},
     "two actors, one message to and fro; N round trips"},
    {"ring", bench_ring, {.n = 5000000, .capacity = 1024}, "1,000 actors in a ring, one token; N hops"},
    {"counting",
     bench_counting,
     {.n = 10000000, .capacity = 1024, .may_be_watched = true},
     "one producer, one counter; N messages"},
    {"fanin", bench_fanin, {.n = 8000000, .capacity = 1024, .producers = 8}, "8 producers, one consumer; N messages"},
    {"create", bench_create, {.n = 1000000}, "spawn an actor, send it one message, it ends; N actors"},
    {"idle", bench_idle, {.n = 1000000}, "N actors that wait; their memory"},
    {"fjthr", bench_fjthr, {.n = 12000000, .capacity = 1024}, "one producer, 60 actors in turn; N messages"},
    {"big", bench_big, {.n = 2000000, .capacity = 1024}, "200 actors ping each other at random; N round trips"},
    {"chameneos", bench_chameneos, {.n = 1000000, .capacity = 1024}, "100 creatures meet in a mall; N meetings"},
    {"ask", bench_ask, {.n = 1600000, .capacity = 1024}, "16 clients, one server; N requests"},
    {"pipeline", bench_pipeline, {.n = 2000000, .capacity = 256}, "source, 4 stages, sink; N items"},
    {"skynet", bench_skynet, {.n = 1000000, .capacity = 10}, "a tree of actors with N leaves (a power of ten)"},
    /* Those that the peers do not have. */
    {"rings",
     bench_rings,
     {.n = 5000000, .capacity = 1024, .actors = 1000},
     "rings of 100 actors, a token in each; N hops"},
    {"parcels", bench_parcels, {.n = 5000000, .capacity = 1024, .bytes = 64}, "counting, with bytes; N messages"},
    {"latency", bench_latency, {.capacity = 1024, .rate = 50000, .for_s = 3}, "asks that are due at random times"},
    {"restart", bench_restart, {.n = 100000, .capacity = 64}, "a supervised actor fails; N restarts"},
    {"crash", bench_crash, {.n = 20000, .capacity = 64, .crashes = true}, "it crashes, by a null pointer; N restarts"},
    {"light", bench_light, {.for_s = 3}, "a message each millisecond, then none: what that takes of a core"},
    {"memory", bench_memory, {.n = 1000000}, "idle, and what memory is kept afterwards; N actors"},
    {"busy",
     bench_busy,
     {.n = 20000, .capacity = 64, .starts_runtimes = true},
     "two actors that compute, on two workers and on one; N messages"},
    {"allocs",
     bench_allocs,
     {.n = 100000, .starts_runtimes = true},
     "calls of the allocator by each of the twelve; N operations"},
};
const size_t workload_count = sizeof workloads / sizeof workloads[0];
const size_t workload_twelve = 12;
