# SPDX-License-Identifier: GPL-2.0-or-later
# The devices of the bench's QEMU, built --without-default-devices.
CONFIG_Q35=y
CONFIG_HPET=y
CONFIG_SERIAL_ISA=y
CONFIG_PCIE_PORT=y
CONFIG_VIRTIO_PCI=y
CONFIG_VIRTIO_SERIAL=y
CONFIG_VIRTIO_9P=y
CONFIG_GP107=y
