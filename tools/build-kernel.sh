#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Configure and build a kernel for the guest.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/build-kernel.sh --tree NAME [OPTIONS] FRAGMENT...

Build the tree OUT/NAME from allnoconfig, or another configuration, and the
kconfig fragments, modules included. Every option that a fragment asks for must be
in the configuration that results.

The build lies in a folder of the tree itself. So the compiler is given relative
names, and what is compiled in one tree is in ccache for the other.

  --tree NAME   tree or stock, as tools/assemble-tree.sh makes them
  --build NAME  the folder in the tree: build, or build-SOMETHING (default:
                build); the kernel is OUT/TREE/BUILD/arch/x86/boot/bzImage, the
                log OUT/log/kernel-TREE-BUILD.log
  --out DIR     OUT (default: build)
  --jobs N      at most N compilers at once (default: one a processor)
  --base FILE   a configuration for all that the fragments don't say, instead of
                allnoconfig
  --configure   only configure, and make the headers that are generated
  --make TARGET make this instead of the kernel and its modules; may be repeated
  --help        this text
END
}

tree=
name=build
out=$TOP/build
jobs=$(nproc)
configure=
base=
targets=()
fragments=()
while [ $# -gt 0 ]; do
	case $1 in
	--tree) need_value "$1" $#; tree=$2; shift ;;
	--build) need_value "$1" $#; name=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--base) need_value "$1" $#; base=$2; shift ;;
	--configure) configure=1 ;;
	--make) need_value "$1" $#; targets+=("$2"); shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown option '$1'" ;;
	*) [ -r "$1" ] || die "$1 cannot be read"
	   fragments+=("$(readlink -f "$1")") ;;
	esac
	shift
done
case $tree in
tree | stock) ;;
'') usage_error "--tree is missing" ;;
*) usage_error "no tree is called '$tree'" ;;
esac
case $name in
build | build-*[!/]) ;;
*) usage_error "a build folder is 'build' or 'build-SOMETHING', not '$name'" ;;
esac
[ ${#fragments[@]} -gt 0 ] || usage_error "a fragment is missing"
if [ -n "$base" ]; then
	[ -r "$base" ] || die "$base cannot be read"
	base=$(readlink -f "$base")
fi
[ -e "$out/$tree/Kbuild" ] || die "$out/$tree is not there: run 'make tree' first"
out=$(cd "$out" && pwd)
src=$out/$tree
build=$src/$name
image=$build/arch/x86/boot/bzImage
log=$out/log/kernel-$tree-$name.log
mkdir -p "$build"

# What is said last counts.
configure()
{
	local rest=allnoconfig

	[ -z "$base" ] || rest=alldefconfig
	cat ${base:+"$base"} "${fragments[@]}" >"$build/.asked"
	make -C "$src" O="$name" ARCH=x86_64 KCONFIG_ALLCONFIG="$build/.asked" $rest
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

# Objects so far, for logged().
count='$1 == "CC" || $1 == "AS" {n++} END {printf "%d objects\n", n}'

# Nothing of what the image came from has changed since.
up_to_date()
{
	[ -e "$image" ] && [ -e "$build/.key" ] &&
		[ "$key" = "$(cat "$build/.key")" ] &&
		[ -z "$(find "$src" \( -path "$src/.git" -o -path "$src/build*" \) \
			-prune -o -newer "$build/.key" -type f -print -quit)" ]
}

# The same name for the same file in both trees is what makes ccache hit.
export CCACHE_NOHASHDIR=1
build()
{
	make -C "$src" O="$name" ARCH=x86_64 CC="$(compiler)" LOCALVERSION= \
		-j "$jobs" "$@"
}

# Several builds may use a tree, while nobody changes it.
lock "$src" --shared
lock "$out/$tree-$name"
key=$(compiler; cat ${base:+"$base"} "${fragments[@]}")
if [ ${#targets[@]} -eq 0 ] && up_to_date; then
	exit 0
fi
if [ ! -e "$build/.config" ] || [ ! -e "$build/.key" ] ||
	[ "$key" != "$(cat "$build/.key")" ]; then
	rm -f "$build/.key"
	logged "configuring $tree/$name" "${log%.log}-config.log" '' configure
	verify
fi
if [ -n "$configure" ]; then
	logged "preparing $tree/$name" "$log" '' build prepare modules_prepare
	exit 0
fi
if [ ${#targets[@]} -gt 0 ]; then
	logged "making ${targets[*]} of $tree/$name" "$log" "$count" \
		build "${targets[@]}"
	exit 0
fi
# Dated at the start: what changes during the build is built next time.
touch "$build/.start"
logged "building the kernel $tree/$name, some 1900 objects" "$log" "$count" \
	build bzImage modules
printf '%s\n' "$key" >"$build/.key"
touch -r "$build/.start" "$build/.key"
