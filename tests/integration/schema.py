"""schema.py WEIR SOURCE: the schema that `weir schema` prints agrees with what weir says of documents.

 * It is a schema, by the metaschema of 2020-12.
 * Ready topologies are valid by it.
 * A good document is changed in hundreds of ways: what weir takes, the schema takes; and of what weir refuses the schema
   refuses all that is listed here as something that a schema can see."""
import copy
import glob
import json
import os
import subprocess
import sys
import tempfile

from jsonschema import Draft202012Validator

weir, source = sys.argv[1:]
schema = json.loads(subprocess.run([weir, "schema"], check=True, capture_output=True).stdout)
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
failures = []


def valid(document):
    return validator.is_valid(document)


for file in glob.glob(source + "/config/*.json"):
    if not file.endswith("schema.json"):
        for error in validator.iter_errors(json.load(open(file))):
            failures.append(f"{file}: {error.json_path}: {error.message}")

good = {
    "weir": 1,
    "name": "words",
    "description": "counts",
    "runtime": {"flavor": "multi_thread", "workers": 1},
    "actors": [
        {"name": "lines", "type": "file_lines", "config": {"paths": ["/dev/null"], "max_line": "64KiB"}, "to": "words"},
        {"name": "words", "type": "split", "config": {"on": "non-letters", "fold_case": True}, "to": ["count"]},
        {"name": "count", "type": "count", "instances": 2, "route": {"hash": "word"}, "mailbox": {"capacity": 4}, "to": "top"},
        {"name": "top", "type": "top", "config": {"k": 3}, "to": ["out"]},
        {"name": "out", "type": "print", "config": {"path": "-"}},
    ],
}
work = tempfile.mkdtemp()
verb = "check" if subprocess.run([weir, "help", "check"], capture_output=True).returncode == 0 else "run"


def taken(document):
    """What weir says of it. That a run fails, for want of a file say, is another matter."""
    path = os.path.join(work, "t.json")
    with open(path, "w") as file:
        json.dump(document, file)
    done = subprocess.run([weir, verb, path], stdin=subprocess.DEVNULL, capture_output=True, timeout=60)
    if done.returncode not in (0, 1, 78):
        failures.append(f"exit code {done.returncode}: {done.stderr!r} of {json.dumps(document)}")
    return done.returncode != 78


def places(value, path=()):
    yield path
    children = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, child in children:
        yield from places(child, path + (key,))


def changed(path, change):
    """The document with one change: `change` gets the container and the key."""
    document = copy.deepcopy(good)
    at = document
    for key in path[:-1]:
        at = at[key]
    change(at, path[-1])
    return document


def remove(at, key):
    del at[key]


def put(value):
    def change(at, key):
        at[key] = value

    return change


def rename(at, key):
    at[key + "_"] = at.pop(key)


values = [None, True, 0, 1, -1, 2.5, 1e300, 99999999, "", "x", "Not a name", "64KiB", "64", "64KB", "5s", "auto", "round_robin", [],
          [1], ["words"], {}, {"hash": "word"}, {"hash": "nothing"}]
plain = good
all_places = [p for p in places(good) if p]
documents = [changed(p, c) for p in all_places for c in [remove, *map(put, values)]]
documents += [changed(p, rename) for p in all_places if isinstance(p[-1], str)]
refused = unseen = 0
if os.environ.get("WEIR_TEST_SLOW"):
    documents = documents[::7]
assert taken(good) and valid(good), list(validator.iter_errors(good))
for document in documents:
    ours, theirs = taken(document), valid(document)
    if ours and not theirs:
        failures.append(f"weir takes what the schema refuses: {json.dumps(document)}")
    refused += not ours
    unseen += theirs and not ours

