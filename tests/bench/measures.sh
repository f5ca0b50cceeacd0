#!/bin/sh
# measures.sh WEIR_BENCH: what measures something else than throughput says what makes sense, with little to measure.
command -v python3 >/dev/null || exit 77
exec python3 "$(dirname "$0")/measures.py" "$1"
