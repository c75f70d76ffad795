//! Files of volumes: opened by the agent, and handed to QEMU open.
//!
//! A volume's file belongs to no guest: another guest gets it tomorrow, or two use it today. So its owner never changes,
//! and the user whom QEMU runs as cannot open it by its name, nor any other file of the backend.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use kogge_node_api::{
    DesiredDisk, DiskFormat, NodeError, VolumePlace, VolumeSource, base_of_volume, is_volume_file,
};
use kogge_qemu::{Disk, OpenDisk, Passphrase};

/// Characters of a serial number that every guest can read.
const SERIAL: usize = 20;

/// Whether a volume can be a disk of an instance.
pub(crate) fn check(volume: &VolumeSource) -> Result<(), NodeError> {
    let refused = |because: &str| {
        let because = format!("volume {} {because}", volume.volume);
        Err(NodeError::Refused { because })
    };
    match &volume.place {
        VolumePlace::File { name, .. } if !is_volume_file(name) => {
            refused("has a file that none may be called")
        }
        VolumePlace::File { format: DiskFormat::Qcow2, .. } if volume.shared => {
            refused("is in a format that only one guest can use at a time")
        }
        VolumePlace::File { format: DiskFormat::Qcow2, .. } if volume.passphrase.is_some() => {
            refused("is encrypted in a format that cannot be")
        }
        VolumePlace::File { .. } => Ok(()),
        VolumePlace::Rbd { .. } | VolumePlace::Simulated => {
            refused("is on a backend that this kind of host cannot open")
        }
    }
}

/// Opens the files of a disk that is a volume. It may wait for the file system.
pub(crate) fn open(
    backends: &BTreeMap<String, PathBuf>,
    disk: &DesiredDisk,
    volume: &VolumeSource,
    passphrase: Option<String>,
) -> Result<OpenDisk, NodeError> {
    check(volume)?;
    let VolumePlace::File { backend, name, format } = &volume.place else {
        return Err(NodeError::Refused { because: format!("volume {} is no file", volume.volume) });
    };
    let step = format!("opening volume {}", volume.volume);
    let failed = |because: String| NodeError::failed(&step, because);
    let dir = backends
        .get(backend)
        .ok_or_else(|| failed(format!("no backend {backend} is set up on this host")))?;
    let file = open_file(&dir.join(name), volume.read_only);
    let file = file.map_err(|error| failed(format!("{name} of backend {backend}: {error}")))?;
    let backing = if *format == DiskFormat::Qcow2 { open_base(dir, name) } else { Ok(None) };
    let backing =
        backing.map_err(|error| failed(format!("what {name} of backend {backend} stands on: {error}")))?;
    let disk = Disk {
        node: disk.slot.to_string(),
        file: PathBuf::new(),
        format: *format,
        backing: None,
        read_only: volume.read_only,
        bus: disk.bus,
        boot: disk.boot,
        serial: Some(volume.volume.to_string().chars().take(SERIAL).collect()),
        shared: volume.shared,
        encrypted: passphrase.is_some(),
    };
    let backing = backing.map(|(file, format)| (file.into(), format));
    Ok(OpenDisk { disk, file: file.into(), backing, passphrase: passphrase.map(Passphrase) })
}

/// The file below a qcow2 volume. What its header says is not asked: a guest may have got at that.
fn open_base(dir: &Path, name: &str) -> std::io::Result<Option<(File, DiskFormat)>> {
    for format in [DiskFormat::Raw, DiskFormat::Qcow2] {
        match open_file(&dir.join(base_of_volume(name, format)), true) {
            Ok(file) => return Ok(Some((file, format))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn open_file(path: &Path, read_only: bool) -> std::io::Result<File> {
    // a pipe in a file's place must not let us wait
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = File::options().read(true).write(!read_only).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no plain file"));
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::volumes::testing::volume;

    #[test]
    fn a_volume_is_found_in_its_backend_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let backends = BTreeMap::from([("fast".to_owned(), dir.path().to_owned())]);
        let mut disk = volume(1);
        let open = |disk: &DesiredDisk| open(&backends, disk, disk.volume().unwrap(), None);
        let error = open(&disk).unwrap_err();
        assert!(!error.is_final(), "it may come back: {error}");
        std::fs::write(dir.path().join("volume-1.raw"), "data").unwrap();
        let opened = open(&disk).unwrap();
        assert_eq!(opened.disk.serial.map(|serial| serial.len()), Some(SERIAL));
        let place = |disk: &mut DesiredDisk, of: &str, called: &str| {
            let kogge_node_api::DiskSource::Volume(volume) = &mut disk.source else { panic!("it is one") };
            volume.place = VolumePlace::File {
                backend: of.to_owned(),
                name: called.to_owned(),
                format: DiskFormat::Raw,
            };
        };
        std::os::unix::fs::symlink(dir.path().join("volume-1.raw"), dir.path().join("link")).unwrap();
        nix::unistd::mkfifo(&dir.path().join("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        for (backend, name) in [("fast", "link"), ("fast", "pipe"), ("slow", "volume-1.raw")] {
            place(&mut disk, backend, name);
            assert!(open(&disk).is_err(), "{backend} {name}");
        }
        place(&mut disk, "fast", "../volume-1.raw");
        assert!(open(&disk).unwrap_err().is_final());
    }
}
