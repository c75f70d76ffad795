//! Encrypted disks: containers, in which nobody reads without the passphrase.

use kogge_node_api::{Data, DiskCopy, DiskFormat};
use kogge_storage::{Backend, DiskId, ExportFormat, Origin};

use crate::lab::{
    GIB, Lab, MIB, SECRET, contains, image, locked, new, qemu_img, raw_image, snapshot, volume, with_word,
};

/// What a container has for whoever knows its passphrase.
fn open(lab: &Lab, container: &std::path::Path) -> Vec<u8> {
    let plain = lab.dir.path().join("plain");
    let object = format!("secret,id=key,data={SECRET}");
    let source = format!("driver=luks,key-secret=key,file.filename={}", container.display());
    qemu_img(&["convert", "--object", &object, "--image-opts", &source, "-O", "raw"], &[&plain], &[]);
    std::fs::read(plain).unwrap()
}

fn file(lab: &Lab, id: DiskId) -> std::path::PathBuf {
    let name = lab.names().into_iter().find(|name| name.starts_with(&id.to_string())).unwrap();
    assert!(name.ends_with(".luks"), "{name}");
    lab.volumes().join(name)
}

#[tokio::test]
async fn nothing_in_clear_is_in_the_file_and_all_is_there_with_the_passphrase() {
    for lab in Lab::both().await {
        let word = "a word that nobody else may read";
        let (id, blank, shot) = (volume(), volume(), snapshot());
        lab.files.create(locked(blank, 4 * MIB), Origin::Blank).await.unwrap();
        lab.files.create(locked(id, 2 * MIB), image(&raw_image(word), DiskFormat::Raw)).await.unwrap();
        lab.files.create(locked(shot, 2 * MIB), Origin::Copy(id)).await.unwrap();
        for id in [id, shot] {
            assert!(!contains(&std::fs::read(file(&lab, id)).unwrap(), word.as_bytes()));
            let plain = open(&lab, &file(&lab, id));
            assert_eq!((&plain[4096..4096 + word.len()], plain.len() as u64), (word.as_bytes(), 2 * MIB));
        }
        assert_eq!(open(&lab, &file(&lab, blank)).len() as u64, 4 * MIB);
        // it grows by what is asked, not by its header too
        lab.files.extend(id, 3 * MIB).await.unwrap();
        assert_eq!(open(&lab, &file(&lab, id)).len() as u64, 3 * MIB);
        let larger = volume();
        lab.files.create(locked(larger, 5 * MIB), Origin::Copy(id)).await.unwrap();
        assert_eq!(open(&lab, &file(&lab, larger)).len() as u64, 5 * MIB);
        // a plain volume that shall be encrypted from now on
        let plain = volume();
        lab.files.create(new(plain, MIB), with_word(MIB, word)).await.unwrap();
        lab.files.replace(locked(plain, MIB), Origin::Copy(plain)).await.unwrap();
        assert!(!contains(&std::fs::read(file(&lab, plain)).unwrap(), word.as_bytes()));
        assert_eq!(&open(&lab, &file(&lab, plain))[4096..4100], b"a wo");
    }
}

#[tokio::test]
async fn a_container_stays_one_through_backup_export_and_a_copy_of_its_node() {
    for lab in Lab::both().await {
        let (id, back, live) = (volume(), volume(), snapshot());
        lab.files.create(locked(id, MIB), image(&raw_image("locked"), DiskFormat::Raw)).await.unwrap();
        let contents = lab.files.read(id).await.unwrap();
        assert!(contents.bytes > MIB, "it is the container");
        lab.files.create(locked(back, 2 * MIB), Origin::Contents(contents)).await.unwrap();
        assert_eq!(open(&lab, &file(&lab, back)).len() as u64, 2 * MIB);
        let Data::File(mut exported) = lab.files.export(id, ExportFormat::Vmdk).await.unwrap().data else {
            panic!("it is a file")
        };
        let (container, packed) = (lab.dir.path().join("container"), lab.dir.path().join("packed"));
        std::io::copy(&mut exported, &mut std::fs::File::create(&container).unwrap()).unwrap();
        assert_eq!(std::fs::read(&container).unwrap(), std::fs::read(file(&lab, id)).unwrap());
        qemu_img(&["convert", "-f", "raw", "-O", "qcow2"], &[&container, &packed], &[]);
        let packed = std::fs::File::open(packed).unwrap();
        let copy = DiskCopy { bytes: packed.metadata().unwrap().len(), data: Data::File(packed) };
        lab.files.create(locked(live, MIB), Origin::Live(copy)).await.unwrap();
        for id in [back, live] {
            assert_eq!(&open(&lab, &file(&lab, id))[4096..4102], b"locked");
        }
        // what is no container does not become one by being called so
        assert!(lab.files.create(locked(volume(), GIB), with_word(MIB, "plain")).await.is_err());
    }
}
