# Functions of the scripts beside this file, which source it: . "$(dirname "$0")/lib.sh"
# They work from the project's folder, stop at the first error, and install on Debian what a step needs.
set -eu
cd "$(dirname "$0")/.."

jobs=$(nproc 2>/dev/null || getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
# Twice as many tests at a time as there are processors: they wait for much of their time.
tests=$((2 * jobs))

say() { printf '\n==> %s\n' "$*"; }
die() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

# missing PROBE PACKAGE...: prints those packages whose probe fails. A probe is a command's name, or pc:NAME for what
# pkg-config must find, or file:PATH.
missing() {
  while [ $# -gt 0 ]; do
    case $1 in
    pc:*) pkg-config --exists "${1#pc:}" 2>/dev/null || echo "$2" ;;
    file:*) [ -e "${1#file:}" ] || echo "$2" ;;
    *) command -v "$1" >/dev/null || echo "$2" ;;
    esac
    shift 2
  done
}

as_root() {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo "$@"
  else
    die "root is needed for: $* (and there is no sudo)"
  fi
}

# need "PROBE PACKAGE...": installs what is missing, and nothing when nothing is.
need() {
  # shellcheck disable=SC2068,SC2086 # a list of words
  packages=$(missing $@ | sort -u | tr '\n' ' ')
  [ -n "$packages" ] || return 0
  command -v apt-get >/dev/null ||
    die "missing, by their Debian names: $packages(this script installs them on Debian only)"
  say "Installing $packages"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -q
  # shellcheck disable=SC2086 # several packages
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -q --no-install-recommends $packages
}

to_build="cc gcc file:/usr/include/stdio.h libc6-dev cmake cmake ninja ninja-build pkg-config pkgconf
  pc:libuv libuv1-dev"
to_test="$to_build c++ g++ nm binutils diff diffutils pc:cmocka libcmocka-dev pc:jansson libjansson-dev gdb gdb
  file:/usr/include/elfutils/libdwfl.h libdw-dev
  file:/usr/share/i18n/locales/de_DE locales pc:sqlite3 libsqlite3-dev sqlite3 sqlite3 pc:libcurl libcurl4-openssl-dev python3 python3
  file:/usr/lib/python3/dist-packages/jsonschema/__init__.py python3-jsonschema"

# build PRESET [CMAKE ARGUMENTS...]
build() {
  preset=$1
  shift
  say "Building $preset"
  cmake --preset "$preset" "$@"
  cmake --build --preset "$preset" -j "$jobs"
}
