#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Negative controls: a card that misbehaves must turn the tests red.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-controls.sh [--out DIR]

Let the emulated card misbehave and see that the tests notice:
  ignore-flush  one TLB flush is ignored: some subtest must fail
  drop-replay   one replay is lost: the runner must report a hang

  --out DIR  the build directory (default: build)
  --help     this text
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
program=$out/igt/nouveau_svm
debug=$out/gp107-debug
failed=0

# control NAME STATUS: STATUS is that of a test, 0 if it did its work.
control()
{
	if [ "$2" -eq 0 ]; then
		echo "ok control-$1"
	else
		echo "not ok control-$1"
		failed=1
	fi
}

# The subtest passes on a sound card, then one flush after the other is
# ignored; each flush that matters must be missed. In the guest.
ignore_flush='
program=$1 debug=$2 subtest=$3
"$program" --run-subtest "$subtest" || exit 10
for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
	"$debug" switch ignore-flush $n
	"$program" --run-subtest "$subtest" || exit 20
	"$debug" switch ignore-flush 0
done
exit 30
'
rc=0
"$TOP/tools/run-guest.sh" --out "$out" --timeout 120 \
	--log "$out/log/control-flush-console.log" -- \
	sh -c "$ignore_flush" sh "$program" "$debug" munmap || rc=$?
[ "$rc" -eq 20 ] && rc=0
control ignore-flush "$rc"

rc=0
"$TOP/tools/run-guest.sh" --out "$out" --timeout 25 \
	--device gp107,one-runlist=on,drop-replay=4294967295 \
	--log "$out/log/control-replay-console.log" -- \
	"$program" --run-subtest read-fault || rc=$?
[ "$rc" -eq 124 ] && rc=0 || rc=1
control drop-replay "$rc"
exit $failed
