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
use kogge_qemu::{Disk, OpenDisk, Passphrase, PoolImage, Secret};

use crate::config::VolumeBackend;

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
        VolumePlace::Rbd { pool, image, .. } if !is_volume_file(pool) || !is_volume_file(image) => {
            refused("has an image that none may be called")
        }
        VolumePlace::File { .. } | VolumePlace::Rbd { .. } => Ok(()),
        VolumePlace::Simulated => refused("is on a backend that this kind of host cannot open"),
    }
}

/// Opens a disk that is a volume. It may wait for the file system.
pub(crate) fn open(
    backends: &BTreeMap<String, VolumeBackend>,
    disk: &DesiredDisk,
    volume: &VolumeSource,
    passphrase: Option<String>,
) -> Result<OpenDisk, NodeError> {
    check(volume)?;
    let step = format!("opening volume {}", volume.volume);
    let failed = |because: String| NodeError::failed(&step, because);
    let mut open = OpenDisk {
        disk: described(disk, volume, passphrase.is_some()),
        file: None,
        backing: None,
        secrets: passphrase.map(|secret| (Secret::Container, Passphrase(secret))).into_iter().collect(),
    };
    match &volume.place {
        VolumePlace::File { backend, name, format } => {
            let Some(VolumeBackend::Files(dir)) = backends.get(backend) else {
                return Err(failed(format!("no backend {backend} is set up on this host")));
            };
            let file = open_file(&dir.join(name), volume.read_only);
            let file = file.map_err(|error| failed(format!("{name} of backend {backend}: {error}")))?;
            let below = if *format == DiskFormat::Qcow2 { open_base(dir, name) } else { Ok(None) };
            let below = below
                .map_err(|error| failed(format!("what {name} of backend {backend} stands on: {error}")))?;
            open.disk.format = *format;
            open.file = Some(file.into());
            open.backing = below.map(|(file, format)| (file.into(), format));
        }
        VolumePlace::Rbd { backend, pool, image } => {
            let Some(VolumeBackend::Ceph { conf, user, keyring }) = backends.get(backend) else {
                return Err(failed(format!("no backend {backend} is set up on this host")));
            };
            let key = cluster_key(keyring, user);
            let key = key.map_err(|error| failed(format!("the key of backend {backend}: {error}")))?;
            open.disk.pool = Some(PoolImage {
                conf: conf.clone(),
                user: user.clone(),
                pool: pool.clone(),
                image: image.clone(),
            });
            open.secrets.push((Secret::Cluster, Passphrase(key)));
        }
        VolumePlace::Simulated => {
            return Err(NodeError::Refused { because: format!("volume {} is nowhere", volume.volume) });
        }
    }
    Ok(open)
}

/// The disk as QEMU is told, but for where it is.
fn described(disk: &DesiredDisk, volume: &VolumeSource, encrypted: bool) -> Disk {
    Disk {
        node: disk.slot.to_string(),
        file: PathBuf::new(),
        pool: None,
        format: DiskFormat::Raw,
        backing: None,
        read_only: volume.read_only,
        bus: disk.bus,
        boot: disk.boot,
        serial: Some(volume.volume.to_string().chars().take(SERIAL).collect()),
        shared: volume.shared,
        encrypted,
        cdrom: false,
    }
}

/// The key of a user in a keyring as Ceph writes it. What is wrong with it is told without it.
fn cluster_key(keyring: &Path, user: &str) -> std::io::Result<String> {
    let text = std::fs::read_to_string(keyring)?;
    let wanted = format!("[client.{user}]");
    let lines = text.lines().map(str::trim).skip_while(|line| *line != wanted).skip(1);
    let own = lines.take_while(|line| !line.starts_with('['));
    let key = own.filter_map(|line| line.split_once('=')).find(|(name, _)| name.trim() == "key");
    let key = key.map(|(_, key)| key.trim().to_owned());
    let is_key = |key: &String| {
        let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=');
        (1..=1024).contains(&key.len()) && key.chars().all(good)
    };
    key.filter(is_key)
        .ok_or_else(|| std::io::Error::other(format!("{} has none of {wanted}", keyring.display())))
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
        let backends = BTreeMap::from([("fast".to_owned(), VolumeBackend::Files(dir.path().to_owned()))]);
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

    #[test]
    fn an_image_of_a_pool_comes_with_the_key_of_its_user_alone() {
        let dir = tempfile::tempdir().unwrap();
        let keyring = dir.path().join("keyring");
        let access = VolumeBackend::Ceph {
            conf: "/etc/ceph/ceph.conf".into(),
            user: "kogge".to_owned(),
            keyring: keyring.clone(),
        };
        let backends = BTreeMap::from([("ceph".to_owned(), access)]);
        let mut disk = volume(1);
        let kogge_node_api::DiskSource::Volume(source) = &mut disk.source else { panic!("it is one") };
        let rbd = |pool: &str, image: &str| VolumePlace::Rbd {
            backend: "ceph".to_owned(),
            pool: pool.to_owned(),
            image: image.to_owned(),
        };
        source.place = rbd("volumes", "volume-1");
        let mut source = source.clone();
        let error = open(&backends, &disk, &source, None).unwrap_err();
        assert!(!error.is_final(), "the key may come: {error}");
        std::fs::write(
            &keyring,
            "[client.admin]\n\tkey = AAAA==\n[client.kogge]\n\tkey = S0VZ+/==\n\tcaps = x\n",
        )
        .unwrap();
        let opened = open(&backends, &disk, &source, Some("pass".to_owned())).unwrap();
        let secrets: Vec<(Secret, &str)> =
            opened.secrets.iter().map(|(secret, text)| (*secret, text.0.as_str())).collect();
        assert_eq!(secrets, [(Secret::Container, "pass"), (Secret::Cluster, "S0VZ+/==")]);
        assert!(opened.disk.encrypted && opened.file.is_none());
        assert_eq!(opened.disk.pool.unwrap().image, "volume-1");
        for bad in [rbd("volumes", "a/b"), rbd("a@b", "volume-1"), rbd("volumes", "--help me")] {
            source.place = bad;
            assert!(open(&backends, &disk, &source, None).unwrap_err().is_final());
        }
    }
}
