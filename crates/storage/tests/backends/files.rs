//! Files, and what a crash, a full disk or a hundred tries at once make of them.

use std::collections::BTreeSet;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::Command;

use kogge_node_api::{Data, DiskCopy, DiskFormat, VolumePlace, base_of_volume};
use kogge_storage::{Backend, DiskId, ExportFormat, Origin, StorageError};

use crate::lab::{GIB, Lab, MIB, image, new, open, qemu_img, raw_image, snapshot, volume, with_word, word};

fn place_of(place: VolumePlace) -> (String, DiskFormat) {
    let VolumePlace::File { backend, name, format } = place else { panic!("it is a file") };
    assert_eq!(backend, "files");
    (name, format)
}

async fn file_of(lab: &Lab, id: DiskId) -> (String, DiskFormat) {
    let DiskId::Volume(id) = id else { panic!("it is a volume") };
    place_of(lab.files.place(id).await.unwrap())
}

#[tokio::test]
async fn a_directory_that_others_can_write_to_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("volumes");
    open(&place, DiskFormat::Raw).await.unwrap();
    assert_eq!(std::fs::metadata(&place).unwrap().permissions().mode() & 0o777, 0o700);
    std::fs::set_permissions(&place, std::fs::Permissions::from_mode(0o770)).unwrap();
    let error = open(&place, DiskFormat::Raw).await.err().unwrap().to_string();
    assert!(error.contains("chmod"), "{error}");
}

#[tokio::test]
async fn volumes_of_an_image_need_it_once_and_it_outlives_its_first() {
    for lab in Lab::both().await {
        let bytes = raw_image("hello from the image");
        let (one, other, shot) = (volume(), volume(), snapshot());
        for id in [one, other] {
            lab.files.create(new(id, GIB), image(&bytes, DiskFormat::Raw)).await.unwrap();
            assert_eq!(word(&lab.files, id).await, ("hello from the image".to_owned(), GIB));
        }
        let bases: Vec<_> = std::fs::read_dir(lab.volumes().join("bases")).unwrap().flatten().collect();
        assert_eq!(bases.len(), 1);
        let (name, format) = file_of(&lab, one).await;
        assert_eq!(format, lab.format);
        let seen = std::fs::metadata(lab.volumes().join(&name)).unwrap();
        assert_eq!(seen.permissions().mode() & 0o777, 0o600);
        assert!(seen.blocks() * 512 < 4 * MIB, "it is sparse");
        if lab.format == DiskFormat::Qcow2 {
            let base = std::fs::metadata(lab.volumes().join(base_of_volume(&name, DiskFormat::Raw))).unwrap();
            assert_eq!((base.ino(), base.nlink()), (bases[0].metadata().unwrap().ino(), 3));
        }
        lab.files.create(new(shot, GIB), Origin::Copy(one)).await.unwrap();
        lab.files.delete(one).await.unwrap();
        std::fs::remove_file(bases[0].path()).unwrap();
        for id in [other, shot] {
            assert_eq!(word(&lab.files, id).await.0, "hello from the image");
        }
        // several guests at once can only use plain bytes
        let DiskId::Volume(number) = other else { panic!("it is a volume") };
        lab.files.share(number).await.unwrap();
        assert_eq!(file_of(&lab, other).await.1, DiskFormat::Raw);
        assert_eq!(word(&lab.files, other).await, ("hello from the image".to_owned(), GIB));
        assert_eq!(lab.names().iter().filter(|name| name.contains(&number.to_string())).count(), 1);
        // another life of a copy, larger than it
        let third = volume();
        lab.files.create(new(third, 2 * GIB), Origin::Copy(shot)).await.unwrap();
        lab.files.extend(third, 3 * GIB).await.unwrap();
        lab.files.delete(shot).await.unwrap();
        assert_eq!(word(&lab.files, third).await, ("hello from the image".to_owned(), 3 * GIB));
        lab.files.delete(other).await.unwrap();
        lab.files.release(third).await.unwrap();
        assert_eq!(lab.names().len(), 1, "one file, which needs no other: {:?}", lab.names());
        let back = volume();
        let name = lab.names().remove(0);
        assert_eq!(lab.files.adopt(&name, back).await.unwrap().bytes, 3 * GIB);
        assert_eq!(word(&lab.files, back).await.0, "hello from the image");
    }
}

