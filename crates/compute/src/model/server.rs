//! A server: what was asked for (intent), where it was put (placed), and what is (observed).
//!
//! Three writers, three sets of columns, never mixed: the request path writes [`Intent`] and what the user named,
//! `place_servers` writes [`Placed`], `converge_servers` and `reap_servers` write [`Observed`]. Every change of the
//! intent raises its generation; a node that reached a generation has made all of it true.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use kogge_clock::Timestamp;
use kogge_ids::{AttachmentId, ImageId, PortId, ProjectId, ServerId, UserId, VolumeId};
use kogge_node_api::{DiskBus, DiskFormat, Firmware, Hardware, HeldVolume, InstanceState};
use serde::{Deserialize, Serialize};

use crate::model::flavor::Shape;
use crate::model::hardware::Made;
use crate::model::keypair::ServerKey;

/// A server.
#[derive(Debug, Clone, PartialEq)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Whose it is.
    pub project: ProjectId,
    /// Who made it.
    pub user: UserId,
    /// Display name.
    pub name: String,
    /// Host name of the guest.
    pub hostname: String,
    /// A word for people.
    pub description: Option<String>,
    /// What it is made of.
    pub shape: Shape,
    /// The image that its disk was made from; nothing where it boots from a volume.
    pub image: Option<BootedImage>,
    /// What else was said when it was made.
    pub spec: Spec,
    /// The user's key-value pairs.
    pub metadata: BTreeMap<String, String>,
    /// Tags, sorted.
    pub tags: Vec<String>,
    /// Network interfaces in the guest's order.
    pub nics: Vec<Nic>,
    /// Volumes in the guest's order.
    pub volumes: Vec<ServerVolume>,
    /// Who locked it.
    pub lock: Option<Lock>,
    /// An address that the user wants shown.
    pub access_v4: Option<Ipv4Addr>,
    /// An address that the user wants shown.
    pub access_v6: Option<Ipv6Addr>,
    /// What should be.
    pub intent: Intent,
    /// Where it runs.
    pub placed: Placed,
    /// What is.
    pub observed: Observed,
    /// When it was made.
    pub created_at: Timestamp,
    /// When anything changed last.
    pub updated_at: Timestamp,
    /// When the last of it was gone.
    pub deleted_at: Option<Timestamp>,
    /// Rises with every save; a save of an older one is refused.
    pub version: i64,
}

/// What a list without details shows of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: ServerId,
    /// Its name.
    pub name: String,
}

/// The image that a server's disk was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BootedImage {
    /// Its id.
    pub id: ImageId,
    /// Its properties at that time.
    pub properties: BTreeMap<String, String>,
}

/// What a server keeps of the image that its root disk is made from, as it was when the server was made or rebuilt:
/// the image may be changed or deleted afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BirthDisk {
    /// What the image's file is.
    pub format: DiskFormat,
    /// How the disk is attached.
    pub bus: DiskBus,
    /// What the guest starts from.
    pub firmware: Firmware,
    /// Bytes of the disk that the image describes, where known.
    pub virtual_size: Option<i64>,
    /// SHA-512 of the image's data in hex.
    pub digest: Option<String>,
    /// The image, where it is another one than the server names: one that came back from the shelf has its own picture.
    #[serde(default)]
    pub image: Option<ImageId>,
}

impl Default for BirthDisk {
    /// For servers of a version that kept nothing and whose image is gone.
    fn default() -> Self {
        Self {
            format: DiskFormat::Qcow2,
            bus: DiskBus::Virtio,
            firmware: Firmware::Bios,
            virtual_size: None,
            digest: None,
            image: None,
        }
    }
}

