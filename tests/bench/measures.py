"""Runs the commands of weir-bench that measure something else than throughput, with little to measure, and checks what
must be so on any machine, however busy."""
import json
import os
import shlex
import subprocess
import sys

BENCH = shlex.split(os.environ.get("WEIR_WRAPPER", "")) + [sys.argv[1]]
NATIVE = "WEIR_TEST_SLOW" not in os.environ


def bench(*words):
    done = subprocess.run(BENCH + list(words), capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.returncode}: {done.stderr}"
    return json.loads(done.stdout.splitlines()[-1])


def check(claim, line):
    assert claim, line


for flavor in "multi", "current":
    l = bench("latency", "--rate", "2000", "--seconds", "1", "--flavor", flavor)
    check(1800 <= l["n"] <= 2200, l)  # whatever the answers do: it is seeded
    check(0 < l["p50_us"] <= l["p99_us"] <= l["p999_us"] <= l["max_us"], l)
    check(l["cpu_s"] > 0, l)
    l = bench("latency", "--rate", "0", "--seconds", "1", "--capacity", "1", "--flavor", flavor)
    check(l["n"] > 64 and l["rate"] == 0, l)
    l = bench("light", "--seconds", "1", "--flavor", flavor)
    check(500 <= l["n"] <= 1100 and l["ticks_per_s"] > 0, l)
    check(0 <= l["core_part_idle"] and 0 < l["core_part_light"], l)
    # So many that their memory stands out from what the program takes for other things meanwhile. What runs the program
    # (a sanitizer, an emulator) gives memory back when it likes.
    l = bench("memory", "--n", "200000" if NATIVE else "2000", "--flavor", flavor)
    check(0 < l["before_kb"] <= l["top_kb"] and 0 < l["after_1s_kb"], l)
    check(not NATIVE or l["after_1s_kb"] - l["before_kb"] < (l["top_kb"] - l["before_kb"]) / 2, l)
l = bench("busy", "--n", "200")
check(l["fed_speedup"] > 0 and l["exchanged_speedup"] > 0 and l["threads_speedup"] > 0, l)