#[tokio::test]
async fn an_image_in_qcow2_becomes_a_volume() {
    for lab in Lab::both().await {
        let (raw, qcow2) = (lab.dir.path().join("raw"), lab.dir.path().join("qcow2"));
        std::fs::write(&raw, raw_image("packed")).unwrap();
        qemu_img(&["convert", "-O", "qcow2"], &[&raw, &qcow2], &[]);
        let bytes = std::fs::read(&qcow2).unwrap();
        let id = volume();
        lab.files.create(new(id, GIB), image(&bytes, DiskFormat::Qcow2)).await.unwrap();
        assert_eq!(word(&lab.files, id).await, ("packed".to_owned(), GIB));
        let small = lab.files.create(new(volume(), MIB / 2), image(&bytes, DiskFormat::Qcow2)).await;
        assert!(small.unwrap_err().for_tenants().contains("1 GiB"));
        assert_eq!(lab.files.disks().await.unwrap(), [id]);
    }
}

#[tokio::test]
async fn data_that_are_not_those_of_the_image_are_no_image() {
    for lab in Lab::both().await {
        let Origin::Image(mut head, data) = image(&raw_image("x"), DiskFormat::Raw) else {
            panic!("it is one")
        };
        head.digest = "0".repeat(128);
        assert!(lab.files.create(new(volume(), GIB), Origin::Image(head.clone(), data)).await.is_err());
        head.digest = "../../etc/passwd".to_owned();
        let Origin::Image(_, data) = image(&raw_image("x"), DiskFormat::Raw) else { panic!("it is one") };
        let refused = lab.files.create(new(volume(), GIB), Origin::Image(head, data)).await;
        assert!(refused.unwrap_err().is_final());
        assert_eq!(
            (lab.names().len(), std::fs::read_dir(lab.volumes().join("bases")).unwrap().count()),
            (0, 0)
        );
    }
}

#[tokio::test]
async fn what_a_node_copied_of_a_running_volume_becomes_a_disk() {
    for lab in Lab::both().await {
        let (raw, qcow2) = (lab.dir.path().join("raw"), lab.dir.path().join("qcow2"));
        std::fs::write(&raw, raw_image("live")).unwrap();
        qemu_img(&["convert", "-O", "qcow2"], &[&raw, &qcow2], &[]);
        let copy = || {
            let file = std::fs::File::open(&qcow2).unwrap();
            Origin::Live(DiskCopy { bytes: file.metadata().unwrap().len(), data: Data::File(file) })
        };
        let shot = snapshot();
        lab.files.create(new(shot, MIB), copy()).await.unwrap();
        assert_eq!(word(&lab.files, shot).await, ("live".to_owned(), MIB));
        assert!(lab.files.create(new(snapshot(), MIB / 2), copy()).await.unwrap_err().is_final());
        let cut = Origin::Live(DiskCopy { bytes: 5, data: Data::File(std::fs::File::open(&raw).unwrap()) });
        assert!(lab.files.create(new(snapshot(), MIB), cut).await.is_err());
        assert_eq!((lab.files.disks().await.unwrap(), lab.drafts()), (vec![shot], 0));
    }
}

#[tokio::test]
async fn an_export_is_what_it_says_and_has_no_name() {
    for lab in Lab::both().await {
        let id = volume();
        lab.files.create(new(id, 16 * MIB), with_word(16 * MIB, "exported")).await.unwrap();
        use ExportFormat::{Qcow2, Raw, Vdi, Vhd, Vhdx, Vmdk};
        for (format, called) in
            [(Raw, "raw"), (Qcow2, "qcow2"), (Vmdk, "vmdk"), (Vdi, "vdi"), (Vhdx, "vhdx"), (Vhd, "vpc")]
        {
            let copy = lab.files.export(id, format).await.unwrap();
            let Data::File(mut file) = copy.data else { panic!("it is a file") };
            assert_eq!((file.metadata().unwrap().nlink(), file.metadata().unwrap().len()), (0, copy.bytes));
            let (path, plain) = (lab.dir.path().join("exported"), lab.dir.path().join("plain"));
            std::io::copy(&mut file, &mut std::fs::File::create(&path).unwrap()).unwrap();
            qemu_img(&["convert", "-f", called, "-O", "raw"], &[&path, &plain], &[]);
            let bytes = std::fs::read(&plain).unwrap();
            assert_eq!(&bytes[4096..4104], b"exported", "{called}");
        }
        assert_eq!(lab.names().len(), 1);
    }
}

