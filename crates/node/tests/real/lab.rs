//! A node in a directory of its own, that can be dropped and opened again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use kogge_dataplane::{Dataplane, DataplaneConfig, HostSide};
use kogge_ids::{ImageId, ServerId};
use kogge_node::{MetadataBook, NoWiring, NodeConfig, Patience, QemuNode, UserRange, VolumeBackend, Wiring};
use kogge_node_api::{
    Data, DesiredDisk, DesiredInstance, DesiredNetworking, DiskBus, DiskFormat, DiskSource, Epoch, Firmware,
    GuestMetadata, ImageHead, ImageSource, InstanceState, NetworkingChange, Node, NodeError,
    ObservedInstance, Power, Slot,
};
use kogge_qemu::{AccelSetting, FoundGuest, find_guests};
use sha2::{Digest as _, Sha512};
use tokio_util::io::StreamReader;

/// So long nothing may move before a test gives up. A boot is slow on a busy machine, but it moves.
const STANDSTILL: Duration = Duration::from_secs(180);

pub(crate) struct Lab {
    dir: tempfile::TempDir,
    node: Option<QemuNode>,
    patience: Patience,
    wiring: Wires,
    /// The data plane of the present node, where it is a real one.
    dataplane: Mutex<Option<Dataplane>>,
    /// Whom guests run as from the next agent on.
    pub(crate) users: UserRange,
    /// Whose node it is from the next agent on.
    pub(crate) cloud: Option<kogge_ids::CloudId>,
    /// Whether it is on a disk of its own.
    small: bool,
}

/// What the lab's node is wired with.
enum Wires {
    Given(Arc<dyn Wiring>),
    /// The real data plane under this prefix.
    Dataplane(String),
}

impl Drop for Lab {
    /// No guest outlives its test.
    fn drop(&mut self) {
        self.node = None;
        for guest in self.guests() {
            guest.process.kill();
        }
        if self.small {
            let _ = std::process::Command::new("umount").arg("-l").arg(self.dir.path()).status();
        }
        if let Wires::Dataplane(prefix) = &self.wiring {
            let folder = std::fs::read_dir("/run/netns").into_iter().flatten().flatten();
            let names = folder.filter_map(|entry| entry.file_name().into_string().ok());
            for name in names.filter(|name| name == prefix || name.starts_with(&format!("{prefix}-"))) {
                let _ = std::process::Command::new("ip").args(["netns", "del", &name]).status();
            }
        }
    }
}

impl Lab {
    /// A lab with an open node; `None` where there is no QEMU.
    pub(crate) async fn open() -> Option<Self> {
        Self::with_wiring(Arc::new(NoWiring)).await
    }

    /// A lab that waits for guests which hear the power button, however busy the machine is.
    pub(crate) async fn open_patient() -> Option<Self> {
        let long = Duration::from_secs(600);
        let patience = patient(long);
        Self::made(Wires::Given(Arc::new(NoWiring)), patience, None).await
    }

