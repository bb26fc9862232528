#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian's packaged kernel comes up on the card.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-distro.sh [--out DIR]

Boot Debian's packaged kernel, whose nouveau is a module, on the emulated card
and look for the driver's device nodes.

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

# Runs in the guest.
nodes='
ok() { if "$@"; then echo "ok distro-$name"; else echo "not ok distro-$name"; fi; }
uname -r | sed "s/^/# kernel /"
name=card0 ok test -c /dev/dri/card0
name=renderD128 ok test -c /dev/dri/renderD128
name=driver ok sh -c "ls -l /sys/class/drm/card0/device/driver | grep -q nouveau\$"
dmesg | grep nouveau | sed "s/^/# /"
'
rc=0
"$TOP/tools/run-guest.sh" --out "$out" --distro --timeout 120 \
	--log "$out/log/distro-console.log" -- sh -c "$nodes" || rc=$?
if [ "$rc" -eq 0 ]; then
	echo "ok distro-boot"
else
	echo "not ok distro-boot (status $rc, see $out/log/distro-console.log)"
	exit 1
fi
