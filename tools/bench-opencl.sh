#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What OpenCL applications cost on the branch, beside the base.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/bench-opencl.sh [OPTIONS] [APPLICATION...]

Run each application of tests/opencl on the base's kernel and on the branch's,
in fresh guests with one processor, and print a table of both: guest instructions
from each launch of a GPU kernel to its end, for each page that was shared with
the GPU; read, write and atomic faults; TLB flushes; and pages that moved from or
to VRAM. QEMU counts the instructions (-icount), the emulated card the rest.

  --out DIR    the build directory, with both kernels (default: build)
  --base NAME  another kernel of run-guest.sh instead of 'stock'
  --help       this text

Writes DIR/bench-opencl.json. Exit status: 1 if an application of the branch
fails, or takes more instructions than on the base.
END
}

out=$TOP/build
base=stock
apps=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--base) need_value "$1" $#; base=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		[ -e "$TOP/tests/opencl/$1.cl" ] || usage_error "no application is called '$1'"
		apps+=("$1")
		;;
	esac
	shift
done
need_command python3 python3
[ -x "$out/opencl/vector_add" ] ||
	die "$out/opencl has no applications: run 'make opencl' first"
mkdir -p "$out/bench" "$out/log"
out=$(cd "$out" && pwd)

# Addresses are not random, and the string instructions come without ERMS, as
# for tools/bench.sh.
measure()
{
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$1" \
		--icount 0,sleep=off --cpu max,-erms,-fsrm --cpus 1 \
		--append norandmaps --timeout 3000 \
		--log "$out/log/bench-opencl-$1-console.log" -- \
		"$TOP/tests/opencl/guest.sh" --bin "$out/opencl" --applications \
		"${apps[@]}" || [ $? -eq 1 ]
}

for kernel in "$base" branch; do
	log=$out/log/bench-opencl-$kernel.log
	logged "measuring $kernel" "$log" \
		'/^## / {n++; name = $2} END {print n + 0, "applications", name}' \
		measure "$kernel"
	tr -d '\r' <"$log" >"$out/bench/opencl-$kernel.rows"
done
"$TOP/tools/bench-opencl-table.py" "$out/bench/opencl-$base.rows" \
	"$out/bench/opencl-branch.rows" --json "$out/bench-opencl.json"
