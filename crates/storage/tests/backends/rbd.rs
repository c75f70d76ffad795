//! A pool of Ceph, where `KOGGE_TEST_CEPH` names the directory of a cluster that `scripts/ceph start` made.

use std::path::{Path, PathBuf};
use std::process::Command;

use kogge_ids::VolumeId;
use kogge_node_api::{Data, DiskCopy, DiskFormat, VolumePlace};
use kogge_storage::{Backend, DiskId, ExportFormat, Feature, Origin, RbdBackend, RbdSettings, StorageError};

use crate::lab::{
    GIB, MIB, SECRET, contains, image, locked, new, qemu_img, raw_image, snapshot, volume, with_word, word,
};

struct Ceph {
    dir: tempfile::TempDir,
    cluster: PathBuf,
    pool: String,
    backend: RbdBackend,
}

impl Ceph {
    /// A pool of its own; none where there is no cluster.
    async fn start() -> Option<Self> {
        let Some(cluster) = std::env::var_os("KOGGE_TEST_CEPH").map(PathBuf::from) else {
            println!("skipped: KOGGE_TEST_CEPH is not set");
            return None;
        };
        let dir = tempfile::tempdir().unwrap();
        let pool = format!("test-{}", VolumeId::random().uuid().simple());
        let backend = open(&cluster, &pool, dir.path()).await;
        let ceph = Self { dir, cluster, pool: pool.clone(), backend };
        ceph.admin("ceph", &["osd", "pool", "create", &pool, "4"]);
        ceph.admin("rbd", &["pool", "init", &pool]);
        Some(ceph)
    }

    /// What a tool answers to the administrator.
    fn admin(&self, program: &str, arguments: &[&str]) -> String {
        let mut command = Command::new(program);
        command.arg("--conf").arg(self.cluster.join("ceph.conf"));
        command.arg("--keyring").arg(self.cluster.join("admin.keyring")).args(arguments);
        let out = command.output().unwrap();
        assert!(out.status.success(), "{program} {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap()
    }

    fn names(&self) -> Vec<String> {
        self.admin("rbd", &["ls", &self.pool]).lines().map(str::to_owned).collect()
    }

    fn parent_of(&self, id: DiskId) -> Option<String> {
        let name = self.names().into_iter().find(|name| name.starts_with(&id.to_string())).unwrap();
        let info = self.admin("rbd", &["info", "--format", "json", &format!("{}/{name}", self.pool)]);
        let info: serde_json::Value = serde_json::from_str(&info).unwrap();
        info["parent"]["image"].as_str().map(str::to_owned)
    }

    /// All that is stored of a disk.
    async fn bytes(&self, id: DiskId) -> Vec<u8> {
        let copy = self.backend.export(id, ExportFormat::Raw).await.unwrap();
        let Data::File(mut file) = copy.data else { panic!("it is a file") };
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut file, &mut bytes).unwrap();
        bytes
    }

    /// What a container has for whoever knows its passphrase.
    async fn open(&self, id: DiskId) -> Vec<u8> {
        let (container, plain) = (self.dir.path().join("container"), self.dir.path().join("plain"));
        std::fs::write(&container, self.bytes(id).await).unwrap();
        let object = format!("secret,id=key,data={SECRET}");
        let source = format!("driver=luks,key-secret=key,file.filename={}", container.display());
        qemu_img(&["convert", "--object", &object, "--image-opts", &source, "-O", "raw"], &[&plain], &[]);
        std::fs::read(plain).unwrap()
    }
}

impl Drop for Ceph {
    fn drop(&mut self) {
        let gone = ["osd", "pool", "rm", &self.pool, &self.pool, "--yes-i-really-really-mean-it"];
        let _ = Command::new("ceph")
            .arg("--conf")
            .arg(self.cluster.join("ceph.conf"))
            .arg("--keyring")
            .arg(self.cluster.join("admin.keyring"))
            .args(gone)
            .output();
    }
}

