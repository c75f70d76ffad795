//! What this host's QEMU can do, found out by trying.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use kogge_node_api::{Accelerator, is_pc};

use crate::error::QemuError;
use crate::probe::{self, Trial, Verdict};
use crate::spawn::command;
use crate::user::GuestUser;

mod offers;

/// Which accelerator to use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccelSetting {
    /// KVM where a probe guest boots with it, else TCG.
    #[default]
    Auto,
    /// KVM, or fail.
    Kvm,
    /// TCG.
    Tcg,
}

/// Where QEMU is and what it shall use.
#[derive(Debug, Clone)]
pub struct EngineConfig {
    /// The program.
    pub binary: String,
    /// Which accelerator to use.
    pub accel: AccelSetting,
    /// UEFI firmware and the file its variables begin with; looked for in the usual places where `None`.
    pub firmware: Option<(PathBuf, PathBuf)>,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self { binary: "qemu-system-x86_64".to_owned(), accel: AccelSetting::Auto, firmware: None }
    }
}

/// This host's QEMU.
#[derive(Debug, Clone)]
pub struct Engine {
    /// The program.
    pub binary: String,
    /// Version as Nova's integer: 10.0.2 is 10000002.
    pub version: i64,
    /// The newest versioned machine type, e.g. `pc-q35-10.0`.
    pub machine_type: String,
    /// The newest versioned type of the older machine, e.g. `pc-i440fx-10.0`.
    pub pc_type: Option<String>,
    /// The accelerator that works.
    pub accelerator: Accelerator,
    /// Whether QEMU runs in its seccomp sandbox.
    pub sandbox: bool,
    /// UEFI firmware, where there is one.
    pub firmware: Option<FirmwareFiles>,
    /// UEFI firmware that starts only what is signed, where there is one.
    pub secure_firmware: Option<FirmwareFiles>,
    /// What of machines it can make ([`kogge_node_api::host_trait`]).
    pub traits: BTreeSet<String>,
    /// The types of machines that it can make, by all their names.
    pub machines: BTreeSet<String>,
}

/// UEFI firmware.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FirmwareFiles {
    /// The firmware; read only.
    pub code: PathBuf,
    /// Its variables: the template in an engine, the guest's own copy in a guest.
    pub variables: PathBuf,
}

/// Name of the probe's firmware.
const ROM: &str = "probe.rom";

/// Firmware and variable template as distributions name them.
const FIRMWARE: [(&str, &str); 4] = [
    ("/usr/share/OVMF/OVMF_CODE_4M.fd", "/usr/share/OVMF/OVMF_VARS_4M.fd"),
    ("/usr/share/OVMF/OVMF_CODE.fd", "/usr/share/OVMF/OVMF_VARS.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.fd", "/usr/share/edk2/ovmf/OVMF_VARS.fd"),
    ("/usr/share/edk2/x64/OVMF_CODE.4m.fd", "/usr/share/edk2/x64/OVMF_VARS.4m.fd"),
];

/// The same for firmware that starts only what is signed; the variables hold the keys of Microsoft, by which systems are
/// signed.
const SECURE_FIRMWARE: [(&str, &str); 3] = [
    ("/usr/share/OVMF/OVMF_CODE_4M.secboot.fd", "/usr/share/OVMF/OVMF_VARS_4M.ms.fd"),
    ("/usr/share/OVMF/OVMF_CODE.secboot.fd", "/usr/share/OVMF/OVMF_VARS.ms.fd"),
    ("/usr/share/edk2/ovmf/OVMF_CODE.secboot.fd", "/usr/share/edk2/ovmf/OVMF_VARS.secboot.fd"),
];

impl Engine {
    /// The versioned machine type of a new guest that asks for `wanted`. One that a guest was made with stays, as long as it
    /// is of the kind that is wanted.
    #[must_use]
    pub fn machine_for(&self, made: Option<&str>, wanted: Option<&str>) -> String {
        let stays = |made: &&str| match wanted {
            None => true,
            Some("pc") => is_pc(made),
            Some("q35") => !is_pc(made),
            Some(exact) => *made == exact,
        };
        if let Some(made) = made.filter(stays) {
            return made.to_owned();
        }
        match wanted {
            Some("pc") => self.pc_type.clone().unwrap_or_else(|| "pc".to_owned()),
            None | Some("q35") => self.machine_type.clone(),
            Some(exact) => exact.to_owned(),
        }
    }

