#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Boot a guest with the emulated card and run one command in it.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/run-guest.sh [OPTIONS] [--] COMMAND [ARGUMENT...]
       tools/run-guest.sh [OPTIONS] --shell

Boot a guest with the emulated GP107, run COMMAND in it as root on a writable
view of the host's file system (what it writes is lost), stream what it prints
and return its exit status.

  --out DIR        the build directory (default: build)
  --kernel NAME    the branch's kernel (branch, the default), with checks
                   (debug) or KCSAN (kcsan), the base's (stock); or a file
  --initrd FILE    default: DIR/initramfs.cpio
  --qemu FILE      default: DIR/qemu/qemu-system-x86_64
  --distro         Debian's packaged kernel and its initramfs, from DIR/distro
  --device SPEC    a QEMU device, may be given again; 'none' boots without a
                   card; 'gp107,help' lists the card's properties (default:
                   gp107,one-runlist=on, see below)
  --append TEXT    more words for the kernel's command line
  --cpus N         processors (default: 2)
  --mem MIB        memory (default: 2048)
  --timeout S      end a guest that has not come to an end after S seconds
                   (default: 300)
  --log FILE       keep the console's log as FILE; otherwise it is kept only
                   when something is wrong, as DIR/log/console-PID.log
  --qemu-log FILE  what the model says of unknown registers and bad use
  --qmp PATH       a QMP server on the socket PATH
  --icount SHIFT   count instructions for time: 2^SHIFT ns each; with
                   'SHIFT,sleep=off' idle time is skipped instead of waited for
  --cpu MODEL      QEMU's model of the processor (default: max; with KVM: host)
  --kvm            use KVM; default is TCG
  --ram            the guest has no file system of the host, only COMMAND, which
                   is a program, with its libraries, in memory; it starts in /.
                   A suspend of the guest breaks the host's file system
  --shell          an interactive shell instead of a command
  --help           this text

The nouveau of Linux 6.12 waits in vain, 15 s each time, for fences of channels
on a runlist other than the first; so by default all engines share one.

Exit status: the command's own; or 124 when the guest hung, 125 when the kernel
reported a fault of its own (WARNING, BUG, KASAN, lockdep, RCU stall, hung
task), 126 when the guest ended without the command having ended.
END
}

out=$TOP/build
kernel=
initrd=
qemu=
distro=
devices=()
append=
cpus=2
mem=2048
timeout=300
log=
qemu_log=
qmp=
icount=
cpu=
accel=tcg
ram=
shell=
while [ $# -gt 0 ]; do
	case $1 in
	--distro) distro=1; shift; continue ;;
	--kvm) accel=kvm; shift; continue ;;
	--ram) ram=1; shift; continue ;;
	--shell) shell=1; shift; continue ;;
	--help) usage; exit 0 ;;
	--) shift; break ;;
	--out | --kernel | --initrd | --qemu | --device | --append | --cpus | \
		--mem | --timeout | --log | --qemu-log | --qmp | --icount | --cpu)
		need_value "$1" $# ;;
	-*) usage_error "unknown option '$1'" ;;
	*) break ;;
	esac
	case $1 in
	--out) out=$2 ;;
	--kernel) kernel=$2 ;;
	--initrd) initrd=$2 ;;
	--qemu) qemu=$2 ;;
	--device) devices+=("$2") ;;
	--append) append=$2 ;;
	--cpus) need_number "$1" "$2"; cpus=$2 ;;
	--mem) need_number "$1" "$2"; mem=$2 ;;
	--timeout) need_number "$1" "$2"; timeout=$2 ;;
	--log) log=$2 ;;
	--qemu-log) qemu_log=$2 ;;
	--qmp) qmp=$2 ;;
	--icount) [ "${2%,sleep=off}" = 0 ] || need_number "$1" "${2%,sleep=off}"
		icount=$2 ;;
	--cpu) cpu=$2 ;;
	esac
	shift 2
done
if [ -n "$shell" ]; then
	[ $# -eq 0 ] || usage_error "--shell takes no command"
	[ -z "$ram" ] || usage_error "--shell or --ram, not both"
	set -- bash -l
else
	[ $# -gt 0 ] || usage_error "a command is missing"
fi
if [ -n "$distro" ]; then
	: "${kernel:=$out/distro/vmlinuz}" "${initrd:=$out/distro/initramfs.cpio}"
fi
image=arch/x86/boot/bzImage
case ${kernel:-branch} in
branch) kernel=$out/tree/build/$image ;;
debug | kcsan) kernel=$out/tree/build-$kernel/$image ;;
stock) kernel=$out/stock/build/$image ;;
esac
: "${initrd:=$out/initramfs.cpio}"
: "${qemu:=$out/qemu/qemu-system-x86_64}"
for file in "$kernel" "$initrd" "$qemu"; do
	[ -r "$file" ] || die "$file is not there: run 'make' for it first"
