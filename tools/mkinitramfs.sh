#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Make the guest's initramfs.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/mkinitramfs.sh --firmware DIR [--modules DIR] [--out FILE]

Make the guest's initramfs: busybox, tools/guest-init.sh as its first process,
and the firmware files of the card. It is left uncompressed: unpacking takes
longer in an emulated guest than loading.

  --firmware DIR  where the card's firmware is, as in /lib/firmware: the files
                  of DIR/nvidia/gp107 come along
  --modules DIR   a modular kernel's /lib/modules/VERSION: the modules that the
                  guest needs come along
  --out FILE      the archive (default: build/initramfs.cpio)
  --help          this text
END
}

# What a modular kernel loads before anything can be mounted, and the driver.
wanted="virtio_pci virtio_console 9pnet_virtio 9p overlay nouveau"

firmware=
modules=
out=$TOP/build/initramfs.cpio
while [ $# -gt 0 ]; do
	case $1 in
	--firmware) need_value "$1" $#; firmware=$2; shift ;;
	--modules) need_value "$1" $#; modules=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$firmware" ] || usage_error "--firmware is missing"
[ -d "$firmware/nvidia/gp107" ] || die "$firmware has no folder nvidia/gp107"
[ -z "$modules" ] || [ -d "$modules/kernel" ] || die "$modules has no folder kernel"
need_command cpio cpio
busybox=$(command -v busybox) || die "busybox is missing: install busybox-static"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/bin" "$root/lib/firmware/nvidia"
cp "$busybox" "$root/bin/busybox"
cp "$TOP/tools/guest-init.sh" "$root/init"
chmod 755 "$root/init"
# NVIDIA's own files are links to those of its other chips.
cp -rL "$firmware/nvidia/gp107" "$root/lib/firmware/nvidia/"

if [ -n "$modules" ]; then
	need_command modprobe kmod
	version=${modules##*/}
	base=${modules%/lib/modules/*}
	[ -e "$modules/modules.dep" ] || depmod -b "$base" "$version"
	mkdir "$root/modules"
	for name in $wanted; do
		modprobe -d "$base" -S "$version" --show-depends "$name" ||
			die "the kernel $version has no module $name"
	done | awk '$1 == "insmod" && !seen[$2]++ {print $2}' |
		while read -r file; do
			cp "$file" "$root/modules/"
			echo "${file##*/}" >>"$root/modules/order"
		done
fi

mkdir -p "$(dirname "$out")"
(cd "$root" && find . | sort | cpio --quiet -o -H newc -R 0:0) >"$out.tmp"
mv "$out.tmp" "$out"
