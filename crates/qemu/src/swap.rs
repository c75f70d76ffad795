//! A swap disk that the guest can switch on at once.

use std::io::{Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::QemuError;

const PAGE: u64 = 4096;

/// Makes `target` a sparse raw disk of `mib` MiB with the header that Linux wants (what `mkswap` writes).
///
/// # Errors
/// Those of the file system.
pub fn write_swap(target: &Path, mib: u64, uuid: [u8; 16]) -> Result<(), QemuError> {
    let size = mib.saturating_mul(1024 * 1024);
    write(target, size, uuid).map_err(QemuError::file(format!("making the swap disk {}", target.display())))
}

fn write(target: &Path, size: u64, uuid: [u8; 16]) -> std::io::Result<()> {
    let last_page = u32::try_from((size / PAGE).saturating_sub(1)).unwrap_or(u32::MAX);
    let mut file = std::fs::File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .custom_flags(nix::libc::O_NOFOLLOW)
        .open(target)?;
    file.set_len(size)?;
    let mut header = Vec::new();
    header.extend_from_slice(&1_u32.to_le_bytes()); // version
    header.extend_from_slice(&last_page.to_le_bytes());
    header.extend_from_slice(&0_u32.to_le_bytes()); // bad pages
    header.extend_from_slice(&uuid);
    file.seek(SeekFrom::Start(1024))?;
    file.write_all(&header)?;
    file.seek(SeekFrom::Start(PAGE - 10))?;
    file.write_all(b"SWAPSPACE2")?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blkid_takes_it_for_swap() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("swap.raw");
        write_swap(&path, 64, [7; 16]).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().len(), 64 << 20);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(&bytes[4086..4096], b"SWAPSPACE2");
        assert_eq!(u32::from_le_bytes(bytes[1028..1032].try_into().unwrap()), 16_383);
        if let Ok(out) =
            std::process::Command::new("blkid").args(["-p", "-s", "TYPE", "-o", "value"]).arg(&path).output()
        {
            assert_eq!(String::from_utf8_lossy(&out.stdout).trim(), "swap");
        }
    }
}
