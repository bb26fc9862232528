#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Put the kernel trees together: the base, and the branch as a series on it.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/assemble-tree.sh --src DIR [--out DIR]
       tools/assemble-tree.sh --print | --unedited [--out DIR]

Make two work trees of one git repository:
  OUT/tree   the base as one commit, tagged 'base', and on it, as the branch
             nouveau-svm, one commit for each file of patches/series
  OUT/stock  the base

Equal input gives equal commit ids. Run again, it makes only those files anew
that changed, so that a kernel build in OUT/tree goes on where it was. It refuses to
run over edits and commits that somebody made in OUT/tree.

A file of patches/series has instructions, an empty line and the message of the
commit. The instructions, one a line, name files of this repository by the path
that they have here:
  add FILE...           put files of the branch at their place in the tree;
                        patterns are allowed
  maintainers           put the kernel's entries of MAINTAINERS into the tree's
  patch FILE            apply patches/linux/FILE
  unpatch FILE          take patches/linux/FILE back out
  convert FOLDER...     run tools/convert-names.sh on those files of the tree's
                        folders that need it
  hmm-flags FOLDER...   the same with --hmm-flags

  --src DIR   a Linux source tree, 6.12; it must be clean and is only read
  --out DIR   the build directory (default: build)
  --print     say where the tree lies and list the branch's commits
  --unedited  see that nothing in OUT/tree is somebody's own
  --help      this text
END
}

src=
out=$TOP/build
mode=assemble
while [ $# -gt 0 ]; do
	case $1 in
	--src) need_value "$1" $#; src=$2; shift ;;
	--out) need_value "$1" $#; out=$2; shift ;;
	--print) mode=print ;;
	--unedited) mode=unedited ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done

# only_ours [OPTION]: stop if somebody works in the tree; OPTION is git status's.
only_ours()
{
	local tree=$out/tree ours edits

	[ -e "$tree/.git/assembled" ] || return 0
	ours=$(head -n 1 "$tree/.git/assembled")
	edits=$(git -C "$tree" status --porcelain "$@" | head -n 5)
	[ -z "$edits" ] || die "somebody edited files in $tree:
$edits
Bring what is worth it into the repository, then run 'git checkout .' there."
	[ "$(git -C "$tree" rev-parse HEAD)" = "$ours" ] ||
		die "somebody made commits in $tree, or moved its HEAD.
Bring what is worth it into the repository, then run there
git checkout -B nouveau-svm $ours"
}

case $mode in
print)
	[ -e "$out/tree/.git/assembled" ] || die "$out/tree is not there: run 'make tree' first"
	cd "$out/tree"
	pwd
	git --no-pager log --oneline base..
	exit 0
	;;
unedited)
	only_ours
	exit 0
	;;
esac
[ -n "$src" ] || usage_error "--src is missing"
[ -f "$src/kernel/fork.c" ] || die "$src is no Linux source tree"
[ ! -e "$src/.config" ] || die "$src is not clean: run 'make mrproper' in it"
need_command git git
need_command spatch coccinelle
src=$(cd "$src" && pwd)
mkdir -p "$out/log"
out=$(cd "$out" && pwd)
tree=$out/tree
stock=$out/stock
git_dir=$tree/.git
assembled=$git_dir/assembled
log=$out/log/tree.log
branch=nouveau-svm

# Commits depend on nothing but their content: neither on who makes them nor on
# when, nor on how that person's git is set up.
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_AUTHOR_NAME='nouveau SVM branch'
export GIT_AUTHOR_EMAIL='nouveau@lists.freedesktop.org'
export GIT_COMMITTER_NAME=$GIT_AUTHOR_NAME GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL
first_date=1767225600

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
files=$work/files
mkdir "$files"

# scratch ARGUMENT...: git on an index and a work tree that hold what changes.
scratch()
{
	GIT_DIR=$git_dir GIT_WORK_TREE=$files GIT_INDEX_FILE=$work/index git "$@"
}

