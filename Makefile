# SPDX-License-Identifier: GPL-2.0-or-later
#
# The front door. Each target is a short call of a script in tools/, which has
# its own --help.

O ?= build
JOBS ?= $(shell nproc)
override O := $(abspath $(O))

# The bases: fetched below O, or given by the caller and then only read.
ifeq ($(LINUX_SRC),)
linux_src := $(O)/src/linux
fetch_linux := fetch-linux
else
linux_src := $(abspath $(LINUX_SRC))
endif
ifeq ($(QEMU_SRC),)
qemu_src := $(O)/src/qemu
fetch_qemu := fetch-qemu
else
qemu_src := $(abspath $(QEMU_SRC))
endif

MAKEFLAGS += --no-print-directory
.NOTPARALLEL:
guest := tools/run-guest.sh --out $(O)
tool_cflags := -std=gnu11 -O2 -Wall -Wextra -Werror

.PHONY: help
help:
	@echo 'make run             boot the emulated GPU and show a process mirrored on it'
	@echo 'make check           every test but check-opencl, -deb, -debug; N passed, ...'
	@echo 'make check-model     the GPU model on its own: unit tests, OpenCL, a short fuzz'
	@echo "make check-user      the branch's notifiers in user space, under sanitizers"
	@echo 'make check-kunit     the KUnit tests of the mm side, in the guest'
	@echo "make check-hmm       the kernel's hmm-tests, on the branch and on the base"
	@echo 'make check-converted each driver that the semantic patch converts compiles'
	@echo 'make check-series    each commit of the branch builds; its form'
	@echo 'make check-igt       the IGT tests on the branch'
	@echo 'make check-stock     the same on the untouched base, all of them'
	@echo 'make check-opencl    OpenCL applications with plain pointers, on branch and base'
	@echo 'make check-distro    the kernel that Debian packages, on the card'
	@echo 'make check-deb       the configuration of that package; nouveau and mm in it'
	@echo 'make check-debug     the tests of the guest under lockdep, KASAN, KCSAN'
	@echo 'make bench           bench-svm, bench-mm and bench-model'
	@echo "make bench-svm       what shared virtual memory costs, beside the base's"
	@echo "make bench-mm        what notifiers and hmm cost, beside the base's"
	@echo 'make bench-model     how fast the model computes'
	@echo "make bench-opencl    what the OpenCL applications cost, beside the base's"
	@echo 'make lint            style, licences, structure'
	@echo 'make defects         the table of defects anew, from the last check-igt and'
	@echo '                     check-stock'
	@echo "make picture         what the OpenCL program of 'make run' paints, into the README"
	@echo 'make figures         bench-svm, into the document and the plot'
	@echo 'make shell           a guest with a prompt'
	@echo 'make tree            the base and the branch as a git repository'
	@echo 'make print-tree      where that lies, and its commits'
	@echo 'make series          the branch as a series for a mailing list'
	@echo "make deb             the branch's kernel as a Debian package, for a real card"
	@echo "make kernel qemu     build these; kernel-stock is the base's"
	@echo 'make clean           remove what was built; what was fetched stays'
	@echo
	@echo 'Overrides: LINUX_SRC=DIR and QEMU_SRC=DIR (sources to build from instead of'
	@echo "fetching Debian's), FIRMWARE=DIR (instead of generated files), JOBS=N"
	@echo '(compilers at once), O=DIR (build directory).'

.PHONY: deps deps-deb fetch-linux fetch-config fetch-qemu fetch-distro
deps:
	@tools/deps.sh --log $(O)/log/deps.log

deps-deb:
	@tools/deps.sh --deb --log $(O)/log/deps.log

fetch-linux: deps
	@tools/fetch.sh --out $(O)/src linux

fetch-config: deps
	@tools/fetch.sh --out $(O)/src config

fetch-qemu: deps
	@tools/fetch.sh --out $(O)/src qemu

fetch-distro: deps
	@tools/fetch.sh --out $(O)/src distro

.PHONY: tree print-tree series
tree: deps $(fetch_linux)
	@tools/assemble-tree.sh --src $(linux_src) --out $(O)

print-tree: tree
	@tools/assemble-tree.sh --print --out $(O)

series: tree
	@tools/make-series.sh --out $(O)

.PHONY: kernel kernel-stock kernel-debug kernel-kcsan qemu
build_kernel := tools/build-kernel.sh --out $(O) --jobs $(JOBS)
branch_config := configs/guest.config configs/branch.config

kernel: tree
	@$(build_kernel) --tree tree $(branch_config)

kernel-stock: tree
	@$(build_kernel) --tree stock configs/guest.config

kernel-debug: tree
	@$(build_kernel) --tree tree --build build-debug $(branch_config) configs/debug.config

kernel-kcsan: tree
	@$(build_kernel) --tree tree --build build-kcsan $(branch_config) configs/kcsan.config

.PHONY: deb
deb: deps-deb tree fetch-config
	@tools/build-deb.sh --config $(O)/src/config/amd64 --out $(O) --jobs $(JOBS)

