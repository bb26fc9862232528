#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Build QEMU with the GP107 model for x86_64-softmmu.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/build-qemu.sh --src DIR [--out DIR] [--jobs N]

Put a tree together from QEMU's source (links, DIR itself is not touched), the
repository's hw/gp107 and patches/qemu, and build it out of tree. The sources
are links, so a changed file of hw/gp107 is all that is compiled again.

  --src DIR   QEMU's source, Debian's 7.2
  --out DIR   the build directory (default: build); the tree is DIR/qemu-src,
              the binary DIR/qemu/qemu-system-x86_64, the log DIR/log/qemu.log
  --jobs N    at most N compilers at once (default: one a processor)
  --help      this text
END
}

src=
out=$TOP/build
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--src) need_value "$1" $#; src=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$src" ] || usage_error "--src is missing"
[ -f "$src/hw/meson.build" ] || die "$src is no QEMU source tree"
need_command ninja ninja-build
src=$(cd "$src" && pwd)
mkdir -p "$out/log"
out=$(cd "$out" && pwd)
tree=$out/qemu-src
build=$out/qemu

# Links to every file of the source; what a patch changes becomes a copy.
assemble()
{
	local patch file
	rm -rf "$tree"
	mkdir -p "$tree"
	cp -as "$src/." "$tree"
	for patch in "$TOP"/patches/qemu/*.patch; do
		sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$patch" |
			while read -r file; do
				rm -f "$tree/$file"
				cp "$src/$file" "$tree/$file"
			done
		patch -d "$tree" -p1 --no-backup-if-mismatch <"$patch"
	done
	ln -s "$TOP/hw/gp107" "$tree/hw/gp107"
	ln -s "$TOP/configs/qemu.mak" \
		"$tree/configs/devices/x86_64-softmmu/gp107.mak"
}

# The system's python3 must be found first: another one lacks what QEMU needs.
configure()
{
	rm -rf "$build"
	mkdir -p "$build"
	cd "$build"
	PATH=/usr/bin:$PATH "$tree/configure" --cc="$(compiler)" \
		--target-list=x86_64-softmmu --without-default-features \
		--without-default-devices --with-devices-x86_64=gp107 \
		--enable-tcg --enable-virtfs --enable-attr --enable-cap-ng \
		--enable-fdt=system --disable-tools --disable-docs \
		--disable-guest-agent
}

# What the tree and its configuration depend on, the model's files apart.
key=$(printf '%s\n' "$src" "$TOP" "$(compiler)"
	cat "$src/VERSION" "$TOP"/patches/qemu/*.patch
	declare -f assemble configure)
if [ ! -e "$out/qemu.key" ] || [ "$key" != "$(cat "$out/qemu.key")" ]; then
	rm -f "$out/qemu.key"
	logged "putting the QEMU tree together in $tree" \
		"$out/log/qemu-tree.log" '' assemble
	logged "configuring QEMU" "$out/log/qemu-configure.log" '' configure
	printf '%s\n' "$key" >"$out/qemu.key"
fi

export PATH=/usr/bin:$PATH
logged "bringing QEMU with the GP107 model up to date" "$out/log/qemu.log" \
	'/^\[/ {at = $1} END {print "step " at}' \
	ninja -C "$build" -j "$jobs" qemu-system-x86_64
