#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Check the conversion to mmu_range_notifier: the semantic patch on samples, and
# the assembled tree that it has converted.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: $0 [--out DIR]

Prints 'ok NAME' or 'not ok NAME' for each test:
- the semantic patch does with the samples of tests/cocci what they say;
- nothing of mmu_interval_notifier is left in OUT/tree, the conversion guide
  apart;
- its checks find nothing in any user of range notifiers (traps T5 and T8);
- each converted object compiles in OUT/tree/build-converted with
  configs/converted.config, with no warning at W=1 that the base doesn't have.

  --out DIR  the build directory, where 'make tree' was (default: build)
  --jobs N   at most N compilers at once (default: one a processor)
  --help     this text
END
}

out=$TOP/build
jobs=$(nproc)
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -e "$out/tree/Kbuild" ] || die "$out/tree is not there: run 'make tree' first"
need_command spatch coccinelle
need_command perl perl
out=$(cd "$out" && pwd)
tree=$out/tree
cocci=$TOP/scripts/coccinelle/api/mmu_range_notifier.cocci
samples=$TOP/tests/cocci

# The objects of the converted files; those of headers are among them.
objects=(
	drivers/gpu/drm/amd/amdgpu/amdgpu_amdkfd_gpuvm.o
	drivers/gpu/drm/amd/amdgpu/amdgpu_hmm.o
	drivers/gpu/drm/amd/amdgpu/amdgpu_ttm.o
	drivers/gpu/drm/amd/amdgpu/../amdkfd/kfd_svm.o
	drivers/gpu/drm/i915/gem/i915_gem_userptr.o
	drivers/gpu/drm/nouveau/nouveau_svm_buffer.o
	drivers/gpu/drm/nouveau/nouveau_svm_debugfs.o
	drivers/gpu/drm/nouveau/nouveau_svm_serve.o
	drivers/gpu/drm/radeon/radeon_mn.o
	drivers/gpu/drm/xe/xe_hmm.o
	drivers/gpu/drm/xe/xe_pt.o
	drivers/gpu/drm/xe/xe_vm.o
	drivers/infiniband/core/umem_odp.o
	drivers/infiniband/hw/hfi1/user_exp_rcv.o
	drivers/infiniband/hw/mlx5/odp.o
	drivers/xen/gntdev.o
	lib/test_hmm.o
)

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

failed=
# result NAME STATUS [FILE]: say how a test went, and why it failed.
result()
{
	if [ "$2" -eq 0 ]; then
		echo "ok $1"
	else
		echo "not ok $1"
		failed=y
		[ -z "${3-}" ] || head -n 40 "$3" >&2
	fi
}

# check NAME COMMAND...: a test is a command that succeeds.
check()
{
	local name=$1 rc=0

	shift
	"$@" >"$scratch/why" 2>&1 || rc=$?
	result "$name" "$rc" "$scratch/why"
}

# checks_of FILE: what the semantic patch reports, as LINE: MESSAGE.
checks_of()
{
	spatch -D report --no-show-diff --very-quiet --local-includes \
		--sp-file "$cocci" "$1" | sed -nE 's/^[^:]+:([0-9]+):[0-9-]+: /\1: /p'
}

