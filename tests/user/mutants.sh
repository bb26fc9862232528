#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Break a copy of the subject, one way at a time; the tests must notice.

. "$(dirname "$0")/../../tools/lib.sh"

usage()
{
	cat <<END
Usage: tests/user/mutants.sh --out DIR --objects DIR [--jobs N] [--only NAME]
                             C-FILE H-FILE MUTANTS

Apply each mutation of the file MUTANTS to copies of C-FILE and H-FILE, build the
tests with them and run those that must fail: 'ok user-mutant-NAME' if they all
do. A sed command that changes nothing is 'not ok'. Exit with status 1 if any
mutation was not noticed.

  --out DIR      where the copies and programs go
  --objects DIR  has asan/ and tsan/, the objects of the tests, and include/
  --jobs N       how many at once (default: 1)
  --only NAME    this mutation alone
  --help         this text

CC, CFLAGS, ASAN_FLAGS and TSAN_FLAGS say how to compile.
END
}

out=
objects=
jobs=1
only=
args=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--objects) need_value "$1" $#; objects=$2; shift ;;
	--jobs) need_value "$1" $#; need_number "$1" "$2"; jobs=$2; shift ;;
	--only) need_value "$1" $#; only=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown argument '$1'" ;;
	*) args+=("$1") ;;
	esac
	shift
done
[ -n "$out" ] || usage_error "--out is missing"
[ -n "$objects" ] || usage_error "--objects is missing"
[ ${#args[@]} -eq 3 ] || usage_error "C-FILE, H-FILE and MUTANTS are needed"
c_file=${args[0]}
h_file=${args[1]}
here=$(cd "$(dirname "$0")" && pwd)
# Lists of words, as make has them.
read -ra cc <<<"${CC:-gcc} ${CFLAGS:-} -w -I$here"
declare -A flags=([asan]=${ASAN_FLAGS:-} [tsan]=${TSAN_FLAGS:-})

# mutate DIR FILE SED...: apply each command; all must change the file.
mutate()
{
	local dir=$1 file=$2 command
	shift 2
	[ $# -gt 0 ] || { echo "no sed command"; return 1; }
	for command; do
		sed "$command" "$dir/$file" >"$dir/$file.new"
		if cmp -s "$dir/$file" "$dir/$file.new"; then
			echo "this changes nothing any more: $command"
			return 1
		fi
		mv "$dir/$file.new" "$dir/$file"
	done
}

# build DIR KIND BUILD: what the mutation touches, linked with the rest.
build()
{
	local dir=$1 kind=$2 build=$3 source objs=() rebuilt=()
	local compile=("${cc[@]}")
	read -ra words <<<"${flags[$build]}"
	compile+=("${words[@]}")
	if [ "$kind" = h ]; then
		compile+=("-I$dir")
		rebuilt=("$here"/*.c)
	else
		rebuilt=("$here/subject.c")
		for source in "$here"/*.c; do
			[ "$source" = "$here/subject.c" ] ||
				objs+=("$objects/$build/$(basename "$source" .c).o")
		done
	fi
	"${compile[@]}" "-I$objects/branch/include" \
		"-DSUBJECT=\"$dir/mmu_notifier.c\"" -DSUBJECT_SEQ=seq \
		-o "$dir/test-user" "${rebuilt[@]}" "${objs[@]}"
}

# run_one HEADER SED...: one mutation; its line is all that it prints on stdout.
run_one()
{
	local name kind build tests dir test problem=
	read -r name kind build tests <<<"$1"
	shift
	dir=$out/$name
	rm -rf "$dir"
	mkdir -p "$dir/linux"
	cp "$c_file" "$dir/mmu_notifier.c"
	cp "$h_file" "$dir/linux/mmu_notifier.h"
	case $kind in
	c) mutate "$dir" mmu_notifier.c "$@" >"$dir/log" || problem=$(<"$dir/log") ;;
	h) mutate "$dir" linux/mmu_notifier.h "$@" >"$dir/log" || problem=$(<"$dir/log") ;;
	*) problem="'$kind' is neither c nor h" ;;
	esac
	case $build in
	asan | tsan) ;;
	*) problem="'$build' is neither asan nor tsan" ;;
	esac
	if [ -z "$problem" ] && ! build "$dir" "$kind" "$build" >"$dir/log" 2>&1; then
		problem="it does not compile: $(tail -n 3 "$dir/log")"
	fi
	if [ -z "$problem" ]; then
		for test in $tests; do
			"$dir/test-user" --log "$dir" --hang 20 "$test" \
				>"$dir/log" 2>&1 || true
			grep -q "^not ok user-$test$" "$dir/log" ||
				problem="$test does not notice"
		done
	fi
	if [ -n "$problem" ]; then
		echo "user-mutant-$name: $problem" >&2
		echo "not ok user-mutant-$name"
		return 1
	fi
	rm -rf "$dir"
	echo "ok user-mutant-$name"
}

failed=0
running=0
header=
commands=()

reap()
{
	wait -n || failed=1
	running=$((running - 1))
}

launch()
{
	[ -n "$header" ] || return 0
	if [ -z "$only" ] || [ "$only" = "${header%% *}" ]; then
		[ "$running" -lt "$jobs" ] || reap
		run_one "$header" "${commands[@]}" &
		running=$((running + 1))
	fi
	header=
	commands=()
}

while IFS= read -r line; do
	case $line in
	'#'*) ;;
	'') launch ;;
	*) if [ -n "$header" ]; then commands+=("$line"); else header=$line; fi ;;
	esac
done <"${args[2]}"
launch
while [ "$running" -gt 0 ]; do
	reap
done
exit $failed
