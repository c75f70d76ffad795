//! An image for tests.

/// The size of a cluster here, the smallest that there is.
const CLUSTER: u64 = 512;

/// A tiny valid qcow2 image, empty, with 1 MiB of virtual disk: every inspection takes it, and so does `qemu-img`.
///
/// Its four clusters are the header, the table of reference counts, one block of them, and the first-level table.
#[must_use]
pub fn qcow2() -> Vec<u8> {
    let mut bytes = vec![0; 4 * 512];
    let mut put = |at: usize, value: &[u8]| bytes[at..at + value.len()].copy_from_slice(value);
    put(0, b"QFI\xfb\x00\x00\x00\x03");
    // bits of a cluster; bytes of the disk; entries and place of the first-level table
    put(20, &9_u32.to_be_bytes());
    put(24, &(1_u64 << 20).to_be_bytes());
    put(36, &32_u32.to_be_bytes());
    put(40, &(3 * CLUSTER).to_be_bytes());
    // place and clusters of the table of reference counts; bits of a count; length of the header
    put(48, &CLUSTER.to_be_bytes());
    put(56, &1_u32.to_be_bytes());
    put(96, &4_u32.to_be_bytes());
    put(100, &104_u32.to_be_bytes());
    // the only block of counts, in which each of the four clusters counts once
    put(512, &(2 * CLUSTER).to_be_bytes());
    put(1024, &[0, 1, 0, 1, 0, 1, 0, 1]);
    bytes
}