/// What was said when the server was made and seldom changes. Stored as one JSON column.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spec {
    /// The key for the guest.
    pub key: Option<ServerKey>,
    /// User data in base64, as it came.
    pub user_data: Option<String>,
    /// Its empty disks, where it asked for others than those of its flavor.
    #[serde(default)]
    pub local: LocalDisks,
    /// Files for the guest, before 2.57.
    #[serde(default)]
    pub files: Vec<InjectedFile>,
    /// Whether the guest gets a config drive.
    pub config_drive: bool,
    /// The administrator's password, sealed ([`crate::Seal`]); forgotten as soon as the guest has it.
    #[serde(default)]
    pub sealed_password: Option<String>,
    /// The zone that was asked for.
    pub zone: Option<String>,
    /// The host that an admin asked for.
    pub host: Option<String>,
    /// Scheduler hints as they came.
    pub hints: Option<serde_json::Map<String, serde_json::Value>>,
    /// The same for all servers of one request: `r-…`.
    pub reservation_id: String,
    /// Number of this server in its request, from 0.
    pub launch_index: u32,
    /// `OS-DCF:diskConfig` is `AUTO`.
    pub auto_disk_config: bool,
    /// Root disk in GiB as it is now: it grows with a resize and never shrinks.
    pub root_gib: u64,
    /// Random bytes for the guest, base64. A secret.
    pub random_seed: String,
    /// What it keeps of its image; nothing where a version made it that kept nothing.
    #[serde(default)]
    pub disk: Option<BirthDisk>,
    /// How its machine is made; as versions before made it, where one of them made the server.
    #[serde(default)]
    pub hardware: Hardware,
    /// What the volume says that it boots from, as an image does.
    #[serde(default)]
    pub volume_properties: BTreeMap<String, String>,
}

/// Empty disks that a server has instead of those of its flavor.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalDisks {
    /// Sizes in GiB; none for the one of the flavor. One without size is as large as the flavor's.
    pub ephemeral: Vec<Option<u64>>,
    /// Size of its swap in MiB; nothing for that of the flavor.
    pub swap: Option<u64>,
}

impl LocalDisks {
    /// Sizes of the ephemeral disks in GiB, and of the swap in MiB, on this shape.
    #[must_use]
    pub fn on(&self, shape: &Shape) -> (Vec<u64>, u64) {
        let sizes = self.ephemeral.iter().map(|size| size.unwrap_or(shape.ephemeral_gib));
        let ephemeral = if self.ephemeral.is_empty() { vec![shape.ephemeral_gib] } else { sizes.collect() };
        (ephemeral, self.swap.unwrap_or(shape.swap_mib))
    }
}

/// A file for a guest, `personality` in the API.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InjectedFile {
    /// Where the guest is to put it.
    pub path: String,
    /// Its content in base64. A secret, as user data are.
    pub contents: String,
}

impl Spec {
    /// Forgets what only the guest needed: a deleted server has none.
    pub fn forget_secrets(&mut self) {
        self.user_data = None;
        self.files = Vec::new();
        self.sealed_password = None;
        self.random_seed = String::new();
        self.hints = None;
    }
}

impl std::fmt::Debug for Spec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // user data, password and seed are secrets: never in a log
        f.debug_struct("Spec").field("zone", &self.zone).field("host", &self.host).finish_non_exhaustive()
    }
}

/// A network interface of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nic {
    /// Its port.
    pub port: PortId,
    /// Made by compute, so gone with the server; a port that the user made stays.
    pub own: bool,
    /// A word by which the guest may know it.
    pub tag: Option<String>,
}

/// A volume of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerVolume {
    /// The volume.
    pub volume: VolumeId,
    /// The tie between both, which the volume service keeps.
    pub attachment: AttachmentId,
    /// What the guest's disk is called, to its owner: `/dev/vdb`.
    pub device: String,
    /// The guest boots from it.
    pub root: bool,
    /// It is deleted with the server.
    pub delete: bool,
    /// A word by which the guest may know it.
    pub tag: Option<String>,
}

/// A volume that was taken away, and is held until the node says that the guest has it no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeavingVolume {
    /// The volume.
    pub volume: VolumeId,
    /// The tie between both.
    pub attachment: AttachmentId,
}

/// A lock against changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lock {
    /// An admin's lock is not opened by the owner.
    pub by_admin: bool,
    /// Why; since microversion 2.73.
    pub reason: Option<String>,
}

