//! A system user of a guest's own.
//!
//! QEMU is the wall between a guest and the host, and walls crack: what a guest could do with its QEMU then is what the
//! user can do whom QEMU runs as. So each guest has a number of its own. It needs no entry in `/etc/passwd` and no
//! setup: a number with which no file and no login is made is all that the kernel wants.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid};
use tokio::process::Command;

use crate::error::{QemuError, last_words};

/// Threads and processes that a QEMU may have besides its virtual CPUs: its main loop, and workers for disks.
const THREADS: u64 = 256;

/// A user and the groups that open devices for it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuestUser {
    /// The number of the user, and of its own group.
    pub uid: u32,
    /// Further groups.
    pub groups: Vec<u32>,
}

impl GuestUser {
    /// The user `uid`, in the group that may use KVM where that is a group of its own, as distributions have it.
    #[must_use]
    pub fn new(uid: u32) -> Self {
        let kvm = std::fs::metadata("/dev/kvm").ok();
        let kvm = kvm.filter(|device| device.mode() & 0o060 == 0o060 && device.gid() != 0);
        Self { uid, groups: kvm.map(|device| device.gid()).into_iter().collect() }
    }

    /// Gives a file or directory to this user, or only to its group where `owner` is false. Links are not followed;
    /// what is not there is fine.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn own(&self, path: &Path, owner: bool, mode: u32) -> Result<(), QemuError> {
        match give(path, if owner { self.uid } else { 0 }, self.uid, mode) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(QemuError::file(format!("giving {} to the guest's user", path.display()))),
        }
    }
}

fn give(path: &Path, uid: u32, gid: u32, mode: u32) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    if std::fs::symlink_metadata(path)?.is_symlink() {
        return Err(std::io::Error::other("it is a link, which nobody made here"));
    }
    // first the mode: for a moment nobody else may read what another mode let them
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
    std::os::unix::fs::lchown(path, Some(uid), Some(gid))
}

/// Whether processes can be started as this user at all: not without root, and not where a container maps no such
/// number.
///
/// # Errors
/// What the system says.
pub async fn try_user(user: &GuestUser, program: &str) -> Result<(), QemuError> {
    let mut command = crate::spawn::command(program);
    command.arg("--version").current_dir("/").kill_on_drop(true);
    become_user(&mut command, user, None);
    let no_program = |error: std::io::Error| QemuError::NoProgram {
        program: program.to_owned(),
        because: error.to_string(),
    };
    let out = command.output().await.map_err(no_program)?;
    if out.status.success() {
        return Ok(());
    }
    Err(QemuError::Failed {
        program: format!("{program} as user {}", user.uid),
        because: last_words(&out.stderr, &out.status.to_string()),
    })
}

/// Lets the process run as `user`, without any right of ours and without a way back. `vcpus` bounds its threads.
#[expect(unsafe_code, reason = "between fork and exec only plain system calls are made")]
pub(crate) fn become_user(command: &mut Command, user: &GuestUser, vcpus: Option<u32>) {
    let (uid, gid) = (Uid::from_raw(user.uid), Gid::from_raw(user.uid));
    let groups: Vec<Gid> = user.groups.iter().map(|gid| Gid::from_raw(*gid)).collect();
    let threads = vcpus.map(|vcpus| THREADS + u64::from(vcpus));
    let prepare = move || {
        // a dump of QEMU's memory is the guest's memory
        setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
        if let Some(threads) = threads {
            setrlimit(Resource::RLIMIT_NPROC, threads, threads)?;
        }
        nix::unistd::setgroups(&groups)?;
        nix::unistd::setresgid(gid, gid, gid)?;
        nix::unistd::setresuid(uid, uid, uid)?;
        nix::sys::prctl::set_no_new_privs()?;
        Ok(())
    };
    // SAFETY: `prepare` neither allocates nor takes locks; errors made of an errno do not allocate
    unsafe { command.pre_exec(prepare) };
}
