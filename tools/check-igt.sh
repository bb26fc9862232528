#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run IGT's SVM tests in a guest and compare with what is expected.

. "$(dirname "$0")/lib.sh"

# No subtest lasts as long; its own limit is 100 s.
silence=150

# 64 MiB of VRAM can be filled, and two NUMA nodes balanced between.
device=gp107,one-runlist=on,vram-size=67108864
append=numa=fake=2

usage()
{
	cat <<END
Usage: tools/check-igt.sh [--out DIR] [--kernel NAME] [--expect FILE]
                          [--only PATTERN[,PATTERN]... | --defects]

Run every subtest of nouveau_svm in a guest and print a line for each. One
guest serves all of them; if one brings it down, or says nothing for $silence s,
that is its crash, and the rest run in another. Those that suspend the guest have
one without the host's file system. Whatever the branch's kernel reports, at any
time, is a failure; so is memory that the debug kernel lost.

A line of FILE, '#' begins a comment, is 'PATTERN RESULT WHY': RESULT is fail,
crash (brings the guest down) or skip, WHY names the driver's defect; PATTERN is
a subtest, or several with the shell's * and ?. The first line that fits counts.
What is not listed must pass; what is listed and passes is a failure too. RESULT
may also be 'any': a race decides, and the line says so.

Leaves a line 'SUBTEST RESULT' for each in OUT/igt-results-NAME, from which
tools/defects-table.sh makes its table.

  --out DIR      the build directory (default: build)
  --kernel NAME  branch (default), debug or kcsan: the branch's; or stock
  --expect FILE  default: tests/igt/expectations-branch.txt, or -stock.txt for
                 the base's kernel
  --only LIST    only the subtests that one of the patterns fits
  --defects      only the subtests that tests/igt/defects.txt names
  --help         this text
END
}

out=$TOP/build
kernel=branch
expect=
only=
patterns=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--kernel) need_value "$1" $#; kernel=$2; shift ;;
	--expect) need_value "$1" $#; expect=$2; shift ;;
	--only) need_value "$1" $#; patterns=$2; shift ;;
	--defects) only=$TOP/tests/igt/defects.txt ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
case $kernel in
branch | debug | kcsan) : "${expect:=$TOP/tests/igt/expectations-branch.txt}" ;;
stock) : "${expect:=$TOP/tests/igt/expectations-stock.txt}" ;;
*) usage_error "no kernel is called '$kernel'" ;;
esac
[ -r "$expect" ] || die "$expect cannot be read"
[ -z "$patterns" ] || [ -z "$only" ] || usage_error "--only or --defects, not both"
program=$out/igt/nouveau_svm
log=$out/log/igt-$kernel.log
prefix=igt-$kernel
results=$out/igt-results-$kernel
mkdir -p "$out/log"

mapfile -t left < <("$program" --list-subtests)
[ ${#left[@]} -gt 0 ] || die "$program lists no subtests"
# runlists-SUBTEST is SUBTEST on a card whose copy engines have a runlist each.
left+=(runlists-migrate-ping-pong)

# The lines of $expect: fits[i], wants[i], whys[i].
fits=()
wants=()
whys=()
while read -r fit want why; do
	[ -n "$fit" ] || continue
	case $want in
	fail | crash | skip | any) ;;
	*) die "$expect: '$fit $want': not fail, crash, skip or any" ;;
	esac
	fits+=("$fit")
	wants+=("$want")
	whys+=("$why")
done < <(sed 's/#.*//' "$expect")

# verdict SUBTEST RESULT: one line for check.sh, one for the table.
verdict()
{
	local i want=pass why=

	echo "$1 $2" >>"$results"
	for i in "${!fits[@]}"; do
		# shellcheck disable=SC2053 # it is a pattern
		if [[ $1 == ${fits[i]} ]]; then
			want=${wants[i]}
			why=${whys[i]}
			break
		fi
	done
	case $2,$want in
	pass,pass | pass,any) echo "ok $prefix-$1" ;;
	skip,skip) echo "skip $prefix-$1 $why" ;;
	fail,fail | crash,crash) echo "ok $prefix-$1 (known to $2: $why)" ;;
	*,any) echo "ok $prefix-$1 ($2, by chance: $why)" ;;
	*,pass) echo "not ok $prefix-$1 ($2)" ;;
	*) echo "not ok $prefix-$1 ($2, expected $want: $why)" ;;
	esac
}

# fits_one PATTERN: is there a subtest that it fits?
fits_one()
{
	local name

	for name in "${left[@]}"; do
		# shellcheck disable=SC2053
		[[ $name != $1 ]] || return 0
	done
	return 1
}

# no_such WHY PATTERN...: report each that fits no subtest.
no_such()
{
	local why=$1 pattern
	shift
	for pattern; do
		fits_one "$pattern" ||
			echo "not ok $prefix-$pattern ($why, but there is no such subtest)"
	done
}