qemu: deps $(fetch_qemu) $(O)/tsc-khz
	@tools/build-qemu.sh --src $(qemu_src) --out $(O) --jobs $(JOBS)

$(O)/tsc-khz: tools/tsc-khz.c | deps
	@mkdir -p $(O)
	@gcc $(tool_cflags) -o $@ $<

# The firmware of the card: generated, or NVIDIA's own with FIRMWARE=/lib/firmware.
ifeq ($(FIRMWARE),)
firmware := $(O)/firmware
firmware_stamp := $(O)/firmware/.made
else
firmware := $(abspath $(FIRMWARE))
firmware_stamp := $(firmware)/nvidia/gp107
endif

$(O)/mkfirmware: tools/mkfirmware.c | deps
	@mkdir -p $(O)
	@gcc $(tool_cflags) -o $@ $<

$(O)/firmware/.made: $(O)/mkfirmware
	@rm -rf $(@D)
	@mkdir -p $(@D)
	@$< $(@D)
	@touch $@

.PHONY: initramfs distro igt opencl
initramfs: deps $(firmware_stamp)
	@tools/mkinitramfs.sh --firmware $(firmware) --out $(O)/initramfs.cpio

distro: deps fetch-distro $(firmware_stamp)
	@tools/distro-guest.sh --src $(O)/src/distro --firmware $(firmware) \
		--out $(O)/distro

igt: deps $(O)/gp107-debug $(O)/control-preload.so
	@$(MAKE) -s -C tests/igt O=$(O)/igt

opencl: deps
	@$(MAKE) -s -C tests/opencl O=$(O)/opencl

$(O)/control-preload.so: tools/control-preload.c | deps
	@mkdir -p $(O)
	@gcc $(tool_cflags) -shared -fPIC -o $@ $<

$(O)/gp107-debug: tools/gp107-debug.c hw/gp107/core/gpu.h hw/gp107/core/stats.h | deps
	@mkdir -p $(O)
	@gcc $(tool_cflags) -o $@ $<

.PHONY: shell run
shell: kernel qemu initramfs
	@$(guest) --shell

run: kernel qemu initramfs igt opencl
	@$(guest) --timeout 300 -- sh -c '"$$1" && "$$2" --show 1' sh \
		$(O)/igt/svm_demo $(O)/opencl/mandelbrot

.PHONY: check check-model check-user check-kunit check-hmm check-converted
.PHONY: check-series check-igt check-stock check-opencl check-distro check-deb check-debug lint
.PHONY: bench bench-svm bench-mm bench-model bench-opencl
check_sh := tools/check.sh --out $(O) --linux $(linux_src) --qemu $(qemu_src)
guest_needs := qemu initramfs

check: $(guest_needs) kernel kernel-stock distro igt
	@$(check_sh) lint model fuzz shim qtest user converted series kunit hmm \
		igt stock controls distro

check-model: deps
	@$(check_sh) model fuzz shim

check-user: deps $(fetch_linux)
	@$(check_sh) user

check-kunit: kernel kernel-stock $(guest_needs)
	@$(check_sh) kunit

check-hmm: kernel kernel-stock $(guest_needs)
	@$(check_sh) hmm

check-converted: tree
	@$(check_sh) converted

check-series: tree
	@$(check_sh) series

check-igt: kernel $(guest_needs) igt
	@$(check_sh) igt controls

check-stock: kernel-stock $(guest_needs) igt
	@$(check_sh) stock-all

check-opencl: kernel kernel-stock $(guest_needs) opencl
	@$(check_sh) opencl opencl-stock

check-distro: qemu distro
	@$(check_sh) distro

check-deb: tree fetch-config
	@$(check_sh) deb

check-debug: kernel-debug kernel-kcsan $(guest_needs) igt
	@$(check_sh) debug

lint: tree $(fetch_qemu)
	@$(check_sh) lint

bench: bench-svm bench-mm bench-model

# RST=FILE and SVG=FILE: copies of the table and the plot.
bench-svm: kernel kernel-stock $(guest_needs) igt
	@tools/bench.sh --out $(O)

bench-mm: kernel kernel-stock $(guest_needs)
	@tools/bench-mm.sh --out $(O)

bench-model: deps
	@$(MAKE) -C tests/model O=$(O)/model bench

bench-opencl: kernel kernel-stock $(guest_needs) opencl
	@tools/bench-opencl.sh --out $(O)

# What is committed and comes from runs.
.PHONY: defects figures picture
picture: kernel $(guest_needs) opencl
	@tools/picture.sh --out $(O) tests/opencl/mandelbrot.png

defects:
	@tools/defects-table.sh --out $(O)

figures: kernel kernel-stock $(guest_needs) igt
	@tools/bench.sh --out $(O) --svg tests/bench/svm.svg \
		--rst Documentation/gpu/nouveau-svm-figures.rst

.PHONY: clean
clean:
	@tools/assemble-tree.sh --unedited --out $(O)
	@rm -rf $(filter-out $(O)/src,$(wildcard $(O)/*))
