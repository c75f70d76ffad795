//! Volumes as the backend of files makes them, in guests: what one writes, the other keeps.

use bytes::Bytes;
use futures_util::StreamExt as _;
use kogge_ids::VolumeId;
use kogge_node_api::{
    Data, DesiredDisk, DiskFormat, ImageHead, InstanceState, Node, NodeError, Power, VolumePlace,
};
use kogge_storage::{Backend, Contents, DiskId, FilesBackend, Layout, NewDisk, Origin, Passphrase};
use sha2::{Digest as _, Sha512};

use crate::lab::{Lab, next};
use crate::tiny;
use crate::volumes::{SECRET, attachment, contains, holds, source, talkative, tells, volume, with};

const MIB: u64 = 1 << 20;

async fn backend(lab: &Lab, format: DiskFormat) -> FilesBackend {
    use std::os::unix::fs::PermissionsExt as _;
    let dir = lab.path("volumes");
    std::fs::set_permissions(&dir, std::fs::Permissions::from_mode(0o700)).unwrap();
    FilesBackend::open("files", &dir, Layout { format }).await.unwrap()
}

fn image(bytes: &[u8]) -> Origin {
    let digest = hex::encode(Sha512::digest(bytes));
    let head = ImageHead { digest, bytes: bytes.len() as u64, format: DiskFormat::Raw };
    let data = Bytes::copy_from_slice(bytes);
    Origin::Image(head, Data::Stream(futures_util::stream::iter([Ok(data)]).boxed()))
}

/// Makes a volume, and the disk that it is for a guest.
async fn make(files: &FilesBackend, size_mib: u64, locked: bool, origin: Origin) -> (DiskId, DesiredDisk) {
    let id = VolumeId::random();
    let passphrase = locked.then(|| Passphrase::new(SECRET.to_owned()));
    files
        .create(NewDisk { id: DiskId::Volume(id), bytes: size_mib * MIB, passphrase }, origin)
        .await
        .unwrap();
    (DiskId::Volume(id), disk(files, id, size_mib, locked).await)
}

