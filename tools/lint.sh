#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Style, licences and structure of the repository's files.

. "$(dirname "$0")/lib.sh"

# Of any file, then of the kernel's, then of the GPU model.
checks=(shell licence whitespace size words user_style
	kernel_style kernel_doc documents example traps defects maintainers
	kernel_build coccinelle
	qemu_style core circles)

usage()
{
	cat <<END
Usage: tools/lint.sh --linux DIR --qemu DIR [--out DIR] [CHECK...]

Check the repository's files; print 'ok NAME' or 'not ok NAME' for each check,
after what it found. Exit with status 1 if any found something. A check that
needs OUT/tree, as tools/assemble-tree.sh makes it, is skipped without it.

  --linux DIR  the Linux source tree with scripts/checkpatch.pl
  --qemu DIR   the QEMU source tree with scripts/checkpatch.pl
  --out DIR    the build directory (default: build)
  CHECK        only these, of: ${checks[*]}
  --help       this text
END
}

linux=
qemu=
out=$TOP/build
chosen=()
while [ $# -gt 0 ]; do
	case $1 in
	--linux) need_value "$1" $#; linux=$2; shift ;;
	--qemu) need_value "$1" $#; qemu=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	*)
		[[ " ${checks[*]} " == *" $1 "* ]] ||
			usage_error "unknown argument '$1'"
		chosen+=("$1")
		;;
	esac
	shift
done
[ -f "$linux/scripts/checkpatch.pl" ] || usage_error "--linux names no Linux source tree"
[ -f "$qemu/scripts/checkpatch.pl" ] || usage_error "--qemu names no QEMU source tree"
linux=$(cd "$linux" && pwd)
qemu=$(cd "$qemu" && pwd)
mkdir -p "$out/log"
out=$(cd "$out" && pwd)
tree=$out/tree
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

# The files that go into the kernel, and there are C.
kernel_c()
{
	files 'drivers/*.[ch]' 'include/*.[ch]' 'mm/*.[ch]' 'tests/kunit/*.[ch]'
}

# lands_at FILE: its path in the kernel.
lands_at()
{
	case $1 in
	Documentation/vm/*) echo "Documentation/mm/${1##*/}" ;;
	tests/kunit/*) echo "mm/${1##*/}" ;;
	*) echo "$1" ;;
	esac
}

