//! A small valid qcow2 file: what an export of a simulated disk is.
//!
//! Six clusters of 64 KiB or more: header, refcount table, refcount block, L1 table, one L2 table and one data
//! cluster that says whose disk it is. Everything behind it reads as zeros.

use kogge_node_api::{DesiredDisk, DiskFormat};

const CLUSTER: u64 = 65_536;
/// Bytes of disk that one L2 table describes.
const L2_SPAN: u64 = CLUSTER / 8 * CLUSTER;
/// "This cluster is used once."
const COPIED: u64 = 1 << 63;
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// Size in bytes that an image has for a guest, from its first bytes and its length.
pub(crate) fn size_of_image(format: DiskFormat, head: &[u8], bytes: u64) -> u64 {
    match format {
        DiskFormat::Raw => bytes,
        DiskFormat::Qcow2 => {
            let size = head.get(24..32).and_then(|size| size.try_into().ok());
            size.map_or(0, u64::from_be_bytes)
        }
    }
}

/// Size in bytes that the root disk has for the guest, where its image has `image` bytes.
pub(crate) fn virtual_size(disk: Option<&DesiredDisk>, image: Option<u64>) -> u64 {
    let own = disk.map_or(0, |disk| disk.size_mib.saturating_mul(MIB));
    if own > 0 { own } else { image.filter(|size| *size > 0).unwrap_or(GIB) }
}

/// The file's bytes.
pub(crate) fn qcow2(size: u64, label: &str) -> Vec<u8> {
    let l1_entries = size.div_ceil(L2_SPAN).max(1);
    let l1_clusters = (l1_entries * 8).div_ceil(CLUSTER);
    let l2_at = (3 + l1_clusters) * CLUSTER;
    let data_at = l2_at + CLUSTER;
    let clusters = data_at / CLUSTER + 1;
    let mut file = vec![0; usize::try_from(clusters * CLUSTER).unwrap_or(usize::MAX)];
    put(&mut file, 0, &header(size, l1_entries));
    put(&mut file, CLUSTER, &(2 * CLUSTER).to_be_bytes());
    let counts: Vec<u8> = (0..clusters).flat_map(|_| 1_u16.to_be_bytes()).collect();
    put(&mut file, 2 * CLUSTER, &counts);
    put(&mut file, 3 * CLUSTER, &(l2_at | COPIED).to_be_bytes());
    put(&mut file, l2_at, &(data_at | COPIED).to_be_bytes());
    put(&mut file, data_at, label.as_bytes());
    file
}

fn put(file: &mut [u8], at: u64, bytes: &[u8]) {
    let at = usize::try_from(at).unwrap_or(usize::MAX);
    file[at..at + bytes.len()].copy_from_slice(bytes);
}

/// The header of version 3 (docs/interop/qcow2 of QEMU).
fn header(size: u64, l1_entries: u64) -> Vec<u8> {
    let mut out = Vec::with_capacity(112);
    out.extend_from_slice(b"QFI\xfb");
    out.extend_from_slice(&3_u32.to_be_bytes());
    out.extend_from_slice(&[0; 12]); // no backing file: offset, length
    out.extend_from_slice(&16_u32.to_be_bytes()); // cluster bits
    out.extend_from_slice(&size.to_be_bytes());
    out.extend_from_slice(&0_u32.to_be_bytes()); // no encryption
    out.extend_from_slice(&u32::try_from(l1_entries).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(&(3 * CLUSTER).to_be_bytes()); // L1 table
    out.extend_from_slice(&CLUSTER.to_be_bytes()); // refcount table
    out.extend_from_slice(&1_u32.to_be_bytes()); // of one cluster
    out.extend_from_slice(&[0; 12]); // no internal snapshots: count, offset
    out.extend_from_slice(&[0; 24]); // feature bits
    out.extend_from_slice(&4_u32.to_be_bytes()); // 16-bit refcounts
    out.extend_from_slice(&104_u32.to_be_bytes()); // header length
    out.extend_from_slice(&[0; 8]); // end of extensions
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qemu_img_finds_no_fault_in_the_file() {
        let dir = tempfile::tempdir().unwrap();
        for (name, gib) in [("one", 1), ("huge", 9_000)] {
            let path = dir.path().join(name);
            std::fs::write(&path, qcow2(gib * GIB, "label")).unwrap();
            let check =
                std::process::Command::new("qemu-img").args(["check", "-f", "qcow2"]).arg(&path).output();
            match check {
                Ok(out) => assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr)),
                Err(_) => println!("skipped the check of {name}: qemu-img is not installed"),
            }
        }
    }

    #[test]
    fn a_disk_without_a_size_takes_the_images() {
        let image = qcow2(3 * GIB, "x");
        assert_eq!(size_of_image(DiskFormat::Qcow2, &image[..32], 7), 3 * GIB);
        assert_eq!(size_of_image(DiskFormat::Qcow2, b"short", 7), 0);
        assert_eq!(size_of_image(DiskFormat::Raw, &image[..32], 7), 7);
        assert_eq!(virtual_size(None, Some(3 * GIB)), 3 * GIB);
        assert_eq!((virtual_size(None, None), virtual_size(None, Some(0))), (GIB, GIB));
    }
}