/// What should be. Written by requests only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// Rises with every change.
    pub generation: i64,
    /// When it rose last, in microseconds; deadlines count from here.
    pub asked_at: i64,
    /// What the last change was, in words for the user while it goes on.
    pub doing: Doing,
    /// Running, stopped, paused or suspended.
    pub power: Power,
    /// Number of the newest reboot or start.
    pub boot: i64,
    /// Whether the newest one may ask the guest first.
    pub soft: bool,
    /// Number of the root disk; a new number is a new disk.
    pub disk: i64,
    /// The shape before a resize that waits to be confirmed.
    pub resized_from: Option<Shape>,
    /// Number and image of the newest snapshot.
    pub snapshot: Option<Snapshot>,
    /// Ports of interfaces that were taken away: the server holds them until a node says that the guest has them no
    /// more, and gives them back then. Those of an older generation are given back already.
    #[serde(default)]
    pub leaving: Vec<PortId>,
    /// Volumes that were taken away; see [`LeavingVolume`].
    #[serde(default)]
    pub leaving_volumes: Vec<LeavingVolume>,
    /// It is on the shelf.
    #[serde(default)]
    pub shelf: Option<Shelf>,
    /// The newest snapshot is a backup, and older ones go.
    #[serde(default)]
    pub backup: Option<Backup>,
    /// It boots from another disk, so that its own can be mended.
    #[serde(default)]
    pub rescue: Option<Rescue>,
    /// Number of the newest interrupt.
    #[serde(default)]
    pub interrupt: i64,
    /// It came from another host, which is still to let go of it.
    #[serde(default)]
    pub moving: Option<Moving>,
    /// The host to which a resize that is reverted goes back, where it is another one.
    #[serde(default)]
    pub resized_on: Option<String>,
    /// It was deleted, and can be brought back until then, in microseconds.
    #[serde(default)]
    pub reclaim_at: Option<i64>,
    /// An admin called it broken.
    pub called_broken: bool,
    /// It should be gone.
    pub gone: bool,
}

/// A picture of the root disk that is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Rises by one with every snapshot of this server.
    pub number: i64,
    /// The image that it becomes.
    pub image: ImageId,
}

/// The disk from which a server is rescued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rescue {
    /// The image that it is made from.
    pub image: ImageId,
    /// What the image is.
    pub disk: BirthDisk,
    /// The server's own disks stay where they are, and this one comes after them.
    pub stable: bool,
}

/// A server on the shelf: off, and after a while away from its host, from where an image of its disk brings it back.
///
/// ```text
///   shelve ──▶ off, picture taken ──▶ Kept ──(shelveOffload, or its time)──▶ Leaving ──▶ Away
///                                      │ unshelve                                         │ unshelve
///                                      ▼                                                  ▼
///                                    Waking ──────────────▶ ACTIVE ◀───────────────── Returning
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shelf {
    /// The picture of its disk; nothing where that is a volume, which stays as it is.
    pub image: Option<ImageId>,
    /// What its power was.
    pub power: Power,
    /// Where it is.
    pub place: ShelfPlace,
    /// When it leaves its host, in microseconds; nothing for not by itself.
    pub leaves_at: Option<i64>,
    /// What its disk is made from when it comes back: known once it leaves, for the image may be deleted after that.
    pub disk: Option<BirthDisk>,
}

/// Where a server on the shelf is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShelfPlace {
    /// On its host.
    Kept,
    /// On its way from its host.
    Leaving,
    /// On no host.
    Away,
    /// On its way back, from no host.
    Returning,
    /// On its way back, on its host.
    Waking,
}

impl Shelf {
    /// Whether it is to be found a host.
    #[must_use]
    pub const fn wants_host(&self) -> bool {
        matches!(self.place, ShelfPlace::Returning)
    }

    /// Whether it is done with once what was asked for is reached.
    #[must_use]
    pub const fn is_left(&self) -> bool {
        matches!(self.place, ShelfPlace::Returning | ShelfPlace::Waking)
    }
}

/// A move to another host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Moving {
    /// From where.
    pub from: String,
    /// How.
    pub kind: MoveKind,
    /// The host that it leaves has nothing of it any more.
    #[serde(default)]
    pub left: bool,
}

