#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the base's own tests of HMM, and ours of what it loses, on two kernels.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-hmm.sh [--out DIR] [--kernel NAME] [--expect FILE]

Compile the base's tools/testing/selftests/mm/hmm-tests.c, unmodified, and the
programs of tests/hmm; run all of them with lib/test_hmm.c's module on the
branch's kernel and on the base's; compare the two in a table and print a line
for each test. tests/hmm/README.md says more.

A line of an expectations file, '#' begins a comment, is 'TEST RESULT WHY':
RESULT is fail or skip, WHY the reason. What is not listed must pass; a test
with any other result than expected is a failure, one that is worse on the
branch than on the base as well.

  --out DIR      the build directory (default: build)
  --kernel NAME  run on this kernel alone, compare with the expectations only:
                 branch, stock, debug or kcsan
  --expect FILE  what is expected of NAME, or else of the branch (default:
                 tests/hmm/expectations-branch.txt, for stock -stock.txt)
  --help         this text
END
}

out=$TOP/build
alone=
expect=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--kernel)
		need_value "$1" $#
		case $2 in
		branch | stock | debug | kcsan) alone=$2 ;;
		*) usage_error "there is no kernel '$2'" ;;
		esac
		shift
		;;
	--expect) need_value "$1" $#; expect=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
prefix=hmm
if [ -n "$alone" ]; then
	kernels=("$alone")
	[ "$alone" = branch ] || prefix=hmm-$alone
else
	kernels=(branch stock)
fi
here=${kernels[0]}
expect_stock=$TOP/tests/hmm/expectations-stock.txt
if [ -z "$expect" ]; then
	expect=$TOP/tests/hmm/expectations-branch.txt
	[ "$here" != stock ] || expect=$expect_stock
fi
for file in "$expect" "$expect_stock"; do
	[ -r "$file" ] || die "$file cannot be read"
done
out=$(mkdir -p "$out/hmm" "$out/log" && cd "$out" && pwd)
bin=$out/hmm/bin
base=$out/stock
[ -e "$base/lib/test_hmm_uapi.h" ] || die "$base is not there: run 'make tree' first"

# The build directory of a kernel.
build_of()
{
	case $1 in
	branch) echo "$out/tree/build" ;;
	stock) echo "$out/stock/build" ;;
	*) echo "$out/tree/build-$1" ;;
	esac
}

# Under TCG a kernel full of checks needs more time than the programs give it:
# their alarm() is stretched.
compile()
{
	local flags=(-std=gnu11 -O2 -Wall -pthread -Wl,--wrap=alarm -I "$base"
		-isystem "$base/tools/include/uapi")
	local source

	rm -rf "$bin"
	mkdir -p "$bin"
	gcc "${flags[@]}" -o "$bin/hmm-tests" \
		"$base/tools/testing/selftests/mm/hmm-tests.c" \
		"$TOP/tests/hmm/patience.c"
	for source in "$TOP"/tests/hmm/t2[56]*.c "$TOP/tests/hmm/stress.c"; do
		gcc "${flags[@]}" -Wextra -Wno-unused-function -Werror \
			-o "$bin/$(basename "$source" .c)" "$source" \
			"$TOP/tests/hmm/patience.c"
	done
}

# programs: the words for guest.sh. First what wants device pages that are new:
# the base's suite leaves marks on them, which they pass on to their next user.
programs()
{
	local file

	echo t25-dirty
	echo hmm-tests@madvise
	echo hmm-tests@always
	for file in "$bin"/*; do
		case ${file##*/} in
		t25-dirty | hmm-tests) ;;
		*) echo "${file##*/}" ;;
		esac
	done
}

