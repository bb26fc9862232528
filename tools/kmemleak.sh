#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run a command in a guest, and have kmemleak look for what it left behind.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/kmemleak.sh COMMAND [ARGUMENT...]

To be run in a guest whose kernel has kmemleak: run COMMAND; then print each
piece of memory that the kernel got meanwhile, has not freed and has no pointer
to, and at last a line 'kmemleak: N objects'.

What the kernel had lost before counts for nothing.

Exit status: COMMAND's own; or 1 when that was 0 and there are such objects.

  --help  this text
END
}

case ${1-} in
--help) usage; exit 0 ;;
-*) usage_error "unknown option '$1'" ;;
'') usage_error "a command is missing" ;;
esac
file=/sys/kernel/debug/kmemleak
[ -w "$file" ] || die "this kernel has no kmemleak"

# An object counts once two scans in a row have found no pointer to it, unless it
# is younger than 5 s.
scan()
{
	sleep 6
	echo scan >"$file"
	echo scan >"$file"
}

scan
echo clear >"$file"
rc=0
"$@" || rc=$?
echo "kmemleak: looking"
scan
leaks=$(cat "$file")
[ -z "$leaks" ] || printf '%s\n' "$leaks"
n=$(grep -c '^unreferenced object' <<<"$leaks" || true)
echo "kmemleak: $n objects"
[ "$rc" -ne 0 ] || [ "$n" -eq 0 ] || rc=1
exit "$rc"