# Each check prints what it finds; silence is good. Status 77 is for one that
# cannot be made; its last line says why.
cannot()
{
	echo "$*"
	return 77
}

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
		tests/opencl/shim/*) want=GPL-2.0-or-later ;;
		tests/igt/* | tests/opencl/*) want=MIT ;;
		MAINTAINERS | configs/*.config) want=GPL-2.0-only ;;
		Documentation/* | drivers/* | include/* | mm/* | scripts/* | \
			tests/kunit/* | tests/bench/Kbuild | \
			tests/bench/*_module.c | patches/linux/*)
			want='GPL-2\.0(-only|-or-later)?' ;;
		*) want=GPL-2.0-or-later ;;
		esac
		if [ -e "$file.license" ]; then
			grep -q "SPDX-License-Identifier: " "$file.license" ||
				echo "$file.license: no SPDX line"
		elif ! head -n 3 "$file" | grep -qwE "SPDX-License-Identifier: $want"; then
			echo "$file: no SPDX line with $want"
		fi
	done
}

text_files()
{
	files | grep -vE '\.(bin|patch|png)$'
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
	files '*.[ch]' '*.sh' '*.p[ly]' '*.pml' '*.cocci' | xargs wc -l |
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
	files 'hw/gp107/*.[ch]' 'tests/model/*.[ch]' 'tests/opencl/shim/*.[ch]' |
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

# checkpatch OPTION... : kernel style of the files named on stdin. It leaves a
# cache where it runs.
checkpatch()
{
	mkdir -p "$scratch/include"
	sed "s|^|$TOP/|" |
		(cd "$scratch" && xargs -r -n 4 -P "$(nproc)" \
			perl "$linux/scripts/checkpatch.pl" --root="$scratch" \
			--no-tree --terse --strict --no-summary "$@" -f) |
		sed "s|^$TOP/||" | sort || true
}

# What checkpatch says of kernel types, words and macros is no matter in user
# space, and IGT's macros are what they are.
check_user_style()
{
	local user_space=PREFER_KERNEL_TYPES,CAMELCASE,VOLATILE,PREFER_FALLTHROUGH

	user_space+=,PREFER_DEFINED_ATTRIBUTE_MACRO,FUNCTION_ARGUMENTS,BIT_MACRO
	user_space+=,COMPLEX_MACRO,MACRO_ARG_REUSE,AVOID_EXTERNS,MACRO_WITH_FLOW_CONTROL

	files 'tests/igt/*.[ch]' 'tests/opencl/*.[ch]' |
		grep -v '^tests/opencl/shim/' |
		checkpatch --ignore "$user_space"
}

# ENOSYS is what nouveau's ioctls have always said in a kernel without SVM.
check_kernel_style()
{
	local svm='^drivers/gpu/drm/nouveau/nouveau_svm\.[ch]$'

	files 'scripts/coccinelle/*' | checkpatch
	kernel_c | grep -vE "$svm" | checkpatch
	kernel_c | grep -E "$svm" | checkpatch --ignore ENOSYS
}

# Every function that is exported, and every comment that means to be kernel-doc.
check_kernel_doc()
{
	local file name

	kernel_c | xargs -r perl "$linux/scripts/kernel-doc" -Wall -Werror -none
	files 'drivers/*.c' 'mm/*.c' | while read -r file; do
		sed -nE 's/^EXPORT_SYMBOL[A-Z_]*\((\w+).*/\1/p' "$file" |
			while read -r name; do
				grep -qE "^ \* $name(\(\))? - " "$file" ||
					echo "$file: $name is exported without kernel-doc"
			done
	done
}

check_documents()
{
	/usr/bin/python3 -c 'import docutils' 2>/dev/null ||
		cannot "the Debian package python3-docutils is missing" || return
	files 'Documentation/*.rst' |
		xargs -r /usr/bin/python3 tools/rst-errors.py --linux "$linux"
}

check_example()
{
	tools/extract-example.sh --check
}

# known_test NAME: is there a test, or a group of tests, of this name?
known_test()
{
	local rest=${1#*-} suite file

	case $1 in
	user-*) grep -qxF "TEST(${rest//-/_})" tests/user/test_*.c ;;
	kunit-*-*)
		suite=${rest%%-*}
		file=$(grep -l "\.name = \"$suite\"," tests/kunit/*.c) &&
			grep -qE "KUNIT_CASE[A-Z_]*\(${rest#*-}[,)]" "$file"
		;;
	spin-finds-*) grep -qw -- "${1#spin-finds-}" tests/spin/Makefile ;;
	spin-*) grep -qw -- "$1" tests/spin/Makefile ;;
	hmm-*) grep -qF "\"$rest\"" tests/hmm/*.c ;;
	converted-*) grep -qw -- "$1" tools/check-converted.sh ;;
	*) false ;;
	esac
}

# Each trap has a row in the table, with tests that exist.
check_traps()
{
	local number row name

	for number in {1..14} {16..26}; do
		row=$(grep -E "^\| T$number \|" tests/README.md) || {
			echo "tests/README.md has no row for T$number"
			continue
		}
		grep -oE '`[^`]+`' <<<"$row" | tr -d '`' >"$scratch/names" || {
			echo "tests/README.md names no test for T$number"
			continue
		}
		while read -r name; do
			known_test "$name" ||
				echo "tests/README.md: T$number: there is no test $name"
		done <"$scratch/names"
	done
}

# Each defect of nouveau has a row in its table, with tests that show it.
check_defects()
{
	tools/defects-table.sh --check
}

# Each entry names files that are there, and the kernel knows who to ask for
# each file of the branch.
check_maintainers()
{
	local pattern file

	files | while read -r file; do
		printf '%s\n' "$file" "$(lands_at "$file")"
	done >"$scratch/places"
	sed -n 's/^F:\t//p' MAINTAINERS | while read -r pattern; do
		pattern=$(sed 's/\./\\./g; s/\*/[^\/]*/g' <<<"$pattern")
		[[ $pattern == */ ]] || pattern+=$
		grep -q "^$pattern" "$scratch/places" ||
			echo "MAINTAINERS: no file matches $pattern"
	done
	[ -e "$tree/.git/assembled" ] || return 0
	files Documentation drivers include mm scripts tests/kunit |
		while read -r file; do
			file=$(lands_at "$file")
			(cd "$tree" && perl scripts/get_maintainer.pl --no-git \
				--no-git-fallback --sections -f "$file") |
				grep -E '^[A-Z]' | grep -vxE 'THE REST|MEMORY MANAGEMENT' |
				grep -q . || echo "no entry of MAINTAINERS has $file"
		done
}

