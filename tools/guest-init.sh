#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=dash
#
# The guest's first process. It puts a writable view of the host's root
# together, runs the one command that tools/run-guest.sh left in /command,
# answers with its exit status and turns the machine off.

export PATH=/bin

# give_up TEXT: the runner finds the line in the console log.
give_up()
{
	echo "guest-init: $*" >/dev/kmsg
	poweroff -f
}

# port NAME: the device of a virtio serial port.
port()
{
	local dir
	for dir in /sys/class/virtio-ports/*; do
		if [ "$(cat "$dir/name")" = "$1" ]; then
			echo "/dev/${dir##*/}"
			return
		fi
	done
	give_up "no virtio port named $1"
}

/bin/busybox mkdir -p /proc /sys /dev /lower /upper /sysroot
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev

# Debian's kernel is modular: what is listed goes in, in this order.
if [ -e /modules/order ]; then
	while read -r module; do
		insmod "/modules/$module" || give_up "insmod $module failed"
	done </modules/order
fi

# What the runner put into memory takes the place of the host's file system.
if [ -d /ram ]; then
	lower=/ram
	shell="/bin/sh -c"
else
	lower=/lower
	shell="/bin/bash -c"
	mount -t 9p \
		-o ro,trans=virtio,version=9p2000.L,msize=512000,cache=loose \
		host /lower || give_up "the host's root does not mount"
fi
mount -t tmpfs tmpfs /upper
mkdir /upper/data /upper/work
mount -t overlay \
	-o lowerdir=$lower,upperdir=/upper/data,workdir=/upper/work \
	overlay /sysroot || give_up "the overlay does not mount"
mount -t proc proc /sysroot/proc
mount -t sysfs sysfs /sysroot/sys
mount -t debugfs debugfs /sysroot/sys/kernel/debug
mount -t devtmpfs devtmpfs /sysroot/dev
mkdir -p /dev/pts /dev/shm
mount -t devpts -o ptmxmode=0666 devpts /sysroot/dev/pts
mount -t tmpfs tmpfs /sysroot/dev/shm
hostname gp107

status=$(port gp107.status)
run="env -i HOME=/root TERM=$(cat /term) \
	PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
	/bin/chroot /sysroot $shell"
echo "guest-init: the command starts" >/dev/kmsg
if [ -c /dev/hvc0 ]; then
	$run "exec setsid -c bash -c \"\$0\" </dev/hvc0 >/dev/hvc0 2>&1" \
		"$(cat /command)"
else
	$run "$(cat /command)" </dev/null >"$(port gp107.out)" 2>&1
fi
rc=$?
echo "guest-init: the command ended with status $rc" >/dev/kmsg
echo "$rc" >"$status"
poweroff -f