# The samples: a tree of three files.
sample_tree()
{
	mkdir -p "$scratch/tree/include/linux"
	touch "$scratch/tree/include/linux/mmu_notifier.h"
	cp "$samples"/*.c "$scratch/tree"
}

convert()
{
	"$TOP/tools/convert-names.sh" --tree "$scratch/tree" "$@"
}

converts()
{
	convert convert.c && diff -u "$samples/convert.expected" "$scratch/tree/convert.c"
}

by_hand()
{
	if convert by-hand.c; then
		echo "it should have refused"
		return 1
	fi
	diff -u "$samples/by-hand.c" "$scratch/tree/by-hand.c"
}

# A comment in the sample names the check that has to find the line.
marked()
{
	sed -nE "/\\/\\* $1 \\*\\//=" "$samples/bad.c"
}

# finds CHECK MESSAGE: exactly the marked lines have the message.
finds()
{
	[ -n "$(marked "$1")" ] &&
		diff <(marked "$1") \
			<(grep -E "$2" "$scratch/bad" | cut -d: -f1 | sort -nu)
}

finds_no_more()
{
	diff <(marked '[a-z0-9-]+') <(cut -d: -f1 "$scratch/bad" | sort -nu)
}

quiet()
{
	[ -z "$(checks_of "$samples/good.c" | tee /dev/stderr)" ]
}

check_samples()
{
	sample_tree
	check converted-cocci-patch converts
	check converted-cocci-idempotent converts
	check converted-cocci-by-hand by_hand
	check converted-cocci-quiet quiet
	checks_of "$samples/bad.c" >"$scratch/bad"
	check converted-cocci-old finds old 'is left to convert|lacks its flags'
	check converted-cocci-removed-mm finds removed-mm 'read after its removal'
	check converted-t5-finds-not-retried finds t5-not-retried 'there is no retry'
	check converted-t5-finds-inverted finds t5-inverted 'taken for its opposite'
	check converted-t5-finds-dropped finds t5-dropped 'is dropped'
	check converted-t8-finds-errno finds t8-errno 'returns bool'
	check converted-t8-finds-unasked finds t8-unasked 'without having asked'
	check converted-t8-finds-held finds t8-held 'returns with'
	check converted-cocci-exact finds_no_more
}

nothing_left()
{
	local left rc=0

	"$TOP/tools/convert-names.sh" --tree "$tree" --list >"$scratch/list"
	left=$(git -C "$tree" grep -nE \
		'mmu_i(nt|t)erval_|hmm_mirror|hmm_range_register' -- \
		'*.c' '*.h' '*.rst' '*Kconfig*' \
		':!Documentation/mm/mmu_range_notifier.rst') || rc=$?
	# git grep: 1 means that it has found nothing.
	cat "$scratch/list"
	printf '%s\n' "$left"
	[ "$rc" -eq 1 ] && [ ! -s "$scratch/list" ]
}

# Each user's retries and callbacks: all of them are seen, none is reported.
# users_checked NAME PATTERN KIND MESSAGES
users_checked()
{
	local name=$1 pattern=$2 kind=$3 messages=$4 file
	local users

	mapfile -t users < <(git -C "$tree" grep -lE "$pattern" -- 'drivers/*.c' 'lib/*.c')
	[ ${#users[@]} -gt 0 ] || die "$tree has no users of range notifiers"
	for file in "${users[@]}"; do
		check "$name-$(basename "$file" .c | tr _ -)$(case $file in
			*/mlx5/*) echo -mlx5 ;;
			esac)" user_checked "$file" "$pattern" "$kind" "$messages"
	done
}

user_checked()
{
	local file=$tree/$1 there seen

	there=$(grep -E "$2" "$file" | grep -cvE '^[[:space:]]*\*')
	seen=$(spatch --very-quiet --no-includes -D report \
		--sp-file "$samples/seen.cocci" "$file" | sort -u | grep -c "^$3 ")
	if [ "$seen" -ne "$there" ]; then
		echo "$1: $there lines have '$2', spatch understands $seen"
		return 1
	fi
	checks_of "$file" >"$scratch/checks"
	! grep -E "$4" "$scratch/checks"
}

check_tree()
{
	check converted-nothing-left nothing_left
	users_checked converted-t5 '\bmmu_range_read_retry\(' retry \
		'no retry|opposite|is dropped'
	users_checked converted-t8 '\bstruct mmu_range_notifier_ops \w+ = \{' callback \
		'returns bool|having asked|returns with'
}

# compile NAME: all objects in OUT/NAME. What goes wrong is in the log.
compile()
{
	local name=$1

	"$TOP/tools/build-kernel.sh" --tree "$name" --build build-converted \
		--out "$out" --jobs "$jobs" --configure "$TOP/configs/converted.config"
	(
		lock "$out/$name" --shared
		lock "$out/$name-build-converted"
		cd "$out/$name/build-converted"
		rm -f "${objects[@]}"
		logged "compiling ${#objects[@]} objects of $name" \
			"$out/log/converted-$name.log" \
			'$1 == "CC" {n++} END {printf "%d objects\n", n}' make_objects "$name"
	)
}

make_objects()
{
	CCACHE_NOHASHDIR=1 make -C "$out/$1" O=build-converted ARCH=x86_64 \
		CC="$(compiler)" -j "$jobs" -k W=1 "${objects[@]}" || true
}

# warnings_of NAME: FILE: WARNING, without the line that the file has it in.
warnings_of()
{
	sed -nE 's|^\.\./([^:]+):[0-9]+:[0-9]+: (warning: .*)|\1: \2|p' \
		"$out/log/converted-$1.log" | sort -u
}

# What warns in the base's own files warns in the base too.
no_new_warning()
{
	[ -s "$scratch/warnings" ] || return 0
	comm -23 "$scratch/warnings" <(warnings_of stock) >"$scratch/new"
	cat "$scratch/new"
	[ ! -s "$scratch/new" ]
}

check_objects()
{
	local object name

	compile tree
	for object in "${objects[@]}"; do
		name=$(basename "$object" .o)
		[ "$object" != drivers/infiniband/hw/mlx5/odp.o ] || name=mlx5-odp
		grep -E "^\.\./${object%.o}\.c:.*error" "$out/log/converted-tree.log" \
			>"$scratch/errors" || true
		check "converted-object-${name//_/-}" compiled "$object"
	done
	warnings_of tree >"$scratch/warnings"
	[ ! -s "$scratch/warnings" ] || compile stock
	check converted-no-new-warning no_new_warning
}

compiled()
{
	cat "$scratch/errors"
	[ -e "$tree/build-converted/$1" ]
}

check_samples
check_tree
check_objects
[ -z "$failed" ]