async fn open(cluster: &Path, pool: &str, dir: &Path) -> RbdBackend {
    let settings = RbdSettings {
        name: "ceph".to_owned(),
        pool: pool.to_owned(),
        conf: cluster.join("ceph.conf"),
        user: "admin".to_owned(),
        keyring: cluster.join("admin.keyring"),
        scratch: dir.join("scratch"),
    };
    RbdBackend::open(settings).await.unwrap()
}

#[tokio::test]
async fn ceph_behaves_as_every_backend() {
    let Some(ceph) = Ceph::start().await else { return };
    crate::suite::behaves(&ceph.backend).await;
    let left: Vec<String> = ceph.names().into_iter().filter(|name| name.starts_with("draft")).collect();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(ceph.admin("rbd", &["trash", "ls", &ceph.pool]), "", "nothing is left of what is gone");
    let files = std::fs::read_dir(ceph.dir.path().join("scratch")).unwrap();
    assert_eq!(files.count(), 0, "nothing that passed through is left");
}

#[tokio::test]
async fn volumes_of_an_image_are_clones_that_outlive_what_they_stand_on() {
    let Some(ceph) = Ceph::start().await else { return };
    let (bytes, backend) = (raw_image("hello from the image"), &ceph.backend);
    let (one, other, shot, third) = (volume(), volume(), snapshot(), volume());
    for id in [one, other] {
        backend.create(new(id, GIB), image(&bytes, DiskFormat::Raw)).await.unwrap();
        assert_eq!(word(backend, id).await, ("hello from the image".to_owned(), GIB));
    }
    let bases: Vec<String> = ceph.names().into_iter().filter(|name| name.starts_with("base-")).collect();
    assert_eq!(bases.len(), 1);
    assert_eq!(ceph.parent_of(one), Some(bases[0].clone()));
    backend.create(new(shot, GIB), Origin::Copy(one)).await.unwrap();
    assert_eq!(ceph.parent_of(shot), Some(one.to_string()));
    backend.delete(one).await.unwrap();
    backend.create(new(third, 2 * GIB), Origin::Copy(shot)).await.unwrap();
    backend.delete(shot).await.unwrap();
    assert_eq!(word(backend, third).await, ("hello from the image".to_owned(), 2 * GIB));
    assert_ne!(ceph.admin("rbd", &["trash", "ls", &ceph.pool]), "", "they are needed still");
    let DiskId::Volume(number) = other else { panic!("it is a volume") };
    backend.share(number).await.unwrap();
    let place = backend.place(number).await.unwrap();
    let wanted =
        VolumePlace::Rbd { backend: "ceph".to_owned(), pool: ceph.pool.clone(), image: other.to_string() };
    assert_eq!(place, wanted);
    let shared = ceph.admin("rbd", &["info", &format!("{}/{other}", ceph.pool)]);
    assert!(!shared.contains("exclusive-lock"), "{shared}");
    backend.release(third).await.unwrap();
    assert_eq!(ceph.admin("rbd", &["trash", "ls", &ceph.pool]), "", "it needs no other any more");
}

#[tokio::test]
async fn a_long_chain_of_copies_becomes_a_whole_one() {
    let Some(ceph) = Ceph::start().await else { return };
    let mut last = volume();
    ceph.backend.create(new(last, MIB), with_word(MIB, "far")).await.unwrap();
    let mut whole = 0;
    for _ in 0..8 {
        let next = volume();
        ceph.backend.create(new(next, MIB), Origin::Copy(last)).await.unwrap();
        whole += usize::from(ceph.parent_of(next).is_none());
        // what lies in the trash is a link as well
        ceph.backend.delete(last).await.unwrap();
        last = next;
    }
    assert_eq!((word(&ceph.backend, last).await.0, whole), ("far".to_owned(), 1));
}

