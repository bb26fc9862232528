#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# See that the Debian packages are there that building and testing need.

. "$(dirname "$0")/lib.sh"

# Kernel and QEMU: the compiler and the tools of their build systems.
build=(gcc libc6-dev make patch perl python3 flex bison bc cpio xz-utils
	libelf-dev ccache git coccinelle dpkg-dev ninja-build meson pkg-config libglib2.0-dev
	libpixman-1-dev libcap-ng-dev libattr1-dev libfdt-dev)
# The guest: BIOS and option ROMs, the initramfs, modules of Debian's kernel.
guest=(seabios qemu-system-data busybox-static kmod)
# The tests: IGT and libdrm, the fuzzer and the sanitizers, lint of shell,
# kernel C and documents, a model checker, OpenCL.
tests=(intel-gpu-tools libdrm-dev clang-14 libclang-rt-14-dev llvm-14
	shellcheck sparse python3-docutils spin
	mesa-opencl-icd clinfo ocl-icd-libopencl1 ocl-icd-opencl-dev
	opencl-c-headers python3-pyopencl)
# Debian packages of the kernel.
deb=(debhelper libssl-dev rsync)

usage()
{
	cat <<END
Usage: tools/deps.sh [--list | --check] [--deb] [--log FILE]

See that the Debian packages are installed that the build and the tests need.
As root, install the missing ones with apt-get; as another user, print the
command that does so and exit with status 1.

  --list      print the names of the packages, one a line, and do nothing
  --check     print the missing ones and exit with status 1 if there are any
  --deb       those for Debian packages of the kernel, too
  --log FILE  write what apt-get says to FILE (default: build/log/deps.log)
  --help      this text
END
}

mode=install
log=$TOP/build/log/deps.log
packages=("${build[@]}" "${guest[@]}" "${tests[@]}")
while [ $# -gt 0 ]; do
	case $1 in
	--list) mode=list ;;
	--check) mode=check ;;
	--deb) packages+=("${deb[@]}") ;;
	--log) need_value "$1" $#; log=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown option '$1'" ;;
	esac
	shift
done

mapfile -t packages < <(printf '%s\n' "${packages[@]}" | sort -u)
if [ "$mode" = list ]; then
	printf '%s\n' "${packages[@]}"
	exit 0
fi

need_command dpkg-query dpkg
installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' \
	"${packages[@]}" 2>/dev/null | sed -n 's/^installed //p' | sort -u || true)
mapfile -t missing < <(comm -23 <(printf '%s\n' "${packages[@]}") \
	<(echo "$installed"))

[ ${#missing[@]} -gt 0 ] || exit 0
if [ "$mode" = check ]; then
	printf '%s\n' "${missing[@]}"
	exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
	echo "Debian packages are missing. As root, run:"
	echo "  apt-get update && apt-get install -y --no-install-recommends ${missing[*]}"
	exit 1
fi

export DEBIAN_FRONTEND=noninteractive
say "missing Debian packages: ${missing[*]}"
logged "apt-get update" "$log" '' apt-get update
logged "installing ${#missing[@]} packages and what they need" "$log" \
	'/^Unpacking /{u++} /^Setting up /{s++}
		END {printf "%d unpacked, %d set up\n", u, s}' \
	apt-get install -y --no-install-recommends "${missing[@]}"
