#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Style, licences and structure of the repository's files.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/lint.sh --linux DIR --qemu DIR

Check the repository's files; print 'ok NAME' or 'not ok NAME' for each check,
after what it found. Exit with status 1 if any found something.

  --linux DIR  the Linux source tree with scripts/checkpatch.pl
  --qemu DIR   the QEMU source tree with scripts/checkpatch.pl
  --help       this text
END
}

linux=
qemu=
while [ $# -gt 0 ]; do
	case $1 in
	--linux) need_value "$1" $#; linux=$2; shift ;;
	--qemu) need_value "$1" $#; qemu=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -f "$linux/scripts/checkpatch.pl" ] || usage_error "--linux names no Linux source tree"
[ -f "$qemu/scripts/checkpatch.pl" ] || usage_error "--qemu names no QEMU source tree"
linux=$(cd "$linux" && pwd)
qemu=$(cd "$qemu" && pwd)
cd "$TOP"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# files PATTERN...: the repository's files, new ones included.
files()
{
	git ls-files --cached --others --exclude-standard -- "$@" | sort -u |
		while read -r file; do
			[ ! -f "$file" ] || echo "$file"
		done
}

# Each check prints what it finds; silence is good.

check_shell()
{
	need_command shellcheck shellcheck
	files '*.sh' .ci/run | xargs -r shellcheck || true
}

# The licence of a file is given by where it lands.
check_licence()
{
	local file want
	files | while read -r file; do
		case $file in
		LICENSES/* | *.license) continue ;;
		tests/igt/*) want=MIT ;;
		MAINTAINERS | configs/*.config) want=GPL-2.0-only ;;
		*) want=GPL-2.0-or-later ;;
		esac
		if [ -e "$file.license" ]; then
			grep -q "SPDX-License-Identifier: " "$file.license" ||
				echo "$file.license: no SPDX line"
		elif ! head -n 3 "$file" | grep -qw "SPDX-License-Identifier: $want"; then
			echo "$file: no SPDX line with $want"
		fi
	done
}

text_files()
{
	files | grep -vE '\.(bin|patch)$'
}

check_whitespace()
{
	local file
	text_files | xargs grep -nE '[[:space:]]+$|'$'\r' || true
	text_files | while read -r file; do
		[ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at its end"
	done
}

check_size()
{
	files '*.c' '*.h' '*.sh' | xargs wc -l |
		awk '$2 != "total" && $1 > 1500 {print $2 ": " $1 " lines, 1500 are allowed"}'
}

check_words()
{
	text_files | grep -vxF tools/lint.sh |
		xargs grep -nwE 'TODO|FIXME|XXX|HACK' || true
}

# checkpatch takes lists of macros for values and the exponent of 0x1p-3 for a
# difference; the tests do without QEMU's own helpers.
check_qemu_style()
{
	files 'hw/gp107/*.[ch]' 'tests/model/*.[ch]' |
		xargs -r -n 8 -P "$(nproc)" \
			perl "$qemu/scripts/checkpatch.pl" --no-tree --terse -f |
		grep -E ': (ERROR|WARNING): ' |
		grep -vE 'Macros with (complex values|multiple statements)' |
		grep -vE "^tests/.*(in preference to|Don't use '#' flag|of volatile)" |
		while IFS=: read -r file line text; do
			[[ $text == *"around that '-'"* ]] &&
				sed -n "${line}p" "$file" | grep -qE '0x[0-9a-f.]*p-|[0-9.]e-[0-9]' ||
				echo "$file:$line:$text"
		done | sort || true
}

# What checkpatch says of kernel types, words and macros is no matter in user
# space, and IGT's macros are what they are. It leaves a cache where it runs.
check_kernel_style()
{
	local user_space=PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,PREFER_FALLTHROUGH

	user_space+=,PREFER_DEFINED_ATTRIBUTE_MACRO,FUNCTION_ARGUMENTS,BIT_MACRO
	user_space+=,COMPLEX_MACRO,MACRO_ARG_REUSE,AVOID_EXTERNS

	mkdir -p "$scratch/include"
	files 'tests/igt/*.[ch]' | sed "s|^|$TOP/|" |
		(cd "$scratch" && xargs -r perl "$linux/scripts/checkpatch.pl" \
			--root="$scratch" --no-tree --terse --strict \
			--no-summary --ignore "$user_space" -f) |
		sed "s|^$TOP/||" || true
}

# The core stands alone: what it includes in quotes is a file of its own, and
# only the PCI device knows QEMU.
check_core()
{
	local file name
	files 'hw/gp107/*.[ch]' | grep -vxF hw/gp107/gp107-pci.c |
		while read -r file; do
			sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file" |
				while read -r name; do
					[ -e "$(dirname "$file")/$name" ] ||
						echo "$file includes \"$name\", no file of the core"
				done
		done
	files 'hw/gp107/*.c' | sed 's|^hw/gp107/||' | while read -r file; do
		grep -qF "'$file'" hw/gp107/meson.build ||
			echo "hw/gp107/meson.build does not list $file"
	done
}

# tsort says when there is a circle, and which.
check_circles()
{
	local file
	files 'hw/gp107/*.h' | while read -r file; do
		sed -n 's/^#include "\([^"]*\)".*/\1/p' "$file" |
			while read -r name; do
				echo "$file $(realpath -m --relative-to=. \
					"$(dirname "$file")/$name")"
			done
	done | { tsort >/dev/null; } 2>&1 || true
}

failed=0
for check in shell licence whitespace size words qemu_style kernel_style core \
	circles; do
	found=$("check_$check" 2>&1)
	if [ -n "$found" ]; then
		printf '%s\n' "$found"
		echo "not ok lint-$check"
		failed=1
	else
		echo "ok lint-$check"
	fi
done
exit $failed