#[tokio::test]
async fn images_and_copies_of_nodes_are_what_they_say_or_nothing() {
    let Some(ceph) = Ceph::start().await else { return };
    let backend = &ceph.backend;
    let (raw, qcow2) = (ceph.dir.path().join("raw"), ceph.dir.path().join("qcow2"));
    std::fs::write(&raw, raw_image("packed")).unwrap();
    qemu_img(&["convert", "-O", "qcow2"], &[&raw, &qcow2], &[]);
    let (packed, id, shot) = (std::fs::read(&qcow2).unwrap(), volume(), snapshot());
    backend.create(new(id, GIB), image(&packed, DiskFormat::Qcow2)).await.unwrap();
    assert_eq!(word(backend, id).await, ("packed".to_owned(), GIB));
    // the same bytes said to be another format are another image
    let plain = volume();
    backend.create(new(plain, GIB), image(&packed, DiskFormat::Raw)).await.unwrap();
    assert_eq!(&ceph.bytes(plain).await[..4], b"QFI\xfb");
    let small = backend.create(new(volume(), MIB / 2), image(&packed, DiskFormat::Qcow2)).await;
    assert!(small.unwrap_err().for_tenants().contains("1 GiB"));
    let Origin::Image(mut head, data) = image(&raw_image("x"), DiskFormat::Raw) else { panic!("it is one") };
    head.digest = "0".repeat(128);
    assert!(backend.create(new(volume(), GIB), Origin::Image(head, data)).await.is_err());
    let copy = || {
        let file = std::fs::File::open(&qcow2).unwrap();
        Origin::Live(DiskCopy { bytes: file.metadata().unwrap().len(), data: Data::File(file) })
    };
    backend.create(new(shot, MIB), copy()).await.unwrap();
    assert_eq!(word(backend, shot).await, ("packed".to_owned(), MIB));
    let secret = ceph.dir.path().join("secret");
    std::fs::write(&secret, vec![b's'; 1 << 20]).unwrap();
    let trick = ceph.dir.path().join("trick");
    let name = secret.to_string_lossy().into_owned();
    qemu_img(&["create", "-q", "-f", "qcow2", "-F", "raw", "-b", &name], &[&trick], &[]);
    let bytes = std::fs::read(&trick).unwrap();
    let refused = backend.create(new(volume(), GIB), image(&bytes, DiskFormat::Qcow2)).await;
    assert!(refused.unwrap_err().is_final());
    let mut disks = backend.disks().await.unwrap();
    let mut wanted = vec![id, shot, plain];
    disks.sort();
    wanted.sort();
    assert_eq!(disks, wanted, "what failed left nothing");
}

#[tokio::test]
async fn encrypted_disks_are_containers_and_stay_so() {
    let Some(ceph) = Ceph::start().await else { return };
    let (backend, text) = (&ceph.backend, "a word that nobody else may read");
    let (id, blank, shot, plain, back) = (volume(), volume(), snapshot(), volume(), volume());
    backend.create(locked(blank, 4 * MIB), Origin::Blank).await.unwrap();
    backend.create(locked(id, 2 * MIB), image(&raw_image(text), DiskFormat::Raw)).await.unwrap();
    backend.create(locked(shot, 2 * MIB), Origin::Copy(id)).await.unwrap();
    backend.create(new(plain, MIB), with_word(MIB, text)).await.unwrap();
    backend.replace(locked(plain, MIB), Origin::Copy(plain)).await.unwrap();
    let contents = backend.read(id).await.unwrap();
    backend.create(locked(back, 3 * MIB), Origin::Contents(contents)).await.unwrap();
    for (id, bytes) in [(id, 2 * MIB), (shot, 2 * MIB), (plain, MIB), (back, 3 * MIB)] {
        assert!(!contains(&ceph.bytes(id).await, text.as_bytes()));
        let open = ceph.open(id).await;
        assert_eq!((&open[4096..4096 + text.len()], open.len() as u64), (text.as_bytes(), bytes));
    }
    backend.extend(blank, 5 * MIB).await.unwrap();
    assert_eq!(ceph.open(blank).await.len() as u64, 5 * MIB);
    assert!(backend.create(locked(volume(), GIB), with_word(MIB, "plain")).await.is_err());
}

