#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What shared virtual memory costs on the branch, beside the base.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/bench.sh [OPTIONS] [ROW...]

Run tests/igt/svm_bench on the base's kernel and on the branch's, in fresh guests
with the same command line and one processor, and print a table of both: guest
instructions for each page (or munmap, or fault), faults, batches, PFNMAP calls,
GPU flushes, notifier inserts, and the kernel's memory for each mirrored GiB.
QEMU counts the instructions (-icount), the emulated card faults and flushes;
what the host does meanwhile changes nothing. tests/bench/README.md says more.

With ROW only these rows are measured, for a look at one of them; nothing is
written then but the log files.

  --out DIR    the build directory, with both kernels (default: build)
  --rst FILE   write the table as reStructuredText too
  --svg FILE   write the plot there too
  --base NAME  another kernel of run-guest.sh instead of 'stock'
  --help       this text

Writes DIR/bench-svm.json and DIR/bench-svm.svg. Exit status: 1 if a row of the
branch is above the base, or another limit, each of which is printed, is missed.
END
}

out=$TOP/build
rst=
svg=
base=stock
rows=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--rst) need_value "$1" $#; rst=$2; shift ;;
	--svg) need_value "$1" $#; svg=$2; shift ;;
	--base) need_value "$1" $#; base=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*) rows+=("$1") ;;
	esac
	shift
done
need_command python3 python3
program=$out/igt/svm_bench
[ -x "$program" ] || die "$program is not there: run 'make igt' first"
mkdir -p "$out/bench" "$out/log"
out=$(cd "$out" && pwd)
program=$out/igt/svm_bench

# measure KERNEL PART VRAM
#
# Addresses are not random, and the string instructions come without ERMS: QEMU
# counts each repetition, of which that has 4096 for a page.
measure()
{
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$1" \
		--device "gp107,one-runlist=on,vram-size=$3" \
		--icount 0,sleep=off --cpu max,-erms,-fsrm --cpus 1 \
		--append norandmaps --timeout 1500 \
		--log "$out/log/bench-svm-$1-$2-console.log" -- \
		sh -c 'echo "kernel $(uname -r -v)"; exec "$@"' sh \
		"$program" "$2" "${rows[@]}"
}

for kernel in "$base" branch; do
	: >"$out/bench/svm-$kernel.rows"
	for part in usual:256M vram:64M; do
		# A choice of rows is of the first part.
		[ "${part%:*}" = usual ] || [ ${#rows[@]} -eq 0 ] || continue
		log=$out/log/bench-svm-$kernel-${part%:*}.log
		logged "measuring $kernel, ${part%:*}" "$log" \
			'/^row / {n++; name = $2} END {print n + 0, "rows", name}' \
			measure "$kernel" "${part%:*}" "${part#*:}"
		tr -d '\r' <"$log" >>"$out/bench/svm-$kernel.rows"
	done
done

status=0
table=("$TOP/tools/bench-table.py" "$out/bench/svm-$base.rows"
	"$out/bench/svm-branch.rows")
if [ ${#rows[@]} -gt 0 ]; then
	exec "${table[@]}"
fi
"${table[@]}" --json "$out/bench-svm.json" ${rst:+--rst "$rst"} || status=$?
"$TOP/tools/bench-plot.py" "$out/bench-svm.json" "$out/bench-svm.svg"
[ -z "$svg" ] || cp "$out/bench-svm.svg" "$svg"
say "kept as $out/bench-svm.json and $out/bench-svm.svg"
exit "$status"
