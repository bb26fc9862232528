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

export O JOBS
MAKEFLAGS += --no-print-directory
guest := tools/run-guest.sh --out $(O)

.PHONY: help
help:
	@echo 'make run            boot the emulated GPU and show a process mirrored on it'
	@echo 'make check          every test; ends with N passed, N failed, N skipped'
	@echo 'make check-model    the GPU model on its own: unit tests and a short fuzz'
	@echo 'make check-igt      the IGT tests on the driver of the base'
	@echo 'make check-stock    the same on the untouched base'
	@echo 'make check-distro   the kernel that Debian packages, on the card'
	@echo 'make bench-model    how fast the model computes'
	@echo 'make lint           style, licences, structure'
	@echo 'make shell          a guest with a prompt'
	@echo 'make kernel qemu    build these'
	@echo 'make clean          remove what was built; what was fetched stays'
	@echo
	@echo 'Overrides: LINUX_SRC=DIR and QEMU_SRC=DIR (sources to build from instead of'
	@echo "fetching Debian's), JOBS=N (compilers at once), O=DIR (build directory)."

.PHONY: deps fetch-linux fetch-qemu
deps:
	@tools/deps.sh --log $(O)/log/deps.log

fetch-linux: deps
	@tools/fetch.sh --out $(O)/src linux

fetch-qemu: deps
	@tools/fetch.sh --out $(O)/src qemu

.PHONY: kernel qemu initramfs distro
kernel: deps $(fetch_linux)
	@tools/build-kernel.sh --src $(linux_src) --out $(O) --jobs $(JOBS) \
		configs/guest.config

qemu: deps $(fetch_qemu)
	@tools/build-qemu.sh --src $(qemu_src) --out $(O) --jobs $(JOBS)

# The generator of the card's firmware files.
$(O)/mkfirmware: tools/mkfirmware.c | deps
	@mkdir -p $(O)
	@gcc -std=gnu11 -O2 -Wall -Wextra -Werror -o $@ $<

$(O)/firmware/nvidia: $(O)/mkfirmware
	@rm -rf $@
	@mkdir -p $@/gp107
	@$< $@/gp107

initramfs: $(O)/initramfs.cpio
$(O)/initramfs.cpio: $(O)/firmware/nvidia tools/guest-init.sh tools/mkinitramfs.sh
	@tools/mkinitramfs.sh --firmware $(O)/firmware --out $@

distro: deps $(O)/firmware/nvidia
	@tools/fetch.sh --out $(O)/src distro
	@tools/distro-guest.sh --src $(O)/src/distro --firmware $(O)/firmware \
		--out $(O)/distro

.PHONY: shell
shell: kernel qemu initramfs
	@$(guest) --shell

.PHONY: clean
clean:
	@rm -rf $(filter-out $(O)/src,$(wildcard $(O)/*))
