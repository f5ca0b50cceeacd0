#!/bin/sh
# sources.sh SOURCE: each source file of the library, the stock actors and the command is in a list of CMakeLists.txt,
# but for the context switches, of which cmake/Context.cmake picks one.
cd "$1" || exit 1
failed=0
for file in $(find src actors -name '*.c' -o -name '*.S' | sort); do
  case $file in
  src/platform/context_*) continue ;;
  esac
  grep -Eq "^ *$file\)?( +#.*)?\$" CMakeLists.txt || { failed=1; echo "FAILED: not in CMakeLists.txt: $file"; }
done
exit $failed
