//! Disks that were made to lead to other files of the host.

use kogge_node_api::{Data, DiskCopy, DiskFormat};
use kogge_storage::{Backend, DiskId, Origin, StorageError};

use crate::lab::{GIB, Lab, MIB, image, new, qemu_img, volume};

/// Files that no volume may become, by their names.
fn put_tricks(lab: &Lab) -> Vec<String> {
    let secret = lab.dir.path().join("secret");
    std::fs::write(&secret, vec![b's'; 1 << 20]).unwrap();
    let at = |name: &str| lab.volumes().join(name);
    let secret_name = secret.to_string_lossy().into_owned();
    qemu_img(&["create", "-q", "-f", "qcow2", "-F", "raw", "-b", &secret_name], &[&at("backing.raw")], &[]);
    let data = format!("data_file={secret_name},data_file_raw=on");
    qemu_img(&["create", "-q", "-f", "qcow2", "-o", &data], &[&at("data-file")], &["1M"]);
    qemu_img(&["create", "-q", "-f", "vmdk"], &[&at("sparse.vmdk")], &["1M"]);
    let flat = format!(
        "# Disk DescriptorFile\nversion=1\ncreateType=\"monolithicFlat\"\nRW 2048 FLAT \"{secret_name}\" 0\n"
    );
    std::fs::write(at("flat.raw"), format!("{flat:\0<1024}")).unwrap();
    for (format, name) in [("vdi", "a.vdi"), ("vhdx", "a.vhdx"), ("vpc", "a.vhd"), ("qed", "a.qed")] {
        qemu_img(&["create", "-q", "-f", format], &[&at(name)], &["64M"]);
    }
    std::fs::write(at("odd"), "no disk").unwrap();
    std::fs::write(at("empty"), "").unwrap();
    // the tool emptied it
    std::fs::write(&secret, vec![b's'; 1 << 20]).unwrap();
    std::os::unix::fs::symlink(&secret, at("link")).unwrap();
    std::fs::hard_link(&secret, at("twice")).unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    nix::unistd::mkfifo(&at("pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    [
        "backing.raw",
        "data-file",
        "sparse.vmdk",
        "flat.raw",
        "a.vdi",
        "a.vhdx",
        "a.vhd",
        "a.qed",
        "odd",
        "empty",
    ]
    .into_iter()
    .chain(["link", "twice", "folder", "pipe"])
    .map(str::to_owned)
    .collect()
}

#[tokio::test]
async fn no_disk_that_leads_elsewhere_is_taken_over() {
    for lab in Lab::both().await {
        let ours = volume();
        lab.files.create(new(ours, MIB), Origin::Blank).await.unwrap();
        let ours_name = lab.names().remove(0);
        let tricks = put_tricks(&lab);
        for name in &tricks {
            let error = lab.files.adopt(name, volume()).await.unwrap_err();
            assert!(error.is_final(), "{name}: {error}");
        }
        let places = ["../secret", "/etc/passwd", "bases", "", ".", "..", "a/b", ".draft-1", &ours_name];
        for name in places {
            let error = lab.files.adopt(name, volume()).await.unwrap_err();
            assert!(matches!(error, StorageError::Refused { .. }), "{name}: {error}");
        }
        // and what is listed says why
        let listed = lab.files.foreign().await.unwrap();
        assert!(listed.iter().all(|one| one.obstacle.is_some()), "{listed:?}");
        assert!(listed.iter().all(|one| one.name != ours_name) && listed.len() >= 9);
        assert_eq!(lab.files.disks().await.unwrap(), [ours]);
        // a whole one is taken, whatever it is called
        qemu_img(&["create", "-q", "-f", "qcow2"], &[&lab.volumes().join("good.raw")], &["3M"]);
        std::fs::write(lab.volumes().join("plain.qcow2"), vec![1; 1 << 20]).unwrap();
        for (name, bytes) in [("good.raw", 3 * MIB), ("plain.qcow2", MIB)] {
            assert_eq!(lab.files.adopt(name, volume()).await.unwrap().bytes, bytes);
        }
        let endings: Vec<String> =
            lab.names().into_iter().filter(|name| name.starts_with("volume-")).collect();
        assert_eq!(endings.len(), 3);
        assert!(std::fs::read(lab.dir.path().join("secret")).unwrap() == vec![b's'; 1 << 20]);
    }
}

#[tokio::test]
async fn no_image_that_leads_elsewhere_becomes_a_volume() {
    for lab in Lab::both().await {
        put_tricks(&lab);
        for name in ["backing.raw", "data-file", "sparse.vmdk", "flat.raw"] {
            let bytes = std::fs::read(lab.volumes().join(name)).unwrap();
            let refused = lab.files.create(new(volume(), GIB), image(&bytes, DiskFormat::Qcow2)).await;
            assert!(refused.unwrap_err().is_final(), "{name}");
            // a raw image is plain bytes, whatever they look like
            let id = volume();
            lab.files.create(new(id, GIB), image(&bytes, DiskFormat::Raw)).await.unwrap();
            let first = lab.files.read(id).await.unwrap();
            assert_eq!(first.bytes, GIB);
            lab.files.delete(id).await.unwrap();
            let file = std::fs::File::open(lab.volumes().join(name)).unwrap();
            let copy = DiskCopy { bytes: bytes.len() as u64, data: Data::File(file) };
            assert!(lab.files.create(new(volume(), GIB), Origin::Live(copy)).await.is_err(), "{name}");
        }
        assert_eq!(lab.files.disks().await.unwrap(), []);
    }
}

/// As a guest that broke out of its QEMU could write it: it has the file open.
#[tokio::test]
async fn a_header_that_was_tampered_with_is_not_followed() {
    for lab in Lab::both().await {
        put_tricks(&lab);
        for name in ["backing.raw", "data-file"] {
            let id = volume();
            std::fs::copy(lab.volumes().join(name), lab.volumes().join(format!("{id}.qcow2"))).unwrap();
            let DiskId::Volume(_) = id else { panic!("it is a volume") };
            let read = lab.files.read(id).await;
            if let Ok(contents) = read {
                use futures_util::TryStreamExt as _;
                let extents: Vec<kogge_storage::Extent> = contents.extents.try_collect().await.unwrap();
                assert!(extents.iter().all(|extent| !extent.data.contains(&b's')), "{name} was followed");
            }
            let copied = lab.files.export(id, kogge_storage::ExportFormat::Raw).await;
            if let Ok(DiskCopy { data: Data::File(mut file), .. }) = copied {
                let mut bytes = Vec::new();
                std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
                assert!(!bytes.contains(&b's'), "{name} was followed");
            }
        }
    }
}
