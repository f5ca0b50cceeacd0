#!/bin/sh
# run.sh CMAKE BUILD OUTSIDE CC: installs the built library into a folder, moves that folder, and builds OUTSIDE against
# it in the four ways a user may choose: find_package or pkg-config, shared or static. Each must print the same line.
set -eu
cmake=$1 build=$2 outside=$3 cc=$4
examples=$outside/../../examples
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset DESTDIR CFLAGS LDFLAGS

"$cmake" --install "$build" --prefix "$work/first" >"$work/install.log" || { cat "$work/install.log"; exit 1; }
mv "$work/first" "$work/prefix"
prefix=$work/prefix
pc=$(find "$prefix" -name weir.pc)
libs=$(dirname "$(dirname "$pc")")

"$cmake" -G Ninja -S "$outside" -B "$work/outside" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
  -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >"$work/configure.log" || { cat "$work/configure.log"; exit 1; }
"$cmake" --build "$work/outside" -v >"$work/build.log" || { cat "$work/build.log"; exit 1; }

build_in() { # build_in FOLDER: as its page says
  "$cmake" -G Ninja -S "$1" -B "$1/build" -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_C_COMPILER="$cc" \
    -DCMAKE_COMPILE_WARNING_AS_ERROR=ON >"$1.configure" 2>&1 || { cat "$1.configure"; exit 1; }
  "$cmake" --build "$1/build" >"$1.build" 2>&1 || { cat "$1.build"; exit 1; }
}

export PKG_CONFIG_PATH="$libs/pkgconfig${PKG_CONFIG_PATH:+:$PKG_CONFIG_PATH}"
by_pkg_config() { # by_pkg_config NAME LIBS...
  name=$1
  shift
  # shellcheck disable=SC2046 # pkg-config prints several arguments
  "$cc" -std=c11 -Wall -Wextra -Werror $(pkg-config --cflags weir) -o "$work/$name" "$outside/main.c" "$@"
}
# shellcheck disable=SC2046
by_pkg_config pc_shared $(pkg-config --libs weir)
# shellcheck disable=SC2046
by_pkg_config pc_static $(pkg-config --static --libs weir | sed 's/-lweir\b/-l:libweir.a/')

if echo 'int weir;' | "$cc" -Werror -fstack-clash-protection -x c -c -o "$work/probe.o" - 2>"$work/probe.log"; then
  # F8: whoever compiles handlers must get the flag, by either way.
  pkg-config --cflags weir | grep -q -- -fstack-clash-protection || { echo 'not in weir.pc: -fstack-clash-protection'; exit 1; }
  grep -q -- -fstack-clash-protection "$work/build.log" || { echo 'not in weirConfig.cmake: -fstack-clash-protection'; exit 1; }
fi

version=$(pkg-config --modversion weir)
for program in outside/on_shared outside/on_static pc_shared pc_static; do
  case $program in
  *shared) said=$(LD_LIBRARY_PATH="$libs" "$work/$program") ;;
  *static) said=$("$work/$program") ;;
  esac
  [ "$said" = "weir $version: 144" ] || { echo "$program said: $said"; exit 1; }
  echo "$program: $said"
done

find "$prefix" -path '*/gdb/auto-load/*' -name 'libweir.so.*-gdb.py' | grep -q . || { echo 'no gdb commands'; exit 1; }

if [ -x "$build/weir" ]; then # the installed command finds its library by itself
  weir=$prefix/bin/weir
  "$weir" --version

  # A new actor builds, passes its tests and runs as it is written.
  cd "$work"
  "$weir" new-actor demo >demo.log
  build_in demo
  ctest --test-dir demo/build >demo/ctest.log || { cat demo/ctest.log demo/build/Testing/Temporary/LastTest.log; exit 1; }
  "$weir" types --plugin demo/build/demo.so demo >/dev/null
  echo 'new-actor: builds, passes its tests, runs'

  # So does the example plugin.
  cp -r "$examples/journal" journal
  build_in journal
  printf 'one\ntwo\nthree\n' | "$weir" run journal/journal.json
  printf 'four\n' | "$weir" run journal/journal.json
  [ "$(tr '\n' ' ' <journal/journal.txt)" = 'one two three four ' ] || { echo 'journal.txt:'; cat journal/journal.txt; exit 1; }
  echo 'examples/journal: appends what it gets'
fi
