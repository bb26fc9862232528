#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The guest's side of tools/check-hmm.sh: load lib/test_hmm.c's module with all
# its devices and run the programs. A line '## WORDS' tells what follows.

set -eu -o pipefail

usage()
{
	cat <<END
Usage: tests/hmm/guest.sh --module FILE --bin DIR [--spm ADDRESS,ADDRESS]
                          [--leaks] [--kcsan] PROGRAM...

Run as root in a guest. Each PROGRAM of DIR runs once; one that is written
PROGRAM@MODE runs with transparent huge pages set to MODE.

  --module FILE  test_hmm.ko of the kernel that runs
  --bin DIR      where the programs are
  --spm A,B      the physical addresses of 256 MiB each that the boot left
                 alone, for the two coherent devices
  --leaks        print what kmemleak finds in the end
  --kcsan        let KCSAN watch
  --help         this text
END
}

fail()
{
	echo "## broken: $*"
	exit 1
}

module=
bin=
spm=
leaks=
kcsan=
while [ $# -gt 0 ]; do
	case $1 in
	--module) module=$2; shift ;;
	--bin) bin=$2; shift ;;
	--spm) spm=$2; shift ;;
	--leaks) leaks=1 ;;
	--kcsan) kcsan=1 ;;
	--help) usage; exit 0 ;;
	-*) fail "unknown option '$1'" ;;
	*) break ;;
	esac
	shift
done
[ -r "$module" ] || fail "no module '$module'"

echo 16 >/proc/sys/vm/nr_hugepages
[ "$(cat /proc/sys/vm/nr_hugepages)" -eq 16 ] || fail "no hugetlbfs pages"
echo 256M >/sys/block/zram0/disksize || fail "no zram"
mkswap /dev/zram0 >/dev/null || fail "no swap"
swapon /dev/zram0 || fail "no swap"

parameters=()
[ -z "$spm" ] || parameters=("spm_addr_dev0=${spm%,*}" "spm_addr_dev1=${spm#*,}")
insmod "$module" "${parameters[@]}" || fail "the module does not load"
[ -z "$kcsan" ] || echo on >/sys/kernel/debug/kcsan || fail "no KCSAN"

for word; do
	program=${word%%@*}
	mode=madvise
	[ "$program" = "$word" ] || mode=${word#*@}
	echo "$mode" >/sys/kernel/mm/transparent_hugepage/enabled ||
		fail "no transparent huge pages"
	echo "## program $word"
	rc=0
	"$bin/$program" 2>&1 || rc=$?
	echo "## status $rc"
done

if [ -n "$leaks" ]; then
	# Before the module goes: the base's forgets to put its devices then.
	# An object counts once two scans in a row found no pointer to it.
	echo scan >/sys/kernel/debug/kmemleak
	echo scan >/sys/kernel/debug/kmemleak
	echo "## leaks"
	cat /sys/kernel/debug/kmemleak
fi
rmmod test_hmm || fail "the module does not unload"
echo "## done"
