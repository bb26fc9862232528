#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Run test suites and count what they say.

. "$(dirname "$0")/lib.sh"

usage()
{
	cat <<END
Usage: tools/check.sh [--out DIR] --linux DIR --qemu DIR SUITE...

Run the suites one after the other. A suite prints 'ok NAME', 'not ok NAME' or
'skip NAME REASON' for each of its tests; one that fails without saying which
test did, or that says nothing, is one failure of its own. The last line is
'N passed, N failed, N skipped'; the exit status is 0 if nothing failed.

SUITE is one of
  lint      style, licences, structure
  model     the GPU model's unit tests
  fuzz      the GPU model under libFuzzer for a minute
  shim      OpenCL kernels, compiled by Mesa, on the GPU model in a process
  qtest     the card as QEMU shows it: PCI, BARs, interrupts
  user      the branch's mm/mmu_notifier.c in user space, under sanitizers; the
            sequence protocol under a model checker
  kunit     KUnit tests of both APIs, in the guest
  hmm       the kernel's own hmm-tests, on the branch and on the base
  converted every driver that the semantic patch converts compiles
  series    each commit of the branch builds; its form
  igt       the assembler of IGT's SVM tests; those tests, on the branch
  stock     on the base: those of the tests that show a defect of nouveau
  stock-all on the base: all of the tests
  opencl    OpenCL applications through Mesa, on the branch
  opencl-stock  the same on the base
  controls  negative controls: a misbehaving card must turn the tests red
  distro    Debian's packaged kernel on the card
  deb       the configuration of the Debian package; nouveau and mm in it
  debug     kunit, hmm and igt on a kernel with lockdep and KASAN; the same
            stress on one with KCSAN

  --out DIR    the build directory (default: build)
  --linux DIR  the Linux source tree
  --qemu DIR   the QEMU source tree
  --help       this text
END
}

out=$TOP/build
linux=
qemu=
suites=()
while [ $# -gt 0 ]; do
	case $1 in
	--out) need_value "$1" $#; out=$2; shift ;;
	--linux) need_value "$1" $#; linux=$2; shift ;;
	--qemu) need_value "$1" $#; qemu=$2; shift ;;
	--help) usage; exit 0 ;;
	lint | model | fuzz | shim | qtest | user | kunit | hmm | converted | series | \
		igt | stock | stock-all | opencl | opencl-stock | controls | distro | \
		deb | debug) suites+=("$1") ;;
	*) usage_error "unknown argument '$1'" ;;
	esac
	shift
done
[ ${#suites[@]} -gt 0 ] || usage_error "a suite is missing"
mkdir -p "$out/log"

model_tests()
{
	make -s -C "$TOP/tests/model" O="$out/model" \
		QEMU="$out/qemu/qemu-system-x86_64" "$@"
}

# igt_tests KERNEL [OPTION...]
igt_tests()
{
	make -s -C "$TOP/tests/igt" O="$out/igt" check &&
		"$TOP/tools/check-igt.sh" --out "$out" --kernel "$@"
}

run_suite()
{
	case $1 in
	lint) "$TOP/tools/lint.sh" --linux "$linux" --qemu "$qemu" --out "$out" ;;
	model) model_tests check ;;
	fuzz) model_tests fuzz FUZZ_SECONDS=60 ;;
	shim) make -s -C "$TOP/tests/opencl/shim" O="$out/shim" check ;;
	qtest) model_tests qtest ;;
	user)
		make -s -C "$TOP/tests/user" O="$out/user" LINUX="$linux" \
			check mutants &&
			make -s -C "$TOP/tests/spin" O="$out/spin" check
		;;
	kunit) "$TOP/tools/check-kunit.sh" --out "$out" ;;
	hmm) "$TOP/tools/check-hmm.sh" --out "$out" ;;
	converted) "$TOP/tools/check-converted.sh" --out "$out" ;;
	series) "$TOP/tools/check-series.sh" --out "$out" ;;
	igt) igt_tests branch ;;
	stock) igt_tests stock --defects ;;
	stock-all) igt_tests stock ;;
	deb)
		"$TOP/tools/build-deb.sh" --check --out "$out" \
			--config "$out/src/config/amd64"
		;;
	debug) "$TOP/tools/check-debug.sh" --out "$out" ;;
	opencl) "$TOP/tools/check-opencl.sh" --out "$out" ;;
	opencl-stock) "$TOP/tools/check-opencl.sh" --out "$out" --kernel stock ;;
	controls) "$TOP/tools/check-controls.sh" --out "$out" ;;
	distro) "$TOP/tools/check-distro.sh" --out "$out" ;;
	esac
}

passed=0
failed=0
skipped=0
for suite in "${suites[@]}"; do
	log=$out/log/check-$suite.log
	say "suite $suite (log: $log)"
	start=$SECONDS
	rc=0
	run_suite "$suite" </dev/null 2>&1 | tee "$log" || rc=$?
	ok=$(grep -c '^ok ' "$log" || true)
	bad=$(grep -c '^not ok ' "$log" || true)
	skip=$(grep -c '^skip ' "$log" || true)
	if [ "$bad" -eq 0 ] && { [ "$rc" -ne 0 ] || [ $((ok + skip)) -eq 0 ]; }; then
		echo "not ok $suite (status $rc, $ok passed)"
		bad=1
	fi
	say "suite $suite: $ok passed, $bad failed, $skip skipped," \
		"$((SECONDS - start)) s"
	passed=$((passed + ok))
	failed=$((failed + bad))
	skipped=$((skipped + skip))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
