#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Negative controls: a card or a driver that is wrong must turn the tests red.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-controls.sh [--out DIR]

Let the emulated card misbehave, and the branch's driver be wrong on purpose,
and see that the tests notice:
  ignore-flush     one TLB flush, of a munmap(), is ignored: its subtest must
                   fail; on the base and on the branch
  drop-replay      replays are lost: the runner must report a hang
  skip-invalidate  the driver clears no PTE when the CPU's are about to change
  map-beyond       it maps one page too many
  skip-retry       it maps what it read in spite of an invalidation meanwhile
  drop-seq         it does not note that there was an invalidation
  wrong-page       it maps another page of the process
  wrong-rights     it lets the GPU write what the CPU may only read
  wrong-place      it takes system memory for VRAM
  wrong-state      it notes other rights than it gives
  leak-buffer      it loses a reference to a mirrored block
All but the first two are switches in the driver's svm_control file, in debugfs.
For each a subtest must pass without it, fail with it, and say why: mostly it is
the audit that does. skip-retry and drop-seq are races: there the driver also takes its time, with and without the switch, so
that they are always lost.

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
# for those in system memory it flushes twice, and either one is enough. The
# branch flushes once for both.
ignore_flush='
export CONTROL_BYTES=16384 CONTROL_BEFORE=true LD_PRELOAD=$3
export CONTROL_AFTER="$2 switch ignore-flush 0"
"$1" --run-subtest migrate-free-then-access || exit 10
export CONTROL_BEFORE="$2 switch ignore-flush 1"
"$1" --run-subtest migrate-free-then-access && exit 11
unset LD_PRELOAD
"$2" counters | grep -q "^flushes-ignored 1\$" || exit 12
'
for kernel in stock branch; do
	rc=0
	"$TOP/tools/run-guest.sh" --out "$out" --kernel "$kernel" --timeout 60 \
		--log "$out/log/control-flush-$kernel-console.log" -- \
		sh -c "$ignore_flush" sh "$program" "$debug" \
		"$out/control-preload.so" || rc=$?
	control "ignore-flush-$kernel" "$rc"
done

rc=0
"$TOP/tools/run-guest.sh" --out "$out" --kernel stock --timeout 20 \
	--device gp107,one-runlist=on,drop-replay=4294967295 \
	--log "$out/log/control-replay-console.log" -- \
	"$program" --run-subtest read-fault || rc=$?
[ "$rc" -eq 124 ] && rc=0 || rc=1
control drop-replay "$rc"

# In the guest: red CONTROL SUBTEST REASON [WITH]. Each begins with a pass, with
# the control WITH, which is no fault: what the one before broke did not outlive
# its client. A lost reference does, so that one comes last.
wrong_driver='
program=$1
failed=0
file=$(echo /sys/kernel/debug/dri/[0-9]*/svm_control)
file=${file%% *}
red()
{
	name=control-$(echo "$1" | tr _ -)
	echo "${4:-none}" >"$file"
	if ! "$program" --run-subtest "$2"; then
		echo "not ok $name ($2 fails without it)"
	elif ! echo "${4:-none} $1" >"$file" || ! grep -qx "$1" "$file"; then
		echo "not ok $name (the driver does not know it)"
	elif said=$("$program" --run-subtest "$2" 2>&1); then
		echo "not ok $name ($2 passes with it)"
	elif ! echo "$said" | grep -E "$3"; then
		echo "$said"
		echo "not ok $name ($2 fails, but not for: $3)"
	else
		echo "ok $name"
		return
	fi
	failed=1
}
red skip_invalidate write-fault "audit: .* violation (stale|bounds) "
red map_beyond control-one-page-alone "audit: .* violation stale "
red skip_retry control-free-during-service "audit: .* violation stale " slow_map
red drop_seq control-free-during-service "audit: .* violation stale " slow_map
for kind in page rights place state; do
	red wrong_$kind control-pages-around "audit: .* violation $kind "
done
red leak_buffer write-fault "left behind: buffers_live "
exit $failed
'
rc=0
"$TOP/tools/run-guest.sh" --out "$out" --timeout 300 \
	--log "$out/log/control-driver-console.log" -- \
	sh -c "$wrong_driver" sh "$program" || rc=$?
# Status 1: the guest has said which.
case $rc in
0) ;;
1) failed=1 ;;
*) control wrong-driver "$rc" ;;
esac
exit $failed