#[tokio::test]
async fn what_a_crash_left_half_made_is_gone_or_never_comes_to_light() {
    for mut lab in Lab::both().await {
        let id = volume();
        lab.files.create(new(id, GIB), with_word(GIB, "whole")).await.unwrap();
        let (name, _) = file_of(&lab, id).await;
        let stem = name.split_once('.').unwrap().0.to_owned();
        let put = |name: &str| std::fs::write(lab.volumes().join(name), "left over").unwrap();
        for left in
            [".draft-1", "bases/.draft-2", &format!("volume-{}.base.raw", kogge_ids::VolumeId::random())]
        {
            put(left);
        }
        lab.reopen().await;
        assert_eq!((lab.drafts(), lab.files.disks().await.unwrap()), (0, vec![id]));
        // the contents were to be replaced for the second time: the new ones are whole, the old ones are not gone
        lab.files.replace(new(id, GIB), with_word(GIB, "second")).await.unwrap();
        assert!(file_of(&lab, id).await.0.starts_with(&format!("{stem}.b.")));
        std::fs::write(lab.volumes().join(format!("{stem}.raw")), "left over").unwrap();
        assert_eq!(word(&lab.files, id).await.0, "second");
        lab.files.replace(new(id, GIB), with_word(GIB, "third")).await.unwrap();
        assert_eq!(word(&lab.files, id).await.0, "third");
        std::fs::write(lab.volumes().join(format!("{stem}.b.base.raw")), "left over").unwrap();
        lab.files.delete(id).await.unwrap();
        assert!(!lab.names().iter().any(|name| name.contains(&stem)), "{:?}", lab.names());
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_leaves_nothing() {
    if !nix::unistd::geteuid().is_root() {
        println!("skipped: a disk of its own needs root");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mount =
        |arguments: &[&str]| Command::new(arguments[0]).args(&arguments[1..]).arg(dir.path()).status();
    assert!(mount(&["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs"]).unwrap().success());
    for format in [DiskFormat::Raw, DiskFormat::Qcow2] {
        let files = open(&dir.path().join(format!("{format:?}")), format).await.unwrap();
        let id = volume();
        files.create(new(id, GIB), Origin::Blank).await.unwrap();
        let full = image(&vec![7; 16 << 20], DiskFormat::Raw);
        let error = files.create(new(volume(), GIB), full).await.unwrap_err();
        assert!(matches!(error, StorageError::Full { .. }), "{error}");
        let large = Origin::Contents(kogge_storage::Contents {
            bytes: GIB,
            extents: Box::pin(futures_util::stream::iter((0..16).map(|mib| {
                let data = bytes::Bytes::from(vec![7; 1 << 20]);
                Ok(kogge_storage::Extent { offset: mib << 20, data })
            }))),
        });
        let error = files.replace(new(id, GIB), large).await.unwrap_err();
        assert!(matches!(error, StorageError::Full { .. }), "{error}");
        assert_eq!(files.disks().await.unwrap(), [id]);
        assert_eq!(word(&files, id).await, (String::new(), GIB), "what was there is as it was");
        files.delete(id).await.unwrap();
    }
    assert!(mount(&["umount", "-l"]).unwrap().success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_volumes_of_an_image_at_once_are_a_hundred_volumes() {
    for lab in Lab::both().await {
        let bytes = raw_image("crowd");
        let ids: Vec<DiskId> = (0..100).map(|_| volume()).collect();
        let making = ids.iter().map(|id| lab.files.create(new(*id, 2 * MIB), image(&bytes, DiskFormat::Raw)));
        for made in futures_util::future::join_all(making).await {
            made.unwrap();
        }
        let all: BTreeSet<DiskId> = lab.files.disks().await.unwrap().into_iter().collect();
        assert_eq!(all, ids.iter().copied().collect());
        assert_eq!(word(&lab.files, ids[99]).await.0, "crowd");
        assert_eq!(lab.drafts(), 0);
    }
}
