#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs the fuzzer for a time and says in one line how it went.

usage()
{
    cat <<END
usage: fuzz.sh [--seconds N] [--seed N] --out DIR TARGET SEEDS

Runs the libFuzzer program TARGET for N seconds (60), starting from the inputs
in the folder SEEDS and from what earlier runs left in DIR.  Prints
"ok model/fuzz-Ns" with executions and coverage, or "not ok ..." and where the
input lies that did it.
END
}

die()
{
    echo "fuzz.sh: $*" >&2
    exit 2
}

number()
{
    case $2 in
    ''|*[!0-9]*) die "$1: '$2' is no number" ;;
    esac
}

seconds=60
seed=1
out=
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --seconds|--seed|--out)
        [ $# -gt 1 ] || die "$1 needs a value"
        case $1 in
        --seconds) number "$1" "$2"; seconds=$2 ;;
        --seed) number "$1" "$2"; seed=$2 ;;
        --out) out=$2 ;;
        esac
        shift 2 ;;
    -*) die "unknown option $1 (see --help)" ;;
    *) break ;;
    esac
done
[ $# -eq 2 ] || die "TARGET and SEEDS are needed (see --help)"
[ -n "$out" ] || die "--out is needed (see --help)"
[ -x "$1" ] || die "$1: not a program"
[ -d "$2" ] || die "$2: not a folder"

mkdir -p "$out" || exit 2
log=$out.log
name=model/fuzz-${seconds}s
# Leaks are looked for at each input; an input may take 10 s at most.
"$1" -max_total_time="$seconds" -seed="$seed" -max_len=12288 -timeout=10 \
    -rss_limit_mb=2048 -malloc_limit_mb=512 -print_final_stats=1 \
    -artifact_prefix="$out." \
    "$out" "$2" >"$log" 2>&1
status=$?
runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")
rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
if [ $status -eq 0 ]; then
    echo "ok $name ($runs executions, $rate/s, $cover edges)"
else
    echo "not ok $name (status $status after ${runs:-?} executions)"
    grep -E 'ERROR:|runtime error:|SUMMARY:|Test unit written|harness:' \
        "$log" | sed 's/^/# /'
    echo "# whole log: $log"
    exit 1
fi
