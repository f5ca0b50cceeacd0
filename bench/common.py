"""What the measuring scripts share: the peers and how they are built, running one program, medians, time left, SVG."""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
WEIR = os.path.join(TOP, "build/release/bench/weir-bench")
BUILD = os.path.join(TOP, "build/peers")
COLOURS = {"weir": "#1f6f8b", "go": "#99a8b2", "tokio": "#c9b79c", "erlang": "#d8a7b1", "caf": "#b6c9a8"}


def say(text):
    print(text, file=sys.stderr, flush=True)


def need_weir():
    if not os.path.exists(WEIR):
        sys.exit(f"{os.path.relpath(sys.argv[0], TOP)}: build/release/bench/weir-bench is not built: "
                 "cmake --preset release, cmake --build --preset release")


# ---- the peers ----

def build_limits(out):
    return [["cc", "-O2", "-std=gnu11", "-pthread", "-o", f"{out}/bench", f"{HERE}/peers/limits/limits.c"]]


def build_erlang(out):
    return [["erlc", "-o", out, f"{HERE}/peers/erlang/bench.erl"]]


def build_caf(out):
    return [["c++", "-O2", "-DNDEBUG", "-std=c++17", "-pthread", "-o", f"{out}/bench", f"{HERE}/peers/caf/bench.cpp",
             "-lcaf_core"]]


def build_tokio(out):
    """Offline, from the crates that the distribution's package brings."""
    listed = subprocess.run(["dpkg", "-L", "librust-tokio-dev"], capture_output=True, text=True).stdout.split()
    manifests = [f for f in listed if "/tokio-" in f and f.endswith("/Cargo.toml")]
    if not manifests:
        raise FileNotFoundError("no tokio (package librust-tokio-dev)")
    crate = os.path.dirname(manifests[0])
    shutil.copytree(f"{HERE}/peers/tokio", out, dirs_exist_ok=True)
    os.makedirs(f"{out}/.cargo", exist_ok=True)
    with open(f"{out}/.cargo/config.toml", "w") as f:
        f.write('[source.crates-io]\nreplace-with = "distro"\n'
                f'[source.distro]\ndirectory = "{os.path.dirname(crate)}"\n')
    os.environ["PEERS_TOKIO_VERSION"] = "tokio " + os.path.basename(crate).removeprefix("tokio-")
    return [["sh", "-c", f"cd '{out}' && cargo build --release --offline"]]  # there, for it looks for .cargo upwards


def build_go(out):
    return [["sh", "-c", f"cd '{HERE}/peers/go' && GO111MODULE=on go build -o '{out}/bench' ."]]


# How each is built, and the command and environment that run a workload of it.
PEERS = {
    "erlang": (build_erlang, lambda out, threads, w: (
        ["erl"] + (["+S", "1"] if threads == 1 else []) + ["+P", "4000000", "-noshell", "-noinput", "-pa", out, "-run",
                                                           "bench", "main", w], {})),
    "caf": (build_caf, lambda out, threads, w: ([f"{out}/bench", w], {"PEERS_THREADS": str(threads)})),
    "tokio": (build_tokio, lambda out, threads, w: ([f"{out}/target/release/peers-tokio", w],
                                                    {"PEERS_THREADS": str(threads)})),
    "go": (build_go, lambda out, threads, w: ([f"{out}/bench", w], {"GOMAXPROCS": str(threads)})),
}


def built(name, build):
    """The folder of a peer that could be built, or None."""
    out = os.path.join(BUILD, name)
    os.makedirs(out, exist_ok=True)
    try:
        for command in build(out):
            subprocess.run(command, check=True, capture_output=True, text=True)
        return out
    except FileNotFoundError as missing:
        say(f"{name}: left out: {missing}")
    except subprocess.CalledProcessError as failed:
        say(f"{name}: left out, it could not be built:\n" + "\n".join(failed.stderr.splitlines()[-3:]))
    return None


def limits():
    """The program that measures what the machine can do, or None."""
    out = built("limits", build_limits)
    return out and f"{out}/bench"


