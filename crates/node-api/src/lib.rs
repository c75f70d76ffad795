//! Desired and observed state of a node, and the trait every node implements.
//!
//! This is all that services see of nodes, and all that nodes see of the cloud. It carries *desired state*, each
//! object whole and with a generation, one way, and *observations* the other way:
//!
//! ```text
//!   compute ── DesiredInstance (generation 7) ──▶ node ── ObservedInstance (reached 7, running) ──▶ compute
//!   network ── NetworkingChange (generation 9) ──▶ node ── ObservedNetworking (which ports are up) ─▶ network
//! ```
//!
//! Every call is idempotent: a node that is told the same thing twice does nothing the second time, and a node that
//! was restarted catches up from what it is told next. A node knows nothing of tenants, roles or the database. Orders
//! bear the [`Epoch`] of whoever commands the host: an old commander is refused.

mod change;
mod commanded;
mod console;
mod data;
mod disk;
mod epoch;
mod error;
mod hardware;
mod held;
mod hello;
mod host;
pub mod host_trait;
mod instance;
mod journal;
mod metadata;
mod networking;
mod node;
mod quarantine;
mod volume;

pub use change::{GoneNetworking, MembersChange, NetworkingChange};
pub use commanded::Commanded;
pub use console::{ConsoleKind, ConsoleStream};
pub use data::{ByteStream, Data, DiskCopy, ImageHead};
pub use disk::{DesiredDisk, DiskBus, DiskFormat, DiskSource, ImageSource, Slot};
pub use epoch::{Epoch, Obeyed};
pub use error::NodeError;
pub use hardware::{
    Hardware, InputBus, NicModel, Rng, Screen, ScsiModel, Topology, Tpm, TpmModel, TpmVersion, Video,
    VideoModel, WatchdogAction, is_machine, is_pc,
};
pub use held::{AppliedNetworking, HeldGroup, HeldNetworking, Members};
pub use hello::{Hello, SPOKEN, Versions, Welcome, capability};
pub use host::{Accelerator, HostFacts};
pub use instance::{
    DesiredInstance, Firmware, InstanceState, Nic, ObservedInstance, Power, Reboot, RebootKind,
};
pub use journal::{Changes, Cursor, Journal};
pub use metadata::{GuestFile, GuestMetadata, PublicKey};
pub use networking::{
    AddressPair, DesiredNetwork, DesiredNetworking, DesiredPort, DesiredRouter, DesiredSecurityGroup,
    DesiredSubnet, Direction, Ethertype, FirewallRule, FixedIp, FloatingIp, HostRoute, Ipv6Mode, NetworkKind,
    ObservedNetworking, ObservedPort, Remote, RouterGateway, RouterInterface,
};
pub use node::{Node, NodeHandle, Nodes};
pub use quarantine::{Quarantined, SetAside};
pub use volume::{HeldVolume, IoLimits, VolumePlace, VolumeSource, base_of_volume, is_volume_file};