async fn disk(files: &FilesBackend, id: VolumeId, size_mib: u64, locked: bool) -> DesiredDisk {
    let mut disk = volume("x", DiskFormat::Raw, size_mib);
    let of = source(&mut disk);
    (of.volume, of.place) = (id, files.place(id).await.unwrap());
    of.passphrase = locked.then(|| SECRET.to_owned());
    disk
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_boot_from_volumes_of_every_kind_and_from_copies_of_running_ones() {
    for (format, locked) in [(DiskFormat::Raw, false), (DiskFormat::Qcow2, false), (DiskFormat::Raw, true)] {
        let Some(lab) = Lab::open().await else { return };
        let files = backend(&lab, format).await;
        let (id, mut root) = make(&files, 2, locked, image(&tiny::waiting())).await;
        root.boot = Some(1);
        let mut web = lab.server(b"");
        web.disks = vec![root.clone()];
        let seen = lab.make(&web).await;
        assert_eq!(
            (seen.state, seen.fault.as_ref(), holds(&seen)),
            (InstanceState::Running, None, vec![(attachment(&root), Some(2))])
        );
        lab.says(web.id, "tiny login: ", 1).await;
        // a snapshot of it as it runs, and a volume of that
        let live = lab.node().export_disk(web.id, &root.slot).await.unwrap();
        let shot = DiskId::Snapshot(kogge_ids::VolumeSnapshotId::random());
        let passphrase = locked.then(|| Passphrase::new(SECRET.to_owned()));
        files.create(NewDisk { id: shot, bytes: 2 * MIB, passphrase }, Origin::Live(live)).await.unwrap();
        let (_, mut copy) = make(&files, 4, locked, Origin::Copy(shot)).await;
        copy.boot = Some(1);
        let mut child = lab.server(b"");
        child.disks = vec![copy.clone()];
        assert_eq!(holds(&lab.make(&child).await), [(attachment(&copy), Some(4))]);
        lab.says(child.id, "tiny login: ", 1).await;
        // stopped, it is the backend's again: it grows there, and is backed up
        lab.make(&next(&web, Power::Stopped)).await;
        files.extend(id, 8 * MIB).await.unwrap();
        let contents: Contents = files.read(id).await.unwrap();
        assert!(contents.bytes >= 8 * MIB);
        let mut larger = next(&next(&web, Power::Stopped), Power::Running);
        larger.disks[0].size_mib = 8;
        assert_eq!(holds(&lab.make(&larger).await), [(attachment(&root), Some(8))]);
        lab.says(web.id, "tiny login: ", 2).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_volume_is_open_in_two_guests_and_another_only_in_one() {
    let Some(lab) = Lab::open().await else { return };
    let files = backend(&lab, DiskFormat::Raw).await;
    let (one, other) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&one).await;
    lab.make(&other).await;
    let (id, first) = make(&files, 4, false, Origin::Blank).await;
    let DiskId::Volume(id) = id else { panic!("it is a volume") };
    let second = disk(&files, id, 4, false).await;
    lab.make(&with(&one, &[&first])).await;
    lab.apply(with(&other, &[&second])).await.unwrap();
    // nobody gets it twice by mistake
    let seen = lab.reached(&with(&other, &[&second])).await;
    let told = seen.deferred.as_ref().unwrap().to_string();
    assert!(told.contains("lock") && holds(&seen) == [(attachment(&second), None)], "{told}");
    let (_, mut first) = make(&files, 4, false, Origin::Blank).await;
    let mut second = disk(&files, first.volume().unwrap().volume, 4, false).await;
    (source(&mut first).shared, source(&mut second).shared) = (true, true);
    let (one, other) =
        (next(&with(&one, &[]), Power::Stopped), with(&next(&other, Power::Running), &[&second]));
    lab.make(&one).await;
    let both = [(with(&one, &[&first]), first), (other, second)];
    for (server, disk) in both {
        let seen = lab.make(&server).await;
        assert_eq!((seen.deferred.as_ref(), holds(&seen)), (None, vec![(attachment(&disk), Some(4))]));
    }
    // a format that two guests would tear is refused
    let (_, mut torn) = make(&backend(&lab, DiskFormat::Qcow2).await, 4, false, Origin::Blank).await;
    source(&mut torn).shared = true;
    let mut third = lab.server(&tiny::waiting());
    third.disks.push(torn);
    assert!(matches!(lab.apply(third).await, Err(NodeError::Refused { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_linux_writes_to_an_encrypted_volume_is_nowhere_in_clear_and_another_guest_reads_it() {
    let (Some(web), Some(other)) = (talkative(), talkative()) else { return };
    let Some(lab) = Lab::open_patient().await else { return };
    let files = backend(&lab, DiskFormat::Raw).await;
    let (id, mut first) = make(&files, 8, true, Origin::Blank).await;
    let DiskId::Volume(number) = id else { panic!("it is a volume") };
    // what is read of a new container is noise: the guest writes where it finds nothing
    let zeros = lab.path("zeros");
    std::fs::write(&zeros, vec![0; 8 << 20]).unwrap();
    files
        .replace(
            NewDisk { id, bytes: 8 * MIB, passphrase: Some(Passphrase::new(SECRET.to_owned())) },
            image(&std::fs::read(zeros).unwrap()),
        )
        .await
        .unwrap();
    source(&mut first).place = files.place(number).await.unwrap();
    lab.make(&web).await;
    lab.says(web.id, "disks: ", 1).await;
    let serial = format!("serial={}", &number.to_string()[..20]);
    let now = with(&web, &[&first]);
    lab.make(&now).await;
    tells(&lab, &web, &serial, |line| line.contains("head=written-by-guest")).await;
    assert_eq!(holds(&lab.make(&with(&now, &[])).await), []);
    let VolumePlace::File { name, .. } = files.place(number).await.unwrap() else { panic!("it is a file") };
    assert!(!contains(&std::fs::read(lab.path("volumes").join(name)).unwrap(), b"written-by-guest"));
    let mut again = disk(&files, number, 8, true).await;
    source(&mut again).read_only = true;
    let mut second = with(&other, &[&again]);
    second.metadata.user_data = Some(
        String::from_utf8(other.metadata.user_data.clone().unwrap())
            .unwrap()
            .replace(" && [ $(cat $d/ro) = 0 ]", " && [ -n \"$(cat $d/serial 2>/dev/null)\" ]")
            .into_bytes(),
    );
    lab.make(&second).await;
    tells(&lab, &second, &serial, |line| line.contains("head=written-by-guest")).await;
}
