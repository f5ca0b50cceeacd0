# weir-gdb.py: gdb commands for programs that use weir, alive or in a core file.
#
#   weir runtime           the runtimes, and what each of their workers does
#   weir actors [TEXT]     the actors (whose name or type has TEXT in it): slot, name, phase, mailbox, what each does
#   weir fibers            who is suspended: on what, and since which line of the program
#   weir backtrace WHO     the backtrace of a suspended handler or task. WHO: an actor's slot or name, a fiber's
#                          number, or an expression of type weir_ref. With "full": the local variables, too
#
# gdb finds this file by itself where libweir is installed under a folder that it trusts (see "set auto-load safe-path");
# else: source PREFIX/share/weir/weir-gdb.py. The library's debug information is needed.
#
# It reads memory only: nothing in the program is called or changed. What runs meanwhile is stopped by gdb, but may have
# been stopped in the middle of something.
import re
import struct

import gdb
import gdb.unwinder

ACTOR = 1  # enum weir__cell_kind
CLOSED = 2 << 32  # WEIR__CLOSED
FIBER_RESUME = 3  # enum weir__work_kind
GENERATION = (1 << 32) - 1  # weir__generation_in()
ATTACHED = 1 << 3  # bits of a wait's word (runtime/wait.h)
PHASE = 7
CELL_PHASES = ["starts", "lives", "ends", "zombie"]
RUNTIME_STATES = ["running", "draining", "stopping", "stopped"]
WAITS = {1: "an event", 2: "a place", 3: "an answer, not begun", 4: "an answer, begun", 5: "its waker", 6: "its turn"}


class Missing(gdb.GdbError):
    pass


def static(file, name):
    """A static variable of one of the library's files."""
    try:
        return gdb.parse_and_eval("'%s'::%s" % (file, name))
    except gdb.error as error:
        raise Missing("no debug information of weir: %s" % error) from error


def atomic(value):
    """The plain value of an _Atomic one."""
    return value.cast(value.type.unqualified())


def number(value):
    return int(atomic(value))


def used_of(places, popped):
    """weir__used_of()"""
    return ((places >> 32) - popped & GENERATION) >> 3


def offset_of(type_name, *path):
    kind, bits = gdb.lookup_type(type_name), 0
    for name in path:
        field = kind.strip_typedefs()[name]
        bits += field.bitpos
        kind = field.type
    return bits // 8


def container(pointer, type_name, *path):
    """The struct of that type whose member a pointer points to."""
    address = int(pointer) - offset_of(type_name, *path)
    return gdb.Value(address).cast(gdb.lookup_type(type_name).pointer()).dereference()


def at(address, type_name):
    return gdb.Value(address).cast(gdb.lookup_type(type_name).pointer()).dereference()


# ---- actors ----


class Actor:
    """An actor's cell."""

    def __init__(self, cell):
        self.cell = cell
        self.slot = int(cell["slot"])

    def name(self):
        kind = self.cell["type"]["name"].string() if self.cell["type"] else "?"
        extras = self.cell["extras"]
        if not extras or not extras["name"]:
            return kind
        text = extras["name"]["text"]
        return '%s "%s"' % (kind, text.cast(text.type.target().unqualified().pointer()).string())

    def phase(self):
        phase = CELL_PHASES[int(self.cell["phase"])]
        return "closed" if phase == "lives" and number(self.cell["places"]) & CLOSED else phase

    def mailbox(self):
        used = used_of(number(self.cell["places"]), number(self.cell["popped"]))
        return "%d/%d" % (used, number(self.cell["capacity"]))

    def work(self):
        return int(self.cell["work"].address)


def cells():
    """The cells that live, of every kind."""
    table = static("cell.c", "table")
    base, per_slab = int(gdb.parse_and_eval("(uintptr_t)weir__cells.first")), int(gdb.parse_and_eval("'cell.c'::SLAB_CELLS"))
    if not base:
        return
    cell_bytes = gdb.lookup_type("struct weir__cell").sizeof
    places, kind, popped, actor_type = (
        offset_of("struct weir__cell", name) for name in ("places", "kind", "popped", "type")
    )
    for index in range(int(table["made"])):
        slab = table["slabs"][index]
        count = int(slab["untouched"]) - index * per_slab
        if number(slab["owner"]) == 0 or count <= 0:
            continue
        start = base + index * per_slab * cell_bytes
        memory = bytes(gdb.selected_inferior().read_memory(start, count * cell_bytes))
        for i in range(count):
            cell = i * cell_bytes
            (word,) = struct.unpack_from("Q", memory, cell + places)
            (gone,) = struct.unpack_from("I", memory, cell + popped)
            (has_type,) = struct.unpack_from("Q", memory, cell + actor_type)
            free = word & CLOSED and not has_type and not used_of(word, gone)
            if word & GENERATION and not free:
                yield memory[cell + kind], start + cell


