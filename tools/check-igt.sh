#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run IGT's SVM tests in a guest and compare with what is expected.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-igt.sh [--out DIR] [--kernel NAME] [--expect FILE] [--defects]

Run every subtest of nouveau_svm in a guest and print a line for each. One
guest serves all of them; if one brings it down, the rest run in another.

A line of FILE, '#' begins a comment, is 'SUBTEST RESULT WHY': RESULT is fail,
crash (brings the guest down) or skip, WHY names the driver's defect. What is
not listed must pass; a listed subtest that passes is a failure too.

Leaves a line 'SUBTEST RESULT' for each in OUT/igt-results-NAME, from which
tools/defects-table.sh makes its table.

  --out DIR      the build directory (default: build)
  --kernel NAME  branch (default), debug or kcsan: the branch's; or stock
  --expect FILE  default: tests/igt/expectations-branch.txt, or -stock.txt for
                 the base's kernel
  --defects      only the subtests that tests/igt/defects.txt names
  --help         this text
END
}

out=$TOP/build
kernel=branch
expect=
only=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--kernel) need_value "$1" $#; kernel=$2; shift ;;
	--expect) need_value "$1" $#; expect=$2; shift ;;
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
program=$out/igt/nouveau_svm
log=$out/log/igt-$kernel.log
prefix=igt-$kernel
results=$out/igt-results-$kernel
mkdir -p "$out/log"

mapfile -t todo < <("$program" --list-subtests)
[ ${#todo[@]} -gt 0 ] || die "$program lists no subtests"

# expected SUBTEST: its result and why; 'pass' when it is not listed.
expected()
{
	awk -v name="$1" '
		{sub(/#.*/, "")}
		$1 == name {print; found = 1; exit}
		END {if (!found) print name, "pass"}' "$expect" |
		{ read -r _ result why; echo "$result $why"; }
}

# verdict SUBTEST RESULT: one line for check.sh, one for the table.
verdict()
{
	local want why

	echo "$1 $2" >>"$results"
	read -r want why < <(expected "$1")
	if [ "$2" = "$want" ]; then
		case $2 in
		pass) echo "ok $prefix-$1" ;;
		skip) echo "skip $prefix-$1 $why" ;;
		*) echo "ok $prefix-$1 (known to $2: $why)" ;;
		esac
	elif [ "$want" = pass ]; then
		echo "not ok $prefix-$1 ($2)"
	else
		echo "not ok $prefix-$1 ($2, expected $want: $why)"
	fi
}

# no_such WHY: report each name on stdin that no subtest has.
no_such()
{
	while read -r name; do
		printf '%s\n' "${todo[@]}" | grep -xF -- "$name" >/dev/null ||
			echo "not ok $prefix-$name ($1, but there is no such subtest)"
	done
}

awk '{sub(/#.*/, "")} NF {print $1}' "$expect" | no_such expected
if [ -n "$only" ]; then
	named=$(sed -nE 's/^N[0-9]+([^|]*)\|.*/\1/p' "$only" | tr -s ',[:space:]' '\n' |
		grep '^[a-z]' | sort -u)
	no_such "in ${only##*/}" <<<"$named"
	mapfile -t todo < <(printf '%s\n' "${todo[@]}" | grep -xF -- "$named")
fi

: >"$log"
: >"$results"
while [ ${#todo[@]} -gt 0 ]; do
	rc=0
	part=$out/log/igt-$kernel-part.log
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" --timeout 280 \
		--log "$out/log/igt-$kernel-console.log" -- \
		"$program" --run-subtest "$(IFS=,; echo "${todo[*]}")" \
		</dev/null >"$part" 2>&1 || rc=$?
	cat "$part" >>"$log"

	# The names left over, after a line for each that has a result.
	rest=()
	started=
	for name in "${todo[@]}"; do
		result=$(sed -n "s/^Subtest $name: \([A-Z]*\).*/\1/p" "$part" |
			tail -n 1)
		case $result in
		SUCCESS) verdict "$name" pass ;;
		SKIP) verdict "$name" skip ;;
		?*) verdict "$name" fail ;;
		*)
			if grep -qxF "Starting subtest: $name" "$part"; then
				started=$name
				verdict "$name" crash
			else
				rest+=("$name")
			fi
			;;
		esac
	done
	if [ ${#rest[@]} -gt 0 ] && [ -z "$started" ]; then
		cat "$part"
		echo "not ok $prefix-run (status $rc, ${#rest[@]} subtests did not run)"
		exit 1
	fi
	todo=("${rest[@]}")
done