    /// Finds out what works for guests that run as `user` (as ourselves where `None`). Boots a probe guest up to three
    /// times; `scratch` is a directory for its firmware.
    ///
    /// # Errors
    /// Where there is no QEMU, or the accelerator that is wanted does not work.
    pub async fn probe(
        config: &EngineConfig,
        scratch: &Path,
        user: Option<&GuestUser>,
    ) -> Result<Self, QemuError> {
        let version = ask(&config.binary, &["--version"]).await?;
        let machines = ask(&config.binary, &["-machine", "help"]).await?;
        let unknown = |what: &str| QemuError::Refused {
            because: format!("{} does not tell its {what}; is it QEMU for x86_64?", config.binary),
        };
        let place = scratch.join(format!("probe-{}", std::process::id()));
        let found = match lay_out(&place, user) {
            Ok(()) => choose(&config.binary, &place, config.accel, user).await,
            Err(error) => Err(error),
        };
        // a leftover does no harm
        let _ = std::fs::remove_dir_all(&place);
        let (accelerator, sandbox) = found?;
        let firmware = find_firmware(config.firmware.clone());
        let secure_firmware = find(SECURE_FIRMWARE);
        let devices = ask(&config.binary, &["-device", "help"]).await?;
        Ok(Self {
            traits: offers::traits(&devices, firmware.is_some(), secure_firmware.is_some()),
            machines: offers::machines(&machines),
            secure_firmware,
            binary: config.binary.clone(),
            version: parse_version(&version).ok_or_else(|| unknown("version"))?,
            pc_type: parse_machine(&machines, "pc"),
            machine_type: parse_machine(&machines, "q35").ok_or_else(|| unknown("q35 machine types"))?,
            accelerator,
            sandbox,
            firmware,
        })
    }

    /// Value of `-cpu` for guests.
    #[must_use]
    pub const fn cpu_model(&self) -> &'static str {
        cpu_model(self.accelerator)
    }
}

/// The host's own CPU with KVM; everything that the emulator has without.
pub(crate) const fn cpu_model(accelerator: Accelerator) -> &'static str {
    match accelerator {
        Accelerator::Kvm => "host",
        Accelerator::Tcg | Accelerator::Simulated => "max",
    }
}

/// The directory from which the probe is booted.
fn lay_out(place: &Path, user: Option<&GuestUser>) -> Result<(), QemuError> {
    let made = std::fs::create_dir_all(place).and_then(|()| std::fs::write(place.join(ROM), probe::rom()));
    made.map_err(QemuError::file(format!("writing the probe guest to {}", place.display())))?;
    let Some(user) = user else { return Ok(()) };
    user.own(&place.join(ROM), false, 0o640)?;
    user.own(place, false, 0o710)
}

async fn choose(
    binary: &str,
    place: &Path,
    wanted: AccelSetting,
    user: Option<&GuestUser>,
) -> Result<(Accelerator, bool), QemuError> {
    if wanted != AccelSetting::Tcg {
        match trial(binary, place, Accelerator::Kvm, user).await? {
            Ok(sandbox) => return Ok((Accelerator::Kvm, sandbox)),
            Err(because) if wanted == AccelSetting::Kvm => {
                return Err(QemuError::NoAccelerator { wanted: "kvm", because });
            }
            Err(because) => tracing::info!(%because, "KVM does not run guests here; using TCG"),
        }
    }
    match trial(binary, place, Accelerator::Tcg, user).await? {
        Ok(sandbox) => Ok((Accelerator::Tcg, sandbox)),
        Err(because) => Err(QemuError::NoAccelerator { wanted: "tcg", because }),
    }
}