def actors():
    for kind, address in cells():
        if kind == ACTOR:
            yield Actor(at(address, "struct weir__cell"))


# ---- fibers ----


class Fiber:
    """A suspended fiber: of a handler or a task that waits."""

    def __init__(self, strand, wait):
        self.strand, self.wait = strand, wait
        self.worker = strand["worker"]

    def self(self):
        return int(self.strand["self"])

    def owner(self):
        work = self.strand["self"]
        if not work:
            return None
        return Actor(container(work, "struct weir__cell", "work")) if int(work["kind"]) == ACTOR else None

    def who(self):
        owner = self.owner()
        if owner:
            return "actor %d: %s" % (owner.slot, owner.name())
        if not self.self():
            return "the scheduling loop"
        task = container(self.strand["self"], "struct weir_task", "work")
        return "task %s" % symbol_at(int(task["f"]))

    def phase(self):
        return number(self.wait["word"]) & PHASE if self.wait is not None else 6

    def waits_for(self):
        what = WAITS.get(self.phase(), "?")
        if what == "a place" and self.wait["joined"]:
            receiver = Actor(self.wait["joined"].dereference())
            return "a place at actor %d" % receiver.slot
        return what

    def context(self):
        return self.strand["fiber"]["context"]


def symbol_at(address):
    said = gdb.execute("info symbol %d" % address, to_string=True)
    return said.split(" ")[0] if " in section " in said else hex(address)


def waits():
    """The wait records that somebody sleeps on."""
    slots = static("wait.c", "weir__waits")
    base, size = number(slots["base"]), int(slots["record_bytes"])
    word = offset_of("struct weir__wait", "word")
    used = int(slots["used"])
    if not base or not used:
        return
    memory = bytes(gdb.selected_inferior().read_memory(base, used * size))
    for slot in range(used):
        (value,) = struct.unpack_from("Q", memory, slot * size + word)
        if value & ATTACHED and value & PHASE:
            yield at(base + slot * size, "struct weir__wait")


def fibers():
    seen = set()
    for wait in waits():
        strand = wait["strand"]
        if strand and int(strand) not in seen:
            seen.add(int(strand))
            yield Fiber(strand.dereference(), wait)
    # Those that wait for nothing any more, only for their turn.
    for runtime in runtimes():
        for worker in workers(runtime):
            for first in (worker["ready"]["first"], worker["giving_way"]["first"], atomic(worker["inbox"])):
                while first:
                    if int(first["kind"]) == FIBER_RESUME:
                        strand = container(first, "struct weir__strand", "work")
                        if int(strand.address) not in seen:
                            seen.add(int(strand.address))
                            yield Fiber(strand, None)
                    first = first["next"]


# ---- runtimes ----


def runtimes():
    runtime = static("runtime.c", "runtimes")["first"]
    while runtime:
        yield runtime.dereference()
        runtime = runtime["next"]


def workers(runtime):
    for i in range(int(runtime["worker_count"])):
        yield runtime["workers"][i]


# ---- unwinding ----


def registers_of(context):
    """What a suspended context goes on with: registers by name; the keys "pc" and "sp" are among them."""
    names = [field.name for field in context.type.strip_typedefs().fields()]
    if "sp" not in names:
        return registers_of_ucontext(context["registers"])
    sp = int(context["sp"])
    if "x86-64" in gdb.selected_frame().architecture().name():
        words = read_words(sp, 8)
        registers = dict(zip(("r15", "r14", "r13", "r12", "rbx", "rbp", "rip"), words[1:]))
        registers["rsp"] = sp + 64
        return dict(registers, pc=registers["rip"], sp=registers["rsp"])
    words = read_words(sp, 22)
    registers = {"x%d" % (19 + i): words[i] for i in range(12)}
    registers.update({"d%d" % (8 + i): words[12 + i] for i in range(8)})
    registers["x30"] &= (1 << 48) - 1  # without the signature
    registers["sp"] = sp + 176
    return dict(registers, pc=registers["x30"])