    /// A lab on a disk of so many MiB of its own; `None` without root.
    pub(crate) async fn open_on_small_disk(mib: u32) -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            println!("skipped: a disk of its own needs root");
            return None;
        }
        Self::made(Wires::Given(Arc::new(NoWiring)), patient(Duration::from_secs(2)), Some(mib)).await
    }

    /// A lab that waits for guests which hear, but only this long for a volume.
    pub(crate) async fn open_for_volumes(unplug: Duration) -> Option<Self> {
        let patience = Patience { unplug, ..patient(Duration::from_secs(600)) };
        Self::made(Wires::Given(Arc::new(NoWiring)), patience, None).await
    }

    /// A patient lab with real networking in namespaces of its own; `None` without root.
    pub(crate) async fn open_networked() -> Option<Self> {
        Self::open_networked_with(Duration::from_secs(600)).await
    }

    /// The same; a guest that does not let go of an interface is waited for this long.
    pub(crate) async fn open_networked_with(unplug: Duration) -> Option<Self> {
        if std::process::Command::new("nft").arg("--version").output().is_err()
            || !nix::unistd::geteuid().is_root()
        {
            println!("skipped: networking needs root and nftables");
            return None;
        }
        static NEXT: AtomicU32 = AtomicU32::new(0);
        // tests of one process may run at once
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("kn{}-{number}", std::process::id());
        let made =
            std::process::Command::new("ip").args(["netns", "add", &format!("{prefix}-host")]).status();
        assert!(made.unwrap().success());
        let long = Duration::from_secs(600);
        let patience = Patience { unplug, ..patient(long) };
        Self::made(Wires::Dataplane(prefix), patience, None).await
    }

    /// A lab for guests that are deaf to the power button.
    pub(crate) async fn with_wiring(wiring: Arc<dyn Wiring>) -> Option<Self> {
        let short = Duration::from_secs(2);
        let patience = Patience { press_again: Duration::from_secs(1), ..patient(short) };
        Self::made(Wires::Given(wiring), patience, None).await
    }

    async fn made(wiring: Wires, patience: Patience, small: Option<u32>) -> Option<Self> {
        let there = |program: &str| std::process::Command::new(program).arg("--version").output().is_ok();
        if !there("qemu-system-x86_64") || !there("qemu-img") {
            println!("skipped: QEMU is not installed");
            return None;
        }
        let users = UserRange::default();
        let mut lab = Self {
            dir: tempfile::tempdir().unwrap(),
            node: None,
            patience,
            wiring,
            users,
            cloud: None,
            dataplane: Mutex::default(),
            small: small.is_some(),
        };
        if let Some(mib) = small {
            let size = format!("size={mib}m");
            let mount = std::process::Command::new("mount")
                .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
                .arg(lab.dir.path())
                .status();
            assert!(mount.unwrap().success());
        }
        std::fs::create_dir(lab.path("volumes")).unwrap();
        lab.node = Some(lab.open_node().await);
        Some(lab)
    }

    async fn open_node(&self) -> QemuNode {
        self.try_open().await.unwrap()
    }

    /// Opens another node, if it can be opened.
    pub(crate) async fn try_open(&self) -> Result<QemuNode, NodeError> {
        let mut config = NodeConfig::new("lab", self.dir.path().join("data"));
        config.backends = BTreeMap::from([("files".to_owned(), VolumeBackend::Files(self.path("volumes")))]);
        if let Some(cluster) = std::env::var_os("KOGGE_TEST_CEPH").map(PathBuf::from) {
            let access = VolumeBackend::Ceph {
                conf: cluster.join("ceph.conf"),
                user: "kogge".to_owned(),
                keyring: cluster.join("kogge.keyring"),
            };
            config.backends.insert("ceph".to_owned(), access);
        }
        config.engine.accel = AccelSetting::Tcg;
        config.patience = self.patience;
        config.users = self.users;
        // containers may have no such users; whether guests have users of their own is a test of its own
        config.guests_as_root = true;
        config.cloud = self.cloud;
        let book = MetadataBook::default();
        let wiring = match &self.wiring {
            Wires::Given(wiring) => Arc::clone(wiring),
            Wires::Dataplane(prefix) => Arc::new(self.open_dataplane(prefix, &book).await),
        };
        QemuNode::open(config, wiring, book).await
    }

    async fn open_dataplane(&self, prefix: &str, book: &MetadataBook) -> Dataplane {
        let host = HostSide { namespace: Some(format!("{prefix}-host")), ..HostSide::default() };
        let data_dir = self.path("network");
        std::fs::create_dir_all(&data_dir).unwrap();
        let metadata = Arc::new(book.clone());
        let config = DataplaneConfig { prefix: prefix.to_owned(), data_dir, host, metadata };
        let opened = Dataplane::open(config).await.unwrap();
        *self.dataplane.lock().unwrap() = Some(opened.clone());
        opened
    }

    /// The agent vanishes as if killed.
    pub(crate) fn close(&mut self) {
        self.node = None;
        self.dataplane.lock().unwrap().take();
    }

    /// The agent vanishes as if killed and another one is opened; `meanwhile` happens in between.
    pub(crate) async fn restart(&mut self, meanwhile: impl FnOnce(&Self)) {
        self.close();
        meanwhile(self);
        self.node = Some(self.open_node().await);
    }

    /// Begins the names of the namespaces of a networked lab.
    pub(crate) fn prefix(&self) -> Option<&str> {
        match &self.wiring {
            Wires::Dataplane(prefix) => Some(prefix),
            Wires::Given(_) => None,
        }
    }

    pub(crate) fn node(&self) -> &QemuNode {
        self.node.as_ref().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn instance_dir(&self, id: ServerId) -> PathBuf {
        self.path("data/instances").join(id.to_string())
    }

    /// A tap of a port, as the node would get it.
    pub(crate) async fn tap(&self, port: kogge_ids::PortId) -> std::os::fd::OwnedFd {
        let dataplane = self.dataplane.lock().unwrap().clone();
        dataplane.unwrap().plug(port).await.unwrap()
    }

    /// Whether the node sees a guest behind the `number`th port of this networking. It answers in an order of its own.
    pub(crate) async fn is_up(&self, networking: &DesiredNetworking, number: usize) -> bool {
        let change = NetworkingChange::whole(1, networking.clone());
        let seen = self.node().apply_networking(Epoch::FIRST, change).await.unwrap();
        let port = networking.ports[number].id;
        seen.ports.iter().find(|seen| seen.id == port).unwrap().up
    }

    /// Waits until the first port is up, or is not.
    pub(crate) async fn until_port(&self, networking: &DesiredNetworking, up: bool) {
        let begun = Instant::now();
        while self.is_up(networking, 0).await != up {
            assert!(begun.elapsed() < STANDSTILL, "waited in vain for the port to be up: {up}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Every QEMU of this lab.
    pub(crate) fn guests(&self) -> Vec<FoundGuest> {
        find_guests(&self.path("data/instances"))
    }

    /// A server of an image with these bytes.
    pub(crate) fn server(&self, image: &[u8]) -> DesiredInstance {
        let path = self.path(&format!("image-{}", ImageId::random()));
        std::fs::write(&path, image).unwrap();
        desired(root(&path, DiskFormat::Raw, 0))
    }

    pub(crate) async fn see(&self, id: ServerId) -> Option<ObservedInstance> {
        self.node().observe().await.unwrap().into_iter().find(|instance| instance.id == id)
    }

    pub(crate) async fn console(&self, id: ServerId) -> String {
        String::from_utf8_lossy(&self.node().console_output(id, None).await.unwrap()).into_owned()
    }

    /// Waits until the observation is as wanted, for as long as something moves.
    pub(crate) async fn until(
        &self,
        id: ServerId,
        what: &str,
        wanted: impl Fn(Option<&ObservedInstance>) -> bool,
    ) -> Option<ObservedInstance> {
        let mut moved = (Instant::now(), None, 0);
        loop {
            let now = self.see(id).await;
            if wanted(now.as_ref()) {
                return now;
            }
            let console = self.node().console_output(id, None).await.map_or(0, |log| log.len());
            if (moved.1.as_ref(), moved.2) != (now.as_ref(), console) {
                moved = (Instant::now(), now, console);
            }
            assert!(moved.0.elapsed() < STANDSTILL, "waited in vain for: {what}; it is {:?}", moved.1);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Waits until `desired` is reached.
    pub(crate) async fn reached(&self, desired: &DesiredInstance) -> ObservedInstance {
        let generation = desired.generation;
        let seen = self.until(desired.id, "the generation", |o| o.is_some_and(|o| o.reached == generation));
        seen.await.unwrap()
    }

    pub(crate) async fn in_state(&self, id: ServerId, state: InstanceState) -> ObservedInstance {
        self.until(id, &format!("{state:?}"), |o| o.is_some_and(|o| o.state == state)).await.unwrap()
    }

    pub(crate) async fn gone(&self, id: ServerId) {
        self.until(id, "the removal", |o| o.is_none()).await;
        assert!(self.node().remove(Epoch::FIRST, id, i64::MAX).await.unwrap());
        assert!(!self.instance_dir(id).exists());
    }

    /// Waits until the console says `text` this often.
    pub(crate) async fn says(&self, id: ServerId, text: &str, times: usize) {
        let mut moved = (Instant::now(), 0);
        loop {
            let console = self.console(id).await;
            if console.matches(text).count() >= times {
                return;
            }
            if moved.1 != console.len() {
                moved = (Instant::now(), console.len());
            }
            assert!(moved.0.elapsed() < STANDSTILL, "waited in vain for {text:?} in:\n{console}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Applies, and hands over the images that the instance waits for.
    pub(crate) async fn apply(&self, desired: DesiredInstance) -> Result<ObservedInstance, NodeError> {
        let seen = self.node().apply(Epoch::FIRST, desired).await?;
        for image in &seen.lacks {
            self.hand_over(image).await;
        }
        Ok(seen)
    }

    /// Hands an image over, as the cloud does.
    pub(crate) async fn hand_over(&self, image: &ImageSource) {
        let digest = image.digest.clone().unwrap();
        let path = IMAGES.lock().unwrap()[&digest].clone();
        let bytes = std::fs::metadata(&path).unwrap().len();
        let head = ImageHead { digest, bytes, format: image.format };
        let data = Data::File(std::fs::File::open(path).unwrap());
        self.node().put_image(Epoch::FIRST, head, data).await.unwrap();
    }

    /// A copy of the disk of an instance, and where it is.
    pub(crate) async fn picture(&self, id: ServerId, name: &str) -> Result<PathBuf, NodeError> {
        let copy = self.node().export_disk(id, &Slot::root()).await?;
        let path = self.path(name);
        let mut file = tokio::fs::File::create(&path).await.unwrap();
        let mut data = StreamReader::new(copy.data.into_stream());
        let bytes = tokio::io::copy(&mut data, &mut file).await.unwrap();
        file.sync_all().await.unwrap();
        assert_eq!(bytes, copy.bytes);
        Ok(path)
    }

    /// Applies and waits until it is reached.
    pub(crate) async fn make(&self, desired: &DesiredInstance) -> ObservedInstance {
        self.apply(desired.clone()).await.unwrap();
        self.reached(desired).await
    }
}

/// What tells a disk from another one in its place: number and birth of its file.
pub(crate) fn identity(lab: &Lab, id: ServerId) -> (u64, std::time::SystemTime) {
    use std::os::unix::fs::MetadataExt;
    let file = std::fs::metadata(lab.instance_dir(id).join("root.qcow2")).unwrap();
    (file.ino(), file.created().unwrap())
}

fn patient(limit: Duration) -> Patience {
    let press_again = Duration::from_secs(10);
    Patience { power_down: limit, soft_reboot: limit, unplug: limit, press_again }
}

pub(crate) fn next(of: &DesiredInstance, power: Power) -> DesiredInstance {
    DesiredInstance { generation: of.generation + 1, power, ..of.clone() }
}

/// A server of the real test guest; `None` where there is no such image.
pub(crate) fn real_guest() -> Option<DesiredInstance> {
    let Some(path) = std::env::var_os("KOGGE_GUEST_IMAGE") else {
        println!("skipped: KOGGE_GUEST_IMAGE does not name the test guest's image");
        return None;
    };
    let root = root(Path::new(&path), DiskFormat::Qcow2, 1024);
    Some(DesiredInstance { memory_mib: 256, config_drive: true, ..desired(root) })
}

/// Where the data of images are, by their digest.
static IMAGES: Mutex<BTreeMap<String, PathBuf>> = Mutex::new(BTreeMap::new());

/// A root disk made from this file.
pub(crate) fn root(path: &Path, format: DiskFormat, size_mib: u64) -> DesiredDisk {
    let digest = hex::encode(Sha512::digest(std::fs::read(path).unwrap()));
    IMAGES.lock().unwrap().insert(digest.clone(), path.to_owned());
    let source = DiskSource::Image(ImageSource { image: ImageId::random(), digest: Some(digest), format });
    DesiredDisk { slot: Slot::root(), source, size_mib, bus: DiskBus::Virtio, boot: Some(1), made: false }
}

fn desired(root: DesiredDisk) -> DesiredInstance {
    let id = ServerId::random();
    DesiredInstance {
        id,
        generation: 1,
        power: Power::Running,
        reboot: None,
        interrupt: 0,
        vcpus: 1,
        memory_mib: 64,
        disks: vec![root],
        nics: Vec::new(),
        config_drive: false,
        firmware: Firmware::Bios,
        hardware: Default::default(),
        metadata: GuestMetadata {
            server: id,
            name: "Web 1".to_owned(),
            hostname: "web-1".to_owned(),
            project_id: "p".repeat(32),
            availability_zone: "nova".to_owned(),
            meta: BTreeMap::new(),
            keys: Vec::new(),
            user_data: Some(b"#!/bin/sh\necho user-data-was-here > /dev/ttyS0\n".to_vec()),
            admin_password: None,
            launch_index: 0,
            flavor: "small".to_owned(),
            image: String::new(),
            network_data: r#"{"links":[],"networks":[],"services":[]}"#.to_owned(),
            random_seed: None,
            files: Vec::new(),
        },
    }
}
