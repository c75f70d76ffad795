//! QEMU: command line, QMP, disks, consoles, and whether the host can run guests at all.
//!
//! ```text
//!   Engine::probe ── boots a few bytes of our own ──▶ accelerator, machine type, sandbox
//!   GuestSpec ── arguments() ──▶ Machine::start ──▶ one process in its own session ◀── Machine::adopt
//!                                                        │ QMP (unix socket in the guest's directory)
//!   ImageTool ── qemu-img with limits ──▶ root.qcow2 …   ▼
//!                                                 status, pause, power button, backup, quit
//! ```
//!
//! Everything here is about one guest and its directory; who wants which guest in which state is `kogge-node`'s
//! matter. A guest's directory is the working directory of its QEMU, so the paths of its sockets are short and
//! relative, and a QEMU is known to be ours by where it runs.

mod block;
mod command_line;
mod config_drive;
mod console;
mod device_name;
mod engine;
mod error;
mod image_tool;
mod machine;
mod models;
mod probe;
mod process;
mod qmp;
mod slots;
mod spawn;
mod swap;
mod user;

pub use block::{Disk, PoolImage, Secret, container_of, disk_device, fd_set};
pub use command_line::{
    GuestMemory, GuestNic, GuestSpec, PassedFile, PassedKey, RUN_DIR, arguments, qmp_socket,
};
pub use config_drive::write_config_drive;
pub use console::{LogLimit, Logs, tail_lines};
pub use device_name::{nic_device, port_of_device};
pub use engine::{AccelSetting, Engine, EngineConfig, FirmwareFiles};
pub use error::QemuError;
pub use image_tool::{ImageInfo, ImageTool, layers};
pub use machine::{GuestDevice, GuestDisk, Machine, NO_USE, OpenDisk, Passphrase, RunState, effective};
pub use process::{FoundGuest, ProcessId, find_guests};
pub use qmp::{Event, Qmp, QmpError};
pub use slots::Slots;
pub use swap::write_swap;
pub use user::{GuestUser, try_user};
