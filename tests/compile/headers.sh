#!/bin/sh
# headers.sh SOURCE CC CXX: each public header stands alone, and twice over, and all of them together, in either order,
# without a warning, in strict C11, C++17 and C++20, with exceptions or without; those that promise it do not drag in
# libuv; and the examples are strict C11 and C++17, too.
set -u
source=$1 cc=$2 cxx=$3
warnings='-Wall -Wextra -Wconversion -Wshadow -Werror'
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
failed=0
complain() { failed=1; echo "FAILED: $*"; }
# libuv's header needs more of POSIX than -std=c11 shows.
standard_of() { if grep -q '<weir/uv\.h>\|<uv\.h>' "$1"; then echo gnu11; else echo c11; fi; }

# The program must be without a warning in every language that a user may choose.
compiles() { # compiles FILE WHAT
  file=$1 what=$2
  c=$(standard_of "$file")
  # shellcheck disable=SC2086 # several arguments
  "$cc" -std="$c" $warnings -Wpedantic -Wstrict-prototypes -I"$source/include" -fsyntax-only -x c "$file" ||
    complain "$what as $c"
  # C++17 not with -Wpedantic: the macros write designated initializers, which gcc and clang have there as an extension.
  for cpp in -std=c++17 '-std=c++20 -Wpedantic' '-std=c++20 -Wpedantic -fno-exceptions'; do
    # shellcheck disable=SC2086
    "$cxx" $cpp $warnings -I"$source/include" -fsyntax-only -x c++ "$file" || complain "$what with $cpp"
  done
}

: >"$out/together" >"$out/backwards"
for header in "$source"/include/weir/*.h; do
  name=weir/$(basename "$header")
  printf '#include <%s>\n#include <%s>\nint weir_test_not_empty;\n' "$name" "$name" >"$out/alone.c"
  compiles "$out/alone.c" "$name"
  "$cc" -std="$(standard_of "$out/alone.c")" -M -I"$source/include" "$out/alone.c" >"$out/includes" ||
    complain "what $name includes"
  [ "$name" = weir/uv.h ] || ! grep -q '/uv\.h' "$out/includes" || complain "$name includes libuv's header"
  echo "#include <$name>" >>"$out/together"
  { echo "#include <$name>"; cat "$out/backwards"; } >"$out/more" && mv "$out/more" "$out/backwards"
done
for order in together backwards; do
  { cat "$out/$order"; echo 'int weir_test_not_empty;'; } >"$out/all.c"
  compiles "$out/all.c" "all headers $order"
done

for example in "$source"/examples/*.c; do
  [ -e "$example" ] || continue
  c=$(standard_of "$example")
  # Of a library that is not installed?
  sed -nE 's,^#include <((curl|sqlite).*)>$,#include <\1>,p' "$example" >"$out/others.c"
  "$cc" -fsyntax-only "$out/others.c" 2>/dev/null || continue
  "$cc" -std="$c" -Wall -Wextra -Wpedantic -Werror -I"$source/include" -fsyntax-only "$example" ||
    complain "$example as $c"
  "$cxx" -x c++ -std=c++17 -Wall -Wextra -Werror -I"$source/include" -fsyntax-only "$example" ||
    complain "$example as C++17"
done
exit $failed
