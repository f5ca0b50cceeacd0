#!/bin/sh
# allocs.sh WEIR_BENCH: what a workload calls of the allocator does not grow with its operations. Not where a sanitizer
# or valgrind has an allocator of its own.
command -v python3 >/dev/null || exit 77
said=$(mktemp) && trap 'rm -f "$said"' EXIT && "$1" allocs --n 20000 >"$said" || exit 1
python3 - "$said" <<'PYTHON'
import json, sys
lines = [json.loads(l) for l in open(sys.argv[1])]
calls = {l["workload"]: l for l in lines if "workload" in l}
assert len(calls) == 12, calls
for w in set(calls) - {"idle"}:
    # Not none: more may be on its way at once in the second run than there was in the first.
    assert calls[w]["calls_per_op"] <= 0.01, calls[w]
assert calls["idle"]["malloc"] > 0, calls["idle"] # its table of actors: so they are counted
PYTHON
