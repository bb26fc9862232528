#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Write the branch as a series for a mailing list.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/make-series.sh [--out DIR]

Write the commits of OUT/tree as patches with a cover letter, patches/series/cover,
to OUT/series, for git send-email.

  --out DIR  the build directory (default: build)
  --help     this text
END
}

out=$TOP/build
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -e "$out/tree/.git/assembled" ] || die "$out/tree is not there: run 'make tree' first"
out=$(cd "$out" && pwd)
series=$out/series
export GIT_CONFIG_GLOBAL=/dev/null GIT_CONFIG_SYSTEM=/dev/null
export GIT_COMMITTER_NAME='nouveau SVM branch'
export GIT_COMMITTER_EMAIL='nouveau@lists.freedesktop.org'

rm -rf "$series"
git -C "$out/tree" format-patch -q --cover-letter -o "$series" base..nouveau-svm
cover=$series/0000-cover-letter.patch
text=$(sed '1,/^$/d' "$TOP/patches/series/cover") \
	perl -0777 -pi -e '
		my ($subject, $body) = split(/\n\n/, $ENV{text}, 2);
		s/\*\*\* SUBJECT HERE \*\*\*/$subject/;
		s/\*\*\* BLURB HERE \*\*\*/$body/;' "$cover"
say "$(find "$series" -name '*.patch' | wc -l) files in $series"
