#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the guest's suites on kernels that check themselves.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-debug.sh [--out DIR] [--stress S] [PART...]

Run the suites of the guest on the branch's kernel with configs/debug.config
(lockdep, KASAN, kmemleak, the checks of page tables, of sleeping and of lists)
and with configs/kcsan.config (data races). A kernel that reports anything,
or that lost memory, fails its part. KCSAN's reports count when one of the two accesses is in a
function of mm/mmu_notifier.c, mm/hmm.c, nouveau's SVM, the driver of the hmm tests
or the KUnit tests; other data races are the base's.

PART is one of these; all of them if none is given:
  kunit         the KUnit tests, debug kernel
  hmm           the hmm tests and their stress, debug kernel
  igt           IGT's SVM tests, debug kernel
  stress        nouveau_svm_stress, debug kernel
  kcsan         the KUnit and the hmm tests with their stress, and a quarter of
                nouveau_svm_stress, KCSAN kernel

  --out DIR   the build directory (default: build)
  --stress S  let nouveau_svm_stress run for S seconds (default: 1200)
  --help      this text
END
}

out=$TOP/build
stress=1200
parts=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--stress) need_value "$1" $#; need_number "$1" "$2"; stress=$2; shift ;;
	--help) usage; exit 0 ;;
	kunit | hmm | igt | stress | kcsan) parts+=("$1") ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ ${#parts[@]} -gt 0 ] || parts=(kunit hmm igt stress kcsan)
# A kernel full of checks is slow.
patience='watchdog_thresh=60 hung_task_timeout_secs=600'
mkdir -p "$out/log"
out=$(cd "$out" && pwd)

# The functions whose data races are ours, one a line.
our_functions()
{
	local build=$out/tree/build-kcsan object
	local nouveau=$build/drivers/gpu/drm/nouveau

	for object in "$build"/mm/mmu_notifier.o "$build"/mm/hmm.o \
		"$build"/mm/*_kunit.o "$build"/lib/test_hmm.o \
		"$nouveau"/nouveau_{svm,dmem}*.o \
		"$nouveau"/nvkm/subdev/mmu/vmmpfngp100.o; do
		[ ! -e "$object" ] || nm "$object"
	done | awk '$2 ~ /^[tT]$/ {print $3}' | sort -u
}

# races LOG: those of KCSAN's reports that name one of our functions. A report
# begins 'BUG: KCSAN: data-race in A / B', with the functions of both accesses,
# or with one function where the other access is unknown.
races()
{
	tr -d '\r' <"$1" | awk -v list="$out/log/kcsan-functions.txt" '
		BEGIN {
			while ((getline function_name <list) > 0)
				ours[function_name] = 1
		}
		/BUG: KCSAN: / {
			text = $0
			sub(/.* in /, "", text)
			gsub(/[/]|\[[a-z_]*\]/, " ", text)
			n = split(text, name, " ")
			for (i = 1; i <= n; i++) {
				sub(/\+0x.*/, "", name[i])
				if (name[i] in ours) {
					print
					break
				}
			}
		}'
}

# judge NAME LOG: a line on the data races in LOG.
judge()
{
	local all

	all=$(grep -c 'BUG: KCSAN: ' "$2" || true)
	races "$2" >"$out/log/kcsan-$1-races.txt" || die "$2 cannot be judged"
	if [ -s "$out/log/kcsan-$1-races.txt" ]; then
		cat "$out/log/kcsan-$1-races.txt" >&2
		echo "not ok kcsan-$1-races (ours among the $all in $2)"
		return 1
	fi
	echo "ok kcsan-$1-races ($all reports of the base's own)"
}

# stress_guest KERNEL SECONDS: the guest; its status is the last line. It may take
# twice as long before it counts as hung, and kmemleak has its time.
stress_guest()
{
	local rc=0 program=("$out/igt/nouveau_svm_stress" --time "$2")

	case $1 in
	debug) program=("$TOP/tools/kmemleak.sh" "${program[@]}") ;;
	kcsan)
		# shellcheck disable=SC2016 # the shell in the guest expands it
		program=(sh -c 'echo on >/sys/kernel/debug/kcsan && exec "$@"' sh
			"${program[@]}")
		;;
	esac
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$1" \
		--timeout $((2 * $2 + 600)) --append "$patience" \
		--log "$out/log/svm-stress-$1-console.log" -- \
		"${program[@]}" || rc=$?
	echo "status $rc"
}

svm_stress()
{
	local log=$out/log/svm-stress-$1.log rc

	logged "nouveau_svm_stress on the $1 kernel for $2 s" "$log" \
		'/ s: [0-9]+ actions/ {at = $0} END {print at}' stress_guest "$@"
	rc=$(sed -n 's/^status //p' "$log")
	# A report fails the guest. Which data races count is judged apart.
	if [ "$1" = kcsan ] && [ "$rc" -eq 125 ] && only_races "$log"; then
		rc=0
	fi
	if [ "$rc" -ne 0 ]; then
		echo "not ok svm-stress-$1 (status $rc, see $log)"
		return 1
	fi
	echo "ok svm-stress-$1"
}

run_part()
{
	local rc=0

	case $1 in
	stress) svm_stress debug "$stress" || rc=$? ;;
	kcsan)
		our_functions >"$out/log/kcsan-functions.txt"
		[ -s "$out/log/kcsan-functions.txt" ] || die "the KCSAN kernel is not built"
		"$TOP/tools/check-hmm.sh" --out "$out" --kernel kcsan || rc=$?
		judge hmm "$out/log/hmm-kcsan-console.log" || rc=$?
		"$TOP/tools/check-kunit.sh" --out "$out" --kernel kcsan || rc=$?
		judge kunit "$out/log/guest-kunit-kcsan-console.log" || rc=$?
		svm_stress kcsan $((stress / 4)) || rc=$?
		judge svm "$out/log/svm-stress-kcsan-console.log" || rc=$?
		;;
	*) "$TOP/tools/check-$1.sh" --out "$out" --kernel debug || rc=$? ;;
	esac
	return "$rc"
}

status=0
for part in "${parts[@]}"; do
	run_part "$part" || status=1
done
exit "$status"