done
[ ${#devices[@]} -gt 0 ] || devices=(gp107,one-runlist=on)
for device in "${devices[@]}"; do
	case $device in
	*,help) exec "$qemu" -device "$device" ;;
	esac
done

run=$(mktemp -d)
guest=
reader=
cleanup()
{
	[ -z "$guest" ] || kill "$guest" 2>/dev/null || true
	[ -z "$reader" ] || kill "$reader" 2>/dev/null || true
	rm -rf "$run"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# The command travels in an archive of its own in front of the initramfs.
mkdir "$run/cpio"
directory=$PWD
[ -z "$ram" ] || directory=/
{
	printf 'cd -- %q || exit 127\nexec' "$directory"
	printf ' %q' "$@"
	echo
} >"$run/cpio/command"
echo "${TERM:-dumb}" >"$run/cpio/term"
if [ -n "$ram" ]; then
	program=$(realpath -- "$1") || die "there is no program $1"
	busybox=$(command -v busybox) || die "busybox is missing: install busybox-static"
	mkdir -p "$run/cpio/ram/"{bin,dev,proc,sys,tmp}
	cp "$busybox" "$run/cpio/ram/bin/sh"
	ldd "$program" | grep -o '/[^ ]*' | sort -u >"$run/libraries"
	xargs -d '\n' cp -L --parents -t "$run/cpio/ram" -- "$program" <"$run/libraries"
fi
(cd "$run/cpio" && find . | cpio --quiet -o -H newc) >"$run/initrd"
cat "$initrd" >>"$run/initrd"

# Under TCG the guest has the host's time-stamp counter, and measures it wrong
# while the host is busy; with -icount it is a clock of 1 GHz.
tsc=
if [ -n "$icount" ]; then
	tsc=tsc_early_khz=1000000
elif [ "$accel" = tcg ]; then
	tsc=tsc_early_khz=$("$out/tsc-khz") || die "run 'make qemu' first"
fi

console=$run/console.log
: >"$console"
: >"$run/status"
args=(-nodefaults -no-user-config -display none -no-reboot
	-L /usr/share/seabios -L /usr/share/qemu
	-M q35 -smp "$cpus" -m "$mem" -kernel "$kernel" -initrd "$run/initrd"
	-append "console=ttyS0 panic=-1 oops=panic initramfs_async=0 $tsc $append"
	-serial "file:$console"
	-device virtio-serial-pci,max_ports=4
	-chardev "file,id=status,path=$run/status"
	-device virtserialport,nr=2,chardev=status,name=gp107.status)
[ -n "$ram" ] || args+=(
	-fsdev "local,id=host,path=/,security_model=none,readonly=on,multidevs=remap"
	-device virtio-9p-pci,fsdev=host,mount_tag=host)
if [ "$accel" = kvm ]; then
	args+=(-accel kvm -cpu "${cpu:-host}")
elif [ -n "$icount" ]; then
	args+=(-accel tcg -cpu "${cpu:-max}" -icount "shift=$icount")
else
	args+=(-accel tcg,thread=multi -cpu "${cpu:-max}")
fi
for device in "${devices[@]}"; do
	[ "$device" = none ] || args+=(-device "$device")
done
[ -z "$qmp" ] || args+=(-qmp "unix:$qmp,server=on,wait=off")
[ -z "$qemu_log" ] || args+=(-d unimp,guest_errors -D "$qemu_log")

qemu_status=0
if [ -n "$shell" ]; then
	"$qemu" "${args[@]}" -chardev stdio,id=out,signal=off \
		-device virtconsole,nr=1,chardev=out || qemu_status=$?
else
	mkfifo "$run/out"
	cat "$run/out" &
	reader=$!
	timeout --kill-after=5 "$timeout" "$qemu" "${args[@]}" \
		-chardev "file,id=out,path=$run/out" \
		-device virtserialport,nr=1,chardev=out,name=gp107.out \
		</dev/null 2>"$run/qemu.err" &
	guest=$!
	wait "$guest" || qemu_status=$?
	guest=
	# Lets the reader go if QEMU ended before it opened the pipe.
	exec 9<>"$run/out"
	exec 9>&-
	wait "$reader" || true
	reader=
	cat "$run/qemu.err" >&2
fi

# What a sound kernel does not say.
reports='WARNING: CPU|WARNING: (possible|suspicious|inconsistent|bad|held|lock)'
reports+='|BUG: |kernel BUG at|KASAN|KCSAN|UBSAN|Oops|Kernel panic|refcount_t: '
reports+='|general protection fault|rcu: INFO: .*stall|rcu_.*detected stalls'
reports+='|INFO: task .* blocked for more than|INFO: lockdep|^.{0,40}guest-init: .*(no|not|failed)'
found=$(tr -d '\r' <"$console" | grep -nE "$reports" || true)

keep_log()
{
	if [ -z "$log" ]; then
		mkdir -p "$out/log"
		log=$out/log/console-$$.log
		cp "$console" "$log"
	fi
	echo "$PROG: the console's log is $log" >&2
}

[ -z "$log" ] || cp "$console" "$log"
if [ "$qemu_status" -eq 124 ] || [ "$qemu_status" -eq 137 ]; then
	echo "$PROG: the guest hung: no end after $timeout s; its last lines:" >&2
	tail -n 5 "$console" >&2
	[ -z "$found" ] || printf '%s\n' "$found" >&2
	keep_log
	exit 124
fi
if [ -n "$found" ]; then
	echo "$PROG: the kernel reported:" >&2
	printf '%s\n' "$found" >&2
	keep_log
fi
status=$(tr -dc 0-9 <"$run/status")
if [ -z "$status" ]; then
	echo "$PROG: the guest ended before the command did (QEMU's status" \
		"$qemu_status)" >&2
	keep_log
	exit 126
fi
if [ -n "$found" ] && [ "$status" -eq 0 ]; then
	exit 125
fi
exit "$status"