# commit NUMBER PARENT MESSAGE: print the id of a commit of the scratch index.
commit()
{
	local date="$((first_date + 60 * $1)) +0000"

	GIT_AUTHOR_DATE=$date GIT_COMMITTER_DATE=$date \
		scratch commit-tree ${2:+-p "$2"} "$(scratch write-tree)" <"$3"
}

# Packed as it comes: compressing would take longer than all the rest.
import_base()
{
	local version

	if [ ! -e "$git_dir" ]; then
		git init -q -b "$branch" "$tree"
		git -C "$tree" config gc.auto 0
		git -C "$tree" config core.compression 0
		echo '/build*/' >>"$git_dir/info/exclude"
	fi
	GIT_DIR=$git_dir GIT_WORK_TREE=$src GIT_INDEX_FILE=$work/index \
		git -c core.bigFileThreshold=1 add --all --force --verbose .
	version=$(make -s -C "$src" kernelversion)
	echo "Linux $version" >"$work/message"
	GIT_DIR=$git_dir git tag -f base "$(commit 0 '' "$work/message")"
}

check_out()
{
	if ! git -C "$tree" rev-parse -q --verify HEAD; then
		git -C "$tree" reset -q --hard base
	fi
	if [ ! -e "$stock/.git" ]; then
		git -C "$tree" worktree prune
		git -C "$tree" worktree add -q --detach "$stock" base
	fi
	git -C "$stock" reset -q --keep base
}

# lands_at FILE: the path in the tree of a file of this repository.
lands_at()
{
	case $1 in
	Documentation/vm/*) echo "Documentation/mm/${1##*/}" ;;
	tests/kunit/*) echo "mm/${1##*/}" ;;
	*) echo "$1" ;;
	esac
}

# take FILE...: have the tree's files where they can be changed.
take()
{
	local file

	for file; do
		[ -e "$files/$file" ] || ! scratch ls-files --error-unmatch -- \
			"$file" >/dev/null 2>&1 || scratch checkout-index -q -- "$file"
	done
}

record()
{
	scratch update-index --add --remove -- "$@"
}

do_add()
{
	local file place

	for file; do
		place=$(lands_at "$file")
		install -D -m 644 "$TOP/$file" "$files/$place"
		record "$place"
	done
}

do_maintainers()
{
	take MAINTAINERS
	"$TOP/tools/merge-maintainers.pl" "$TOP/MAINTAINERS" "$files/MAINTAINERS"
	record MAINTAINERS
}

# apply_patch FILE OPTION...: run patch with the options.
apply_patch()
{
	local patch=$TOP/patches/linux/$1 touched
	shift

	mapfile -t touched < <(sed -nE 's!^(---|\+\+\+) [ab]/([^[:space:]]*).*!\2!p' \
		"$patch" | sort -u)
	take "${touched[@]}"
	patch -d "$files" -p1 --no-backup-if-mismatch "$@" <"$patch"
	record "${touched[@]}"
}

do_patch()
{
	apply_patch "$1" --forward
}

do_unpatch()
{
	apply_patch "$1" --reverse
}

