#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Convert files of a kernel tree from mmu_interval_notifier to
# mmu_range_notifier: code by the semantic patch, the rest by convert-text.pl.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: $0 --tree DIR [--hmm-flags] FILE...
       $0 --tree DIR --list

Converts each FILE (.c, .h or .rst, named from DIR) of the kernel tree DIR in
place, from mmu_interval_notifier to mmu_range_notifier: code by Coccinelle with
scripts/coccinelle/api/mmu_range_notifier.cocci, comments and documents by rules
of its own. What is converted already stays as it is. If any FILE cannot be
converted wholly, none is changed.

  --tree DIR  the kernel tree
  --hmm-flags only give hmm_range_fault() its flags, in C files
  --list      print every file of the tree that needs conversion, and stop
  --jobs N    files at a time (default: as many as there are processors)
  --help      this text

The files that the branch brings itself (mm/mmu_notifier.c, mm/hmm.c, their
headers and documents) are not converted.
END
}

COCCI=$TOP/scripts/coccinelle/api/mmu_range_notifier.cocci
OLD_NAME='mmu_i(nt|t)erval_'

tree=
list=
hmm_flags=
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--tree)
		need_value "$1" $#
		tree=$2
		shift
		;;
	--jobs)
		need_value "$1" $#
		need_number "$1" "$2"
		jobs=$2
		shift
		;;
	--list) list=y ;;
	--hmm-flags) hmm_flags=y ;;
	--help)
		usage
		exit 0
		;;
	-*) usage_error "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done

[ -n "$tree" ] || usage_error "--tree is missing"
[ -f "$tree/include/linux/mmu_notifier.h" ] || die "'$tree' is no kernel tree"
if [ -n "$list" ]; then
	[ $# -eq 0 ] || usage_error "--list takes no file"
	[ -z "$hmm_flags" ] || usage_error "--list goes without --hmm-flags"
else
	[ $# -gt 0 ] || usage_error "no file given"
fi
need_command spatch coccinelle
need_command perl perl
cd "$tree"

whole()
{
	case $1 in
	mm/mmu_notifier.c | mm/hmm.c | mm/*_kunit.c) ;;
	include/linux/mmu_notifier.h | include/linux/hmm.h) ;;
	Documentation/mm/hmm.rst | Documentation/mm/mmu_range_notifier.rst) ;;
	scripts/coccinelle/*) ;;
	*) return 1 ;;
	esac
}

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Where the types of the notifiers are; spatch finds those beside a file itself.
grep -rslE --include='*.h' 'struct mmu_(interval|range)_notifier[[:space:]]+[a-z]' \
	drivers include lib virt >"$scratch/headers" || true

# headers_for FILE: options of spatch for the headers of its driver and those of
# the kernel.
headers_for()
{
	local header driver

	driver=$(cut -d/ -f1-4 <<<"$(dirname "$1")")
	while read -r header; do
		case $header in
		"$1" | include/linux/*) ;;
		include/* | "$driver"/*) printf -- '--include\n%s\n' "$header" ;;
		esac
	done <"$scratch/headers"
}

# convert FILE: leave what becomes of it in $scratch/out/FILE.
convert()
{
	local file=$1 out=$scratch/out/$1 options

	mkdir -p "$(dirname "$out")"
	cp "$file" "$out"
	if [ -n "$hmm_flags" ]; then
		spatch -D hmm_flags --sp-file "$COCCI" --very-quiet --no-includes \
			-o "$out" "$file"
		return
	fi
	case $file in
	*.[ch])
		mapfile -t options < <(headers_for "$file")
		if ! spatch -D patch --sp-file "$COCCI" --very-quiet \
			--local-includes "${options[@]}" "$file" \
			>"$out.diff" 2>"$out.log"; then
			cat "$out.log" >&2
			return 1
		fi
		# The included headers have diffs of their own in there.
		awk -v file="$file" '/^--- / { on = $2 == file } on' "$out.diff" |
			patch -s "$out"
		;;
	esac
	perl "$TOP/tools/convert-text.pl" "$file" "$out"
}

# convert_all FILE...: all of them, $jobs at a time.
convert_all()
{
	local file failed=

	for file; do
		while [ "$(jobs -pr | wc -l)" -ge "$jobs" ]; do
			wait -n || failed=y
		done
		convert "$file" &
	done
	while [ -n "$(jobs -p)" ]; do
		wait -n || failed=y
	done
	[ -z "$failed" ]
}

# Files that may need conversion: they name the old API, give hmm_range_fault()
# one argument or touch a member that only a range notifier has. The uses of its
# mm look like those of any other notifier, so only a trial can tell them.
candidates()
{
	local file

	{
		grep -rslE --include='*.[ch]' --include='*.rst' "$OLD_NAME" \
			Documentation arch drivers fs include io_uring kernel lib mm sound virt
		grep -rslE --include='*.[ch]' --include='*.rst' \
			'hmm_range_fault\([^(),]+\)|\.interval_tree\.(start|last)|notifier(\.|->)mm\b' \
			Documentation drivers include lib
	} | sort -u | while read -r file; do
		whole "$file" || echo "$file"
	done
}

if [ -n "$list" ]; then
	mapfile -t files < <(candidates)
	[ ${#files[@]} -gt 0 ] || exit 0
	convert_all "${files[@]}" || die "the trial conversion failed"
	for file in "${files[@]}"; do
		cmp -s "$file" "$scratch/out/$file" && ! grep -qE "$OLD_NAME" "$file" ||
			echo "$file"
	done
	exit 0
fi

for file; do
	case $file in
	/* | *../*) usage_error "'$file' is not named from the tree" ;;
	*.c | *.h | *.rst) ;;
	*) usage_error "'$file' is neither .c nor .h nor .rst" ;;
	esac
	[ -f "$file" ] || die "there is no '$file' in $tree"
	! whole "$file" || die "'$file' comes whole with the branch"
done

convert_all "$@" || die "no file was changed"

for file; do
	if [ -z "$hmm_flags" ] && grep -nE "$OLD_NAME" "$scratch/out/$file" |
		sed "s|^|$file:|" >&2 && [ "${PIPESTATUS[0]}" -eq 0 ]; then
		die "these lines need a hand; no file was changed"
	fi
done

for file; do
	if cmp -s "$file" "$scratch/out/$file"; then
		printf 'unchanged %s\n' "$file"
	else
		cp "$scratch/out/$file" "$file"
		printf 'converted %s\n' "$file"
	fi
done
