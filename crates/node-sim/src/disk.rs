//! A small valid qcow2 file: what an export of a simulated disk is.
//!
//! Six clusters of 64 KiB or more: header, refcount table, refcount block, L1 table, one L2 table and one data
//! cluster that says whose disk it is. Everything behind it reads as zeros.

use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use kogge_node_api::{DiskFormat, RootDisk};

const CLUSTER: u64 = 65_536;
/// Bytes of disk that one L2 table describes.
const L2_SPAN: u64 = CLUSTER / 8 * CLUSTER;
/// "This cluster is used once."
const COPIED: u64 = 1 << 63;
const GIB: u64 = 1 << 30;

/// Size in bytes that the disk has for the guest.
pub(crate) fn virtual_size(root: &RootDisk) -> u64 {
    if root.size_gib > 0 {
        return root.size_gib.saturating_mul(GIB);
    }
    image_size(root).filter(|size| *size > 0).unwrap_or(GIB)
}

fn image_size(root: &RootDisk) -> Option<u64> {
    let mut file = std::fs::File::open(root.source.as_ref()?).ok()?;
    if root.format == DiskFormat::Raw {
        return file.metadata().ok().map(|m| m.len());
    }
    let mut header = [0_u8; 32];
    file.read_exact(&mut header).ok()?;
    header[24..32].try_into().ok().map(u64::from_be_bytes)
}

/// Writes the file, replacing what is there, and answers its length.
pub(crate) fn write(target: &Path, size: u64, label: &str) -> io::Result<u64> {
    let l1_entries = size.div_ceil(L2_SPAN).max(1);
    let l1_clusters = (l1_entries * 8).div_ceil(CLUSTER);
    let l2_at = (3 + l1_clusters) * CLUSTER;
    let data_at = l2_at + CLUSTER;
    let clusters = data_at / CLUSTER + 1;
    let mut file =
        std::fs::File::options().write(true).create(true).truncate(true).mode(0o600).open(target)?;
    file.set_len(clusters * CLUSTER)?;
    put(&mut file, 0, &header(size, l1_entries))?;
    put(&mut file, CLUSTER, &(2 * CLUSTER).to_be_bytes())?;
    let counts: Vec<u8> = (0..clusters).flat_map(|_| 1_u16.to_be_bytes()).collect();
    put(&mut file, 2 * CLUSTER, &counts)?;
    put(&mut file, 3 * CLUSTER, &(l2_at | COPIED).to_be_bytes())?;
    put(&mut file, l2_at, &(data_at | COPIED).to_be_bytes())?;
    put(&mut file, data_at, label.as_bytes())?;
    file.sync_all()?;
    Ok(clusters * CLUSTER)
}

fn put(file: &mut std::fs::File, at: u64, bytes: &[u8]) -> io::Result<()> {
    file.seek(SeekFrom::Start(at))?;
    file.write_all(bytes)
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
            let size = write(&path, gib * GIB, "label").unwrap();
            assert_eq!(std::fs::metadata(&path).unwrap().len(), size);
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
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("image");
        write(&path, 3 * GIB, "x").unwrap();
        let mut root = RootDisk {
            image: kogge_ids::ImageId::random(),
            source: Some(path),
            format: DiskFormat::Qcow2,
            size_gib: 0,
        };
        assert_eq!(virtual_size(&root), 3 * GIB);
        root.format = DiskFormat::Raw;
        assert_eq!(virtual_size(&root), 6 * CLUSTER);
        root.size_gib = 7;
        assert_eq!(virtual_size(&root), 7 * GIB);
        root = RootDisk { size_gib: 0, source: Some("/nowhere".into()), ..root };
        assert_eq!(virtual_size(&root), GIB);
    }
}
