#!/bin/sh
# wrong.sh SOURCE CC CXX: each program in tests/compile/wrong is wrong in one place and must not compile, as C and as C++;
# and the compiler must say the text that its first lines name: /* WHO: TEXT */. WHO is a compiler (gcc, clang, g++,
# clang++), or c or c++, for both of that language.
set -u
export LC_ALL=C # quotes as in ASCII
source=$1 cc=$2 cxx=$3
failed=0
complain() { failed=1; printf 'FAILED: %s\n' "$*"; }

# text_for PROGRAM WHO
text_for() { sed -nE '/^#/q; s,^/\* '"$(echo "$2" | sed 's/+/\\+/g')"': (.*) \*/$,\1,p' "$1"; }

# must_fail PROGRAM COMPILER LANGUAGE COMMAND...
must_fail() {
  program=$1
  text=$(text_for "$1" "$2")
  [ -n "$text" ] || text=$(text_for "$1" "$3")
  [ -n "$text" ] || { complain "$program does not name the text for $2"; return; }
  shift 3
  if said=$("$@" -Werror -c -o /dev/null -I"$source/include" "$program" 2>&1); then
    complain "$program compiles with $*"
    return
  fi
  case $said in
  *"$text"*) ;;
  *) complain "$program: $* does not say \"$text\", but:
$said" ;;
  esac
}

if "$cc" --version | grep -q clang; then c=clang cpp=clang++; else c=gcc cpp=g++; fi
for program in "$source"/tests/compile/wrong/*.c; do
  must_fail "$program" $c c "$cc" -std=c11
  must_fail "$program" $cpp c++ "$cxx" -std=c++17 -x c++
done
exit $failed
