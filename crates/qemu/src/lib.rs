//! QEMU: command line, QMP, disks.