def read_words(address, count):
    memory = gdb.selected_inferior().read_memory(address, 8 * count)
    return struct.unpack("%dQ" % count, bytes(memory))


def registers_of_ucontext(context):
    saved = context["uc_mcontext"]
    if "gregs" not in [field.name for field in saved.type.fields()]:
        raise gdb.GdbError("contexts of this processor are not known here")
    order = "r8 r9 r10 r11 r12 r13 r14 r15 rdi rsi rbp rbx rdx rax rcx rsp rip".split()
    registers = {name: int(saved["gregs"][i]) & (1 << 64) - 1 for i, name in enumerate(order)}
    return dict(registers, pc=registers["rip"], sp=registers["rsp"])


class FrameId:
    def __init__(self, sp, pc):
        self.sp, self.pc = sp, pc


class Stepping(gdb.unwinder.Unwinder):
    """While it is given a context, the selected thread's innermost frame seems to have been called from there. So nothing is
    written, and it works in a core file."""

    def __init__(self):
        super().__init__("weir fibers")
        self.registers = None

    def __call__(self, pending):
        if self.registers is None:
            return None
        registers, self.registers = self.registers, None
        info = pending.create_unwind_info(FrameId(gdb.Value(registers["sp"] - 512), pending.read_register("pc")))
        for name, value in registers.items():
            if name in ("pc", "sp"):
                known = {"pc": ("rip", "pc"), "sp": ("rsp", "sp")}[name]
                if any(other in registers for other in known if other != name):
                    continue
            info.add_saved_register(name, gdb.Value(value).cast(pending.read_register(name).type))
        return info

    def __enter__(self):
        gdb.invalidate_cached_frames()
        return self

    def __exit__(self, *_):
        self.registers = None
        gdb.invalidate_cached_frames()


stepping = Stepping()
gdb.unwinder.register_unwinder(None, stepping, replace=True)


def backtrace_of(fiber, options=""):
    """The lines of gdb's backtrace, without the frame that was put under it."""
    registers = registers_of(fiber.context())
    with stepping:
        stepping.registers = registers
        said = gdb.execute("with width 0 -- backtrace %s" % options, to_string=True)
    frames, keep = [], False
    for line in said.splitlines():
        entry = re.match(r"#(\d+)( +)(.*)", line)
        if entry:
            keep = int(entry.group(1)) > 0
            line = "#%-3d%s" % (int(entry.group(1)) - 1, entry.group(3))
        if keep:
            frames.append(line)
    return frames


def frames_of(fiber):
    """Of each frame, the innermost first: its function, its source file's whole name, and file:line."""
    registers = registers_of(fiber.context())
    found = []
    with stepping:
        stepping.registers = registers
        frame = gdb.newest_frame().older()
        while frame is not None and frame.is_valid() and len(found) < 64:
            sal = frame.find_sal()
            file = sal.symtab.fullname() if sal.symtab else ""
            where = "%s:%d" % (file.rsplit("/", 1)[-1], sal.line) if file else hex(frame.pc())
            found.append((frame.name() or "??", file, where))
            frame = frame.older()
    return found


def is_library(file):
    # By folder: the same library may have been compiled in several places.
    return re.search("/src/(platform|runtime|channel|actor)/[^/]*$", file)


# What macros make of calls.
CALLED_AS = {"weir__send": "weir_send()", "weir__send_typed": "weir_send()", "weir__ask": "weir_ask()"}


def since(fiber):
    """The call of weir, and who made it."""
    call = "?"
    for name, file, where in frames_of(fiber):
        if name in CALLED_AS:
            call = CALLED_AS[name]
        elif not is_library(file):
            return "%s, %s() at %s" % (call, name, where)
        elif re.match("weir_[^_]", name) or call == "?":
            call = name + "()"
    return call


# ---- commands ----


def table_of(rows):
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("  ".join(text.ljust(width) for text, width in zip(row, widths)).rstrip())


class Weir(gdb.Command):
    """Actors, tasks and runtimes of weir."""

    def __init__(self):
        super().__init__("weir", gdb.COMMAND_STATUS, gdb.COMPLETE_NONE, True)


def live_in(runtime):
    entered, left = number(runtime["entered"]), number(runtime["left"])
    for worker in workers(runtime):
        entered, left = entered + number(worker["entered"]), left + number(worker["left"])
    return entered - left


