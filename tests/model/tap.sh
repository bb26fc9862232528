#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
# Runs GLib test programs; one line for each case.

usage()
{
    cat <<END
usage: tap.sh [--suite NAME] [--log DIR] [--timeout SECONDS] PROGRAM...

Runs each PROGRAM (a GLib test) and prints for each of its cases one line,
"ok NAME", "not ok NAME" or "skip NAME REASON", with the suite's name (default:
model) in front of the case's.  A case that brought its program down is "not
ok", and the cases behind it are run one by one.  What the programs print is
kept in DIR (default: a temporary folder) and shown for each failure.  Status 0
when nothing failed.
END
}

die()
{
    echo "tap.sh: $*" >&2
    exit 2
}

log=
seconds=300
suite=model
while [ $# -gt 0 ]; do
    case $1 in
    --help) usage; exit 0 ;;
    --suite) [ $# -gt 1 ] || die "--suite needs a name"; suite=$2; shift 2 ;;
    --log) [ $# -gt 1 ] || die "--log needs a folder"; log=$2; shift 2 ;;
    --timeout)
        [ $# -gt 1 ] || die "--timeout needs a number of seconds"
        seconds=$2
        case $seconds in
        ''|*[!0-9]*) die "--timeout: '$seconds' is no number" ;;
        esac
        shift 2 ;;
    -*) die "unknown option $1 (see --help)" ;;
    *) break ;;
    esac
done
[ $# -gt 0 ] || die "no programs given (see --help)"

if [ -z "$log" ]; then
    log=$(mktemp -d) || exit 2
    trap 'rm -rf "$log"' EXIT
fi
mkdir -p "$log" || exit 2
# GLib caches slices of memory and hides overreads from the sanitizer.
export G_SLICE=always-malloc
export ASAN_OPTIONS="detect_leaks=1:${ASAN_OPTIONS:-}"
export UBSAN_OPTIONS="print_stacktrace=1:${UBSAN_OPTIONS:-}"

# TAP of GLib ("ok 3 /block/case", "... # SKIP why") -> "ok\t/block/case\twhy"
results()
{
    sed -n \
        -e 's/^ok [0-9]* \(\/[^ ]*\) # SKIP *\(.*\)$/skip \1 \2/p' -e t \
        -e 's/^ok [0-9]* \(\/[^ ]*\).*$/ok \1/p' -e t \
        -e 's/^not ok [0-9]* \(\/[^ ]*\).*$/not \1/p' "$1"
}

failures=0
for program; do
    name=$(basename "$program")
    out=$log/$name.log
    cases=$("$program" -l 2>"$out") || {
        echo "not ok $suite/$name (can't list its cases)"
        cat "$out"
        failures=$((failures + 1))
        continue
    }
    cases=$(echo "$cases" | grep '^/')
    timeout "$seconds" "$program" --tap >"$out" 2>&1
    status=$?
    results "$out" >"$out.results"
    failed_here=0
    for case in $cases; do
        line=$(grep -m 1 "^[a-z]* $case\( \|\$\)" "$out.results")
        if [ -z "$line" ]; then
            one=$out.$(echo "$case" | tr / _)
            if timeout "$seconds" "$program" --tap -p "$case" \
                >"$one" 2>&1; then
                line=$(results "$one" | grep -m 1 "^[a-z]* $case\( \|\$\)")
            else
                tail -n 40 "$one" | sed 's/^/# /'
                line="not $case"
            fi
            rm -f "$one"
        fi
        case $line in
        ok*) echo "ok $suite$case" ;;
        skip*) echo "skip $suite$case${line#skip "$case"}" ;;
        *)
            echo "not ok $suite$case"
            failed_here=$((failed_here + 1)) ;;
        esac
    done
    # A leak or a crash at exit belongs to no case.
    if [ $status -ne 0 ] && [ $failed_here -eq 0 ]; then
        echo "not ok $suite/$name (status $status)"
        tail -n 40 "$out" | sed 's/^/# /'
        failed_here=1
    fi
    failures=$((failures + failed_here))
done
[ $failures -eq 0 ]
