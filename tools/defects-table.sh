#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The table of nouveau's defects and what the tests say of them.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/defects-table.sh [--out DIR]
       tools/defects-table.sh --check

Write $table: a row for each test of
each defect in tests/igt/defects.txt, with its result on the base and on the
branch. The results are what tools/check-igt.sh has left in OUT when it last ran on
both kernels.

A line of defects.txt, '#' begins a comment, is one of
  N<number> SUBTEST[,SUBTEST]... | TITLE
  N<number> - | TITLE: why no subtest shows it

  --out DIR  the build directory (default: build)
  --check    write nothing; print what is wrong with defects.txt, with the table
             as it is committed, or with the two
  --help     this text
END
}

table=Documentation/gpu/nouveau-svm-defects.rst
list=tests/igt/defects.txt
out=$TOP/build
check=
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--check) check=1 ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
out=$(cd "$out" 2>/dev/null && pwd) || [ -n "$check" ] || die "there is no build directory"
cd "$TOP"
[ -r "$list" ] || die "$list cannot be read"

# Lines 'NUMBER|SUBTEST,...|TITLE', in the order of the numbers.
defects()
{
	sed -E 's/#.*//; /^[[:space:]]*$/d; s/[[:space:]]*\|[[:space:]]*/|/
		s/^N([0-9]+)[[:space:]]+/\1|/; s/[[:space:]]+$//' "$list" |
		sort -t '|' -k 1,1n
}

# result KERNEL SUBTEST: what the last run said.
result()
{
	local said

	said=$(awk -v name="$2" '$1 == name {print $2}' "$out/igt-results-$1")
	[ -n "$said" ] || die "$2 has no result in $out/igt-results-$1"
	echo "$said"
}

row()
{
	printf '   * - %s\n     - %s\n     - %s\n     - %s\n     - %s\n' "$@"
}

rows()
{
	local number tests title test names stock branch

	while IFS='|' read -r number tests title; do
		if [ "$tests" = - ]; then
			row "N$number" "$title" 'none' '' '' | sed 's/ $//'
			continue
		fi
		IFS=', ' read -r -a names <<<"$tests"
		number=N$number
		for test in "${names[@]}"; do
			stock=$(result stock "$test")
			branch=$(result branch "$test")
			row "$number" "$title" "\`\`$test\`\`" "$stock" "$branch" |
				sed 's/ $//'
			number=
			title=
		done
	done < <(defects)
}

# write ROWS: the document.
write()
{
	cat <<END
.. SPDX-License-Identifier: GPL-2.0

.. Made by tools/defects-table.sh of the test bench; do not edit.

Defects of nouveau's SVM
========================

What was wrong with the SVM of nouveau in Linux 6.12, the test of IGT's nouveau_svm
that shows it, and the result of that test on the base and on the branch. The
numbers are those by which comments in the tests and their expectations name a
defect. *Crash* means that the test brought the kernel down.

.. list-table::
   :header-rows: 1
   :widths: 6 48 26 10 10

$(row defect 'what is wrong' subtest base branch)
END
	cat "$1"
}

# The list is complete; the table has what the list has, and shows that a test
# sees each defect on the base and not on the branch; the expectations, to which
# every run is held, say the same.
check()
{
	local number tests title name stock branch expectation seen

	for number in {1..31}; do
		[ "$(defects | grep -c "^$number|")" -eq 1 ] ||
			echo "$list: N$number is not on exactly one line"
	done
	defects | grep -vE '^[0-9]+\|(-|[a-z][a-z0-9-]*(, *[a-z][a-z0-9-]*)*)\|[^|]+$' |
		sed "s|^|$list: not understood: N|" || true
	[ -r "$table" ] || { echo "$table is missing"; return; }
	diff <(defects | sed -E 's/^([0-9]+)\|.*/N\1/') \
		<(sed -nE 's/^   \* - (N[0-9]+)$/\1/p' "$table") >/dev/null ||
		echo "$table has other defects than $list: run 'make defects'"
	diff <(defects | cut -d '|' -f 2 | tr -s ', ' '\n' | grep '^[a-z]') \
		<(sed -nE 's/^     - ``(.*)``$/\1/p' "$table") >/dev/null ||
		echo "$table has other subtests than $list: run 'make defects'"
	while IFS='|' read -r number tests title; do
		[ "$tests" != - ] || continue
		seen=
		for name in ${tests//,/ }; do
			[[ $(tabled "$name") != @(fail|crash)* ]] || seen=y
			[[ $(tabled "$name") == *pass ]] ||
				echo "$table: N$number: $name does not pass on the branch"
		done
		[ -n "$seen" ] ||
			echo "$table: N$number: no subtest fails on the base"
	done < <(defects)
	while read -r name; do
		read -r stock branch < <(tabled "$name")
		expectation=$(expected stock "$name")
		[ "$stock" = "$expectation" ] || [ "$expectation" = any ] ||
			echo "$table: $name: $stock on the base, $expectation is expected"
		expectation=$(expected branch "$name")
		[ "$branch" = "$expectation" ] ||
			echo "$table: $name: $branch on the branch, $expectation is expected"
	done < <(sed -nE 's/^     - ``(.*)``$/\1/p' "$table")
}

# tabled SUBTEST: its results in the table, base's and branch's.
tabled()
{
	grep -m 1 -xF -A 2 -- "     - \`\`$1\`\`" "$table" |
		sed -n 's/^     - \([a-z]*\)$/\1/p' | paste -s -d ' '
}

# expected KERNEL SUBTEST: the first line that fits, as tools/check-igt.sh takes it.
expected()
{
	local pattern result

	while read -r pattern result _; do
		# shellcheck disable=SC2053
		if [ -n "$pattern" ] && [[ $2 == $pattern ]]; then
			echo "$result"
			return
		fi
	done < <(sed 's/#.*//' "tests/igt/expectations-$1.txt")
	echo pass
}

if [ -n "$check" ]; then
	check
	exit 0
fi
for kernel in stock branch; do
	[ -r "$out/igt-results-$kernel" ] ||
		die "the tests have not run on both kernels: $out/igt-results-$kernel is missing"
done
work=$(mktemp)
trap 'rm -f "$work"' EXIT
rows >"$work"
write "$work" >"$table"
say "$table: $(defects | wc -l) defects"
