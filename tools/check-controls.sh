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
  ignore-flush  one TLB flush, of a munmap(), is ignored: its subtest must fail
  drop-replay   replays are lost: the runner must report a hang

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

# In the guest: the subtest passes as it is, and fails when one flush is ignored,
# that of the munmap() in its middle. Linux 6.12 flushes once for pages in VRAM;
# for those in system memory it flushes twice, and either one is enough.
ignore_flush='
export CONTROL_BYTES=16384 CONTROL_BEFORE=true LD_PRELOAD=$3
export CONTROL_AFTER="$2 switch ignore-flush 0"
"$1" --run-subtest migrate-free-then-access || exit 10
export CONTROL_BEFORE="$2 switch ignore-flush 1"
"$1" --run-subtest migrate-free-then-access && exit 11
unset LD_PRELOAD
"$2" counters | grep -q "^flushes-ignored 1\$" || exit 12
'
rc=0
"$TOP/tools/run-guest.sh" --out "$out" --timeout 60 \
	--log "$out/log/control-flush-console.log" -- \
	sh -c "$ignore_flush" sh "$program" "$debug" "$out/control-preload.so" ||
	rc=$?
control ignore-flush "$rc"

rc=0
"$TOP/tools/run-guest.sh" --out "$out" --timeout 20 \
	--device gp107,one-runlist=on,drop-replay=4294967295 \
	--log "$out/log/control-replay-console.log" -- \
	"$program" --run-subtest read-fault || rc=$?
[ "$rc" -eq 124 ] && rc=0 || rc=1
control drop-replay "$rc"
exit $failed
