#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Check the branch's series: each commit builds, and its form.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check-series.sh [--out DIR] [--jobs N] [PART...]

Check the commits of OUT/tree; print 'ok NAME' or 'not ok NAME' for each check,
after what it found. A PART is one of
  build        each commit builds mm/ and drivers/gpu/drm/nouveau/, in a work
               tree of its own, OUT/series-tree
  form         checkpatch.pl --strict takes each commit
  order        the commits are those of patches/series, one after the other
  names        the former names are nowhere but in the guide to conversion
  selects      who selects HMM_MIRROR selects MMU_NOTIFIER
  maintainers  get_maintainer.pl finds an entry for each file of the branch
Without one, all of them.

  --out DIR  the build directory (default: build)
  --jobs N   at most N compilers at once (default: one a processor)
  --help     this text
END
}

out=$TOP/build
jobs=$(nproc)
parts=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--help) usage; exit 0 ;;
	build | form | order | names | selects | maintainers) parts+=("$1") ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ ${#parts[@]} -gt 0 ] || parts=(order form names selects maintainers build)
[ -e "$out/tree/.git/assembled" ] || die "$out/tree is not there: run 'make tree' first"
out=$(cd "$out" && pwd)
tree=$out/tree
work=$out/series-tree
log=$out/log/series
mkdir -p "$log"
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
head=$(head -n 1 "$tree/.git/assembled")
mapfile -t commits < <(git -C "$tree" rev-list --reverse base.."$head")
failed=0

# result NAME FINDINGS: one line; findings before it.
result()
{
	if [ -z "$2" ]; then
		echo "ok series-$1"
	else
		printf '%s\n' "$2"
		echo "not ok series-$1"
		failed=1
	fi
}

subject()
{
	git -C "$tree" log -1 --format=%s "$1"
}

check_order()
{
	local step want=() found

	for step in "$TOP"/patches/series/[0-9]*; do
		want+=("$(sed '1,/^$/d' "$step" | head -n 1)")
	done
	found=$(diff <(printf '%s\n' "${want[@]}") \
		<(for commit in "${commits[@]}"; do subject "$commit"; done) || true)
	[ -z "$(git -C "$tree" rev-list --merges base.."$head")" ] ||
		found+=" there is a merge"
	result order "$found"
}

# What checkpatch says of these is no fault of the series:
# - new files get their entry in MAINTAINERS in the last commit;
# - a converted line keeps the place that its author gave it;
# - ENOSYS is what nouveau's ioctls have always said, and what nvif means by a
#   version of arguments that it doesn't know.
check_form()
{
	local commit number=0 ignore

	for commit in "${commits[@]}"; do
		number=$((number + 1))
		ignore=FILE_PATH_CHANGES
		case $(subject "$commit") in
		*'convert to mmu_range_notifier')
			ignore+=,PARENTHESIS_ALIGNMENT,LINE_SPACING ;;
		drm/nouveau/*) ignore+=,ENOSYS ;;
		esac
		# Without a .git, checkpatch does not ask for Python's ply.
		result "form-$(printf '%02d' "$number")" "$(
			git -C "$tree" format-patch -1 --stdout "$commit" |
				(cd "$tree" && GIT_DIR=/nonexistent \
					perl scripts/checkpatch.pl --strict \
					--terse --show-types --no-summary \
					--ignore "$ignore" - 2>&1) || true)"
	done
}

check_names()
{
	result names "$(git -C "$tree" grep -nE \
		'mmu_interval_|hmm_mirror|hmm_range_register' -- \
		'*.c' '*.h' '*.rst' '*Kconfig*' \
		':!Documentation/mm/mmu_range_notifier.rst' || true)"
}

check_selects()
{
	result selects "$(cd "$tree" && git grep -lw 'select HMM_MIRROR' |
		while read -r file; do
		awk -v file="$file" '
			function done_with() {
				if (mirror && !notifier)
					print file ": " name " does not select MMU_NOTIFIER"
				mirror = notifier = 0
			}
			/^(menu)?config / {done_with(); name = $2}
			$1 == "select" && $2 == "HMM_MIRROR" {mirror = 1}
			$1 == "select" && $2 == "MMU_NOTIFIER" {notifier = 1}
			END {done_with()}' "$file"
	done
	awk '
		/^config / {on = $2 == "HMM_MIRROR"}
		on && $1 == "depends" && $0 !~ /^\tdepends on MMU$/ {
			print "mm/Kconfig: HMM_MIRROR: " $0
		}' mm/Kconfig)"
}

# An entry of a subsystem, not of all of mm/ or Documentation/.
check_maintainers()
{
	local file
	result maintainers "$(cd "$tree"
		{
			git diff --name-only --diff-filter=A base "$head"
			printf '%s\n' mm/{hmm,mmu_notifier}.c \
				include/linux/{hmm,mmu_notifier}.h \
				Documentation/mm/hmm.rst
		} | sort -u | while read -r file; do
			perl scripts/get_maintainer.pl --no-git --no-git-fallback \
				--sections -f "$file" 2>&1 |
				grep -E '^(HMM - |MMU NOTIFIERS|NOUVEAU SHARED)' >/dev/null ||
				echo "$file: no entry in MAINTAINERS"
		done
		perl scripts/get_maintainer.pl --self-test=sections 2>&1 |
			grep -E 'mmu_|kunit' || true)"
}

# What a build sees, the configuration apart.
seen='^(Makefile|Kbuild|arch|include|lib|mm|scripts/[A-Z]|drivers/gpu/drm/nouveau)'

# Called where a failure does not end the script: each step says so itself.
build_commit()
{
	local built=$work/.built changed

	mkdir -p "$work/build"
	changed=$(if [ -e "$built" ]; then
		git -C "$work" diff --name-only "$(cat "$built")" "$1"
	else
		echo Makefile Kconfig
	fi)
	git -C "$work" checkout -q --detach "$1" || return
	if grep -q Kconfig <<<"$changed" || [ ! -e "$work/build/.config" ]; then
		(cd "$work" && ARCH=x86_64 sh scripts/kconfig/merge_config.sh -n \
			-O build "$TOP"/configs/{guest,branch}.config) || return
	fi
	if grep -qE "$seen" <<<"$changed"; then
		CCACHE_NOHASHDIR=1 make -C "$work" O=build ARCH=x86_64 \
			CC="$(compiler)" -j "$jobs" mm/ drivers/gpu/drm/nouveau/ ||
			return
	fi
	echo "$1" >"$built"
}

check_build()
{
	local commit number=0 name

	lock "$work"
	if [ ! -e "$work/.git" ]; then
		git -C "$tree" worktree prune
		logged "checking out $work" "$log/checkout.log" '' \
			git -C "$tree" worktree add -q --detach "$work" base
	fi
	for commit in "${commits[@]}"; do
		number=$((number + 1))
		name=$(printf '%02d' "$number")
		if (logged "commit $name: $(subject "$commit")" \
			"$log/build-$name.log" \
			'$1 == "CC" || $1 == "AR" {n++} END {printf "%d objects\n", n}' \
			build_commit "$commit"); then
			result "build-$name" ''
		else
			result "build-$name" "see $log/build-$name.log"
		fi
	done
}

for part in "${parts[@]}"; do
	"check_$part"
done
exit "$failed"
