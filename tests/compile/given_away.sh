#!/bin/sh
# given_away.sh SOURCE CC: the compiler's own checks find what given_away.c does with messages that it does not own any
# more, and a leak.
set -u
export LC_ALL=C
source=$1 cc=$2
program=$source/tests/compile/given_away.c
failed=0

# finds TEXT COUNT COMMAND...: the command warns of that so many times
finds() {
  text=$1 count=$2
  shift 2
  said=$("$@" -std=c11 -I"$source/include" "$program" 2>&1)
  found=$(printf '%s\n' "$said" | grep -c "warning: .*$text")
  [ "$found" = "$count" ] && return
  failed=1
  printf 'FAILED: %s warns of "%s" %s times, not %s:\n%s\n' "$*" "$text" "$found" "$count" "$said"
}

if "$cc" --version | grep -q clang; then
  optimistic="-Xclang -analyzer-config -Xclang unix.DynamicMemoryModeling:Optimistic=true"
  # shellcheck disable=SC2086 # several words
  finds "\[unix.Malloc\]" 3 "$cc" --analyze $optimistic
else
  finds "used after" 3 "$cc" -O2 -Wall -c -o /dev/null
  finds "use after" 2 "$cc" -O2 -fanalyzer -c -o /dev/null
  finds "double-'weir_free'" 1 "$cc" -O2 -fanalyzer -c -o /dev/null
  finds "leak of 'kept'" 1 "$cc" -O2 -fanalyzer -c -o /dev/null
fi
exit $failed
