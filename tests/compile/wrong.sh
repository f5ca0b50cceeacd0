#!/bin/sh
# wrong.sh SOURCE CC: each program in tests/compile/wrong is wrong in one place and must not compile; where its first
# line says `/* error: TEXT */`, TEXT must be in what the compiler says.
set -u
source=$1 cc=$2
failed=0
for program in "$source"/tests/compile/wrong/*.c; do
  if said=$("$cc" -std=c11 -Werror -c -o /dev/null -I"$source/include" "$program" 2>&1); then
    failed=1
    echo "FAILED: $program compiles"
    continue
  fi
  text=$(sed -n '1s,^/\* error: \(.*\) \*/$,\1,p' "$program")
  case $said in
  *"$text"*) ;;
  *)
    failed=1
    printf 'FAILED: %s: the compiler does not say "%s", but:\n%s\n' "$program" "$text" "$said"
    ;;
  esac
done
exit $failed
