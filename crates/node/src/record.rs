//! What the agent remembers of an instance over restarts of itself and of the machine.

use std::path::Path;

use kogge_ids::{AttachmentId, CloudId, ImageId, PortId};
use kogge_node_api::{DesiredDisk, DesiredInstance, NodeError, Power, Slot};
use kogge_qemu::{ProcessId, Slots, nic_device};
use serde::{Deserialize, Serialize};

use crate::disks::config_file;
use crate::keys::Keys;
use crate::layout::replace_file;

mod before;

/// Version of the file's form.
const FORM: u32 = 2;

/// The record of one instance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Record {
    form: u32,
    /// The cloud that asked for the instance; `None` where a version before clouds had ids wrote this.
    #[serde(default)]
    pub cloud: Option<CloudId>,
    /// The newest desired state.
    pub desired: DesiredInstance,
    /// The generation that was reached last.
    pub reached: i64,
    /// Number of the last reboot; written before the guest is started anew, so that each is done once at most.
    pub reboots_done: i64,
    /// Number of the last interrupt; written before it.
    #[serde(default)]
    pub interrupts: i64,
    /// The image whose disks are complete; none of an instance that starts from a volume.
    pub built: Option<ImageId>,
    /// The files that the complete disks are; `None` where a version that did not note them made them.
    #[serde(default)]
    pub disks: Option<Vec<String>>,
    /// Where the administrator's password of the guest is. It is never in this record.
    #[serde(default)]
    pub password: Password,
    /// The versioned machine type the guest was first started with, and keeps.
    pub machine_type: Option<String>,
    /// The system user that the guest runs as; it has its disks. `None` is the agent's own.
    #[serde(default)]
    pub user: Option<u32>,
    /// Number of the last launch; written before it.
    pub launch: u64,
    /// The process of the last launch, until we know that it is gone.
    pub run: Option<Run>,
    /// What the process of the last launch may have of network interfaces; written before it gets one.
    #[serde(default)]
    pub plugs: Vec<Plug>,
    /// Volumes that the process of the last launch has open, or may have; written before it opens one.
    #[serde(default)]
    pub volumes: Vec<Held>,
    /// Attachments whose volumes are encrypted. Their passphrases are never in this record.
    #[serde(default)]
    pub encrypted: Vec<AttachmentId>,
    /// What of the reached generation the guest holds up.
    #[serde(default)]
    pub deferred: Option<NodeError>,
    /// The memory of the suspended guest is whole, and goes into a process with its devices in these places.
    #[serde(default)]
    pub memory: Option<Slots>,
    /// Why the guest started without the memory that it should have gone on from.
    #[serde(default)]
    pub lost_memory: Option<NodeError>,
    /// How the guest came to rest by itself.
    pub rest: Option<Rest>,
    /// Whether the instance is on its way out.
    pub removing: bool,
}

/// Where the administrator's password of a guest is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Password {
    /// Nowhere: there is none, or no config drive to put it on.
    #[default]
    None,
    /// Whoever orders the guest tells it; it is to be put on the config drive.
    Awaited,
    /// On the config drive, which is made no more.
    OnDrive,
}

/// A guest's process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Run {
    /// The process.
    pub process: ProcessId,
    /// Number of the launch.
    pub launch: u64,
    /// Whether we are ending it: then its end is no crash.
    pub ending: bool,
}

/// A network interface that a process has, or had halfway when we were interrupted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Plug {
    /// QEMU's id of the device.
    pub device: String,
    /// Its port; unknown where a version that numbered devices made it and it is not wanted any more.
    pub port: Option<PortId>,
    /// The guest did not let the device go: it is an empty shell without a tap.
    pub cut: bool,
}

impl Plug {
    /// The interface of a port.
    pub(crate) fn of(port: PortId) -> Self {
        Self { device: nic_device(port), port: Some(port), cut: false }
    }
}

/// A volume that a process has open, or may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Held {
    /// Where it is among the instance's disks.
    pub slot: Slot,
    /// By which attachment.
    pub attachment: AttachmentId,
}

impl Held {
    /// The volume that a disk is, if it is one.
    pub(crate) fn of(disk: &DesiredDisk) -> Option<Self> {
        Some(Self { slot: disk.slot.clone(), attachment: disk.volume()?.attachment })
    }
}

/// A guest that stopped without being told by us.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Rest {
    /// The generation that was wanted then; only a newer one starts the guest again.
    pub generation: i64,
    /// Why it crashed; `None` where it powered itself off.
    pub crash: Option<String>,
}

impl Record {
    pub(crate) fn new(mut desired: DesiredInstance, cloud: Option<CloudId>) -> Self {
        let told = desired.metadata.admin_password.take().is_some();
        let password = if told && desired.config_drive { Password::Awaited } else { Password::None };
        let mut encrypted = Vec::new();
        Keys::default().take(&mut desired, &mut encrypted);
        Self {
            form: FORM,
            cloud,
            desired,
            reached: 0,
            reboots_done: 0,
            interrupts: 0,
            built: None,
            disks: None,
            password,
            machine_type: None,
            user: None,
            launch: 0,
            run: None,
            plugs: Vec::new(),
            volumes: Vec::new(),
            encrypted,
            deferred: None,
            memory: None,
            lost_memory: None,
            rest: None,
            removing: false,
        }
    }

    /// Whether the disks of the image that is wanted are there, or those of an instance that starts from a volume.
    pub(crate) fn is_built(&self) -> bool {
        let wanted = self.desired.image().map(|image| image.image);
        self.built == wanted && (wanted.is_some() || self.disks.is_some())
    }

