#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run the tests against the base: some must fail, in their way, and the rest
# must pass.

. "$(dirname "$0")/../../tools/lib.sh"

usage()
{
	cat <<END
Usage: tests/user/stock.sh --log DIR TEST-USER STOCK-FAILS

Run each test of the program TEST-USER, which was built against the base. A test
named in the file STOCK-FAILS must fail there with the text beside it: 'ok
user-TEST-stock-fails'. All others must pass: 'ok user-TEST-stock'. Exit with
status 1 if one did otherwise.

  --log DIR  what each test writes
  --help     this text
END
}

log=
args=()
while [ $# -gt 0 ]; do
	case $1 in
	--log) need_value "$1" $#; log=$2; shift ;;
	--help) usage; exit 0 ;;
	-*) usage_error "unknown argument '$1'" ;;
	*) args+=("$1") ;;
	esac
	shift
done
[ -n "$log" ] || usage_error "--log is missing"
[ ${#args[@]} -eq 2 ] || usage_error "a program and a list are needed"
program=${args[0]}
declare -A fails
while read -r name text; do
	case $name in '' | '#'*) continue ;; esac
	fails[$name]=$text
done <"${args[1]}"

failed=0
for name in $("$program" --list); do
	text=${fails[$name]-}
	unset "fails[$name]"
	if out=$("$program" --log "$log" --suffix stock --hang 30 "$name" 2>&1); then
		passed=1
	else
		passed=
	fi
	if [ -z "$text" ]; then
		echo "$out" | grep -E '^(not )?ok '
		[ "$passed" ] || { echo "$out" >&2; failed=1; }
	elif [ ! "$passed" ] && grep -qF -- "$text" "$log/user-$name-stock.log"; then
		echo "ok user-$name-stock-fails"
	else
		echo "user-$name: expected to fail with: $text" >&2
		echo "$out" >&2
		echo "not ok user-$name-stock-fails"
		failed=1
	fi
done
for name in "${!fails[@]}"; do
	echo "${args[1]}: there is no test '$name'" >&2
	echo "not ok user-$name-stock-fails"
	failed=1
done
exit $failed