# results LOG: a line 'TEST RESULT REASON' for each that LOG tells of.
results()
{
	awk '
		$1 == "##" && $2 == "program" {
			thp = $3 ~ /@always$/ ? "thp-" : ""
			next
		}
		{
			sub(/\r$/, "")
			result = /^not ok / ? "fail" : /^ok / ? "pass" : ""
			if (/^skip /) {
				name = $2
				sub(/^skip [^ ]* */, "")
				print "hmm-" name, "skip", $0
				next
			}
			if (!result)
				next
			sub(/^(not )?ok /, "")
			if (!sub(/^[0-9]+ /, "")) {
				name = $1
				why = $0
				sub(/^[^ ]* */, "", why)
				sub(/:$/, "", name)
				print "hmm-" name, result, why
				next
			}
			# hmm2.hmm2_device_private.snapshot: the variant and the test
			split($1, part, ".")
			sub(/.*_device_/, "", part[2])
			why = ""
			if (match($0, /# SKIP */)) {
				result = "skip"
				why = substr($0, RSTART + RLENGTH)
			}
			print "hmm-" thp part[2] "." part[3], result, why
		}' "$1"
}

# unaccounted LOG: nothing, unless a program promised more tests than it ran.
unaccounted()
{
	awk '
		function close_program() {
			if (plan && ran != plan)
				printf "%s: %d of %d tests; ", program, ran, plan
			plan = ran = 0
		}
		$1 == "##" {close_program(); program = $3}
		/^1\.\.[0-9]+/ {plan = substr($1, 4) + 0}
		/^(not )?ok [0-9]+ / {ran++}
		END {close_program()}' "$1"
}

# run_on KERNEL: every program in one boot; hmm/KERNEL.results is what it says.
run_on()
{
	local build spm=0x120000000,0x130000000 rc=0 more=() lost

	build=$(build_of "$1")
	case $1 in
	debug) more=(--leaks) ;;
	kcsan) more=(--kcsan) ;;
	esac
	# The machine has 2 GiB below 4 GiB and 1 GiB above; the upper half of that
	# is left to the coherent devices.
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$1" --device none \
		--mem 3072 --timeout 3000 --log "$out/log/hmm-$1-console.log" \
		--append 'memmap=512M$0x120000000 watchdog_thresh=60 hung_task_timeout_secs=600' \
		-- "$TOP/tests/hmm/guest.sh" --module "$build/lib/test_hmm.ko" \
		--bin "$bin" --spm "$spm" "${more[@]}" "${words[@]}" \
		</dev/null >"$out/log/hmm-$1.log" 2>"$out/log/hmm-$1.err" || rc=$?
	results "$out/log/hmm-$1.log" >"$out/hmm/$1.results"
	{
		cat "$out/log/hmm-$1.err"
		grep -h '^## broken' "$out/log/hmm-$1.log" || true
	} >&2
	# KCSAN's reports are check-debug's to judge; all others count here.
	if [ "$rc" -eq 125 ] && only_races "$out/log/hmm-$1.err"; then
		rc=0
	fi
	if [ "$rc" -ne 0 ]; then
		echo "not ok hmm-run-$1 (status $rc)"
	elif lost=$(unaccounted "$out/log/hmm-$1.log") && [ -n "$lost" ]; then
		echo "not ok hmm-run-$1 ($lost)"
	elif sed '1,/^## leaks/d; /^## /d' "$out/log/hmm-$1.log" | grep . >&2; then
		echo "not ok hmm-run-$1 (leaks)"
	else
		echo "ok hmm-run-$1"
	fi
}

# look_up TEST FILE: RESULT and reason from a file of such lines.
look_up()
{
	awk -v name="$1" '
		{sub(/#.*/, "")}
		$1 == name {$1 = ""; sub(/^ /, ""); print; exit}' "$2"
}

# row TEST RESULT...: a line of the table.
row()
{
	printf '%-40s' "$1"
	shift
	printf ' %-8s' "$@"
	echo
}

# compare TEST: its line of the table, and its verdict.
compare()
{
	local want why got base_got='' base_want reason bad='' shown

	read -r want why <<<"$(look_up "$1" "$expect")"
	read -r got reason <<<"$(look_up "$1" "$out/hmm/$here.results")"
	: "${want:=pass}" "${got:=missing}"
	if [ -z "$alone" ]; then
		read -r base_want _ <<<"$(look_up "$1" "$expect_stock")"
		read -r base_got _ <<<"$(look_up "$1" "$out/hmm/stock.results")"
		: "${base_want:=pass}" "${base_got:=missing}"
		[ "$base_got" = "$base_want" ] ||
			bad="the base: $base_got, expected $base_want"
		case $base_got-$got in
		pass-skip | pass-fail | skip-fail) bad="worse than the base" ;;
		esac
	fi
	[ "$got" = "$want" ] || bad="$got, expected $want; $reason"
	row "$1" "$got" ${base_got:+"$base_got"} >>"$table"
	shown=$prefix${1#hmm}
	if [ -n "$bad" ]; then
		echo "not ok $shown ($bad)"
	elif [ "$got" = skip ]; then
		echo "skip $shown $why"
	elif [ "$got" = fail ]; then
		echo "ok $shown (known to fail: $why)"
	elif [ "$base_got" = fail ]; then
		echo "ok $shown (fails on stock, passes here)"
	else
		echo "ok $shown"
	fi
}

table=$out/hmm/table-$here.txt
compile
mapfile -t words < <(programs)
for kernel in "${kernels[@]}"; do
	run_on "$kernel"
done >"$out/hmm/runs.txt"

# Every test that any of the kernels or of the expectations knows.
{
	for kernel in "${kernels[@]}"; do
		awk '{print $1}' "$out/hmm/$kernel.results"
	done
	awk '{sub(/#.*/, "")} NF {print $1}' "$expect"
} | awk '!seen[$0]++' >"$out/hmm/names.txt"
row test "${kernels[@]}" >"$table"
while read -r name; do
	compare "$name"
done <"$out/hmm/names.txt" >"$out/hmm/verdicts.txt"

cat "$table"
cat "$out/hmm/runs.txt" "$out/hmm/verdicts.txt"
! grep -q '^not ok' "$out/hmm/runs.txt" "$out/hmm/verdicts.txt"
