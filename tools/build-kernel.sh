#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configure and build the guest's kernel.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/build-kernel.sh --src DIR [--out DIR] [--jobs N] FRAGMENT...

Build a kernel out of tree from allnoconfig and the kconfig fragments. Every
option that a fragment asks for must be in the configuration that results.

  --src DIR   a Linux source tree, 6.12; it must be clean and stays so
  --out DIR   the build directory (default: build); the kernel is
              DIR/kernel/arch/x86/boot/bzImage, the log DIR/log/kernel.log
  --jobs N    at most N compilers at once (default: one a processor)
  --help      this text
END
}

src=
out=$TOP/build
jobs=$(nproc)
fragments=()
while [ $# -gt 0 ]; do
	case $1 in
	--src) need_value "$1" $#; src=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*) [ -r "$1" ] || die "$1 cannot be read"
	   fragments+=("$(readlink -f "$1")") ;;
	esac
	shift
done
[ -n "$src" ] || usage_error "--src is missing"
[ ${#fragments[@]} -gt 0 ] || usage_error "a fragment is missing"
[ -f "$src/scripts/kconfig/merge_config.sh" ] || die "$src is no Linux source tree"
[ ! -e "$src/.config" ] || die "$src is not clean: run 'make mrproper' in it"
src=$(cd "$src" && pwd)
mkdir -p "$out/log" "$out/kernel"
out=$(cd "$out" && pwd)
build=$out/kernel
image=$build/arch/x86/boot/bzImage

configure()
{
	cd "$src"
	ARCH=x86_64 sh scripts/kconfig/merge_config.sh -n -O "$build" \
		"${fragments[@]}"
}

# Kconfig drops an option in silence when it depends on another one.
verify()
{
	local option missing=
	while read -r option; do
		grep -qxF -- "$option" "$build/.config" || missing+=" $option"
	done < <(cat "${fragments[@]}" | grep -E '^(CONFIG_|# CONFIG_)')
	[ -z "$missing" ] || die "the configuration lacks:$missing"
}

# Nothing of what the image came from has changed since.
up_to_date()
{
	[ -e "$image" ] && [ -e "$out/kernel.key" ] &&
		[ "$key" = "$(cat "$out/kernel.key")" ] &&
		[ -z "$(find "$src" -newer "$out/kernel.key" -print -quit)" ]
}

key=$(printf '%s\n' "$src" "$(compiler)"; cat "${fragments[@]}")
if up_to_date; then
	exit 0
fi
start=$build/.start
touch "$start"
if [ ! -e "$build/.config" ] || [ ! -e "$out/kernel.key" ] ||
	[ "$key" != "$(cat "$out/kernel.key")" ]; then
	rm -f "$out/kernel.key"
	logged "configuring the kernel" "$out/log/kernel-config.log" '' configure
	verify
fi
logged "building the kernel, some 1800 objects" "$out/log/kernel.log" \
	'$1 == "CC" || $1 == "AS" {n++} END {printf "%d objects\n", n}' \
	make -C "$src" O="$build" ARCH=x86_64 CC="$(compiler)" -j "$jobs" bzImage
# Dated at the start: what changed during the build is built next time.
printf '%s\n' "$key" >"$out/kernel.key"
touch -r "$start" "$out/kernel.key"