#[tokio::test]
async fn exports_are_what_they_say() {
    let Some(ceph) = Ceph::start().await else { return };
    let id = volume();
    ceph.backend.create(new(id, 16 * MIB), with_word(16 * MIB, "exported")).await.unwrap();
    for (format, called) in
        [(ExportFormat::Raw, "raw"), (ExportFormat::Qcow2, "qcow2"), (ExportFormat::Vmdk, "vmdk")]
    {
        let copy = ceph.backend.export(id, format).await.unwrap();
        let Data::File(mut file) = copy.data else { panic!("it is a file") };
        let (path, plain) = (ceph.dir.path().join("exported"), ceph.dir.path().join("plain"));
        std::io::copy(&mut file, &mut std::fs::File::create(&path).unwrap()).unwrap();
        qemu_img(&["convert", "-f", called, "-O", "raw"], &[&path, &plain], &[]);
        assert_eq!(&std::fs::read(&plain).unwrap()[4096..4104], b"exported", "{called}");
    }
}

#[tokio::test]
async fn what_is_not_plain_or_in_use_is_not_taken_over() {
    let Some(ceph) = Ceph::start().await else { return };
    let at = |name: &str| format!("{}/{name}", ceph.pool);
    for name in ["good", "with-snapshot", "parent"] {
        ceph.admin("rbd", &["create", "--size", "4", &at(name)]);
    }
    ceph.admin("rbd", &["create", "--size", "1000B", &at("odd")]);
    ceph.admin("rbd", &["snap", "create", &at("with-snapshot@mine")]);
    ceph.admin("rbd", &["snap", "create", &at("parent@mine")]);
    ceph.admin("rbd", &["clone", "--rbd-default-clone-format", "2", &at("parent@mine"), &at("clone")]);
    let ours = volume();
    ceph.backend.create(new(ours, MIB), Origin::Blank).await.unwrap();
    let listed = ceph.backend.foreign().await.unwrap();
    let good: Vec<&str> =
        listed.iter().filter(|one| one.obstacle.is_none()).map(|one| one.name.as_str()).collect();
    assert_eq!((good, listed.len()), (vec!["good"], 5));
    let ours = ours.to_string();
    for name in ["with-snapshot", "parent", "clone", "odd", &ours, "a/b", "good@mine", "--help", ""] {
        let error = ceph.backend.adopt(name, volume()).await.unwrap_err();
        assert!(matches!(error, StorageError::Refused { .. }), "{name}: {error}");
    }
    assert_eq!(ceph.backend.adopt("good", volume()).await.unwrap().bytes, 4 * MIB);
}

#[tokio::test]
async fn a_hundred_volumes_of_one_image_at_once_take_it_once() {
    let Some(ceph) = Ceph::start().await else { return };
    let bytes = raw_image("one");
    let tries = (0..100).map(|_| async {
        let id = volume();
        ceph.backend.create(new(id, MIB), image(&bytes, DiskFormat::Raw)).await.map(|()| id)
    });
    let made = futures_util::future::try_join_all(tries).await.unwrap();
    assert_eq!(ceph.backend.disks().await.unwrap().len(), made.len());
    let others = ceph.names().into_iter().filter(|name| !name.starts_with("volume-")).count();
    assert_eq!(others, 1, "{:?}", ceph.names());
}

#[tokio::test]
async fn facts_are_those_of_the_pool_and_a_silent_cluster_is_told() {
    let Some(ceph) = Ceph::start().await else { return };
    let facts = ceph.backend.facts().await.unwrap();
    assert!(facts.total_bytes >= facts.free_bytes && facts.free_bytes > GIB);
    let nature = ceph.backend.nature();
    assert_eq!(
        (nature.features, nature.protocol),
        (vec![Feature::CheapCopies], "ceph"),
        "one copy on one machine"
    );
    let nowhere = open(Path::new("/nonexistent"), &ceph.pool, ceph.dir.path()).await;
    assert!(nowhere.facts().await.is_err());
    let other = open(&ceph.cluster, "no-such-pool", ceph.dir.path()).await;
    assert!(other.create(new(volume(), MIB), Origin::Blank).await.is_err());
}
