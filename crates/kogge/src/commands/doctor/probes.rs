//! What the doctor looks at, one function each.

use std::path::Path;

use kogge_node_api::Accelerator;
use kogge_qemu::{Engine, EngineConfig};

use super::Finding;
use crate::data_dir::DataDir;

/// Programs that are run, the Debian package that brings each, and what needs it.
const PROGRAMS: [(&str, &str, &str); 6] = [
    ("qemu-system-x86_64", "qemu-system-x86", "guests"),
    ("qemu-img", "qemu-utils", "disks"),
    ("genisoimage", "genisoimage", "config drives"),
    ("nft", "nftables", "security groups and floating IPs"),
    ("ip", "iproute2", "networks"),
    ("conntrack", "conntrack", "cutting flows when a rule is removed"),
];

/// Room that a cloud should have, in GiB.
const ROOM_GIB: u64 = 10;

pub(super) fn root() -> Finding {
    if nix::unistd::geteuid().is_root() {
        return Finding::good("rights", "root");
    }
    let advice = "Networks need root: run as root, or take `kogge up --sim`, which needs no rights.";
    Finding::bad("rights", "not root", advice)
}

pub(super) fn programs() -> Vec<Finding> {
    PROGRAMS
        .iter()
        .map(|(program, package, purpose)| match found(program) {
            Some(path) => Finding::good(program, path),
            None => Finding::bad(
                program,
                "not installed",
                format!("It is needed for {purpose}: apt-get install {package}, or run `make up`."),
            ),
        })
        .collect()
}

fn found(program: &str) -> Option<String> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/sbin"].map(Into::into))
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
        .map(|file| file.display().to_string())
}

pub(super) fn tun() -> Finding {
    match std::fs::OpenOptions::new().read(true).write(true).open("/dev/net/tun") {
        Ok(_) => Finding::good("taps", "/dev/net/tun opens"),
        Err(error) => Finding::bad("taps", format!("/dev/net/tun: {error}"), "Load it: modprobe tun."),
    }
}

/// Security groups filter bridged packets with the rules of the inet family: the kernel must hand them over.
pub(super) fn bridge_filter() -> Finding {
    if Path::new("/proc/sys/net/bridge/bridge-nf-call-iptables").exists() {
        return Finding::good("bridge filter", "br_netfilter is there");
    }
    let advice = "Security groups need it: modprobe br_netfilter (and put it into /etc/modules).";
    Finding::bad("bridge filter", "br_netfilter is not loaded", advice)
}

pub(super) fn memory() -> Finding {
    let text = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kib = text
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok());
    let mib: u64 = kib.unwrap_or(0) / 1024;
    if mib >= 2048 {
        return Finding::good("memory", format!("{mib} MiB available"));
    }
    Finding::fair(
        "memory",
        format!("{mib} MiB available"),
        "Guests need memory: 2 GiB or more is a good start.",
    )
}

pub(super) fn data_dir(data: &DataDir) -> Finding {
    let path = data.path();
    let existing = path.ancestors().find(|ancestor| ancestor.exists()).unwrap_or(Path::new("/"));
    let writable = nix::unistd::access(existing, nix::unistd::AccessFlags::W_OK).is_ok();
    if !writable {
        let advice = "Choose another place with --data DIR, or run as its owner.";
        return Finding::bad("data directory", format!("{} cannot be written", existing.display()), advice);
    }
    match nix::sys::statvfs::statvfs(existing) {
        Ok(facts) => {
            let gib = facts.blocks_available() * facts.fragment_size() / (1 << 30);
            let seen = format!("{}: {gib} GiB free", path.display());
            if gib >= ROOM_GIB {
                Finding::good("data directory", seen)
            } else {
                let advice =
                    "Images and disks live there: make room, or choose another place with --data DIR.";
                Finding::fair("data directory", seen, advice)
            }
        }
        Err(error) => Finding::fair(
            "data directory",
            format!("{}: {error}", path.display()),
            "Choose another with --data.",
        ),
    }
}

/// Guests and disks that the cloud does not know.
pub(super) async fn quarantine(data: &DataDir) -> Finding {
    let what = "quarantine";
    match crate::commands::quarantine::listed(data).await {
        Ok(kept) if kept.is_empty() => Finding::good(what, "nothing is in it"),
        Ok(kept) => Finding::fair(
            what,
            format!("{} guests that the database does not know are kept", kept.len()),
            "Is it the right database? `kogge quarantine list` shows them, `kogge quarantine remove` removes them for good.",
        ),
        Err(error) => {
            Finding::fair(what, error.to_string(), "Look at the data directory, and at the cloud's log.")
        }
    }
}

/// Data of images that the database does not know.
pub(super) fn image_quarantine(data: &DataDir) -> Finding {
    let what = "quarantine of images";
    match crate::commands::quarantine::images::listed(data) {
        Ok(kept) if kept.is_empty() => Finding::good(what, "nothing is in it"),
        Ok(kept) => Finding::fair(
            what,
            format!("data of {} images that the database does not know are kept", kept.len()),
            "Is it the right database? `kogge quarantine images` lists them, `kogge quarantine remove-images` removes them \
             for good.",
        ),
        Err(error) => Finding::fair(what, error.to_string(), "Look at the data directory."),
    }
}

/// Boots a probe: `/dev/kvm` may open on hosts where guests then hang.
pub(super) async fn accelerator() -> Finding {
    let probed = match tempfile::tempdir() {
        Ok(scratch) => {
            let config = EngineConfig::default();
            // what KVM lets root do, it need not let guests' users do
            let user = match kogge_node::trial_user(kogge_node::UserRange::default(), &config.binary).await {
                Ok(user) => user,
                Err(error) => {
                    let advice = "Guests do not run before that is settled.";
                    return Finding::bad("guests' users", error.to_string(), advice);
                }
            };
            Engine::probe(&config, scratch.path(), user.as_ref()).await
        }
        Err(error) => {
            let advice = "Make the temporary directory writable (TMPDIR).";
            return Finding::bad("accelerator", format!("no temporary directory: {error}"), advice);
        }
    };
    match probed {
        Ok(engine) if engine.accelerator == Accelerator::Kvm => {
            Finding::good("accelerator", "KVM: a probe guest booted")
        }
        Ok(_) => Finding::fair(
            "accelerator",
            "software emulation: no probe guest booted on KVM",
            "Guests run, some ten times slower. Enable virtualization in the firmware, or nested virtualization in the \
             hypervisor below, to get KVM; /dev/kvm has to be open to a group of its own (kvm) or to all.",
        ),
        Err(error) => {
            Finding::bad("accelerator", error.to_string(), "Install QEMU: apt-get install qemu-system-x86.")
        }
    }
}
