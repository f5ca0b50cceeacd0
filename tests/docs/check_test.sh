#!/bin/sh
# check_test.sh CHECK SOURCE BUILD JSON CC CXX [FLAGS...]: check.sh accepts what is right and finds what is wrong.
set -u
check=$1 real=$2
shift 2
work=$(mktemp -d) || exit 1
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/docs/deep" "$work/frames"
ln -s "$real/include" "$work/include"
printf '#include <weir/base.h>\nint main(void)\n{\n  /* HERE */\n}\n' >"$work/frames/body.c"
printf 'int main(void) { return 0; }\n' >"$work/frames/empty.c"
failed=0

# page STATUS TEXT ARGUMENTS...: with standard input as the page, check.sh ends with STATUS and prints TEXT
page() {
  status=$1 text=$2
  shift 2
  cat >"$work/docs/deep/page.md"
  said=$(sh "$check" "$work" "$@" 2>&1)
  got=$?
  case $got/$said in
  "$status"/*"$text"*) ;;
  *)
    failed=1
    printf 'FAILED: not %s with "%s", but %s:\n%s\nof the page:\n' "$status" "$text" "$got" "$said"
    cat "$work/docs/deep/page.md"
    ;;
  esac
}

page 0 '6 blocks on 1 pages checked, 0 wrong' "$@" <<'END'
```c
#include <weir/base.h>
int main(void) { return weir_version() ? 0 : 1; }
```
```cpp
#include <string>
#include <weir/base.h>
int main() { return std::string(weir_version()).empty(); }
```
<!-- within: frames/body.c -->
```c
return weir_strerror(WEIR_OK) ? 0 : 1;
```
1. In a list:
   <!-- file: a.json -->
   ```json
   { "a": 1 }
   ```
```console
$ cat a.json | \
    tr a b
{ "b": 1 }
$ echo one; echo two >&2
one
two
$ true
```
<!-- not run: needs the network -->
```console
$ no-such-command
```
```
anything
```
````console
$ echo '```'
```
````
END
page 1 'docs/deep/page.md:2: the program failed' "$@" <<'END'
```c
int main(void) { return 1; }
```
END
page 1 'does not compile' "$@" <<'END'
```c
int main(void) { return missing; }
```
END
page 1 'docs/deep/page.md:3' "$@" <<'END'
<!-- within: frames/body.c -->
```c
return missing;
```
END
page 1 'a fragment must name its frame' "$@" <<'END'
```c
return 0;
```
END
page 1 'no frame' "$@" <<'END'
<!-- within: frames/none.c -->
```c
return 0;
```
END
page 1 'must have one line /* HERE */' "$@" <<'END'
<!-- within: frames/empty.c -->
```c
return 0;
```
END
page 1 'page.md:3: echo two' "$@" <<'END'
```console
$ true
$ echo two
one
```
END
page 1 'begins with' "$@" <<'END'
```console
one
```
END
page 1 'not JSON' "$@" <<'END'
```json
{ "a": }
```
END
page 1 'only console blocks may be excused' "$@" <<'END'
<!-- not run: lazy -->
```c
int main(void) { return 0; }
```
END
page 1 'a fence is not closed' "$@" <<'END'
```c
END
exit $failed
