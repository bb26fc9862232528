#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# What range notifiers and hmm_range_fault() cost, beside the base's.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/bench-mm.sh [--out DIR]

Run tests/bench on the base's kernel and on the branch's, in fresh guests with
the same command line, and print a table of both. QEMU counts instructions for
time (-icount shift=0): the TSC of the guest advances by one with each
instruction of any processor, so what the host does meanwhile changes nothing.
Each row is measured twice; the smaller figure counts, and the column 'repeats'
says by how much the other one differs.

Rows, in instructions (tests/bench/README.md says more):
  munmap-never     munmap of one page; no range was ever inserted in the mm
  munmap-N         the same amid N ranges that it does not touch
  pair-idle        insert and remove of one range
  read             read_begin and read_retry
  fault-SIZE-HOW   hmm_range_fault of SIZE, to write; present or absent, with
                   the CPU's mappings of PTEs or PMDs
  pair-storm       insert and remove while another processor is in the midst of
                   a munmap of a page that nobody watches, sleeps included
  pair-storm-watched
                   the same when some range watches that page; no limit
Also printed, without a limit: what ranges add to a munmap, 'munmap-0' and so on
less 'munmap-never'.

  --out DIR    the build directory, with both kernels (default: build)
  --help       this text

Writes DIR/bench-mm.json. Exit status: 1 if a row of the branch is above 1.05 of
the base, or 'pair-storm' above 0.5.
END
}

out=$TOP/build
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
bench=$TOP/tests/bench
declare -A builds=([stock]=$out/stock/build [branch]=$out/tree/build)
for build in "${builds[@]}"; do
	[ -r "$build/Module.symvers" ] ||
		die "$build holds no kernel: run 'make kernel kernel-stock' first"
done
mkdir -p "$out/bench" "$out/log"
out=$(cd "$out" && pwd)

gcc -std=gnu11 -O2 -Wall -Wextra -Werror -pthread -o "$out/bench/mm_bench" \
	"$bench/mm_bench.c"

# module KERNEL: compile the module in a folder of its own.
module()
{
	local kernel=$1 dir=$out/bench/$1 stock=n

	[ "$kernel" = branch ] || stock=y
	mkdir -p "$dir"
	cp "$bench/Kbuild" "$bench/mm_bench_module.c" "$bench/mm_bench_uapi.h" \
		"$dir"
	make -C "${builds[$kernel]}" M="$dir" CC="$(compiler)" \
		MM_BENCH_STOCK=$stock modules
}

# measure KERNEL CPUS PART: append the rows to the kernel's file.
measure()
{
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$1" --device none \
		--icount 0 --cpus "$2" --timeout 280 \
		--log "$out/log/bench-mm-$1-$3-console.log" -- \
		sh -c 'insmod "$1" && echo "kernel $(uname -r -v)" && exec "$2" "$3"' \
		sh "$out/bench/$1/mm_bench_module.ko" "$out/bench/mm_bench" "$3"
}

for kernel in stock branch; do
	logged "compiling the module for $kernel" \
		"$out/log/bench-mm-$kernel-module.log" '' module "$kernel"
	: >"$out/bench/$kernel.rows"
	# One processor for what must not be disturbed, and one for the storm.
	for part in counts:1 storm:2; do
		log=$out/log/bench-mm-$kernel-${part%:*}.log
		logged "measuring $kernel, ${part%:*}" "$log" \
			'/^row / {n++; name = $2} END {print n + 0, "rows", name}' \
			measure "$kernel" "${part#*:}" "${part%:*}"
		tr -d '\r' <"$log" >>"$out/bench/$kernel.rows"
	done
done

# Prints the table, writes the JSON; its status is the verdict.
awk -v json="$out/bench-mm.json" '
	FILENAME != last_file { last_file = FILENAME; side++ }
	$1 == "kernel" { $1 = ""; version[side] = substr($0, 2) }
	$1 != "row" { next }
	!($2 in known) { known[$2] = 1; order[rows++] = $2 }
	{ value[side, $2, ++count[side, $2]] = $3 }

	function low(side, row)
	{
		return value[side, row, 1] < value[side, row, 2] ? \
			value[side, row, 1] : value[side, row, 2]
	}
	function high(side, row)
	{
		return value[side, row, 1] > value[side, row, 2] ? \
			value[side, row, 1] : value[side, row, 2]
	}
	function limit_of(row)
	{
		if (row == "pair-storm")
			return 0.5
		return row == "pair-storm-watched" ? 0 : 1.05
	}
	function repeats(side, row)
	{
		return high(side, row) / low(side, row) - 1
	}

	END {
		if (!rows) {
			print "no row was measured" >"/dev/stderr"
			exit 1
		}
		printf "{\n  \"unit\": \"guest instructions\",\n" >json
		printf "  \"kernels\": {\"base\": \"%s\", \"branch\": \"%s\"},\n",
			version[1], version[2] >json
		printf "  \"rows\": [\n" >json
		printf "%-24s %12s %12s %7s %6s %8s\n", "row", "base",
			"branch", "ratio", "limit", "repeats"
		for (i = 0; i < rows; i++) {
			row = order[i]
			if (count[1, row] != 2 || count[2, row] != 2) {
				bad = bad " " row "(incomplete)"
				continue
			}
			base = low(1, row)
			branch = low(2, row)
			ratio = branch / base
			limit = limit_of(row)
			worst = repeats(1, row)
			if (repeats(2, row) > worst)
				worst = repeats(2, row)
			printf "%-24s %12.1f %12.1f %7.3f %6s %7.2f%%\n", row,
				base, branch, ratio, limit ? limit : "-",
				100 * worst
			printf "%s    {\"name\": \"%s\", \"base\": [%s, %s], " \
				"\"branch\": [%s, %s], \"ratio\": %.4f, " \
				"\"limit\": %s}", i ? ",\n" : "", row,
				value[1, row, 1], value[1, row, 2],
				value[2, row, 1], value[2, row, 2], ratio,
				limit ? limit : "null" >json
			if (limit && ratio > limit)
				bad = bad " " row
		}
		printf "\n  ]\n}\n" >json
		for (i = 0; i < rows; i++) {
			row = order[i]
			if (row !~ /^munmap-[0-9]/)
				continue
			printf "  of %-19s %12.1f %12.1f\n", row,
				low(1, row) - low(1, "munmap-never"),
				low(2, row) - low(2, "munmap-never")
		}
		if (bad) {
			print "above the limit:" bad
			exit 1
		}
		print "no row is above its limit"
	}' "$out/bench/stock.rows" "$out/bench/branch.rows"
say "kept as $out/bench-mm.json"
