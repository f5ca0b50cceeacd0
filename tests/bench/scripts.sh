#!/bin/sh
# scripts.sh WEIR_BENCH SOURCE: compare, curves and latency show what was recorded, and say what stands out.
source=$2
command -v python3 >/dev/null || exit 77
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1

has() { grep -q -- "$2" "$1" || { echo "not in $1: $2"; cat "$1"; exit 1; }; }
drawn() { python3 -c 'import sys, xml.dom.minidom; xml.dom.minidom.parse(sys.argv[1])' "$1" || exit 1; }

curve() { echo "{\"curve\": \"bytes\", \"workload\": \"parcels\", \"value\": $1, \"run\": $2, \"result\": {\"ops_per_s\": $3}}"; }
{ curve 0 1 9e6; curve 8 1 8e6; curve 64 1 1e6; curve 0 2 9e6; curve 8 2 8e6; curve 64 2 1e6; } >curves.json
"$source/bench/curves" --from-json curves.json --svg curves.svg >curves.said || exit 1
has curves.said 'parcels, bytes 64: 8.0 times slower than with 8$'
[ "$(grep -c 'times slower' curves.said)" = 1 ] || { cat curves.said; exit 1; }
drawn curves.svg
echo '{"curve": "bytes", "workload": "parcels", "value": 8, "run": 3, "result": null}' >>curves.json
"$source/bench/curves" --from-json curves.json >curves.said 2>errors && { echo "a failed run is no error"; exit 1; }
has errors 'parcels failed with bytes 8'

pair() { # ROUND PROGRAM RATE
  echo "{\"workload\": \"ask\", \"round\": $1, \"program\": \"$2\", \"result\": {\"bench\": \"ask\", \"ops_per_s\": $3, \"peak_rss_kb\": 1024}}"
}
{ for i in 1 2 3 4 5 6; do pair $i weir ${i}e6; pair $i go 2e6; done; } >compare.json
echo '{"workload": "ask", "round": 6, "program": "caf", "result": null}' >>compare.json
"$source/bench/compare" --from-json compare.json --svg compare.svg >compare.said || exit 1
has compare.said 'weir / go: 1.75 (95 %: 0.50 to 3.00)'
has compare.said 'caf *failed'
drawn compare.svg

asked() { # LOAD PROGRAM P99
  echo "{\"load\": $1, \"program\": \"$2\", \"round\": 1, \"result\": {\"rate\": 50, \"ops_per_s\": 50, \"seconds\": 2, \"cpu_s\": 1, \"forced_switches\": 8, \"stolen_s\": 1," \
    "\"p50_us\": 2, \"p99_us\": $3, \"p999_us\": 9, \"max_us\": 10}}"
}
{ asked 0 weir 3; asked 50 weir 7; asked 50 weir 5; asked 50 weir 6; } >latency.json
"$source/bench/latency" --from-json latency.json >latency.said || exit 1
has latency.said 'weir  *2.0 *6.0 *9.0 *10.0 *50 *0.50 *4 *0.50'
