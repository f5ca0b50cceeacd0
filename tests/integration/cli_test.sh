#!/bin/sh
# weir test: tests of topologies are found, run and told; what fails is told with its difference and its seed.
. "$(dirname "$0")/cli.inc"
cp "$build/tests/plugins/odd.so" .

# ---- those of weir's own topologies; nothing is read or written ----

for file in "$source"/config/*.json; do
  case $file in *schema.json) continue ;; esac
  expect_code 0 "$weir" test "$file" </dev/null
done

# ---- a difference, record by record ----

words='{ "name": "lines", "type": "file_lines", "to": "words" },
  { "name": "words", "type": "split", "config": { "fold_case": true }, "to": "count" },
  { "name": "count", "type": "count", "instances": 3, "route": { "hash": "word" }, "to": "top" },
  { "name": "top", "type": "top", "config": { "k": 3 }, "to": "out" },
  { "name": "out", "type": "print", "config": { "path": "never.txt" } }'
cat >words.json <<EOF
{ "actors": [ $words ],
  "tests": [
  { "name": "good", "feed": { "words": ["a b a"] }, "expect": { "out": [{ "word": "a", "count": 2 }, { "word": "b" }] } },
  { "name": "it's wrong", "feed": { "words": ["a b a", "C"] },
    "expect": { "top": [{ "word": "a", "count": 3 }, { "word": "c" }, { "word": "d" }],
                "words": ["a", "b", "b", "c"], "count": [{ "count": 2 }, { "count": 1 }, { "count": 1 }] } } ] }
EOF
expect 0 'ok     words.json:7:3: good (10 seeds)
1 test: 1 passed' '' "$weir" test words.json good
expect 0 'ok     words.json:7:3: good (seed 77)
1 test: 1 passed' '' "$weir" test words.json good --seed 77
expect 1 "ok     words.json:7:3: good (10 seeds)
FAILED words.json:8:3: it's wrong (seed 1)
  words.json:9:17: top: 3 expected in this order, 3 came
    differs:     {\"word\": \"a\", \"count\": 2}: \"count\" is 2, not 3
    unexpected:  {\"word\": \"b\", \"count\": 1}
    missing:     {\"word\": \"d\"}
  words.json:10:17: words: 4 expected in this order, 4 came
    differs:     \"a\", not \"b\"
  replay it: weir test 'words.json' 'it'\\''s wrong' --seed 1
2 tests: 1 passed, 1 failed" '' "$weir" test words.json
expect_that 'a sink that is not real writes nothing' [ ! -e never.txt ]
expect_code 1 "$weir" test --json words.json
expect_that 'JSON says the same' python3 - out <<'EOF'
import json, sys
all = json.load(open(sys.argv[1]))
good, wrong = all["tests"]
assert (all["passed"], all["failed"]) == (1, 1)
assert good["passed"] and good["seeds"] == 10 and good["failures"] == [] and good["error"] is None
assert (wrong["name"], wrong["file"], wrong["line"], wrong["column"]) == ("it's wrong", "words.json", 8, 3)
assert not wrong["passed"] and wrong["seed"] == 1 and [f["at"] for f in wrong["failures"]] == ["top", "words"]
top = wrong["failures"][0]
assert top["ordered"] and (top["line"], top["column"]) == (9, 17)
assert top["differences"][0] == {"expected": {"word": "a", "count": 3}, "got": {"word": "a", "count": 2},
                                 "fields": [{"field": "count", "expected": 3, "got": 2}]}
assert top["differences"][2] == {"expected": {"word": "d"}, "got": None}
EOF

# ---- feeds, stubs, time, dead letters, failures: each way a test may go ----

cat >odd.json <<'EOF'
{ "plugins": [{ "path": "odd.so" }],
  "actors": [
  { "name": "lines", "type": "file_lines", "to": ["words", "others"] },
  { "name": "words", "type": "split", "to": "moody" },
  { "name": "others", "type": "split", "to": "last" },
  { "name": "moody", "type": "moody", "to": ["last", "window"] },
  { "name": "last", "type": "last", "to": "lookup" },
  { "name": "lookup", "type": "lookup", "config": { "path": "${WORDS:-/none}" }, "to": "sieve" },
  { "name": "sieve", "type": "sieve", "to": { "long": "save", "short": "discard" } },
  { "name": "save", "type": "save", "config": { "path": "saved.txt" } },
  { "name": "window", "type": "window", "to": "out" },
  { "name": "out", "type": "print" } ] }
EOF
# odd EXIT-CODE NAME TEST: runs one test of odd.json, from a file beside it.
odd() {
  want=$1 name=$2
  printf '{ "tests": [\n  { "name": "%s", %s } ] }\n' "$name" "$3" >odd.test.json
  expect_code "$want" "$weir" test odd.test.json
  expect_that "$name: all is told on standard output" [ ! -s err ]
}
says() { expect_that "$name: $1" grep -qF -- "$1" out; }

odd 0 'a source is stubbed' '"stub": { "lines": ["a bc", "d"] }, "expect": { "lines": ["a bc", "d"], "moody.in": ["a", "bc", "d"] }'
odd 0 'a stub gives' '"feed": { "moody": ["x", "y"] }, "stub": { "moody": ["abcd", "b", "c"], "lookup": true },
  "expect": { "moody": ["abcd", "b", "c"], "last": ["c"], "sieve.short": ["c"], "sieve.long": [], "save": [] }'
odd 0 'a stub gives at outputs' '"feed": { "sieve": ["x"] }, "stub": { "sieve": { "long": ["a", "b"], "failed": ["c"] } },
  "expect": { "sieve.long": ["a", "b"], "sieve.failed": ["c"], "save": ["a", "b"] }'
odd 0 'time passes' '"feed": { "moody": ["a", "b"] }, "advance": "5s", "expect": { "window": [{ "count": 2 }], "window.in": ["a", "b"] }'
odd 0 'no time passes' '"feed": { "moody": ["a", "b"] }, "advance": "100ms", "expect": { "window": [] }'
odd 0 'the input stays open' '"feed": { "last": ["a"] }, "stub": ["lookup"], "advance": "1s", "expect": { "last": [] }'
odd 0 'the input ends after a time' '"feed": { "last": ["a"] }, "advance": "1s", "end": true, "expect": { "last": ["a"] }'
odd 0 'dead letters are expected' '"feed": { "moody": ["a", "refuse", "b"] }, "stub": ["lookup"],
  "expect": { "moody": ["a", "b"], "moody.failed": ["refuse"], "dead_letters": [{ "actor": "moody", "error": "not that word" }] }'
odd 1 'dead letters are not' '"feed": { "moody": ["a", "refuse", "b"] }, "expect": { "moody": ["a", "b"] }'
says '  moody: a word became a dead letter: not that word'
odd 1 'an actor fails' '"feed": { "moody": ["a", "fail", "b"] }, "expect": { "moody": ["a"] }'
says '  moody failed: no more of this'
odd 1 'an actor waits for ever' '"feed": { "moody": ["a", "wait", "b"] }, "expect": { "moody": ["a"] }'
says '  it does not end: nothing can run any more, and no timer is set (left: moody)'
rm -f saved.txt
odd 0 'the outside is touched' '"feed": { "last": ["abcd"] }, "real": ["lookup", "save"], "environment": { "WORDS": "odd.json" }, "expect": { "save": ["abcd"] }'
expect_that 'what is real does what it does' [ "$(cat saved.txt)" = abcd ]
odd 1 'the outside is missing' '"feed": { "last": ["abcd"] }, "real": ["lookup"], "expect": { "save": ["abcd"] }'
says '  lookup failed: there is no /none'
if contains; then
  odd 1 'an actor crashes' '"feed": { "moody": ["a", "crash"] }, "expect": { "moody": ["a"] }'
  says '  moody failed: SIGSEGV at address 0x0'
fi
if [ -z "${WEIR_COMMAND:-}" ] && ! sanitized; then
  cp odd.json odd.before
  sed -i 's/^{ "plugins"/{ "runtime": { "trap": false }, "plugins"/' odd.json
  printf '{ "tests": [{ "name": "an actor crashes", "feed": { "moody": ["crash"] }, "expect": { "moody": [] } }] }\n' >odd.test.json
  sh -c 'ulimit -c 0; exec "$0" test odd.test.json' "$weir" >out 2>err || true
  expect_that 'a process that dies tells where it was' grep -qFx 'weir: this was the test "an actor crashes" with --seed 1' err
  mv odd.before odd.json
  printf '{ "tests": [{ "name": "spins", "feed": { "moody": ["spin"] }, "expect": { "moody": [] } }] }\n' >odd.test.json
  expect 1 '' 'weir: a handler does not return: its time (--timeout) is over
weir: this was the test "spins" with --seed 1' "$weir" test odd.test.json --timeout 1
fi

# ---- what only some seeds show ----

cat >odd.test.json <<'EOF'
{ "tests": [
  { "name": "the words of moody come last", "seeds": 100, "feed": { "moody": ["a"], "others": ["b"] }, "stub": ["lookup"],
    "expect": { "last": ["a"] } } ] }
EOF
expect_code 1 "$weir" test odd.json
cp out first
expect_that 'the difference is told' grep -qFx '    differs:     "b", not "a"' first
seed=$(sed -n 's/^  replay it: .* --seed //p' first)
expect_that 'the seed is told' [ "$seed" -ge 1 ]
expect_code 1 "$weir" test odd.json 'the words of moody come last' --seed "$seed"
expect_that 'its seed is the same run' cmp -s first out
other=1
while [ "$other" -lt 50 ] && ! "$weir" test odd.json --seed $other >/dev/null; do other=$((other + 1)); done
expect_that 'another seed is another run' [ "$other" -lt 50 ]
expect_code 1 "$weir" test odd.json --seed "$seed" --trace
expect_that 'each event can be seen' grep -q 'moody#.* takes\|last#.* takes' err
cp err first
expect_code 1 "$weir" test odd.json --seed "$seed" --trace
expect_that 'event by event' cmp -s first err

# ---- which files, which tests, which environment ----

mkdir beside
cp odd.so beside
sed 's/"print" }/"print", "config": { "path": "${OUT}" } }/' odd.json >beside/odd.json
cat >beside/odd.test.json <<'EOF'
{ "$schema": "topology.schema.json", "description": "beside it", "tests": [
  { "name": "one", "environment": { "OUT": "x" }, "feed": { "window": ["a"] }, "expect": { "window": [] } },
  { "name": "two", "environment": { "OUT": "y" }, "feed": { "window": ["a"] }, "advance": "2s", "expect": { "out": [{ "word": "window" }] } } ] }
EOF
expect 0 'ok     beside/odd.test.json:2:3: one (10 seeds)
ok     beside/odd.test.json:3:3: two (10 seeds)
2 tests: 2 passed' '' "$weir" test beside/odd.json
sed 's/{ "$schema"/{ "topology": "odd.json", "$schema"/; s/"one"/"three"/' beside/odd.test.json >beside/more.test.json
expect 0 'ok     beside/more.test.json:2:3: three (10 seeds)
ok     beside/more.test.json:3:3: two (10 seeds)
2 tests: 2 passed' '' "$weir" test beside/more.test.json
expect 0 'ok     beside/more.test.json:2:3: three (10 seeds)
1 test: 1 passed' '' "$weir" test beside/odd.json beside/more.test.json three
sed 's/{ "$schema"/{ "topology": "another.json", "$schema"/' beside/odd.test.json >beside/t && mv beside/t beside/odd.test.json
expect 1 '' 'weir: beside/odd.json has no tests' env OUT=x "$weir" test beside/odd.json
expect 78 '' 'weir: cannot read beside/another.json: No such file or directory' "$weir" test beside/odd.test.json
expect 78 '' 'beside/odd.json:12:57: error: actors.out.config.path: the environment has no "OUT", and no default is given: ${OUT:-default}' \
  "$weir" test beside/odd.json
printf '{ "tests": [{ "name": "a", "environment": { "OUT": "x" }, "feed": { "last": ["a"] }, "expect": { "sieve.long": [], "windw": [] } }] }\n' >beside/odd.test.json
expect 78 '' 'beside/odd.test.json:1:116: error: tests.a.expect.windw: unknown actor "windw" (did you mean "window"?)' "$weir" test beside/odd.json
sed 's/, "windw": \[\]//' beside/odd.test.json >beside/t && mv beside/t beside/odd.test.json
expect 78 '' 'beside/odd.test.json:1:13: error: tests.a: "lookup" (lookup) would touch what is outside of the test: name it in "stub", or in "real"' "$weir" test beside/odd.json
echo '{ "tests": [], "runtime": {} }' >beside/odd.test.json
expect 78 '' 'beside/odd.test.json:1:16: error: runtime: a file of tests may not have this, but the topology that it is for' env OUT=x "$weir" test beside/odd.json

usage() { # usage MESSAGE ARGUMENTS...
  message=$1
  shift
  expect 2 '' "weir: test: $message
Try \"weir test --help\"." "$weir" test "$@"
}
printf '\n\n' >empty.json
expect 78 '' 'empty.json:3:1: error: the file is empty' "$weir" test empty.json
printf '{ "include": ["empty.json"], "tests": [] }' >around.json
expect_code 78 "$weir" test around.json
expect_that 'so it is with a file that is included' grep -q '^empty.json:3:1: error: the file is empty' err
usage '--timeout is a number from 1, not "no"' --timeout=no x.json
usage 'which FILE? (one that ends with .json or .jsonc)'
usage 'no test is called "god" (did you mean "good"?)' words.json god
usage 'unknown option "--seds" (did you mean "--seeds"?)' words.json --seds 3
usage '--seeds is a number from 1, not "0"' words.json --seeds 0
usage '--seed needs a value' words.json --seed
usage '--json takes no value' words.json --json=yes
usage '--seed runs one seed, --seeds several: which?' words.json --seed 3 --seeds=4
expect_code 0 "$weir" test words.json --seeds=3 good
expect_that 'so many seeds' grep -q '(3 seeds)' out
finish