/// How a server moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MoveKind {
    /// Off, with its disk.
    Cold,
    /// Running, with disk and memory.
    Live,
    /// Away from a dead host, with a disk made anew.
    Evacuation,
}

/// How many backups of a kind are kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backup {
    /// The snapshot that is the newest one.
    pub number: i64,
    /// A word of the user's: `daily` …
    pub kind: String,
    /// So many are kept.
    pub rotation: u32,
}

/// What a guest's power should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Power {
    /// It runs.
    Running,
    /// It does not.
    Stopped,
    /// It stands still.
    Paused,
    /// It does not run; what is in its memory is kept.
    Suspended,
}

/// What the newest change of the intent was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doing {
    /// Being made.
    Spawning,
    /// Being started.
    PoweringOn,
    /// Being stopped.
    PoweringOff,
    /// The guest was asked to start anew.
    Rebooting,
    /// The machine is reset.
    RebootingHard,
    /// Being halted.
    Pausing,
    /// Being let go.
    Unpausing,
    /// Its memory is put away.
    Suspending,
    /// It goes on from its memory.
    Resuming,
    /// Its disk is made anew.
    Rebuilding,
    /// Its shape changes.
    Resizing,
    /// Its shape changes back.
    Reverting,
    /// Starting from another disk.
    Rescuing,
    /// Starting from its own again.
    Unrescuing,
    /// Moving to another host while it runs.
    Migrating,
    /// Being put on the shelf, or taken from it.
    Shelving,
    /// Being deleted so that it can be brought back.
    SoftDeleting,
    /// Being brought back.
    Restoring,
    /// Something that is not shown.
    Updating,
}

impl Intent {
    /// The intent of a fresh server.
    #[must_use]
    pub const fn running(now: Timestamp) -> Self {
        Self {
            generation: 1,
            asked_at: now.as_micros(),
            doing: Doing::Spawning,
            power: Power::Running,
            boot: 0,
            soft: false,
            disk: 1,
            resized_from: None,
            snapshot: None,
            leaving: Vec::new(),
            leaving_volumes: Vec::new(),
            shelf: None,
            backup: None,
            rescue: None,
            interrupt: 0,
            moving: None,
            resized_on: None,
            reclaim_at: None,
            called_broken: false,
            gone: false,
        }
    }

    /// A change of the intent: the next generation.
    pub const fn ask(&mut self, doing: Doing, now: Timestamp) {
        self.generation += 1;
        self.asked_at = now.as_micros();
        self.doing = doing;
        self.called_broken = false;
    }

    /// A new process is wanted; the guest is asked to power down first.
    pub const fn restart(&mut self) {
        self.power = Power::Running;
        self.boot += 1;
        self.soft = true;
    }

    /// A change that leaves what goes on visible as it is.
    pub const fn touch(&mut self, now: Timestamp, settled: bool) {
        self.generation += 1;
        self.asked_at = now.as_micros();
        if settled {
            self.doing = Doing::Updating;
        }
    }
}

/// Where a server runs. Written by `place_servers` only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Placed {
    /// The host, once chosen.
    pub host: Option<String>,
    /// Why there is none. That is for good, as in Nova: what the server held was given back.
    pub fault: Option<Fault>,
}

