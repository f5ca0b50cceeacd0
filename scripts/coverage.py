"""coverage.py BUILD LIST [--update]: adds up what gcov counted of src/, and compares it with the floor and the list of
functions that are never executed, both in LIST (docs/internals/coverage.md). See scripts/coverage."""
import glob, json, os, re, subprocess, sys

build, list_path = sys.argv[1:3]
root = os.getcwd()
counters = [os.path.abspath(f) for kind in ("weir_objects", "weir_command", "faults")
            for f in glob.glob(f"{build}/**/{kind}.dir/**/*.gcda", recursive=True)]
if not counters:
    sys.exit("nothing was counted")

lines = {}      # (file, line): how often
branches = {}   # (file, line, function): a list of counts
functions = {}  # (file, function): how often
out = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", *counters],
                     cwd=build, capture_output=True, check=True).stdout
for unit in out.decode().splitlines():
    for f in json.loads(unit)["files"]:
        name = os.path.relpath(os.path.join(build, f["file"]) if not f["file"].startswith("/") else f["file"], root)
        if not name.startswith("src/"):
            continue
        for fn in f["functions"]:
            key = name, fn["name"]
            functions[key] = functions.get(key, 0) + fn["execution_count"]
        for line in f["lines"]:
            key = name, line["line_number"]
            lines[key] = lines.get(key, 0) + line["count"]
            if line["branches"]:
                key = name, line["line_number"], line.get("function_name")
                counts = [b["count"] for b in line["branches"]]
                before = branches.get(key, [0] * len(counts))
                # A header's function may be compiled to fewer branches in some unit: then the longer list stands.
                if len(before) == len(counts):
                    branches[key] = [a + b for a, b in zip(before, counts)]
                elif len(before) < len(counts):
                    branches[key] = counts


def parts(folder):
    some = [n for (f, *_), n in lines.items() if f.startswith(folder)]
    ways = [n for (f, *_), counts in branches.items() if f.startswith(folder) for n in counts]
    return sum(n > 0 for n in some), len(some), sum(n > 0 for n in ways), len(ways)


def percent(part, whole):
    return 100 * part / whole if whole else 100


print(f"{'':18}{'lines':>16}{'':8}{'branches':>18}")
folders = sorted({f.split("/")[1] for f, _ in lines})
for folder in [f"src/{f}" for f in folders] + ["src/"]:
    l, all_l, b, all_b = parts(folder)
    print(f"{folder:18}{l:7} of {all_l:5}{percent(l, all_l):7.1f} %{b:8} of {all_b:5}{percent(b, all_b):7.1f} %")
line_percent, branch_percent = percent(*parts("src/")[:2]), percent(*parts("src/")[2:])

with open(list_path) as f:
    text = f.read()
floor = re.search(r"floor: ([\d.]+) % of lines, ([\d.]+) % of branches", text)
if "--update" in sys.argv:
    now = f"floor: {line_percent - 0.3:.1f} % of lines, {branch_percent - 0.3:.1f} % of branches"
    with open(list_path, "w") as f:
        f.write(text.replace(floor.group(0), now))
    sys.exit(0)

bad = False
if line_percent < float(floor.group(1)) or branch_percent < float(floor.group(2)):
    print(f"below the {floor.group(0)}")
    bad = True
never = {fn: f for (f, fn), n in functions.items() if not n and not f.startswith("src/platform/context")}
listed = set(re.findall(r"^\| `(\w+)\(\)` \|", text, re.M))
by_chance = set(re.findall(r"^\| `(\w+)\(\)` \| by chance", text, re.M))
for fn in sorted(never.keys() - listed):
    print(f"{never[fn]}: {fn}() is never executed; {list_path} does not say why")
    bad = True
for fn in sorted(listed - by_chance - never.keys()):
    print(f"{list_path}: {fn}() is executed, or there is no such function")
    bad = True
if os.environ.get("COVERAGE_LINES"):
    with open(os.environ["COVERAGE_LINES"], "w") as f:
        for (name, number), n in sorted(lines.items()):
            missed = [c for (a, b, _), counts in branches.items() if (a, b) == (name, number) for c in counts if not c]
            if not n or missed:
                print(f"{name}:{number}: {'never' if not n else f'{len(missed)} branches never'}", file=f)
sys.exit(bad)
