#!/bin/sh
# wordcount.sh BUILD SOURCE: the main job. What it prints must be, byte for byte, what standard Unix tools print for the
# same text, however many workers there are; and whatever is wrong with a text, a file or the output is said in one
# line, with the right exit code.
build=$1
source=$2
weir=${WEIR_COMMAND:-$build/weir}
wordcount=$source/config/wordcount.json
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
failures=0

complain() {
  echo "FAILED: $*"
  failures=$((failures + 1))
}

# ---- the same result as the tools ----

tools() {
  LC_ALL=C tr -cs A-Za-z '\n' | LC_ALL=C tr A-Z a-z | LC_ALL=C grep . | LC_ALL=C sort | uniq -c |
    LC_ALL=C sort -k1,1nr -k2 | head -10 | awk '{print $1, $2}'
}

# compare WHAT CODE: the run that wrote $dir/out and $dir/err has to equal $dir/expected.
compare() {
  [ "$2" = 0 ] || complain "$1: exit code $2"
  [ -s "$dir/err" ] && complain "$1: $(cat "$dir/err")"
  cmp -s "$dir/expected" "$dir/out" || { complain "$1: output differs"; diff "$dir/expected" "$dir/out"; }
}

# same_as_tools TEXT: in every way of running.
same_as_tools() {
  tools <"$1" >"$dir/expected"
  for options in "--workers 1" "--workers 2" "--workers 8" "--flavor current_thread"; do
    # shellcheck disable=SC2086 # the options are several words
    "$weir" run $options "$wordcount" <"$1" >"$dir/out" 2>"$dir/err"
    compare "${1##*/}, $options" $?
  done
  cat "$1" | "$weir" run "$wordcount" 2>"$dir/err" | cat >"$dir/out"
  compare "${1##*/}, from a pipe to a pipe" 0
}

copies=10
[ -n "$WEIR_TEST_SLOW" ] && copies=1

real=$dir/real
mkdir "$real"
for text in GPL-3 Apache-2.0 Artistic; do
  cp "/usr/share/common-licenses/$text" "$real/$text" && same_as_tools "$real/$text"
done