/// What is. Written by `converge_servers` and, once the server should be gone, by `reap_servers` only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Observed {
    /// The generation that the node reached.
    pub reached: i64,
    /// The newest generation that the node was told.
    pub told: i64,
    /// When it was told, in microseconds.
    pub told_at: i64,
    /// What the guest does.
    pub state: InstanceState,
    /// The guest powered itself down; it is not started again for that.
    pub stopped_itself: bool,
    /// Number of the root disk that the node has, or is free to make.
    pub disk: i64,
    /// Number of the root disk that is whole; from then on nothing needs the image. Nothing where a version wrote this
    /// that did not know, and the node was not seen since.
    #[serde(default)]
    pub built: Option<i64>,
    /// Number of the last snapshot that ended, well or not.
    pub snapshots: i64,
    /// When the guest ran first, in microseconds.
    pub launched_at: Option<i64>,
    /// Tries that failed one after the other.
    pub failures: u32,
    /// When the last one failed, in microseconds.
    pub failed_at: i64,
    /// When to try again, in microseconds.
    pub retry_at: i64,
    /// Volumes that the node has open or may have.
    #[serde(default)]
    pub holds: Vec<HeldVolume>,
    /// The size in GiB for which the node was told anew last, as a volume was to grow.
    #[serde(default)]
    pub grown: Option<i64>,
    /// What of the reached generation the guest itself holds up, such as an interface that it does not let go.
    #[serde(default)]
    pub deferred: Option<String>,
    /// When the new shape is taken for good by itself: of which generation, and when in microseconds.
    #[serde(default)]
    pub confirms: Option<(i64, i64)>,
    /// Why it cannot be as it should.
    pub fault: Option<Fault>,
    /// The node has nothing of it any more.
    pub removed: bool,
}

impl Default for Observed {
    fn default() -> Self {
        Self {
            reached: 0,
            told: 0,
            told_at: 0,
            state: InstanceState::Building,
            stopped_itself: false,
            disk: 1,
            built: Some(0),
            snapshots: 0,
            launched_at: None,
            failures: 0,
            failed_at: 0,
            retry_at: 0,
            holds: Vec::new(),
            grown: None,
            deferred: None,
            confirms: None,
            fault: None,
            removed: false,
        }
    }
}

/// What the guest's root disk is called, to its owner.
pub const ROOT_DEVICE: &str = "/dev/vda";

/// Most characters of what admins read of a fault.
const MOST_DETAILS: usize = 4096;

/// Why a server is not as it should be: a message for its owner, which names no host, path, address or capacity, and
/// details for admins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fault {
    /// The generation that could not be reached; an older one is history.
    pub generation: i64,
    /// 500 for trouble of the cloud, as in Nova.
    pub code: i64,
    /// In one sentence, for the server's owner.
    pub message: String,
    /// Everything, for admins; bounded.
    pub details: String,
    /// When, in microseconds.
    pub at: i64,
}

impl Fault {
    /// A fault of what is wanted at `generation`.
    #[must_use]
    pub fn new(generation: i64, message: String, details: &str, now: Timestamp) -> Self {
        let details = details.chars().take(MOST_DETAILS).collect();
        Self { generation, code: 500, message, details, at: now.as_micros() }
    }
}

impl Server {
    /// Whether everything that was asked for is true.
    #[must_use]
    pub const fn is_settled(&self) -> bool {
        self.observed.reached >= self.intent.generation && !self.snapshot_pending()
    }

    /// Whether this port is one of its own, or one that it did not give back yet.
    #[must_use]
    pub fn holds(&self, port: PortId) -> bool {
        let leaving = self.observed.reached < self.intent.generation && self.intent.leaving.contains(&port);
        leaving || self.nics.iter().any(|nic| nic.port == port)
    }

    /// Whether it boots from a volume.
    #[must_use]
    pub fn is_volume_backed(&self) -> bool {
        self.image.is_none()
    }

    /// The properties of what it boots from.
    #[must_use]
    pub fn image_properties(&self) -> &BTreeMap<String, String> {
        self.image.as_ref().map_or(&self.spec.volume_properties, |image| &image.properties)
    }

    /// Takes over how its machine is made.
    pub fn take_hardware(&mut self, made: Made) {
        // of a volume, versions before kept only what it made of the disk
        let known = !self.is_volume_backed() || !self.spec.volume_properties.is_empty();
        if let Some(disk) = self.spec.disk.as_mut().filter(|_| known) {
            (disk.bus, disk.firmware) = (made.bus, made.firmware);
        }
        self.spec.hardware = made.hardware;
    }