/// With the sandbox, then without. `Ok(Ok(sandbox))` where the probe came up.
async fn trial(
    binary: &str,
    place: &Path,
    accelerator: Accelerator,
    user: Option<&GuestUser>,
) -> Result<Result<bool, String>, QemuError> {
    let kvm = accelerator == Accelerator::Kvm;
    let accel = if kvm { "kvm" } else { "tcg" };
    let trial = Trial { accel, cpu: cpu_model(accelerator), sandbox: true, patient: !kvm, user };
    match probe::attempt(binary, place, ROM, trial).await? {
        Verdict::Passed => return Ok(Ok(true)),
        // the sandbox kills, it does not hang
        Verdict::Hung(because) => return Ok(Err(because)),
        Verdict::Failed(_) => {}
    }
    match probe::attempt(binary, place, ROM, Trial { sandbox: false, ..trial }).await? {
        Verdict::Passed => Ok(Ok(false)),
        Verdict::Hung(because) | Verdict::Failed(because) => Ok(Err(because)),
    }
}

async fn ask(binary: &str, arguments: &[&str]) -> Result<String, QemuError> {
    let out = command(binary).args(arguments).kill_on_drop(true).output().await;
    let out =
        out.map_err(|error| QemuError::NoProgram { program: binary.to_owned(), because: error.to_string() })?;
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

fn find_firmware(given: Option<(PathBuf, PathBuf)>) -> Option<FirmwareFiles> {
    let given = given.filter(|(code, vars)| code.exists() && vars.exists());
    given.map(|(code, variables)| FirmwareFiles { code, variables }).or_else(|| find(FIRMWARE))
}

fn find<const N: usize>(usual: [(&str, &str); N]) -> Option<FirmwareFiles> {
    let mut usual = usual.into_iter().map(|(code, vars)| (PathBuf::from(code), PathBuf::from(vars)));
    let (code, variables) = usual.find(|(code, vars)| code.exists() && vars.exists())?;
    Some(FirmwareFiles { code, variables })
}

/// 10.0.2 becomes 10000002.
fn parse_version(said: &str) -> Option<i64> {
    let numbers = said.split("version ").nth(1)?.split(|c: char| !c.is_ascii_digit() && c != '.').next()?;
    let mut parts = numbers.split('.').map(|n| n.parse::<i64>().unwrap_or(0));
    Some(parts.next()? * 1_000_000 + parts.next()? * 1_000 + parts.next().unwrap_or(0))
}

/// What an alias stands for, from `-machine help`.
fn parse_machine(said: &str, alias: &str) -> Option<String> {
    let line = said.lines().find(|line| line.split_ascii_whitespace().next() == Some(alias))?;
    Some(line.split("alias of ").nth(1)?.trim_end_matches(')').to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_become_novas_integers() {
        assert_eq!(parse_version("QEMU emulator version 10.0.2 (Debian 1:10.0.2+ds)"), Some(10_000_002));
        assert_eq!(parse_version("QEMU emulator version 7.2.22 (Debian)"), Some(7_002_022));
        assert_eq!(parse_version("something else"), None);
    }

    #[test]
    fn the_machine_type_is_pinned_to_a_version() {
        let help = "pc   Standard PC (alias of pc-i440fx-10.0)\n\
                    q35                  Standard PC (Q35 + ICH9, 2009) (alias of pc-q35-10.0)\n";
        assert_eq!(parse_machine(help, "q35").as_deref(), Some("pc-q35-10.0"));
        assert_eq!(parse_machine(help, "pc").as_deref(), Some("pc-i440fx-10.0"));
        assert_eq!(parse_machine("none   empty machine\n", "q35"), None);
    }

    #[tokio::test]
    async fn something_on_this_host_runs_guests() {
        let dir = tempfile::tempdir().unwrap();
        match Engine::probe(&EngineConfig::default(), dir.path(), None).await {
            Err(QemuError::NoProgram { .. }) => println!("skipped: QEMU is not installed"),
            found => {
                let engine = found.unwrap();
                assert!(engine.machine_type.starts_with("pc-q35-"));
                assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
            }
        }
    }

    #[tokio::test]
    async fn a_missing_qemu_is_named() {
        let config = EngineConfig { binary: "/nowhere/qemu".to_owned(), ..EngineConfig::default() };
        let error = Engine::probe(&config, Path::new("/tmp"), None).await.unwrap_err();
        assert!(error.to_string().contains("/nowhere/qemu"));
    }
}
