#!/bin/sh
# weir graph: a topology is drawn, for Graphviz and for Mermaid.
. "$(dirname "$0")/cli.inc"

cat >t.json <<'EOF'
{ "actors": [
  { "name": "lines", "type": "file_lines", "config": { "paths": ["-"] }, "to": ["words", { "to": "other", "when_full": "drop" }] },
  { "name": "words", "type": "split", "to": "count" },
  { "name": "count", "type": "count", "instances": 4, "route": { "hash": "word" }, "mailbox": { "capacity": 16 },
    "to": { "to": "top", "when_full": { "to": "spare" } }, "on_failure": { "retry": 2, "then": "discard" },
    "breaker": { "failures": 3, "reset": "1s" } },
  { "name": "top", "type": "top", "to": "out" },
  { "name": "spare", "type": "top", "to": "discard" },
  { "name": "other", "use": "counted", "to": "top" },
  { "name": "out", "type": "print" } ],
  "templates": { "counted": { "in": "split", "out": "count", "actors": [
    { "name": "split", "type": "split", "to": "count" }, { "name": "count", "type": "count" } ] } },
  "supervision": { "children": [{ "name": "ends", "strategy": "rest_for_one", "children": ["top", "out"] }, "*"] } }
EOF
expect 0 'digraph topology {
  rankdir=LR;
  node [shape=box, fontname="sans-serif"];
  edge [fontname="sans-serif", fontsize=10];
  a0 [label="lines\nfile_lines", style=rounded];
  a1 [label="words\nsplit\nmailbox: 64"];
  a2 [label="count × 4\ncount\nmailbox: 16, by word\nfails: 2 tries more, then discard\nbreaker: 3 failures, 1s, meanwhile dead letters", peripheries=2];
  a3 [label="top\ntop\nmailbox: 64"];
  a4 [label="spare\ntop\nmailbox: 64"];
  subgraph cluster_0 {
  label="other"; style=dotted;
  a5 [label="other.split\nsplit\nmailbox: 64"];
  a6 [label="other.count\ncount\nmailbox: 64"];
  }
  a7 [label="out\nprint\nmailbox: 64"];
  discard [shape=plaintext];
  a0 -> a1 [label="line"];
  a0 -> a5 [label="line, dropped when full", style=dashed];
  a1 -> a2 [label="word"];
  a2 -> a3 [label="tally"];
  a2 -> a4 [label="when top is full", style=dashed];
  a2 -> discard [label="failed: word"];
  a3 -> a7 [label="tally"];
  a4 -> discard [label="tally"];
  a5 -> a6 [label="word"];
  a6 -> a3 [label="tally"];
  s0 [label="one_for_one\n3 in 5s", shape=ellipse, color=grey50, fontcolor=grey40];
  s1 [label="ends\nrest_for_one\n3 in 5s", shape=ellipse, color=grey50, fontcolor=grey40];
  s0 -> s1 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a0 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a1 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a2 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a4 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a5 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s0 -> a6 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s1 -> a3 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
  s1 -> a7 [color=grey70, arrowhead=odot, arrowsize=0.6, constraint=false];
}' '' "$weir" graph t.json
cp out t.dot
for file in "$source"/config/*.json t.json; do
  case $file in *schema.json) continue ;; esac
  expect_code 0 "$weir" graph "$file"
  if command -v dot >/dev/null; then expect_that "Graphviz draws $file" sh -c 'dot -Tsvg out | grep -q "</svg>"'; fi
  expect_code 0 "$weir" graph --format=mermaid "$file"
done
expect_that 'Mermaid has the same graph' sh -c '[ "$(grep -c -- "-->\|-\.->\|-\.-" out)" = "$(grep -c -- "->" t.dot)" ]'
expect_that 'a source is round' grep -qFx '  a0(["lines<br>file_lines"])' out
expect_that 'an edge that drops is dashed' grep -qFx '  a0 -.->|"line, dropped when full"| a5' out

echo '{ "actors": [ { "name": "a", "type": "splitt", "to": "b" } ] }' >wrong.json
expect_code 78 "$weir" graph wrong.json
expect_that 'what is wrong is told' grep -q '^wrong.json:1:38: error: actors.a.type: unknown type "splitt"' err
usage() { # usage MESSAGE ARGUMENTS...
  message=$1
  shift
  expect 2 '' "weir: graph: $message
Try \"weir graph --help\"." "$weir" graph "$@"
}
usage 'which FILE?'
usage 'unknown option "--fromat" (did you mean "--format"?)' --fromat dot t.json
usage '--format is dot or mermaid, not "svg"' --format svg t.json
usage '--format needs a value' --format
usage 'one file at a time: "a", or "b"?' a b
finish