def peers(names, threads):
    """By name, what makes command and environment of a workload; without those that can't be built."""
    found = {}
    for name in names:
        if name not in PEERS:
            sys.exit(f"{os.path.relpath(sys.argv[0], TOP)}: no peer \"{name}\": there are {', '.join(PEERS)}")
        build, command = PEERS[name]
        out = built(name, build)
        if out:
            found[name] = lambda w, command=command, out=out: command(out, threads, w)
    return found


# ---- running ----

class TooLong(Exception):
    pass


class Disturbances:
    """What takes cores away from the programs that are run: the scheduler of the operating system (switches of threads
    that would have gone on), and the host of a virtual machine (stolen time)."""

    def __init__(self):
        self.before = self.read()

    @staticmethod
    def read():
        with open("/proc/stat") as f:
            stolen = int(f.readline().split()[8]) / os.sysconf("SC_CLK_TCK")
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw, stolen

    def since(self):
        switches, stolen = self.read()
        return {"forced_switches": switches - self.before[0], "stolen_s": round(stolen - self.before[1], 3)}


def run(command, env, limit, bench=None):
    """The last line of JSON that a program prints, or that of a bench, and what disturbed it; None (with a word) when
    it fails. TooLong: it was killed after `limit`."""
    disturbances = Disturbances()
    try:
        done = subprocess.run(command, env={**os.environ, **env}, capture_output=True, text=True, timeout=limit)
        if done.returncode == 0:
            lines = [json.loads(l) for l in done.stdout.splitlines()]
            return {**[l for l in lines if bench in (None, l["bench"])][-1], **disturbances.since()}
        say(f"{' '.join(command)}: exit code {done.returncode}: {done.stderr.strip()}")
    except subprocess.TimeoutExpired:
        raise TooLong(f"{' '.join(command)}: longer than {limit} s") from None
    return None


class Record:
    """The lines of a run, each written as soon as it is there: what was interrupted is not lost."""

    def __init__(self, path):
        self.file = open(path, "w") if path else None

    def add(self, line):
        if self.file:
            self.file.write(json.dumps(line) + "\n")
            self.file.flush()


def recorded(path):
    with open(path) as f:
        return [json.loads(line) for line in f if line.strip()]


class Remaining:
    """How long it will take still, by what the steps took: those of one key take alike, the others like the mean."""

    def __init__(self, steps):
        self.steps = list(steps)  # keys, in order
        self.took = {}            # seconds by key
        self.at = 0

    def step(self, seconds):
        self.took.setdefault(self.steps[self.at], []).append(seconds)
        self.at += 1

    def seconds(self):
        means = {k: statistics.mean(v) for k, v in self.took.items()}
        other = statistics.mean(means.values()) if means else 0
        return sum(means.get(k, other) for k in self.steps[self.at:])

    def text(self):
        if not self.took:
            return ""
        left = self.seconds()
        return f", about {left / 60:.0f} min left" if left >= 90 else f", about {left:.0f} s left"


class Clock:
    def __init__(self):
        self.start = time.monotonic()

    def lap(self):
        now = time.monotonic()
        took, self.start = now - self.start, now
        return took


# ---- figures ----

def spread(values):
    """How far the middle half reaches, as a part of the median."""
    if len(values) < 2:
        return 0.0
    q = statistics.quantiles(values, n=4)
    return (q[2] - q[0]) / statistics.median(values)


def short(number):
    """1024 -> 1 Ki where it is a power of two, 100000 -> 100 k"""
    for unit, size in (("Mi", 2 ** 20), ("Ki", 2 ** 10)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    for unit, size in (("M", 10 ** 6), ("k", 10 ** 3)):
        if number >= size and number % size == 0:
            return f"{number // size} {unit}"
    return str(number)


# ---- charts ----

def text(x, y, what, anchor="start", **more):
    attributes = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{attributes}>{what}</text>'


def rectangle(x, y, width, height, fill):
    return f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"/>'


def line(x1, y1, x2, y2, stroke):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"/>'


def write_svg(path, width, height, shapes):
    with open(path, "w") as f:
        f.write("\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
                           'font-family="sans-serif" font-size="11">',
                           '<rect width="100%" height="100%" fill="#ffffff"/>', *shapes, "</svg>", ""]))
