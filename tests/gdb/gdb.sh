#!/bin/sh
# gdb.sh BUILD SOURCE PROGRAM: the gdb commands of share/weir-gdb.py, on a program that runs and on its core file.
. "$(dirname "$0")/../integration/cli.inc"
program=$3
command -v gdb >/dev/null || exit 77
stuck=$source/tests/gdb/stuck.c
line_of() { grep -n "the $1 stands here" "$stuck" | cut -d: -f1; }

cat >commands <<'END'
echo == runtime\n
weir runtime
echo == actors\n
weir actors
echo == some\n
weir actors send
echo == fibers\n
weir fibers
echo == by name\n
weir backtrace the sleeper
echo == by type, with variables\n
weir backtrace asker full
echo == a task\n
python
for i, fiber in enumerate(fibers()):
    if "task" in fiber.who():
        gdb.execute("weir backtrace fiber %d" % (i + 1))
end
echo == registers\n
backtrace 1
END
gdb_on() { # gdb_on ARGUMENTS...
  LC_ALL=C gdb --batch --nx -iex 'set debuginfod enabled off' -ex 'set pagination off' -ex 'set width 0' "$@" 2>&1
}

# said FILE PATTERN: the file has such a line.
said() { expect_that "$1: $2" grep -Eq "$2" "$1"; }
looks_right() {
  said "$1" '^multi-thread, running: 5 live in it, 0 waiting'
  said "$1" '^[01] +(sleeps|libuv|looks for work)'
  said "$1" '^[0-9]+ +sleeper "the sleeper" +lives +3/3 +waits for an event$'
  said "$1" '^[0-9]+ +asker +lives +0/64 +waits for an answer, begun'
  said "$1" '^[0-9]+ +sender +lives +0/64 +waits for a place at actor [0-9]+'
  said "$1" '^[0-9]+ +sender "nobody.s" +lives +0/64 +idle$'
  said "$1" "sleeper \"the sleeper\" +an event +weir_sleep\(\), sleep_well\(\) at stuck.c:$(line_of sleeper)"
  # An optimizing compiler may leave weir_ask_value() and weir_send_value() by a jump: then they are on no stack.
  said "$1" "asker +an answer, begun.* [a-z_]+\(\), ask_on\(\) at stuck.c:$(line_of asker)"
  said "$1" "sender +a place at .* [a-z_]+\(\), send_on\(\) at stuck.c:$(line_of sender)"
  said "$1" "task sleeping_task +an event +weir_sleep\(\), sleeping_task\(\) at stuck.c:$(line_of task)"
  said "$1" '^#[0-9]+ +.*sleep_well \(.*\) at .*stuck.c'
  said "$1" '^#[0-9]+ +.*ask_on \(.*number=41\) at .*stuck.c'
  said "$1" '^#[0-9]+ +.*ask \(.*\) at .*stuck.c'
  said "$1" '^#[0-9]+ +.*sleeping_task \(.*\) at .*stuck.c'
  said "$1" '^#0 +(0x[0-9a-f]+ in )?everybody_stands \('
  expect_that "$1: no error" sh -c '! grep -En "^(Error|Python Exception|Traceback)|Backtrace stopped" "$0"' "$1"
  [ $failures -eq 0 ] || cat "$1"
}

weir_gdb() { gdb_on -x "$source/share/weir-gdb.py" "$@"; }

ulimit -c unlimited 2>/dev/null
weir_gdb -ex 'break everybody_stands' -ex run -x commands \
  -ex 'weir backtrace who' -ex 'weir backtrace 4711' -ex 'signal SIGABRT' "$program" >alive
looks_right alive
said alive 'there is no actor 4711'
expect_that 'by a variable' [ "$(grep -c 'sleeper "the sleeper" waits for an event' alive)" -eq 2 ]

# The kernel's core file, where it writes any; and gdb's own, which has no stacks that lie next to light guards.
for core in core core.*; do
  [ -f "$core" ] || continue
  weir_gdb -x commands "$program" "$core" >dead
  looks_right dead
  rm "$core"
done
weir_gdb -ex 'break everybody_stands' -ex 'run guard-pages' -ex 'generate-core-file gcore' -ex kill "$program" >written
weir_gdb -x commands "$program" gcore >dead
looks_right dead

gdb_on -x "$source/share/weir-gdb.py" -ex 'weir actors' /bin/true >none
said none 'no debug information of weir|The program is not being run'
finish
