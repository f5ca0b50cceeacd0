"""A topology is changed every 100 ms while records flow: reloads.py WEIR PLUGIN [SECONDS [MILLISECONDS]].

`weir run` reads numbered lines from a pipe, some 80,000 a second; `weir reload` is called again and again, each time with another
file: one or two changes of many kinds, drawn from a seed (printed; WEIR_TEST_SEED draws the same). Some files are wrong, some ask
for what is refused, in some an actor does not start; others fail, and are restarted, all the while. Each call is to have the exit
code, the outcome and the generation that belong to it. At the end each line has been written once, and no record has become a dead
letter."""

import json, os, random, subprocess, sys, tempfile, threading, time

weir, plugin = os.environ.get("WEIR_COMMAND", sys.argv[1]), sys.argv[2]
seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 1.5 if os.environ.get("WEIR_TEST_SLOW") else 3
every = float(sys.argv[4]) / 1000 if len(sys.argv) > 4 else 0.1
seed = int(os.environ.get("WEIR_TEST_SEED", time.time_ns() % 1_000_000))
draw = random.Random(seed)

WORDS = ["".join(chr(97 + w // 26**k % 26) for k in range(3)) for w in range(26**3)]


class Stream(threading.Thread):
    """Writes lines until it is told to stop: "0 aaa", "1 baa", …"""

    PIECE = 500

    def __init__(self, pipe):
        super().__init__()
        self.pipe, self.count, self.over = pipe, 0, threading.Event()

    def run(self):
        # A piece every few milliseconds: the topology keeps up, mostly, and all of it can be looked at in the end.
        try:
            while not self.over.wait(0.005):
                numbers = range(self.count, self.count + self.PIECE)
                self.pipe.write("".join(f"{n} {WORDS[n % len(WORDS)]}\n" for n in numbers).encode())
                self.pipe.flush()
                self.count += self.PIECE
            self.pipe.close()
        except BrokenPipeError:  # the run has ended: it is looked at why
            pass


# ---- what the file says ----

# What differs from file to file. A number that only grows names what must be new each time.
START = {
    "tag": 0, "anew": 0, "rests": False, "fails": True, "instances": 1, "name": "stage", "between": 0, "spare": False,
    "capacity": 64, "room": 64, "retry": 3, "then": "dead_letters", "breaker": None, "line": 1000, "out": 0, "more": None, "drain": 60,
    "group": None, "within": 1,
}


def document(s, **wrong):
    config = {"tag": s["tag"], "anew": s["anew"], "rests": s["rests"], "fails": s["fails"]}
    failing = {"retry": s["retry"], "backoff": ["1ms", "2ms"]}
    stage = {
        "name": s["name"], "type": "stage", "config": config | wrong.get("config", {}), "instances": s["instances"],
        "mailbox": {"capacity": s["capacity"]}, "on_failure": failing | {"then": s["then"]},
        "to": {"to": "out", "when_full": {"to": "spare"}} if s["spare"] else "out",
    }
    if s["breaker"]:
        stage["breaker"] = {"failures": 1000, "while_open": s["breaker"]}
    grouped = [] if s["group"] is None else [f"first{s['group']}", f"second{s['group']}"]
    chain = ["number"] + grouped + [f"between{i}" for i in range(s["between"])] + [s["name"]]
    actors = [
        {"name": "lines", "type": "file_lines", "config": {"max_line": f"{s['line']}B"}, "to": ["number", "words"],
         "mailbox": {"capacity": s["room"]}},
        {"name": "number", "type": "number", "config": {"tag": s["tag"], "anew": s["anew"]}, "to": chain[1]},
        {"name": "words", "type": "split", "to": "count"},
        {"name": "count", "type": "count", "to": "counted"},
        {"name": "counted", "type": "print", "config": {"path": "counted"}},
        {"name": "out", "type": "print", "config": {"path": wrong.get("path", f"out.{s['out']}")},
         "mailbox": {"capacity": s["room"]}},
        stage,
    ]
    for name, to in zip(chain[1:-1], chain[2:]):
        actors.append({"name": name, "type": "stage", "config": {"fails": True}, "on_failure": failing, "to": to})
    if s["spare"]:
        actors.append({"name": "spare", "type": "stage", "to": "out"})
    if s["more"] is not None:
        actors.append({"name": f"more{s['more']}", "type": "file_lines", "config": {"paths": [f"more.{s['more']}"]},
                       "to": "number"})
    for actor in actors:
        actor |= wrong.get(actor["name"], {})
    draw.shuffle(actors)  # the order says nothing
    return {
        "runtime": {"workers": 2, "drain": f"{s['drain']}s"},
        "plugins": [{"path": plugin}],
        "actors": actors + wrong.get("actors", []),
        "supervision": {"max_restarts": 1000000, "within": f"{s['within']}s", 
                        "children": ["*"] + groups(s, *grouped) + wrong.get("groups", [])},
    }


def groups(s, first=None, second=None):
    """Two supervisors, and one below the second that gives up with each failure, and the one above it with it."""
    if not first:
        return []
    n, within = s["group"], f"{s['within']}s"
    inner = {"name": f"inner{n}", "max_restarts": 0, "within": within, "children": [second]}
    return [
        {"name": f"group{n}", "strategy": "one_for_all", "max_restarts": 1000, "within": within, "children": [first]},
        {"name": f"outer{n}", "max_restarts": 0, "children": [inner]},
    ]


def write(d):
    with open("flow.new", "w") as f:
        f.write(d if isinstance(d, str) else json.dumps(d))
    os.rename("flow.new", "flow.json")


# ---- changes ----


def another_source(s, n):
    """A file that ends by itself; removed while it is being read, its lines are written as far as it came."""
    with open(f"more.{n}", "w") as f:
        f.writelines(f"{i} more.{n}\n" for i in range(draw.choice([1000, 100000])))
    s["more"] = n


def other(least, most, than):
    return draw.choice([i for i in range(least, most + 1) if i != than])


# Where nothing goes, as no record fails for good, and no breaker opens; but whoever stands there has one sender more.
NEVER_USED = ["dead_letters", "counted", "out"]

CHANGES = {
    "in place": lambda s, n: s.update(tag=n),
    "anew": lambda s, n: s.update(anew=n),
    "rests": lambda s, n: s.update(rests=not s["rests"]),
    "fails": lambda s, n: s.update(fails=not s["fails"]),
    "instances": lambda s, n: s.update(instances=other(1, 4, s["instances"])),
    "replaced": lambda s, n: s.update(name=f"stage{n}"),
    "between": lambda s, n: s.update(between=other(0, 2, s["between"])),
    "when_full": lambda s, n: s.update(spare=not s["spare"]),
    "capacity": lambda s, n: s.update(capacity=n + 1, room=draw.choice([1, 1, 4, 64]), line=1000 + n),
    "on_failure": lambda s, n: s.update(
        retry=other(3, 10, s["retry"]), then=draw.choice(NEVER_USED), breaker=draw.choice([None] + NEVER_USED)),
    "out": lambda s, n: s.update(out=n),
    "source": another_source,
    "no source": lambda s, n: s.update(more=None, tag=n),
    "drain": lambda s, n: s.update(drain=60 + n),
    "supervisors": lambda s, n: s.update(group=n),
    "no supervisors": lambda s, n: s.update(group=None, tag=n),
    "supervisor's settings": lambda s, n: s.update(within=1 + n),
}

# What is wrong with a file, and what comes of it. What must not be done stands beside changes that could be.
WRONG = {
    "no document": (lambda s: '{ "actors": [', 78, "refused"),
    "nobody": (lambda s: document(s, number={"to": "nobody"}), 78, "refused"),
    "pinned": (lambda s: document(s, words={"pinned": True}), 78, "refused"),
    "another type": (lambda s: document(s, counted={"type": "stage", "config": {}, "to": "discard"}), 78, "refused"),
    "no such folder": (lambda s: document(s, path="none/out"), 1, "failed"),
    "no change": (lambda s: document(s, config={"start": "badly"}), 1, "failed"),
    "no supervisor": (
        lambda s: document(s, actors=[{"name": "no", "type": "stage", "config": {"start": "badly"}, "to": "out"}],
                           groups=[{"name": "badly", "children": ["no"]}], count={"to": ["counted", "no"]}), 1, "failed"),
    "no start": (
        lambda s: document(s, actors=[{"name": "no", "type": "stage", "config": {"start": "badly"}, "to": "out"}],
                           count={"to": ["counted", "no"]}), 1, "failed"),
}

# ---- reloads ----

generation = 0
done, times = {}, []


def reload(what, code, outcome):
    global generation
    began = time.monotonic()
    answer = subprocess.run([weir, "reload", "--json", "--timeout", "60", "--control", "c.sock"], capture_output=True)
    times.append((time.monotonic() - began, what))
    told = json.loads(answer.stdout) if answer.stdout else {}
    if outcome == "applied":
        generation += 1
    seen = (answer.returncode, told.get("outcome"), told.get("generation"), told.get("dead_letters"), told.get("killed"))
    if seen != (code, outcome, generation, 0, []):
        sys.exit(f"reload {len(times)} ({what}) is to be {code} {outcome} {generation}: {seen} {answer.stdout} {answer.stderr}")
    done[what] = done.get(what, 0) + 1


def change_once(s, n):
    """What the file is to say from now on."""
    if draw.random() < 0.15:
        what = draw.choice(list(WRONG))
        make, code, outcome = WRONG[what]
        changed = dict(s)
        CHANGES["in place"](changed, n)
        write(make(changed))
        reload(what, code, outcome)
        return s
    names = draw.sample(list(CHANGES), draw.choice([1, 1, 2]))
    changed = dict(s)
    for name in names:
        CHANGES[name](changed, n)
    write(document(changed))
    reload(names[0], 2, "applied")
    return changed


def change_all_the_time(run):
    s, n, until = dict(START), 0, time.monotonic() + seconds
    due = time.monotonic()
    while time.monotonic() < until and run.poll() is None:
        n += 1
        s = change_once(s, n)
        due = max(due + every, time.monotonic())
        time.sleep(max(0, due - time.monotonic()))
    write(document(s))
    reload("nothing", 0, "unchanged")


# ---- what came out ----

# Of a restart, of a supervisor that gives up after one, and of WRONG.
EXPECTED = " failed: at that record (", " failed: told to end (", "weir: badly: no did not start: not with that"


def written():
    for name in sorted(os.listdir(".")):
        if name.startswith("out."):
            with open(name) as f:
                yield from f


def look_at_lines(count):
    """Of the stream: each once. Of a file that was added: each once up to where it was removed."""
    seen, extra = bytearray(count), {}
    for line in written():
        number, word = line.split()
        if word.startswith("more."):
            extra.setdefault(word, []).append(int(number))
        else:
            assert word == WORDS[int(number) % len(WORDS)], line
            assert seen[int(number)] == 0, f"twice: {line}"
            seen[int(number)] = 1
    assert seen.count(0) == 0, f"{seen.count(0)} lines are lost, the first is {seen.index(0)}"
    for name, numbers in extra.items():
        assert sorted(numbers) == list(range(len(numbers))), f"{name}: {len(numbers)} lines, to {max(numbers)}"
    return {name: len(numbers) for name, numbers in extra.items()}


def look_at_words(count, extra):
    with open("counted") as f:
        words = {word: int(number) for number, word in map(str.split, f)}
    assert words.pop("more", 0) == 0  # they go to "number" alone
    for i, word in enumerate(WORDS):
        expected = count // len(WORDS) + (i < count % len(WORDS))
        assert words.get(word, 0) == expected, f"{word}: {words.get(word, 0)}, and not {expected}"


def main():
    write(document(START))
    with open("err", "wb") as err:
        run = subprocess.Popen([weir, "run", "--control", "c.sock", "flow.json"], stdin=subprocess.PIPE, stderr=err)
    try:
        while not os.path.exists("c.sock"):
            assert run.poll() is None, open("err").read()
            time.sleep(0.01)
        stream = Stream(run.stdin)
        stream.start()
        try:
            change_all_the_time(run)
            with open(f"/proc/{run.pid}/status") as f:
                memory = next(line.split()[1] for line in f if line.startswith("VmRSS"))
        finally:
            stream.over.set()
            stream.join()
        code = run.wait()
    finally:
        run.kill()
    with open("err") as f:
        told = [line for line in f if not any(text in line for text in EXPECTED)]
    assert code == 0 and not told, f"exit code {code}: {''.join(told[-20:])}"
    extra = look_at_lines(stream.count)
    look_at_words(stream.count, extra)
    restarts = sum(1 for _ in open("err"))
    times.sort()
    print(f"figures: reloads={len(times)} applied={generation} lines={stream.count} extra={sum(extra.values())} "
          f"restarts={restarts} kib={memory} ms_median={times[len(times) // 2][0] * 1000:.0f} "
          f"ms_most={times[-1][0] * 1000:.0f} ({times[-1][1]})")
    print("figures:", *(f"{what.replace(' ', '_')}={done[what]}" for what in sorted(done)))


print(f"reloads: WEIR_TEST_SEED={seed}", flush=True)
with tempfile.TemporaryDirectory() as folder:
    weir, plugin = os.path.abspath(weir), os.path.abspath(plugin)
    os.chdir(folder)
    main()
