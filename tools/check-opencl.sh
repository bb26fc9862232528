#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the OpenCL applications in a guest, through Debian's Mesa.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-opencl.sh [--out DIR] [--kernel NAME] [--expect FILE]
                             [--stress N] [APPLICATION...]

Boot a guest and run in it, with Debian's OpenCL, the programs of tests/opencl,
some bad ones, and some of Debian's; print a line for each that they check, and
whether kernel, driver and card are clean in the end. tests/opencl/README.md says
more. With names, only these applications run.

A line of FILE, '#' begins a comment, is 'TEST WHY': this test fails, WHY names
the driver's defect. One that is listed and passes is a failure too.

  --out DIR      the build directory (default: build)
  --kernel NAME  branch (default), debug or kcsan: the branch's; or stock
  --expect FILE  default: tests/opencl/expectations-stock.txt for the base's
                 kernel, none for the branch's
  --stress N     then list, hash and sort N times each while their memory is
                 disturbed; N is 0 for not at all (default: 3, and 0 on
                 the base)
  --help         this text
END
}

out=$TOP/build
kernel=branch
expect=
stress=3
stress_given=
only=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--kernel) need_value "$1" $#; kernel=$2; shift ;;
	--expect) need_value "$1" $#; expect=$2; shift ;;
	--stress)
		need_value "$1" $#
		[ "$2" = 0 ] || need_number "$1" "$2"
		stress=$2
		stress_given=1
		shift
		;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*)
		[ -e "$TOP/tests/opencl/$1.cl" ] || usage_error "no application is called '$1'"
		only+=("$1")
		;;
	esac
	shift
done
prefix=opencl
case $kernel in
branch) : "${expect:=/dev/null}" ;;
debug | kcsan)
	prefix=opencl-$kernel
	: "${expect:=/dev/null}"
	;;
stock)
	prefix=opencl-stock
	: "${expect:=$TOP/tests/opencl/expectations-stock.txt}"
	[ -n "$stress_given" ] || stress=0
	;;
*) usage_error "no kernel is called '$kernel'" ;;
esac
[ -r "$expect" ] || die "$expect cannot be read"
[ ${#only[@]} -eq 0 ] || [ -n "$stress_given" ] || stress=0
bin=$out/opencl
[ -x "$bin/vector_add" ] || die "$bin has no applications: run 'make opencl' first"
mkdir -p "$out/log"
out=$(cd "$out" && pwd)
bin=$out/opencl
log=$out/log/opencl-$kernel.log

# verdict LINE: what the guest said of a test, beside what is expected of it.
declare -A why=() seen=()
while read -r name reason; do
	[ -z "$name" ] || why[$name]=$reason
done < <(sed 's/#.*//' "$expect")

verdict()
{
	local line=$1 name rest

	name=${line#not }
	name=${name#ok }
	rest=${name#* }
	[ "$rest" != "$name" ] || rest=
	name=${name%% *}
	seen[$name]=1
	case $line,${why[$name]+known} in
	ok*,) echo "ok $prefix-$name" ;;
	ok*,known) echo "not ok $prefix-$name (passes, expected to fail: ${why[$name]})" ;;
	*,known) echo "ok $prefix-$name (known to fail: ${why[$name]})" ;;
	*) echo "not ok $prefix-$name $rest" ;;
	esac
}

words=(--bin "$bin")
[ "$stress" = 0 ] || words+=(--stress "$stress")
say "OpenCL applications on $kernel (log: $log)"
while IFS= read -r line; do
	line=${line%$'\r'}
	printf '%s\n' "$line" >&3
	case $line in
	"ok "* | "not ok "*) verdict "$line" ;;
	"## done") seen[done]=1 ;;
	"figures "* | "stress "*) echo "   $line" ;;
	esac
done 3>"$log" < <(
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" --timeout 3000 \
		--log "$out/log/opencl-$kernel-console.log" -- \
		"$TOP/tests/opencl/guest.sh" "${words[@]}" "${only[@]}" \
		</dev/null 2>"$log.err" || echo "## guest's status $?"
)
cat "$log.err" >&2
guest=$(sed -n "s/^## guest's status //p" "$log")
# Status 1: something in it failed, which it has said.
if [ -z "${seen[done]-}" ]; then
	verdict "not ok run (the guest's status ${guest:-0})"
elif [ "${guest:-0}" -gt 1 ]; then
	verdict "not ok kernel-log (the guest's status $guest)"
else
	verdict "ok kernel-log"
fi
if [ ${#only[@]} -eq 0 ]; then
	for name in "${!why[@]}"; do
		[ -n "${seen[$name]-}" ] ||
			echo "not ok $prefix-$name (expected to fail, but it did not run)"
	done
fi
