#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make a bootable guest of Debian's packaged kernel.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/distro-guest.sh --src DIR --firmware DIR [--out DIR]

Make OUT/vmlinuz and OUT/initramfs.cpio of Debian's kernel package.

  --src DIR       the unpacked package linux-image-*
  --firmware DIR  the card's firmware, as for tools/mkinitramfs.sh
  --out DIR       default: build/distro
  --help          this text
END
}

src=
firmware=
out=$TOP/build/distro
while [ $# -gt 0 ]; do
	case $1 in
	--src) need_value "$1" $#; src=$2; shift ;;
	--firmware) need_value "$1" $#; firmware=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$src" ] || usage_error "--src is missing"
[ -n "$firmware" ] || usage_error "--firmware is missing"

kernels=("$src"/boot/vmlinuz-*)
[ -e "${kernels[0]}" ] || die "$src has no boot/vmlinuz-*"
version=${kernels[0]##*/vmlinuz-}
mkdir -p "$out"
"$TOP/tools/mkinitramfs.sh" --firmware "$firmware" \
	--modules "$src/lib/modules/$version" --out "$out/initramfs.cpio"
cp "${kernels[0]}" "$out/vmlinuz"