class Runtimes(gdb.Command):
    """The runtimes, and what each of their workers does."""

    def __init__(self):
        super().__init__("weir runtime", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        for runtime in runtimes():
            flavor = "current-thread" if int(runtime["flavor"]) else "multi-thread"
            print(
                "%s, %s: %d live in it, %d waiting for a worker"
                % (
                    flavor,
                    RUNTIME_STATES[number(runtime["state"])],
                    live_in(runtime),
                    number(runtime["unowned"]),
                )
            )
            rows = [("worker", "does", "queued", "suspended", "bound")]
            for worker in workers(runtime):
                queue = worker["queue"]
                queued = (number(queue["tail"]) - number(queue["head"])) & 0xFFFFFFFF
                rows.append(
                    (
                        str(int(worker["index"])),
                        self.does(worker),
                        str(queued),
                        str(number(worker["suspended"])),
                        str(number(worker["bound"])),
                    )
                )
            table_of(rows)

    def does(self, worker):
        if number(worker["parked"]):
            return "sleeps"
        current = worker["current"]
        if worker["on_fiber"] and current and current["self"]:
            return Fiber(current.dereference(), None).who()
        return "libuv" if worker["in_uv"] else "looks for work"


class Actors(gdb.Command):
    """The actors, or those whose name or type has TEXT in it."""

    def __init__(self):
        super().__init__("weir actors", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        waiting = {fiber.self(): fiber for fiber in fibers()}
        running = {}
        for runtime in runtimes():
            for worker in workers(runtime):
                if worker["on_fiber"] and worker["current"]:
                    running[int(worker["current"]["self"])] = int(worker["index"])
        rows = [("slot", "actor", "phase", "mailbox", "does")]
        for actor in actors():
            if argument and argument not in actor.name():
                continue
            rows.append(
                (str(actor.slot), actor.name(), actor.phase(), actor.mailbox(), self.does(actor, waiting, running))
            )
        table_of(rows)

    def does(self, actor, waiting, running):
        if actor.work() in waiting:
            return "waits for " + waiting[actor.work()].waits_for()
        if actor.work() in running:
            return "runs on worker %d" % running[actor.work()]
        return "idle" if number(actor.cell["inbox"]) & 1 else "is to run"


class Fibers(gdb.Command):
    """Who is suspended: on what, and since which line of the program."""

    def __init__(self):
        super().__init__("weir fibers", gdb.COMMAND_STATUS)

    def invoke(self, argument, from_tty):
        rows = [("fiber", "worker", "who", "waits for", "since")]
        for i, fiber in enumerate(fibers()):
            rows.append((str(i + 1), str(int(fiber.worker["index"])), fiber.who(), fiber.waits_for(), since(fiber)))
        table_of(rows)


class Backtrace(gdb.Command):
    """The backtrace of a suspended handler or task: weir backtrace WHO [full]
    WHO is an actor's slot or name, "fiber" and its number (weir fibers), or an expression of type weir_ref."""

    def __init__(self):
        super().__init__("weir backtrace", gdb.COMMAND_STACK)

    def invoke(self, argument, from_tty):
        words = argument.split()
        options = words.pop() if words and words[-1] == "full" else ""
        who = " ".join(words)
        if not who:
            raise gdb.GdbError("whose? weir backtrace WHO [full]")
        fiber = self.find(who)
        print("%s waits for %s" % (fiber.who(), fiber.waits_for()))
        for line in backtrace_of(fiber, options):
            print(line)

    def find(self, who):
        all_fibers = list(fibers())
        numbered = re.fullmatch(r"fiber (\d+)", who)
        if numbered:
            if 0 < int(numbered.group(1)) <= len(all_fibers):
                return all_fibers[int(numbered.group(1)) - 1]
            raise gdb.GdbError("there is no fiber %s" % numbered.group(1))
        actor = self.actor(who)
        for fiber in all_fibers:
            if fiber.self() == actor.work():
                return fiber
        raise gdb.GdbError("actor %d is not suspended; if it runs, see its worker's thread" % actor.slot)

    def actor(self, who):
        name = who.strip('"')
        for actor in actors():
            if who == str(actor.slot) or actor.name() == name or actor.name().endswith('"%s"' % name):
                return actor
        try:
            slot = int(gdb.parse_and_eval(who)["bits"]) & 0xFFFFFFFF
        except gdb.error:
            raise gdb.GdbError("there is no actor %s" % who)
        for actor in actors():
            if actor.slot == slot:
                return actor
        raise gdb.GdbError("actor %d is gone" % slot)


Weir()
Runtimes()
Actors()
Fibers()
Backtrace()
