//! Volumes that are images of Ceph, in guests. `KOGGE_TEST_CEPH` names the directory of a cluster that `scripts/ceph start`
//! made; QEMU needs its driver (`qemu-block-extra`).

use std::path::PathBuf;

use kogge_ids::{VolumeId, VolumeSnapshotId};
use kogge_node_api::{Data, DesiredDisk, DiskFormat, Epoch, ImageHead, InstanceState, Node, Power};
use kogge_storage::{Backend, DiskId, NewDisk, Origin, Passphrase, RbdBackend, RbdSettings};
use sha2::{Digest as _, Sha512};

use crate::lab::{Lab, next};
use crate::tiny;
use crate::volumes::{SECRET, attachment, contains, holds, source, talkative, tells, volume, with};

const MIB: u64 = 1 << 20;

async fn backend(lab: &Lab) -> Option<RbdBackend> {
    let Some(cluster) = std::env::var_os("KOGGE_TEST_CEPH").map(PathBuf::from) else {
        println!("skipped: KOGGE_TEST_CEPH is not set");
        return None;
    };
    let settings = RbdSettings {
        name: "ceph".to_owned(),
        pool: "kogge".to_owned(),
        conf: cluster.join("ceph.conf"),
        user: "kogge".to_owned(),
        keyring: cluster.join("kogge.keyring"),
        scratch: lab.path("scratch"),
    };
    Some(RbdBackend::open(settings).await.unwrap())
}

fn image(bytes: &[u8]) -> Origin {
    use futures_util::StreamExt as _;
    let digest = hex::encode(Sha512::digest(bytes));
    let head = ImageHead { digest, bytes: bytes.len() as u64, format: DiskFormat::Raw };
    let data = bytes::Bytes::copy_from_slice(bytes);
    Origin::Image(head, Data::Stream(futures_util::stream::iter([Ok(data)]).boxed()))
}

fn new(id: DiskId, size_mib: u64, locked: bool) -> NewDisk {
    NewDisk { id, bytes: size_mib * MIB, passphrase: locked.then(|| Passphrase::new(SECRET.to_owned())) }
}

async fn disk(ceph: &RbdBackend, id: VolumeId, size_mib: u64, locked: bool) -> DesiredDisk {
    let mut disk = volume("x", DiskFormat::Raw, size_mib);
    let of = source(&mut disk);
    (of.volume, of.place) = (id, ceph.place(id).await.unwrap());
    of.passphrase = locked.then(|| SECRET.to_owned());
    disk
}

/// Makes a volume, and the disk that it is for a guest.
async fn make(ceph: &RbdBackend, size_mib: u64, locked: bool, origin: Origin) -> (VolumeId, DesiredDisk) {
    let id = VolumeId::random();
    ceph.create(new(DiskId::Volume(id), size_mib, locked), origin).await.unwrap();
    (id, disk(ceph, id, size_mib, locked).await)
}

#[tokio::test(flavor = "multi_thread")]
async fn guests_boot_from_ceph_and_from_a_snapshot_of_a_running_one() {
    for locked in [false, true] {
        let Some(lab) = Lab::open().await else { return };
        let Some(ceph) = backend(&lab).await else { return };
        let (id, mut root) = make(&ceph, 2, locked, image(&tiny::waiting())).await;
        root.boot = Some(1);
        let mut web = lab.server(b"");
        web.disks = vec![root.clone()];
        let seen = lab.make(&web).await;
        assert_eq!(
            (seen.state, seen.fault.as_ref(), holds(&seen)),
            (InstanceState::Running, None, vec![(attachment(&root), Some(2))])
        );
        lab.says(web.id, "tiny login: ", 1).await;
        let live = lab.node().export_disk(web.id, &root.slot).await.unwrap();
        let shot = DiskId::Snapshot(VolumeSnapshotId::random());
        ceph.create(new(shot, 2, locked), Origin::Live(live)).await.unwrap();
        let (copied, mut copy) = make(&ceph, 4, locked, Origin::Copy(shot)).await;
        copy.boot = Some(1);
        let mut child = lab.server(b"");
        child.disks = vec![copy.clone()];
        assert_eq!(holds(&lab.make(&child).await), [(attachment(&copy), Some(4))]);
        lab.says(child.id, "tiny login: ", 1).await;
        // stopped, it is the backend's again, and grows there
        lab.make(&next(&web, Power::Stopped)).await;
        ceph.extend(DiskId::Volume(id), 8 * MIB).await.unwrap();
        let mut larger = next(&next(&web, Power::Stopped), Power::Running);
        larger.disks[0].size_mib = 8;
        assert_eq!(holds(&lab.make(&larger).await), [(attachment(&root), Some(8))]);
        lab.says(web.id, "tiny login: ", 2).await;
        for server in [larger.id, child.id] {
            lab.node().remove(Epoch::FIRST, server, i64::MAX).await.unwrap();
            lab.gone(server).await;
        }
        for disk in [DiskId::Volume(copied), shot, DiskId::Volume(id)] {
            ceph.delete(disk).await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_linux_writes_to_ceph_outlives_detaching_growing_and_going_back_to_a_snapshot() {
    let (Some(web), Some(other)) = (talkative(), talkative()) else { return };
    let Some(lab) = Lab::open_patient().await else { return };
    let Some(ceph) = backend(&lab).await else { return };
    let (id, first) = make(&ceph, 8, false, Origin::Blank).await;
    lab.make(&web).await;
    lab.says(web.id, "disks: ", 1).await;
    let serial = format!("serial={}", &id.to_string()[..20]);
    let mut now = with(&web, &[&first]);
    lab.make(&now).await;
    tells(&lab, &web, &serial, |line| line.contains("head=written-by-guest")).await;
    // it grows while the guest has it
    now = next(&now, Power::Running);
    now.disks.last_mut().unwrap().size_mib = 16;
    assert_eq!(holds(&lab.make(&now).await), [(attachment(&first), Some(16))]);
    assert_eq!(holds(&lab.make(&with(&now, &[])).await), []);
    // a snapshot, something else on the volume, and back
    let shot = DiskId::Snapshot(VolumeSnapshotId::random());
    ceph.create(new(shot, 16, false), Origin::Copy(DiskId::Volume(id))).await.unwrap();
    ceph.replace(new(DiskId::Volume(id), 16, false), Origin::Blank).await.unwrap();
    ceph.replace(new(DiskId::Volume(id), 16, false), Origin::Copy(shot)).await.unwrap();
    let copy = ceph.export(DiskId::Volume(id), kogge_storage::ExportFormat::Raw).await.unwrap();
    let Data::File(mut file) = copy.data else { panic!("it is a file") };
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
    assert!(bytes.len() as u64 == 16 * MIB && contains(&bytes, b"written-by-guest"));
    let again = disk(&ceph, id, 16, false).await;
    let second = with(&other, &[&again]);
    lab.make(&second).await;
    tells(&lab, &second, &serial, |line| line.contains("head=written-by-guest")).await;
    for server in [web.id, other.id] {
        lab.node().remove(Epoch::FIRST, server, i64::MAX).await.unwrap();
        lab.gone(server).await;
    }
    for disk in [shot, DiskId::Volume(id)] {
        ceph.delete(disk).await.unwrap();
    }
}
