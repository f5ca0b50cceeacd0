#!/bin/sh
# exports.sh SHARED STATIC: whoever links weir gets no name into his program that does not begin with weir_. The shared
# library shows its public names only, so none with two underscores but those that the public macros call.
set -u
failed=0
strange() { # strange WHAT: complains of the names on standard input
  names=$(cat)
  [ -z "$names" ] || { failed=1; printf '%s:\n%s\n' "$1" "$names"; }
}
defined() { nm "$@" | awk 'NF == 3 && $2 ~ /^[A-Z]$/ && $2 != "U" { print $3 }' | sort -u; }

public=$(defined -D --defined-only "$1") || exit 1
[ -n "$public" ] || { echo "$1 exports nothing"; exit 1; }
strange "exported by the shared library" <<END
$(echo "$public" | grep -v '^weir_')
END
strange "global in the static library" <<END
$(defined -g --defined-only "$2" | grep -v '^weir_')
END
exit $failed