# convert_files OPTIONS FOLDER...: convert those of the folders' files that may
# need it. What is converted once is kept: Coccinelle needs its time.
convert_files()
{
	local options=$1 kept=$git_dir/converted file key todo=() keys=() all=()
	shift

	mkdir -p "$kept"
	for file in $(scratch ls-files -- "$@" | grep -xFf "$users"); do
		if [ -n "$options" ] && ! grep -q 'hmm_range_fault(' "$files/$file"; then
			continue
		fi
		all+=("$file")
		key=$kept/$({ printf '%s\n' "$options" "$file" "$converter"
			scratch ls-files -s -- "$file"; } | git hash-object --stdin)
		if [ -e "$key" ]; then
			cat "$key" >"$files/$file"
		else
			todo+=("$file")
			keys+=("$key")
		fi
	done
	[ ${#all[@]} -gt 0 ] || die "nothing to convert in $*"
	if [ ${#todo[@]} -gt 0 ]; then
		# shellcheck disable=SC2086
		"$TOP/tools/convert-names.sh" --tree "$files" $options "${todo[@]}"
		for file in "${!todo[@]}"; do
			cp "$files/${todo[file]}" "${keys[file]}"
		done
	fi
	record "${all[@]}"
}

do_convert()
{
	convert_files '' "$@"
}

do_hmm-flags()
{
	convert_files --hmm-flags "$@"
}

# The files that a conversion may have to do with, once for each base. Their
# types come from one another's headers, so all of them have to be there.
find_users()
{
	users=$git_dir/users-$1
	if [ ! -e "$users" ]; then
		git -C "$stock" grep -lE -e 'mmu_i(nt|t)erval_|hmm_range_fault\(' \
			-e '\.interval_tree\.(start|last)|notifier(\.|->)mm\>' -- \
			drivers include lib Documentation virt >"$users.new"
		mv "$users.new" "$users"
	fi
	scratch checkout-index -q --stdin <"$users"
}

make_series()
{
	local number=0 head old step verb arguments

	head=$(git -C "$tree" rev-parse base)
	scratch read-tree base
	converter="$head $(spatch --version | head -n 1
		cat "$TOP"/tools/convert-{names.sh,text.pl} \
			"$TOP"/scripts/coccinelle/api/mmu_range_notifier.cocci)"
	find_users "$head"
	for step in "$TOP"/patches/series/[0-9]*; do
		number=$((number + 1))
		echo "COMMIT $(basename "$step")"
		while read -r verb arguments; do
			case $verb in
			add | maintainers | patch | unpatch | convert | hmm-flags)
				cd "$TOP"
				# shellcheck disable=SC2086
				do_$verb $arguments ;;
			'#'*) ;;
			*) die "$step: unknown instruction '$verb'" ;;
			esac
		done < <(sed '/^$/,$d' "$step")
		sed '1,/^$/d' "$step" >"$work/message"
		old=$head
		head=$(commit "$number" "$old" "$work/message")
		! git -C "$tree" diff --quiet "$old" "$head" ||
			die "$step: this commit changes nothing"
	done
	echo "$head" >"$work/head"
}

# What the series is made from, the base apart.
series_key()
{
	cd "$TOP"
	git ls-files -z --cached --others --exclude-standard -- patches/linux \
		patches/series drivers include mm Documentation tests/kunit scripts \
		MAINTAINERS tools/assemble-tree.sh tools/convert-names.sh \
		tools/convert-text.pl tools/merge-maintainers.pl |
		while read -r -d '' file; do
			[ ! -f "$file" ] || sha1sum "$file"
		done | sort -k 2 | sha1sum
	spatch --version | head -n 1
}

lock "$tree"
key=$(series_key)
base_stamp=$git_dir/base-stamp
if [ ! -e "$base_stamp" ] || [ "$(cat "$base_stamp")" != "$src" ] ||
	[ -n "$(find "$src" -path "$src/.git" -prune -o -newer "$base_stamp" \
		-print -quit)" ]; then
	only_ours --untracked-files=no
	touch "$work/start"
	logged "importing $src into git, some 87000 files" "$log" \
		'END {printf "%d files\n", NR}' import_base
	logged "checking out $tree and $stock" "$log" '' check_out
	[ ! -e "$assembled" ] || sed -i '2,$d' "$assembled"
	echo "$src" >"$base_stamp"
	touch -r "$work/start" "$base_stamp"
elif [ -e "$assembled" ] && [ "$(tail -n +2 "$assembled")" = "$key" ]; then
	exit 0
fi
only_ours --untracked-files=no
logged "making the branch's series in $tree" "$log" \
	'/^COMMIT/ {n++} END {printf "%d commits\n", n}' make_series
head=$(cat "$work/head")
git -C "$tree" reset -q --keep "$head"
printf '%s\n' "$head" "$key" >"$assembled"
say "$tree: $(git -C "$tree" rev-list --count base..) commits on $(git -C "$tree" log -1 --format=%s base)"
