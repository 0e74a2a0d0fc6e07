#!/bin/busybox sh
# The first process of the virtual machine. pivot_root(2) does not work in an initramfs, and every
# box needs it. So the file system is copied to a tmpfs, and the tests run there.
if [ "$1" != moved ]; then
  busybox mkdir -p /new
  busybox mount -t tmpfs -o size=90% tmpfs /new
  for name in /*; do
    case $name in /new | /proc | /sys | /dev) ;; *) busybox cp -a "$name" /new/ ;; esac
  done
  busybox mkdir -p /new/proc /new/sys /new/dev
  busybox mount -t devtmpfs devtmpfs /new/dev
  exec busybox switch_root /new /init moved
fi
export PATH=/usr/local/bin:/usr/bin:/usr/sbin HOME=/root NODE_NO_WARNINGS=1 GLASSBOX_POOL_RUNS=100 GLASSBOX_CRASHES=15 GLASSBOX_COLD_RUNS=50 GLASSBOX_TRACES=16 GLASSBOX_EMULATED=1
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mkdir -p /dev/shm /dev/pts /dev/mqueue
mount -t tmpfs tmpfs /dev/shm
mount -t devpts devpts /dev/pts
chmod 1777 /tmp /var/tmp /dev/shm
busybox ip link set lo up
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
/usr/bin/bash /layouts # not busybox's shell, which takes its own programs for those of the system
echo "glassbox-vm: exit $?"
busybox poweroff -f
