// The peer workloads on CAF, the C++ Actor Framework: one event-based actor
// per actor, its own mailbox (unbounded). Works with CAF 0.17 (apt) and with
// the later mail() API. Definitions: ../../README.md
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <future>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "caf/all.hpp"

using namespace caf;
using clk = std::chrono::steady_clock;

namespace
{

#if CAF_VERSION >= 10000
template <class Self, class... Ts> void tell(Self *self, const actor &to, Ts &&...xs)
{
  self->mail(std::forward<Ts>(xs)...).send(to);
}
template <class... Ts> void tell_from_main(const actor &to, Ts &&...xs) { anon_mail(std::forward<Ts>(xs)...).send(to); }
template <class Self, class F, class... Ts> void ask_then(Self *self, const actor &to, F f, Ts &&...xs)
{
  self->mail(std::forward<Ts>(xs)...).request(to, infinite).then(std::move(f));
}
const char *threads_key = "caf.scheduler.max-threads";
#else
template <class Self, class... Ts> void tell(Self *self, const actor &to, Ts &&...xs)
{
  self->send(to, std::forward<Ts>(xs)...);
}
template <class... Ts> void tell_from_main(const actor &to, Ts &&...xs) { anon_send(to, std::forward<Ts>(xs)...); }
template <class Self, class F, class... Ts> void ask_then(Self *self, const actor &to, F f, Ts &&...xs)
{
  self->request(to, infinite, std::forward<Ts>(xs)...).then(std::move(f));
}
const char *threads_key = "scheduler.max-threads";
#endif

long status_kb(const char *key)
{
  FILE *f = std::fopen("/proc/self/status", "r");
  char line[256];
  long kb = -1;
  while (std::fgets(line, sizeof line, f))
    if (!std::strncmp(line, key, std::strlen(key))) kb = std::atol(line + std::strlen(key));
  std::fclose(f);
  return kb;
}

void must(bool ok, const char *what)
{
  if (!ok) {
    std::fprintf(stderr, "%s\n", what);
    std::_Exit(1);
  }
}

// Counts down; the last one releases the coordinator (the main thread).
struct latch {
  std::atomic<int64_t> left;
  std::promise<void> zero;
  explicit latch(int64_t n) : left(n) {}
  void down()
  {
    if (left.fetch_sub(1, std::memory_order_acq_rel) == 1) zero.set_value();
  }
  void wait() { zero.get_future().wait(); }
};

struct base : event_based_actor {
  using event_based_actor::event_based_actor;
  actor me() { return actor_cast<actor>(this); }
};

// a. pingpong
struct pong_actor : base {
  using base::base;
  behavior make_behavior() override
  {
    return {[this](const actor &from) { tell(this, from, int32_t{1}); }};
  }
};
struct ping_actor : base {
  actor pong;
  int64_t left;
  latch *done;
  ping_actor(actor_config &c, actor p, int64_t n, latch *l) : base(c), pong(std::move(p)), left(n), done(l) {}
  behavior make_behavior() override
  {
    tell(this, pong, me());
    return {[this](int32_t) {
      if (--left == 0)
        done->down();
      else
        tell(this, pong, me());
    }};
  }
};

// b. ring
struct ring_actor : base {
  actor next;
  latch *done;
  ring_actor(actor_config &c, latch *l) : base(c), done(l) {}
  behavior make_behavior() override
  {
    return {[this](const actor &n) { next = n; },
            [this](int64_t k) {
              if (k == 0)
                done->down();
              else
                tell(this, next, k - 1);
            }};
  }
};

// c. counting
struct counter_actor : base {
  using base::base;
  int64_t total = 0;
  behavior make_behavior() override
  {
    return {[this](int64_t) { ++total; }, [this](bool) { return total; }};
  }
};
struct counting_producer : base {
  actor to;
  int64_t n;
  latch *done;
  counting_producer(actor_config &c, actor t, int64_t n_, latch *l) : base(c), to(std::move(t)), n(n_), done(l) {}
  behavior make_behavior() override
  {
    return {[this](int32_t) {
      for (int64_t i = 0; i < n; ++i) tell(this, to, i);
      ask_then(
          this, to,
          [this](int64_t total) {
            must(total == n, "counting: wrong total");
            done->down();
          },
          true);
    }};
  }
};

// d. fanin, g. fjthr, k. pipeline: sinks and producers
struct sink_actor : base {
  int64_t left;
  latch *done;
  sink_actor(actor_config &c, int64_t n, latch *l) : base(c), left(n), done(l) {}
  behavior make_behavior() override
  {
    return {[this](int64_t) {
      if (--left == 0) done->down();
    }};
  }
};
struct producer_actor : base {
  std::vector<actor> to;
  int64_t per;
  producer_actor(actor_config &c, std::vector<actor> t, int64_t n) : base(c), to(std::move(t)), per(n) {}
  behavior make_behavior() override
  {
    return {[this](int32_t) {
      for (int64_t i = 0; i < per; ++i)
        for (auto &a : to) tell(this, a, i);
    }};
  }
};
struct stage_actor : base {
  actor next;
  stage_actor(actor_config &c, actor n) : base(c), next(std::move(n)) {}
  behavior make_behavior() override
  {
    return {[this](int64_t x) { tell(this, next, x + 1); }};
  }
};

// e. create, f. idle
struct once_actor : base {
  latch *done;
  std::atomic<int64_t> *ready;
  once_actor(actor_config &c, latch *l, std::atomic<int64_t> *r) : base(c), done(l), ready(r) {}
  behavior make_behavior() override
  {
    if (ready) ready->fetch_add(1, std::memory_order_acq_rel);
    return {[this](int64_t) {
      quit();
      done->down();
    }};
  }
};
struct create_actor : base {
  int64_t n;
  latch *done;
  create_actor(actor_config &c, int64_t n_, latch *l) : base(c), n(n_), done(l) {}
  behavior make_behavior() override
  {
    return {[this](int32_t) {
      for (int64_t i = 0; i < n; ++i) tell(this, actor_cast<actor>(spawn<once_actor>(done, nullptr)), i);
    }};
  }
};

// h. big
struct big_actor : base {
  const std::vector<actor> *peers;
  int64_t self_ix, left;
  uint32_t seed;
  latch *done;
  big_actor(actor_config &c, const std::vector<actor> *p, int64_t i, int64_t n, latch *l)
      : base(c), peers(p), self_ix(i), left(n), seed(uint32_t(i) * 7919u + 17u), done(l)
  {
  }
  void ping()
  {
    seed = (seed * 1103515245u + 12345u) & 0x7fffffffu;
    auto k = (seed >> 8) % 200u;
    if (k == self_ix) k = (k + 1) % 200u;
    tell(this, (*peers)[k], me());
  }
  behavior make_behavior() override
  {
    return {[this](int64_t) { ping(); }, [this](const actor &from) { tell(this, from, int32_t{1}); },
            [this](int32_t) {
              if (--left == 0)
                done->down();
              else
                ping();
            },
            [this](bool) { quit(); }};
  }
};

// i. chameneos
int32_t complement(int32_t a, int32_t b) { return a == b ? a : 3 - a - b; }
struct mall_actor : base {
  int64_t left, open = 100, total = 0, want;
  actor first;
  latch *done;
  mall_actor(actor_config &c, int64_t n, latch *l) : base(c), left(n), want(2 * n), done(l) {}
  behavior make_behavior() override
  {
    return {[this](int32_t color, const actor &from) {
              if (left == 0) {
                tell(this, from, true);
              } else if (!first) {
                first = from;
              } else {
                tell(this, first, color, from);
                first = nullptr;
                --left;
              }
            },
            [this](int64_t met) {
              total += met;
              if (--open == 0) {
                must(total == want, "chameneos: wrong sum");
                done->down();
              }
            }};
  }
};
struct creature_actor : base {
  actor mall;
  int32_t color;
  int64_t met = 0;
  creature_actor(actor_config &c, actor m, int32_t col) : base(c), mall(std::move(m)), color(col) {}
  void changed(int32_t col)
  {
    color = col;
    ++met;
    tell(this, mall, color, me());
  }
  behavior make_behavior() override
  {
    tell(this, mall, color, me());
    return {[this](int32_t other, const actor &from) {
              auto c = complement(color, other);
              tell(this, from, c);
              changed(c);
            },
            [this](int32_t c) { changed(c); },
            [this](bool) {
              tell(this, mall, met);
              quit();
            }};
  }
};

// j. ask
struct server_actor : base {
  using base::base;
  behavior make_behavior() override
  {
    return {[](int64_t x) { return x + 1; }};
  }
};
struct client_actor : base {
  actor server;
  int64_t i = 0, n;
  latch *done;
  client_actor(actor_config &c, actor s, int64_t n_, latch *l) : base(c), server(std::move(s)), n(n_), done(l) {}
  void next()
  {
    if (i == n) {
      done->down();
      return;
    }
    ask_then(
        this, server,
        [this](int64_t r) {
          must(r == i + 1, "ask: wrong reply");
          ++i;
          next();
        },
        i);
  }
  behavior make_behavior() override
  {
    return {[this](int32_t) { next(); }};
  }
};

// l. skynet
struct sky_actor : base {
  actor parent;
  int64_t num, size, sum = 0;
  int left = 10;
  sky_actor(actor_config &c, actor p, int64_t n, int64_t s) : base(c), parent(std::move(p)), num(n), size(s) {}
  behavior make_behavior() override
  {
    if (size == 1) {
      tell(this, parent, num);
      return {};
    }
    auto sub = size / 10;
    for (int64_t i = 0; i < 10; ++i) spawn<sky_actor>(me(), num + i * sub, sub);
    return {[this](int64_t x) {
      sum += x;
      if (--left == 0) {
        tell(this, parent, sum);
        quit();
      }
    }};
  }
};
struct sky_root : base {
  int64_t want;
  latch *done;
  sky_root(actor_config &c, int64_t w, latch *l) : base(c), want(w), done(l) {}
  behavior make_behavior() override
  {
    return {[this](int64_t x) {
      must(x == want, "skynet: wrong sum");
      done->down();
    }};
  }
};

struct outcome {
  int64_t n;
  double secs;
  std::string extra;
};

double since(clk::time_point t) { return std::chrono::duration<double>(clk::now() - t).count(); }

template <class F> outcome timed(int64_t n, int64_t parties, F f)
{
  latch l(parties);
  auto t = clk::now();
  f(&l);
  l.wait();
  return {n, since(t), ""};
}

outcome run(actor_system &sys, const std::string &name, int64_t div)
{
  if (name == "pingpong") {
    auto n = 1000000 / div;
    return timed(n, 1, [&](latch *l) {
      auto pong = sys.spawn<pong_actor>();
      sys.spawn<ping_actor>(actor_cast<actor>(pong), n, l);
    });
  }
  if (name == "ring") {
    auto n = 5000000 / div;
    return timed(n, 1, [&](latch *l) {
      std::vector<actor> as;
      for (int i = 0; i < 1000; ++i) as.push_back(actor_cast<actor>(sys.spawn<ring_actor>(l)));
      for (int i = 0; i < 1000; ++i) tell_from_main(as[i], as[(i + 1) % 1000]);
      tell_from_main(as[0], int64_t{n - 1});
    });
  }
  if (name == "counting") {
    auto n = 10000000 / div;
    return timed(n, 1, [&](latch *l) {
      auto c = actor_cast<actor>(sys.spawn<counter_actor>());
      tell_from_main(actor_cast<actor>(sys.spawn<counting_producer>(c, n, l)), int32_t{1});
    });
  }
  if (name == "fanin") {
    auto per = 1000000 / div;
    return timed(8 * per, 1, [&](latch *l) {
      auto c = actor_cast<actor>(sys.spawn<sink_actor>(8 * per, l));
      for (int i = 0; i < 8; ++i)
        tell_from_main(actor_cast<actor>(sys.spawn<producer_actor>(std::vector<actor>{c}, per)), int32_t{1});
    });
  }
  if (name == "create") {
    auto n = 1000000 / div;
    return timed(n, n, [&](latch *l) { tell_from_main(actor_cast<actor>(sys.spawn<create_actor>(n, l)), int32_t{1}); });
  }
  if (name == "idle") {
    auto n = 1000000 / div;
    latch l(n);
    std::atomic<int64_t> ready{0};
    auto r0 = status_kb("VmRSS:");
    auto t0 = clk::now();
    std::vector<actor> as;
    as.reserve(n);
    for (int64_t i = 0; i < n; ++i) as.push_back(actor_cast<actor>(sys.spawn<once_actor>(&l, &ready)));
    while (ready.load(std::memory_order_acquire) != n) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    auto spawn_s = since(t0);
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    auto r1 = status_kb("VmRSS:");
    auto t1 = clk::now();
    for (auto &a : as) tell_from_main(a, int64_t{1});
    l.wait();
    auto stop_s = since(t1);
    char extra[160];
    std::snprintf(extra, sizeof extra, ",\"bytes_per_actor\":%.1f,\"spawn_s\":%.6f,\"stop_s\":%.6f",
                  double(r1 - r0) * 1024.0 / double(n), spawn_s, stop_s);
    // The handles live on: the process ends without teardown.
    new std::vector<actor>(std::move(as));
    return {n, spawn_s + stop_s, extra};
  }
  if (name == "fjthr") {
    auto per = 200000 / div;
    return timed(60 * per, 60, [&](latch *l) {
      std::vector<actor> as;
      for (int i = 0; i < 60; ++i) as.push_back(actor_cast<actor>(sys.spawn<sink_actor>(per, l)));
      tell_from_main(actor_cast<actor>(sys.spawn<producer_actor>(as, per)), int32_t{1});
    });
  }
  if (name == "big") {
    auto per = 10000 / div;
    auto as = new std::vector<actor>;
    auto r = timed(200 * per, 200, [&](latch *l) {
      for (int64_t i = 0; i < 200; ++i) as->push_back(actor_cast<actor>(sys.spawn<big_actor>(as, i, per, l)));
      for (auto &a : *as) tell_from_main(a, int64_t{1});
    });
    for (auto &a : *as) tell_from_main(a, true);
    return r;
  }
  if (name == "chameneos") {
    auto n = 1000000 / div;
    return timed(n, 1, [&](latch *l) {
      auto mall = actor_cast<actor>(sys.spawn<mall_actor>(n, l));
      for (int32_t i = 1; i <= 100; ++i) sys.spawn<creature_actor>(mall, i % 3);
    });
  }
  if (name == "ask") {
    auto per = 100000 / div;
    return timed(16 * per, 16, [&](latch *l) {
      auto s = actor_cast<actor>(sys.spawn<server_actor>());
      for (int i = 0; i < 16; ++i) tell_from_main(actor_cast<actor>(sys.spawn<client_actor>(s, per, l)), int32_t{1});
    });
  }
  if (name == "pipeline") {
    auto n = 2000000 / div;
    return timed(n, 1, [&](latch *l) {
      auto next = actor_cast<actor>(sys.spawn<sink_actor>(n, l));
      for (int i = 0; i < 4; ++i) next = actor_cast<actor>(sys.spawn<stage_actor>(next));
      tell_from_main(actor_cast<actor>(sys.spawn<producer_actor>(std::vector<actor>{next}, n)), int32_t{1});
    });
  }
  if (name == "skynet") {
    int64_t n = div == 1 ? 1000000 : 1000;
    return timed(n, 1, [&](latch *l) {
      auto root = actor_cast<actor>(sys.spawn<sky_root>(n * (n - 1) / 2, l));
      sys.spawn<sky_actor>(root, int64_t{0}, n);
    });
  }
  std::fprintf(stderr, "no such workload: %s\n", name.c_str());
  std::_Exit(2);
}

} // namespace

int main(int argc, char **argv)
{
  std::string name = argc > 1 ? argv[1] : "";
  auto num = [](const char *key, long dflt) {
    auto s = std::getenv(key);
    return s ? std::atol(s) : dflt;
  };
  auto div = num("PEERS_DIV", 1);
  auto threads = num("PEERS_THREADS", 2);
#if CAF_VERSION >= 1800
  core::init_global_meta_objects();
#endif
  actor_system_config cfg;
  cfg.set(threads_key, threads);
  actor_system sys{cfg};
  auto r = run(sys, name, div);
  std::printf("{\"peer\":\"%s\",\"version\":\"CAF %d.%d.%d\",\"threads\":%ld,\"bench\":\"%s\","
              "\"n\":%lld,\"seconds\":%.6f,\"ops_per_s\":%.1f,\"peak_rss_kb\":%ld%s}\n",
              threads == 1 ? "caf-1" : "caf", CAF_MAJOR_VERSION, CAF_MINOR_VERSION, CAF_PATCH_VERSION, threads,
              name.c_str(), (long long)r.n, r.secs, double(r.n) / r.secs, status_kb("VmHWM:"), r.extra.c_str());
  std::fflush(stdout);
  std::_Exit(0);
}
