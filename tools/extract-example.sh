#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The example in a document is a copy of code that is built and run.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/extract-example.sh --check | --write

Documentation/vm/hmm.rst shows parts of tests/kunit/hmm_example_kunit.c. A part
begins after a line '/* hmm.rst: NAME */' of the source and ends at the next such
line; in the document it is the code block after a line '.. example: NAME'.

  --check  print how the document differs, with status 1 if it does
  --write  copy the parts into the document
  --help   this text
END
}

mode=
while [ $# -gt 0 ]; do
	case $1 in
	--check | --write) mode=${1#--} ;;
	--help) usage; exit 0 ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ -n "$mode" ] || usage_error "one of --check and --write is needed"
cd "$TOP"
source=tests/kunit/hmm_example_kunit.c
document=Documentation/vm/hmm.rst
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# Reads the source, then the document, and prints the document with its parts
# renewed. Every part must have its place, once.
awk '
	function fail(text)
	{
		print "extract-example.sh: " text >"/dev/stderr"
		bad = 1
	}

	FNR == NR {
		if (match($0, /^\/\* hmm\.rst: [a-z]+ \*\/$/)) {
			name = substr($0, 13, length($0) - 15)
			if (name in part)
				fail("part " name " is there twice")
			if (name != "end")
				part[name] = ""
			blanks = ""
		} else if (name != "" && name != "end") {
			if ($0 == "") {
				blanks = blanks "\n"
			} else {
				part[name] = part[name] (part[name] == "" ? "" : blanks) "\t" $0 "\n"
				blanks = ""
			}
		}
		next
	}
	skip && (/^[ \t]/ || $0 == "") { next }
	skip { skip = 0 }
	/^\.\. example: / {
		if (wanted != "")
			fail("part " wanted " has no code block")
		wanted = $3
		if (!(wanted in part) || wanted in shown)
			fail("the document asks for part " wanted)
		shown[wanted] = 1
		print
		next
	}
	wanted != "" && $0 == ".. code-block:: c" {
		printf "%s\n\n%s\n", $0, part[wanted]
		wanted = ""
		skip = 1
		next
	}
	{ print }
	END {
		if (wanted != "")
			fail("part " wanted " has no code block")
		for (name in part)
			if (!(name in shown))
				fail("the document does not show part " name)
		exit bad
	}
' "$source" "$document" >"$scratch/new"

case $mode in
check) diff -u --label "$document" --label "$source" "$document" "$scratch/new" ;;
write) cat "$scratch/new" >"$document" ;;
esac