# All that a document may have.
full = {
    "$schema": "x",
    "weir": 1,
    "include": [],
    "runtime": {"flavor": "multi_thread", "workers": "auto", "stack": "256KiB", "trap": True, "memory": None, "drain": "10s"},
    "defaults": {"mailbox": {"capacity": 16, "overflow": "wait"}},
    "templates": {"twice": {"params": {"n": {"kind": "int", "default": 3}}, "in": "a", "out": "b", "actors": [
        {"name": "a", "type": "count", "to": "b"}, {"name": "b", "type": "top", "config": {"k": {"param": "n"}}}]}},
    "actors": [
        {"name": "lines", "type": "file_lines", "config": {"paths": ["/dev/null"]},
         "to": ["words", {"to": "others", "when_full": "drop"}]},
        {"name": "words", "type": "split", "to": {"out": "tops"}},
        {"name": "others", "type": "split", "to": {"to": "tops", "when_full": {"to": "spare"}}},
        {"name": "tops", "use": "twice", "with": {"n": 5}, "to": ["out"]},
        {"name": "spare", "type": "count", "to": "discard", "instances": "${INSTANCES:-2}",
         "on_failure": {"retry": 2, "backoff": ["1ms", "1s"], "then": "discard"},
         "breaker": {"failures": 2, "reset": "1s", "while_open": "dead_letters"}},
        {"name": "out", "type": "print"},
    ],
    "supervision": {"strategy": "one_for_one", "max_restarts": 3, "within": "5s",
                    "children": [{"name": "ends", "strategy": "rest_for_one", "children": ["out"]}, "*"]},
    "tests": [{"name": "t", "seeds": 2, "advance": "1s", "feed": {"words": ["a b"]}, "expect": {"out": []}}],
}
if verb == "check":
    good = full
    if not taken(full):
        failures.append("the full document is refused by weir")
    for error in validator.iter_errors(full):
        failures.append(f"the full document: {error.json_path}: {error.message}")
    more = [changed(p, c) for p in places(full) if p for c in [remove, *map(put, values)]][:: 7 if os.environ.get("WEIR_TEST_SLOW") else 2]
    for document in more:
        ours, theirs = taken(document), valid(document)
        if ours and not theirs:
            failures.append(f"weir takes what the schema refuses: {json.dumps(document)}")
        refused += not ours
        unseen += theirs and not ours
    documents += more
    good = plain

# What a schema can see.
visible = {
    "an unknown key": changed(("actors", 1, "config", "fold_cas"), put(True)),
    "an unknown key of an actor": changed(("actors", 1, "tpye"), put("x")),
    "an unknown key of the document": changed(("actor",), put([])),
    "a missing type": changed(("actors", 1, "type"), remove),
    "no actors": changed(("actors",), put([])),
    "an unknown type": changed(("actors", 1, "type"), put("splitt")),
    "a wrong kind": changed(("actors", 1, "config", "fold_case"), put("yes")),
    "a number out of bounds": changed(("actors", 3, "config", "k"), put(0)),
    "a bare number for a size": changed(("actors", 0, "config", "max_line"), put(65536)),
    "a size with a unit that there is not": changed(("actors", 0, "config", "max_line"), put("64KB")),
    "a choice that there is not": changed(("actors", 1, "config", "on"), put("commas")),
    "a name that is none": changed(("actors", 1, "name"), put("Words")),
    "an actor that sends on to nobody": changed(("actors", 1, "to"), remove),
    "a sink that sends on": changed(("actors", 4, "to"), put(["lines"])),
    "several instances of a source": changed(("actors", 0, "instances"), put(2)),
    "a route of a source": changed(("actors", 0, "route"), put("round_robin")),
    "a route by a field that there is not": changed(("actors", 2, "route"), put({"hash": "wrod"})),
    "too many instances": changed(("actors", 2, "instances"), put(1025)),
    "a mailbox without a place": changed(("actors", 2, "mailbox"), put({"capacity": 0})),
    "another version": changed(("weir",), put(2)),
}
for what, document in visible.items():
    if taken(document):
        failures.append(f"weir takes it: {what}")
    if valid(document):
        failures.append(f"the schema takes it: {what}")

for failure in failures[:20]:
    print(failure)
print(f"{len(documents)} documents: {refused} refused by weir, {unseen} of those not seen by the schema; {len(failures)} failures")
sys.exit(bool(failures) or not 100 < refused or unseen > refused / 2)
