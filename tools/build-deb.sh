#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Debian packages of the branch's kernel, for a machine with a real card.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/build-deb.sh --config FILE [--check] [--out DIR] [--jobs N]

Configure the branch's tree as Debian configures its kernel, with
configs/hardware.config on top, and make Debian packages of it by the kernel's own
'make bindeb-pkg', into OUT/deb. That compiles nearly every driver, and takes hours.

  --config FILE  Debian's configuration, as 'tools/fetch.sh config' leaves it
  --check        make no package; print 'ok NAME' or 'not ok NAME' for whether
                 every option of configs/hardware.config can be had, whether
                 nouveau and mm compile with it, and whether the files that the
                 branch touches there do so without a warning
  --out DIR      the build directory, where 'make tree' was (default: build)
  --jobs N       at most N compilers at once (default: one a processor)
  --help         this text
END
}

out=$TOP/build
config=
check=
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--config) need_value "$1" $#; config=$2; shift ;;
	--check) check=1 ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$config" ] || usage_error "--config is missing"
[ -r "$config" ] || die "$config cannot be read"
[ -e "$out/tree/Kbuild" ] || die "$out/tree is not there: run 'make tree' first"
out=$(cd "$out" && pwd)
log=$out/log/kernel-tree-build-deb.log

# kernel OPTION...: tools/build-kernel.sh for this configuration.
kernel()
{
	"$TOP/tools/build-kernel.sh" --tree tree --build build-deb --out "$out" \
		--jobs "$jobs" --base "$config" "$@" "$TOP/configs/hardware.config"
}

failed=
# result NAME COMMAND...: say whether the command held.
result()
{
	local name=$1

	shift
	if "$@"; then
		echo "ok $name"
	else
		echo "not ok $name"
		failed=y
	fi
}

# A file that was compiled before says nothing any more: compile them anew.
compile()
{
	local file

	git -C "$out/tree" diff --name-only base.. -- 'mm/*.c' \
		'drivers/gpu/drm/nouveau/*.c' | while read -r file; do
			rm -f "$out/tree/build-deb/${file%.c}.o"
		done
	kernel --make drivers/gpu/drm/nouveau/ --make mm/
}

no_warning()
{
	local file found=0

	while read -r file; do
		! grep -E "^(\.\./)?$file:.* warning:" "$log" || found=1
	done < <(git -C "$out/tree" diff --name-only base.. -- '*.[ch]')
	return $found
}

if [ -n "$check" ]; then
	result deb-config kernel --configure
	[ -z "$failed" ] || exit 1
	result deb-objects compile
	result deb-no-warning no_warning
	[ -z "$failed" ]
	exit
fi

need_command dh_listpackages debhelper
need_command rsync rsync
# A package does not say which machine it was made on.
export DEBFULLNAME='nouveau SVM branch' DEBEMAIL=nouveau@lists.freedesktop.org
export KBUILD_BUILD_USER=nouveau KBUILD_BUILD_HOST=svm
export KDEB_CHANGELOG_DIST=bookworm
export DEB_BUILD_PROFILES=pkg.linux-upstream.nokernelheaders
kernel --make bindeb-pkg
mkdir -p "$out/deb"
# They are left beside the folder that they were built in.
mv "$out"/tree/linux-*.deb "$out"/tree/linux-upstream_*.{buildinfo,changes} "$out/deb"
say "packages: $(echo "$out"/deb/linux-image-*.deb)"