    /// Notes every volume that a process which starts now may open, beside those that an earlier one may have.
    pub(crate) fn note_volumes(&mut self) {
        for held in self.desired.disks.iter().filter_map(Held::of) {
            if !self.volumes.contains(&held) {
                self.volumes.push(held);
            }
        }
    }

    /// Whether a reboot was ordered that was not done.
    pub(crate) fn wants_reboot(&self) -> bool {
        self.desired.reboot.is_some_and(|reboot| reboot.number > self.reboots_done)
    }

    /// Whether a process that starts now goes on from the memory of the one before.
    pub(crate) fn resumes(&self) -> bool {
        self.memory.is_some() && self.desired.power != Power::Stopped && !self.wants_reboot()
    }

    /// Counts all ordered reboots as done.
    pub(crate) fn count_reboots(&mut self) {
        if let Some(reboot) = self.desired.reboot {
            self.reboots_done = self.reboots_done.max(reboot.number);
        }
    }

    /// Writes the record of the instance in `dir`, durably.
    pub(crate) fn save(&self, dir: &Path) -> Result<(), NodeError> {
        let failed = |error: std::io::Error| NodeError::failed("saving the instance's record", error);
        let text = serde_json::to_vec_pretty(self).map_err(|error| failed(error.into()))?;
        replace_file(&dir.join("record.json"), &text).map_err(failed)
    }

    /// Reads the record of the instance in `dir`.
    pub(crate) fn load(dir: &Path) -> std::io::Result<Self> {
        let text = std::fs::read(dir.join("record.json"))?;
        let mut value: serde_json::Value = serde_json::from_slice(&text)?;
        let form = value.get("form").and_then(serde_json::Value::as_u64);
        if form != Some(u64::from(FORM)) && !before::mend(&mut value) {
            let form = form.map_or_else(|| "missing".to_owned(), |form| form.to_string());
            let because = format!("its form is {form}, this version reads {FORM} and older ones");
            return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, because));
        }
        let mut record: Self = serde_json::from_value(value)?;
        if record.desired.metadata.admin_password.take().is_some() && record.desired.config_drive {
            // of a version that kept it here
            let made = config_file(dir).exists();
            record.password = if made { Password::OnDrive } else { Password::Awaited };
        }
        Ok(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::record;

    #[test]
    fn a_record_comes_back_as_it_was_written() {
        let dir = tempfile::tempdir().unwrap();
        let mut written = record();
        written.run = Some(Run { process: ProcessId { pid: 1, start: 2 }, launch: 3, ending: true });
        written.rest = Some(Rest { generation: 4, crash: Some("x".to_owned()) });
        written.save(dir.path()).unwrap();
        assert_eq!(Record::load(dir.path()).unwrap(), written);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn no_record_has_a_password_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut wanted = crate::step::testing::desired();
        wanted.metadata.admin_password = Some("very-secret".to_owned());
        wanted.config_drive = true;
        let record = Record::new(wanted.clone(), None);
        assert_eq!(record.password, Password::Awaited);
        record.save(dir.path()).unwrap();
        let path = dir.path().join("record.json");
        assert!(!std::fs::read_to_string(&path).unwrap().contains("very-secret"));
        // as a version before wrote it
        let mut old = record;
        old.desired = wanted;
        old.password = Password::None;
        std::fs::write(&path, serde_json::to_vec(&old).unwrap()).unwrap();
        for (drive, password) in [(false, Password::Awaited), (true, Password::OnDrive)] {
            if drive {
                std::fs::write(config_file(dir.path()), "iso").unwrap();
            }
            let read = Record::load(dir.path()).unwrap();
            assert_eq!((read.desired.metadata.admin_password.as_deref(), read.password), (None, password));
        }
    }

    #[test]
    fn no_record_has_a_passphrase_in_it() {
        let dir = tempfile::tempdir().unwrap();
        let mut wanted = crate::step::testing::desired();
        let mut disk = crate::volumes::testing::volume(1);
        let kogge_node_api::DiskSource::Volume(volume) = &mut disk.source else { panic!("it is one") };
        volume.passphrase = Some("very-secret".to_owned());
        let attachment = volume.attachment;
        wanted.disks.push(disk);
        let record = Record::new(wanted, None);
        record.save(dir.path()).unwrap();
        let text = std::fs::read_to_string(dir.path().join("record.json")).unwrap();
        assert!(!text.contains("very-secret"), "{text}");
        assert_eq!(Record::load(dir.path()).unwrap().encrypted, [attachment]);
    }

    #[test]
    fn an_instance_that_starts_from_a_volume_is_built_without_an_image() {
        let mut record = record();
        record.desired.disks = vec![crate::volumes::testing::volume(1)];
        assert!(!record.is_built());
        record.disks = Some(Vec::new());
        assert!(record.is_built());
        // and a root disk of its own has to be made
        record.desired.disks.extend(crate::step::testing::desired().disks);
        assert!(!record.is_built());
        record.note_volumes();
        record.note_volumes();
        assert_eq!(record.volumes.len(), 1);
    }

    #[test]
    fn a_record_of_another_form_or_cut_short_is_an_error_not_a_guess() {
        let dir = tempfile::tempdir().unwrap();
        let other = Record { form: 99, ..record() };
        other.save(dir.path()).unwrap();
        assert!(Record::load(dir.path()).unwrap_err().to_string().contains("99"));
        let path = dir.path().join("record.json");
        let text = std::fs::read(&path).unwrap();
        std::fs::write(&path, &text[..text.len() / 2]).unwrap();
        assert!(Record::load(dir.path()).is_err());
    }
}