for copy in $(seq $copies); do cat /usr/share/common-licenses/*; done >"$dir/large"
same_as_tools "$dir/large"
head -c 300000 "$build/weir" >"$dir/zeros and invalid bytes" && same_as_tools "$dir/zeros and invalid bytes"
: >"$dir/empty" && same_as_tools "$dir/empty"
printf '\n\n \n' >"$dir/no words" && same_as_tools "$dir/no words"
printf 'one two\nTwo three' >"$dir/no last newline" && same_as_tools "$dir/no last newline"
printf '\n1\n2\n3\nonly Here' >"$dir/words in the last line only" && same_as_tools "$dir/words in the last line only"
tr -cs A-Za-z '\n' <"$real/GPL-3" >"$dir/one word a line" && same_as_tools "$dir/one word a line"
seq 3000 | tr 0-9 a-j >"$dir/every word once" && same_as_tools "$dir/every word once"
printf 'caf\303\251 na\303\257ve\r\nx\r\n' >"$dir/not ascii" && same_as_tools "$dir/not ascii"
{ head -c 1000000 /dev/zero | tr '\0' a && echo && head -c 1000000 /dev/zero | tr '\0' ' ' && echo; } >"$dir/long lines"
same_as_tools "$dir/long lines"

# ---- topologies of our own ----

# topology PATHS MAX_LINE CAPACITY OUT: writes $dir/own.json; PATHS and OUT are JSON.
topology() {
  cat >"$dir/own.json" <<EOF
{ "actors": [
  { "name": "lines", "type": "file_lines", "config": { "paths": $1, "max_line": "$2B" }, "to": ["words"] },
  { "name": "words", "type": "split", "config": { "fold_case": true }, "mailbox": { "capacity": $3 }, "to": ["count"] },
  { "name": "count", "type": "count", "instances": 3, "route": { "hash": "word" }, "to": ["top"] },
  { "name": "top", "type": "top", "to": ["out"] },
  { "name": "out", "type": "print", "config": { "path": $4 } } ] }
EOF
}

topology "[\"$real/GPL-3\", \"-\", \"$real/Artistic\"]" 1000 1 "\"$dir/printed\""
cat "$real/GPL-3" "$real/Apache-2.0" "$real/Artistic" | tools >"$dir/expected"
"$weir" run "$dir/own.json" <"$real/Apache-2.0" >"$dir/out" 2>"$dir/err"
code=$?
[ -s "$dir/out" ] && complain "several files: something is on the standard output"
mv "$dir/printed" "$dir/out"
compare "several files, mailboxes of one place, printed to a file" $code

# ---- what is wrong is said once, and fails the run ----

# says WHAT CODE TEXT: the run that wrote $dir/err ended as it must, with that text in its only line.
says() {
  [ "$2" = 1 ] || complain "$1: exit code $2"
  [ "$(wc -l <"$dir/err")" = 1 ] || complain "$1: not one line: $(cat "$dir/err")"
  grep -qF -e "$3" "$dir/err" || complain "$1: \"$3\" is not in: $(cat "$dir/err")"
}

{ head -c 100000000 /dev/zero | tr '\0' a; } | { "$weir" run "$wordcount" >"$dir/out" 2>"$dir/err"; echo $? >"$dir/code"; }
says "a line of 100 MB" "$(cat "$dir/code")" 'standard input:1: line is longer than 1048576 bytes (raise "max_line")'
[ -s "$dir/out" ] && complain "a line of 100 MB: there is output"

topology '["-"]' 5 64 '"-"'
printf 'four\nfive5\nsixsix\n' | { "$weir" run "$dir/own.json" >"$dir/out" 2>"$dir/err"; echo $? >"$dir/code"; }
says "a line too long" "$(cat "$dir/code")" 'standard input:3: line is longer than 5 bytes'

topology '["-"]' 10000000 2 '"-"'
head -c 9000000 "$dir/large" | tr '\n' ' ' | { "$weir" run "$dir/own.json" >"$dir/out" 2>"$dir/err"; echo $? >"$dir/code"; }
says "a line that no mailbox can hold" "$(cat "$dir/code")" 'standard input:1: line of '

topology "[\"$dir/none\"]" 1000 64 '"-"'
"$weir" run "$dir/own.json" >"$dir/out" 2>"$dir/err"
says "a missing file" $? "$dir/none: no such file or directory"

topology "[\"$dir\"]" 1000 64 '"-"'
"$weir" run "$dir/own.json" >"$dir/out" 2>"$dir/err"
says "a directory" $? "$dir: illegal operation on a directory"

if [ "$(id -u)" != 0 ]; then # nothing is unreadable to root
  : >"$dir/unreadable" && chmod 0 "$dir/unreadable"
  topology "[\"$dir/unreadable\"]" 1000 64 '"-"'
  "$weir" run "$dir/own.json" >"$dir/out" 2>"$dir/err"
  says "an unreadable file" $? "$dir/unreadable: permission denied"
fi

"$weir" run "$wordcount" <&- >"$dir/out" 2>"$dir/err"
says "a closed standard input" $? 'standard input: '
"$weir" run "$wordcount" <"$real/GPL-3" >&- 2>"$dir/err"
says "a closed standard output" $? 'standard output: '
"$weir" run "$wordcount" <"$real/GPL-3" >/dev/full 2>"$dir/err"
says "a full device" $? 'standard output: no space left on device'

# The reader is gone before the input has ended, so before anything is printed.
mkfifo "$dir/from" "$dir/to"
"$weir" run "$wordcount" <"$dir/from" >"$dir/to" 2>"$dir/err" &
pid=$!
exec 3>"$dir/from" 4<"$dir/to"
cat "$real/GPL-3" >&3
exec 4<&-
exec 3>&-
wait $pid
says "a standard output that nobody reads" $? 'standard output: broken pipe'

# ---- memory ----

# What it has held resident at most is asked when all of a text but what is left in the pipe has been read.
if [ -z "$WEIR_TEST_SLOW" ] && [ -r /proc/self/status ]; then
  "$weir" run "$wordcount" <"$dir/from" >"$dir/out" 2>"$dir/err" &
  pid=$!
  exec 3>"$dir/from"
  for copy in $(seq 20); do cat "$dir/large" >&3; done
  kib=$(awk '/^VmHWM:/ { print $2 }' /proc/$pid/status)
  exec 3>&-
  wait $pid
  code=$?
  tools <"$dir/large" | awk '{print 20 * $1, $2}' >"$dir/expected"
  compare "a large text through a pipe" $code
  [ "${kib:-999999}" -lt 32768 ] || complain "resident memory: $kib KiB"
fi

[ $failures = 0 ] || { echo "$failures failed"; exit 1; }