    /// Takes out the volumes that left and that the node has no more: what was wanted is reached, and it holds them not.
    /// The host that a server is leaving may have them still.
    #[must_use]
    pub fn take_let_go(&mut self) -> Vec<AttachmentId> {
        let under_way = self.observed.reached < self.intent.generation || self.is_carried();
        if under_way || self.intent.leaving_volumes.is_empty() {
            return Vec::new();
        }
        let held = |id: AttachmentId| self.observed.holds.iter().any(|held| held.attachment == id);
        let gone: Vec<AttachmentId> =
            self.intent.leaving_volumes.iter().map(|one| one.attachment).filter(|id| !held(*id)).collect();
        self.intent.leaving_volumes.retain(|one| !gone.contains(&one.attachment));
        gone
    }

    /// All its attachments, also of volumes that are leaving.
    #[must_use]
    pub fn attachments(&self) -> Vec<AttachmentId> {
        let leaving = self.intent.leaving_volumes.iter().map(|one| one.attachment);
        self.volumes.iter().map(|one| one.attachment).chain(leaving).collect()
    }

    /// Forgets the ports that left: with the generation that took them away they were given back.
    pub fn forget_given_back(&mut self) {
        if self.observed.reached >= self.intent.generation {
            self.intent.leaving.clear();
        }
    }

    /// Whether a snapshot is being taken.
    #[must_use]
    pub const fn snapshot_pending(&self) -> bool {
        matches!(self.intent.snapshot, Some(snapshot) if snapshot.number > self.observed.snapshots)
    }

    /// Whether the host that it leaves has to let go of it before another one may have it: two guests must never write to
    /// one volume. One that runs goes over with its volumes open on both, and writes on one.
    #[must_use]
    pub fn leaves_first(&self) -> bool {
        let cold = |moving: &Moving| moving.kind == MoveKind::Cold && !moving.left;
        !self.volumes.is_empty() && self.intent.moving.as_ref().is_some_and(cold)
    }

    /// Whether its disk comes from another host, not from an image.
    #[must_use]
    pub fn is_carried(&self) -> bool {
        self.intent.moving.as_ref().is_some_and(|moving| moving.kind != MoveKind::Evacuation)
    }

    /// The image that its disk is made from, if it is made from one.
    #[must_use]
    pub fn disk_image(&self) -> Option<ImageId> {
        let own = self.spec.disk.as_ref().and_then(|disk| disk.image);
        own.or(self.image.as_ref().map(|image| image.id))
    }

    /// Whether the snapshot that is being taken is a backup.
    #[must_use]
    pub fn backs_up(&self) -> bool {
        let newest = self.intent.snapshot.map(|snapshot| snapshot.number);
        self.intent.backup.as_ref().is_some_and(|backup| Some(backup.number) == newest)
    }

    /// Whether the guest ever ran.
    #[must_use]
    pub const fn was_built(&self) -> bool {
        self.observed.launched_at.is_some()
    }

    /// Whether the root disk that is wanted was made: then it lives without its image.
    #[must_use]
    pub const fn disk_is_built(&self) -> bool {
        match self.observed.built {
            Some(built) => built >= self.intent.disk,
            // a node that reached anything has a disk
            None => self.was_built() && self.observed.reached > 0 && self.observed.disk >= self.intent.disk,
        }
    }

    /// The fault that holds now: one of an older generation is history.
    #[must_use]
    pub fn fault(&self) -> Option<&Fault> {
        let current = |fault: &&Fault| fault.generation >= self.intent.generation;
        let observed = self.observed.fault.as_ref().filter(current);
        observed.or_else(|| self.placed.fault.as_ref().filter(|_| self.found_no_host()))
    }

    /// Whether no host took it: then it holds nothing any more, and all that is left to do is to delete it.
    #[must_use]
    pub const fn found_no_host(&self) -> bool {
        self.placed.host.is_none() && self.placed.fault.is_some()
    }

    /// The power to tell the node: a guest that powered itself down stays so until somebody starts it.
    #[must_use]
    pub const fn power_to_tell(&self) -> Power {
        match (self.intent.power, self.observed.stopped_itself, self.intent.doing) {
            (Power::Running, true, Doing::Updating | Doing::Spawning) => Power::Stopped,
            (power, _, _) => power,
        }
    }
}
