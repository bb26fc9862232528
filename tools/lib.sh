# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# What the scripts in this folder share. Source it, do not run it.

set -eu -o pipefail
export LC_ALL=C

# The directory of this file is tools/, its parent the repository.
# shellcheck disable=SC2034
TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
PROG=${0##*/}

say()
{
	printf '== %s\n' "$*"
}

die()
{
	printf '%s: %s\n' "$PROG" "$*" >&2
	exit 1
}

# A wrong command line: one line about it, then the way to the help.
usage_error()
{
	printf "%s: %s\nTry '%s --help'.\n" "$PROG" "$*" "$0" >&2
	exit 2
}

# need_value OPTION COUNT: OPTION must be followed by a value.
need_value()
{
	[ "$2" -ge 2 ] || usage_error "option '$1' needs a value"
}

# need_number OPTION VALUE: VALUE must be a positive decimal number.
need_number()
{
	case $2 in
	'' | *[!0-9]* | 0*) usage_error "option '$1' needs a positive number, not '$2'" ;;
	esac
}

# need_command COMMAND PACKAGE
need_command()
{
	command -v "$1" >/dev/null ||
		die "'$1' is missing: install the Debian package $2 (or run tools/deps.sh)"
}

# logged WHAT LOG COUNT COMMAND...: run COMMAND with its output in LOG and say
# every few seconds how far it is. COUNT is an awk program that reads LOG and
# prints the progress in words, or empty when only the time is known.
logged()
{
	local what=$1 log=$2 count=$3 pid start now next rc
	shift 3
	mkdir -p "$(dirname "$log")"
	say "$what (log: $log)"
	"$@" >"$log" 2>&1 </dev/null &
	pid=$!
	trap 'kill "$pid" 2>/dev/null; exit 130' INT TERM
	start=$SECONDS
	next=5
	while kill -0 "$pid" 2>/dev/null; do
		sleep 0.2
		now=$((SECONDS - start))
		if [ "$now" -ge "$next" ]; then
			next=$((now + 10))
			printf '   %d:%02d  %s\n' $((now / 60)) $((now % 60)) \
				"$(progress_words "$log" "$count")"
		fi
	done
	rc=0
	wait "$pid" || rc=$?
	trap - INT TERM
	if [ "$rc" -ne 0 ]; then
		printf '%s: %s failed with status %d; the end of %s:\n' \
			"$PROG" "$what" "$rc" "$log" >&2
		tail -n 30 "$log" >&2
		exit 1
	fi
}

progress_words()
{
	if [ -n "$2" ]; then
		awk "$2" "$1"
	else
		echo "at work"
	fi
}

# lock DIR [--shared]: nobody else is at work on DIR until this script ends; with
# --shared, nobody who did not ask for a share.
lock()
{
	local fd

	mkdir -p "$(dirname "$1")"
	exec {fd}>"$1.lock"
	if ! flock --nonblock ${2:+"$2"} "$fd"; then
		say "waiting for whoever is at work on $1"
		flock ${2:+"$2"} "$fd"
	fi
}

# only_races LOG: all that tools/run-guest.sh says in LOG of the kernel's reports
# is KCSAN's.
only_races()
{
	! sed -n '/: the kernel reported:$/,/^[^0-9]/p' "$1" | grep '^[0-9]*:' |
		grep -v 'BUG: KCSAN: ' >/dev/null
}

# The compiler, behind ccache where that is installed.
compiler()
{
	if command -v ccache >/dev/null; then
		echo "ccache gcc"
	else
		echo gcc
	fi
}
