#!/bin/sh
# headers.sh SOURCE CC CXX: each public header stands alone, and twice over, without a warning, in strict C11 and in
# C++17; those that promise it drag in neither libuv nor jansson; and the examples are strict C11 and C++17, too.
set -u
source=$1 cc=$2 cxx=$3
warnings='-Wall -Wextra -Wconversion -Wshadow -Werror'
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0
complain() { failed=1; echo "FAILED: $*"; }
# libuv's header needs more of POSIX than -std=c11 shows.
standard_of() { if grep -q '<weir/uv\.h>\|<uv\.h>' "$1"; then echo gnu11; else echo c11; fi; }

for header in "$source"/include/weir/*.h; do
  name=weir/$(basename "$header")
  printf '#include <%s>\n#include <%s>\nint weir_test_not_empty;\n' "$name" "$name" >"$out/alone.c"
  c=$(standard_of "$out/alone.c")
  cp "$out/alone.c" "$out/alone.cpp"
  # shellcheck disable=SC2086 # several arguments
  "$cc" -std="$c" $warnings -Wpedantic -Wstrict-prototypes -I"$source/include" -fsyntax-only "$out/alone.c" ||
    complain "$name as $c"
  # No -Wpedantic: the macros write designated initializers, which gcc and clang have in C++17 as an extension.
  # shellcheck disable=SC2086
  "$cxx" -std=c++17 $warnings -I"$source/include" -fsyntax-only "$out/alone.cpp" || complain "$name as C++17"
  "$cc" -std="$c" -M -I"$source/include" "$out/alone.c" >"$out/includes" || complain "what $name includes"
  [ "$name" = weir/uv.h ] || ! grep -q '/uv\.h' "$out/includes" || complain "$name includes libuv's header"
  [ "$name" = weir/json.h ] || ! grep -q '/jansson\.h' "$out/includes" || complain "$name includes jansson's header"
done

for example in "$source"/examples/*.c; do
  [ -e "$example" ] || continue
  c=$(standard_of "$example")
  "$cc" -std="$c" -Wall -Wextra -Wpedantic -Werror -I"$source/include" -fsyntax-only "$example" ||
    complain "$example as $c"
  "$cxx" -x c++ -std=c++17 -Wall -Wextra -Werror -I"$source/include" -fsyntax-only "$example" ||
    complain "$example as C++17"
done
exit $failed