# The branch's objects, compiled anew with every warning on and with sparse, in
# a folder of their own. folio_walk_start() and _end() balance, but sparse is not
# told so: each user of them in the base has the same warning.
check_kernel_build()
{
	local objects

	[ -e "$tree/.git/assembled" ] || cannot "there is no $tree" || return
	need_command sparse sparse
	tools/build-kernel.sh --tree tree --build build-lint --out "$out" \
		--configure configs/guest.config configs/branch.config \
		>"$scratch/configure" 2>&1 ||
		{ cat "$scratch/configure"; return; }
	mapfile -t objects < <(files 'mm/*.c' 'tests/kunit/*.c' \
		'drivers/gpu/drm/nouveau/*.c' | while read -r file; do
			file=$(lands_at "$file")
			echo "${file%.c}.o"
		done)
	(cd "$tree/build-lint" && rm -f "${objects[@]}")
	CCACHE_NOHASHDIR=1 make -s -C "$tree" O=build-lint ARCH=x86_64 W=1 C=1 \
		CC="$(compiler)" -j "$(nproc)" "${objects[@]}" 2>&1 |
		grep -vE "context imbalance in 'mm_kunit_page'" || true
}

semantic_checks()
{
	kernel_c | grep '\.c$' | sed "s|^|$TOP/|" >"$scratch/kernel_c"
	(
		cd "$linux"
		grep -lw 'virtual report' -r scripts/coccinelle |
			xargs -P "$(nproc)" -I{} sh -c '
				log=$(mktemp -p "$0")
				spatch -D report --very-quiet --no-show-diff \
					--cocci-file {} -I include \
					-I arch/x86/include -I include/uapi \
					$(sed -n "s|^// *Options: *||p" {}) \
					$(cat "$0/kernel_c") 2>"$log" ||
						{ echo {}; cat "$log"; }
			' "$scratch"
	) | sed "s|^$TOP/||" | sort -u
	spatch --very-quiet --parse-cocci \
		scripts/coccinelle/api/mmu_range_notifier.cocci 2>&1 |
		grep -iE 'error|failure' || true
}

# The kernel's own semantic checks, each over all of the branch's C. This takes a
# minute, so it is left out if nothing has changed since it found nothing.
check_coccinelle()
{
	local kept=$out/lint-coccinelle key

	need_command spatch coccinelle
	key=$(spatch --version | head -n 1; echo "$linux"
		{ kernel_c; files 'scripts/coccinelle/*'; } | xargs sha1sum)
	[ ! -e "$kept" ] || [ "$(cat "$kept")" != "$key" ] || return 0
	rm -f "$kept"
	semantic_checks >"$scratch/semantic"
	cat "$scratch/semantic"
	[ -s "$scratch/semantic" ] || echo "$key" >"$kept"
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

[ ${#chosen[@]} -gt 0 ] || chosen=("${checks[@]}")
failed=0
for check in "${chosen[@]}"; do
	status=0
	found=$("check_$check" 2>&1) || status=$?
	name=lint-${check//_/-}
	if [ "$status" -eq 77 ]; then
		echo "skip $name ${found##*$'\n'}"
	elif [ -n "$found" ] || [ "$status" -ne 0 ]; then
		printf '%s\n' "$found"
		echo "not ok $name"
		failed=1
	else
		echo "ok $name"
	fi
done
exit $failed