no_such expected "${fits[@]}"
if [ -n "$only" ]; then
	patterns=$(sed -nE 's/^N[0-9]+([^|]*)\|.*/\1/p' "$only" |
		tr -s ',[:space:]' '\n' | grep '^[a-z]' | sort -u | paste -s -d ,)
fi
if [ -n "$patterns" ]; then
	IFS=, read -r -a chosen <<<"$patterns"
	no_such "asked for" "${chosen[@]}"
	names=("${left[@]}")
	left=()
	for name in "${names[@]}"; do
		for pattern in "${chosen[@]}"; do
			# shellcheck disable=SC2053
			if [[ $name == $pattern ]]; then
				left+=("$name")
				break
			fi
		done
	done
fi

# The name of the console's log, more of run-guest.sh's options, and what goes in
# front of the program.
console=igt-$kernel-console
options=()
around=()
[ "$kernel" != debug ] || around=("$TOP/tools/kmemleak.sh")
runlists_timeout=60
# A kernel full of checks is slow, and kmemleak says nothing while it looks.
case $kernel in
debug | kcsan)
	silence=900
	runlists_timeout=600
	append+=' watchdog_thresh=60 hung_task_timeout_secs=600'
	;;
esac

# boot NAME...: run these subtests in one guest. Leaves in $rest those without a
# result, in $started the one that did not come to its end, in $reported whether
# the kernel had something to report, and in $leaks what kmemleak said.
boot()
{
	local fd guest line name result rc
	local -A ended=()

	rest=()
	started=
	reported=
	leaks=
	exec {fd}< <(exec "$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" \
		--device "$device" --append "$append" --timeout 7200 \
		"${options[@]}" \
		--log "$out/log/$console.log" -- \
		"${around[@]}" "$program" --run-subtest "$(IFS=,; echo "$*")" \
		</dev/null 2>&1)
	guest=$!
	while rc=0; IFS= read -r -t "$silence" line <&"$fd" || rc=$?; [ "$rc" -eq 0 ]; do
		printf '%s\n' "$line" >>"$log"
		case $line in
		"Starting subtest: "*) started=${line#*: } ;;
		"kmemleak: "*" objects") leaks=${line#*: } ;;
		"run-guest.sh: the kernel reported:") reported=1 ;;
		"Subtest "*": "[A-Z]*)
			name=${line#Subtest }
			result=${name#*: }
			name=${name%%: *}
			[ -z "${ended[$name]-}" ] || continue
			ended[$name]=1
			started=
			case $result in
			SUCCESS*) verdict "$name" pass ;;
			SKIP*) verdict "$name" skip ;;
			*) verdict "$name" fail ;;
			esac
			;;
		esac
	done
	if [ "$rc" -gt 128 ]; then
		echo "$PROG: no word for $silence s in $started" | tee -a "$log" >&2
		kill "$guest" 2>/dev/null || true
	fi
	exec {fd}<&-
	wait "$guest" 2>/dev/null || true
	for name; do
		[ -n "${ended[$name]-}" ] || [ "$name" = "$started" ] || rest+=("$name")
	done
}

# boot_all NAME...: run these in as many guests as it takes.
boot_all()
{
	local left=("$@")

	while [ ${#left[@]} -gt 0 ]; do
		boot "${left[@]}"
		if [ "$kernel" != stock ] && [ -n "$reported" ]; then
			echo "not ok $console (the kernel reported a fault, see $log)"
		fi
		if [ ${#around[@]} -gt 0 ] && [ "$leaks" != "0 objects" ]; then
			echo "not ok $prefix-leaks (${leaks:-no answer}, see $log)"
		fi
		if [ -n "$started" ]; then
			verdict "$started" crash
		elif [ ${#rest[@]} -gt 0 ]; then
			tail -n 30 "$log"
			echo "not ok $prefix-run (${#rest[@]} subtests did not run)"
			exit 1
		fi
		left=("${rest[@]}")
	done
}

# runlists NAME: a guest of its own; what stalls there takes 15 s each time.
runlists()
{
	local part=$out/log/igt-$kernel-runlists.log

	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" \
		--timeout "$runlists_timeout" --device gp107,one-runlist=off \
		--log "$out/log/igt-$kernel-runlists-console.log" -- \
		"$program" --run-subtest "${1#runlists-}" \
		</dev/null >"$part" 2>&1 || true
	cat "$part" >>"$log"
	if grep -q "^Subtest ${1#runlists-}: SUCCESS" "$part"; then
		verdict "$1" pass
	else
		verdict "$1" fail
	fi
}

: >"$log"
: >"$results"
together=()
suspended=()
alone=()
for name in "${left[@]}"; do
	case $name in
	runlists-*) alone+=("$name") ;;
	suspend-*) suspended+=("$name") ;;
	*) together+=("$name") ;;
	esac
done
boot_all "${together[@]}"
console=igt-$kernel-suspend-console
options=(--ram)
around=()
boot_all "${suspended[@]}"
for name in "${alone[@]}"; do
	runlists "$name"
done
