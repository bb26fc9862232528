#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the KUnit tests of range notifiers and HMM in a guest.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-kunit.sh [--out DIR] [--kernel NAME] [SUITE...]

Boot a guest without a card and run the KUnit suites that are linked into its
kernel: once at boot, and once more when there is swap space. Print a line for
each test: it is ok if it passed the second time and did not fail at boot.

  --out DIR      the build directory (default: build)
  --kernel NAME  branch (default), debug or kcsan
  --help         this text

With SUITE, only these suites are run again; without, all, and each that the
branch has must be there.
END
}

# Swap space, then each suite's results: of the boot, run again, of that.
in_guest()
{
	local dir=/sys/kernel/debug/kunit suite

	echo 256M >/sys/block/zram0/disksize
	mkswap /dev/zram0 >/dev/null
	swapon /dev/zram0
	[ $# -gt 0 ] || set -- "$dir"/*/
	for suite; do
		suite=$(basename "$suite")
		[ -e "$dir/$suite/run" ] || continue
		echo "@@ boot $suite"
		cat "$dir/$suite/results"
		echo 1 >"$dir/$suite/run"
		echo "@@ again $suite"
		cat "$dir/$suite/results"
	done
}

out=$TOP/build
kernel=branch
suites=()
while [ $# -gt 0 ]; do
	case $1 in
	--in-guest) shift; in_guest "$@"; exit ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--kernel)
		need_value "$1" $#
		case $2 in
		branch | debug | kcsan) kernel=$2 ;;
		*) usage_error "there is no kernel '$2' with these tests" ;;
		esac
		shift
		;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*) suites+=("$1") ;;
	esac
	shift
done
need_command mkswap util-linux
[ -d "$out" ] || die "$out is not there: run 'make kernel qemu' first"

expected=("${suites[@]}")
if [ ${#expected[@]} -eq 0 ]; then
	mapfile -t expected < <(sed -n 's/^\t\.name = "\(.*\)",$/\1/p' \
		"$TOP"/tests/kunit/*_kunit.c)
fi
name=kunit
[ "$kernel" = branch ] || name=kunit-$kernel
log=$out/log/guest-$name.log
mkdir -p "$out/log"

# A kernel full of checks is slow, and KCSAN sleeps at boot unless it is asked.
timeout=540
append='kunit.enable=1 hugepages=8'
if [ "$kernel" != branch ]; then
	timeout=3000
	append+=' watchdog_thresh=60 hung_task_timeout_secs=600'
fi
[ "$kernel" != kcsan ] || append+=' kcsan.early_enable=1'

rc=0
"$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" --device none \
	--timeout "$timeout" --log "$out/log/guest-$name-console.log" \
	--append "$append" -- \
	"$TOP/tools/check-kunit.sh" --in-guest "${suites[@]}" \
	</dev/null >"$log" 2>&1 || rc=$?

# Only lines of cases count, which are indented once; parameters twice.
failed=0
awk -v name="$name" -v expected="${expected[*]}" '
	$1 == "@@" {pass = $2; suite = $3; seen[pass, suite] = 1; next}
	/^    1\.\.[0-9]+$/ {planned[suite] = substr($1, 4); next}
	/^    (not )?ok [0-9]+ / {
		line = $0
		result = sub(/^    not ok [0-9]+ /, "", line) ? "not ok" : "ok"
		sub(/^    ok [0-9]+ /, "", line)
		test = line
		sub(/ .*/, "", test)
		reason = ""
		id = name "-" suite "-" test
		if (line ~ /# SKIP/) {
			result = "skip"
			reason = line
			sub(/.*# SKIP ?/, " ", reason)
			# What was skipped at boot does not run again.
			if (reason == " ")
				reason = skipped[id]
			skipped[id] = reason
		}
		if (pass == "boot") {
			if (result == "not ok")
				at_boot[id] = 1
			next
		}
		count[suite]++
		if (id in at_boot)
			result = "not ok"
		print result " " id reason
		failed += result == "not ok"
	}
	END {
		n = split(expected, list)
		for (i = 1; i <= n; i++) {
			suite = list[i]
			if (!(("again", suite) in seen)) {
				print "not ok " name "-" suite " (did not run)"
				failed++
			} else if (count[suite] != planned[suite]) {
				print "not ok " name "-" suite " (" count[suite] + 0,
					"results of " planned[suite] + 0 ")"
				failed++
			}
		}
		exit failed > 0
	}' "$log" || failed=1

# KCSAN's reports are check-debug's to judge; all others count here.
if [ "$rc" -eq 125 ] && only_races "$log"; then
	rc=0
fi
case $rc in
0) echo "ok $name-console" ;;
124) echo "not ok $name-console (the guest hung)"; failed=1 ;;
125) echo "not ok $name-console (the kernel reported a fault)"; failed=1 ;;
*) echo "not ok $name-console (the guest's status is $rc)"; failed=1 ;;
esac
if [ "$failed" -ne 0 ]; then
	{
		grep -E "^$PROG|^ *# .*(EXPECTATION|ASSERTION|Expected)|^run-guest" "$log"
		echo "$PROG: all of it is in $log"
	} >&2 || true
fi
exit "$failed"
