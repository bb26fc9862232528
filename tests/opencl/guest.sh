#!/bin/bash
# SPDX-License-Identifier: MIT
#
# The guest's side of tools/check-opencl.sh: all applications, one after the
# other, then bad ones, then others' programs. Prints 'ok NAME' or 'not ok NAME'.

set -eu -o pipefail

usage()
{
	cat <<END
Usage: tests/opencl/guest.sh --bin DIR [--applications] [--stress N]
                             [APPLICATION...]

Run as root in a guest. With names, only these applications run.

  --bin DIR       where the applications are
  --applications  only applications, but all of them if none is named
  --stress N      then list, hash and sort N times each while their memory is
                  disturbed
  --help          this text
END
}

# In this order: the plainest first.
applications=(vector_add list tree hash spmv bfs search nbody mandelbrot scan
	histogram reduce matmul sort turns migrate beyond)

bin=
stress=
all_only=
chosen=()
while [ $# -gt 0 ]; do
	case $1 in
	--bin) bin=$2; shift ;;
	--applications) all_only=1 ;;
	--stress) stress=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) echo "$0: unknown option '$1'" >&2; exit 2 ;;
	*) chosen+=("$1") ;;
	esac
	shift
done
[ -z "$all_only" ] || [ ${#chosen[@]} -gt 0 ] || chosen=("${applications[@]}")
[ -x "$bin/vector_add" ] || { echo "$0: no applications in '$bin'" >&2; exit 2; }

# run NAME APPLICATION [OPTION...]: its own lines, and NAME's for its status.
run()
{
	local name=$1 rc=0 start=$SECONDS
	shift

	echo "## $*"
	"$bin/$1" "${@:2}" 2>&1 || rc=$?
	if [ "$rc" -eq 0 ]; then
		echo "ok $name ($((SECONDS - start)) s)"
	else
		echo "not ok $name (status $rc)"
	fi
}

# bad WHAT STATUS WORDS: it ends with this status and message, and the next
# application works.
bad()
{
	local said rc=0

	echo "## bad --do $1"
	said=$("$bin/bad" --do "$1" --limit 5 2>&1) || rc=$?
	printf '%s\n' "$said" | sed 's/^/    /'
	if [ "$rc" -eq "$2" ] && [[ $said == *"$3"* ]]; then
		echo "ok bad-$1"
	else
		echo "not ok bad-$1 (status $rc)"
	fi
	run "after-$1" vector_add --size 1000
}

# others NAME PATTERN COMMAND...: Debian's programs; PATTERN is what one prints
# when all is well.
others()
{
	local name=$1 pattern=$2 said rc=0
	shift 2

	echo "## $*"
	said=$("$@" 2>&1) || rc=$?
	if [ "$rc" -eq 0 ] && grep -qE "$pattern" <<<"$said"; then
		echo "ok $name"
	else
		printf '%s\n' "$said" | sed 's/^/    /'
		echo "not ok $name (status $rc)"
	fi
}

if [ ${#chosen[@]} -gt 0 ]; then
	for name in "${chosen[@]}"; do
		run "$name" "$name"
	done
else
	for name in "${applications[@]}"; do
		run "$name" "$name"
	done
	export NOUVEAU_ENABLE_CL=1 NOUVEAU_SVM=1
	others clinfo 'Fine-grained system sharing +Yes' clinfo
	others numpy_svm '^100000 of 100000 ' "${0%/*}/numpy_svm.py"
	bad wild 3 "channel was killed"
	bad read-only 3 "channel was killed"
	bad endless 4 "has not ended"
fi
if [ -n "$stress" ]; then
	# Swap, so that pages go there and come back.
	if echo 128M >/sys/block/zram0/disksize && mkswap /dev/zram0 >/dev/null; then
		swapon /dev/zram0
	fi
	run stress-list list --rounds "$stress" --nodes 512 --lists 32 --stress 1
	run stress-hash hash --rounds "$stress" --entries 512 --queries 512 --stress 1
	run stress-sort sort --rounds "$stress" --bits 9 --stress 1
fi
"$bin/card_clean" /dev/dri/renderD128
echo "## done"
