#!/bin/sh
# check.sh SOURCE BUILD JSON CC CXX [FLAGS...]: what README.md and docs/ show is true. By the language of a fenced block:
#   c        A program: it must compile without a warning, run, and end with 0. A fragment (no main) names, in a comment
#            on the line before its fence, a frame: <!-- within: tests/docs/frames/NAME.c -->; it is put where that
#            has the line /* HERE */.
#   cpp      The same in C++17.
#   console  Lines that start with "$ " are run by sh (one that ends in \ goes on in the next line); what follows, up to
#            the next such line, must be what the command prints on both outputs, exactly. A page's blocks share one
#            scratch folder, in which config/, examples/ and the files of tests/docs/files/ are found; the built
#            commands are in PATH, the source folder is $WEIR_SOURCE. <!-- not run: reason --> excuses a block.
#   json     must be JSON.
# <!-- file: NAME --> before any block saves it under that name in the page's scratch folder.
set -u
source=$1 build=$2 json=$3 cc=$4 cxx=$5
shift 5
flags=$*
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
export WEIR_SOURCE="$source" PATH="$build:$PATH" LD_LIBRARY_PATH="$build${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" LC_ALL=C
failed=0 checked=0
complain() { failed=$((failed + 1)); echo "FAILED: $*"; }

frame_with() { # frame_with FRAME FRAGMENT PAGE LINE: the program, with the lines of both files kept for messages
  awk -v fragment="$2" -v page="$3" -v line="$4" -v frame="$1" '
    /^[ \t]*\/\* HERE \*\/[ \t]*$/ {
      printf "#line %d \"%s\"\n", line, page
      while ((getline text < fragment) > 0) print text
      printf "#line %d \"%s\"\n", NR + 1, frame
      found++
      next
    }
    { print }
    END { exit found != 1 }' "$1"
}

check_program() { # check_program BLOCK PAGE LINE COMMENT COMPILER...
  case $4 in
  "within: "*)
    frame=$source/${4#within: }
    [ -f "$frame" ] || { complain "$2:$3: no frame $frame"; return; }
    frame_with "$frame" "$1" "$2" "$3" >"$1.c" || { complain "$2:$3: $frame must have one line /* HERE */"; return; }
    ;;
  *)
    grep -q 'main(' "$1" || { complain "$2:$3: a fragment must name its frame (see tests/docs/check.sh)"; return; }
    { echo "#line $3 \"$2\""; cat "$1"; } >"$1.c"
    ;;
  esac
  block=$1 at=$2:$3
  shift 4
  # shellcheck disable=SC2086 # flags are several arguments
  "$@" -g -Wall -Wextra -Werror $flags -I"$source/include" -I"$source/examples" -o "$block.program" "$block.c" \
    -L"$build" -lweir -luv -pthread >"$block.log" 2>&1 || { cat "$block.log"; complain "$at: does not compile"; return; }
  (cd "$scratch" && "$block.program" </dev/null) >"$block.log" 2>&1 || { cat "$block.log"; complain "$at: the program failed"; }
}

check_console() { # check_console BLOCK PAGE LINE
  awk -v block="$1" -v line="$3" '
    function finish() { if (command != "") { close(command); close(expected) } }
    /^\$ / || continued {
      if (!continued) {
        finish()
        command = block ".command." ++n
        expected = block ".expected." n
        printf "" > expected
        print line + NR - 1 > (block ".line." n)
        close(block ".line." n)
      }
      text = continued ? $0 : substr($0, 3)
      print text > command
      continued = text ~ /\\$/
      next
    }
    command == "" { exit 1 }
    { print > expected }
    END { if (command == "") exit 1 }' "$1" || { complain "$2:$3: a console block begins with \"\$ \""; return; }
  n=1
  while [ -f "$1.command.$n" ]; do
    (cd "$scratch" && exec sh "$1.command.$n" </dev/null) >"$1.printed" 2>&1
    diff -u --label documented --label printed "$1.expected.$n" "$1.printed" ||
      complain "$2:$(cat "$1.line.$n"): $(cat "$1.command.$n")"
    n=$((n + 1))
  done
}

check_block() { # check_block BLOCK LANGUAGE PAGE LINE COMMENT
  case $5 in
  "file: "*) cp "$1" "$scratch/${5#file: }" ;;
  "not run: "*)
    [ "$2" = console ] && return
    complain "$3:$4: only console blocks may be excused"
    ;;
  esac
  case $2 in
  c) check_program "$1" "$3" "$4" "$5" "$cc" -std=gnu11 ;;
  cpp) check_program "$1" "$3" "$4" "$5" "$cxx" -std=gnu++17 -x c++ ;;
  console) check_console "$1" "$3" "$4" ;;
  json) "$json" "$1" || complain "$3:$4: not JSON" ;;
  *) return ;;
  esac
  checked=$((checked + 1))
}

tab=$(printf '\t')
{
  [ -f "$source/README.md" ] && echo "$source/README.md"
  [ -d "$source/docs" ] && find "$source/docs" -name '*.md' | sort
} >"$work/pages"
number=0
while read -r page; do
  number=$((number + 1))
  blocks=$work/$number scratch=$work/$number/scratch
  mkdir -p "$scratch"
  for folder in config examples; do
    [ -d "$source/$folder" ] && ln -s "$source/$folder" "$scratch/$folder"
  done
  [ -d "$here/files" ] && cp -r "$here/files/." "$scratch/"
  awk -v out="$blocks" -f "$here/blocks.awk" "$page" >"$blocks/index" || complain "${page#"$source/"}: blocks.awk"
  while IFS=$tab read -r block language line comment; do
    check_block "$blocks/$block" "$language" "${page#"$source/"}" "$line" "$comment"
  done <"$blocks/index"
done <"$work/pages"

echo "$checked blocks on $number pages checked, $failed wrong"
[ "$failed" = 0 ]
