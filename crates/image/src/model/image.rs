//! An image and the rules about its attributes.

use std::collections::{BTreeMap, BTreeSet};

use kogge_clock::Timestamp;
use kogge_ids::ImageId;

use super::status::Status;
use super::visibility::Visibility;
use crate::error::Error;

/// The disk formats that an image may declare (glance's defaults).
pub(crate) const DISK_FORMATS: [&str; 11] =
    ["ami", "ari", "aki", "vhd", "vhdx", "vmdk", "raw", "qcow2", "vdi", "iso", "ploop"];
/// The container formats that an image may declare (glance's defaults).
pub(crate) const CONTAINER_FORMATS: [&str; 8] =
    ["ami", "ari", "aki", "bare", "ovf", "ova", "docker", "compressed"];
/// The name of the hash beside MD5.
pub(crate) const HASH_ALGO: &str = "sha512";
/// The disk formats that a server can boot from.
pub(crate) const BOOTABLE_FORMATS: [&str; 7] = ["raw", "qcow2", "vmdk", "vdi", "vhd", "vhdx", "iso"];

/// Properties that nobody sets begin with it.
pub(crate) const RESERVED_PREFIX: &str = "os_glance";
/// The property that names the store into which an import brings data.
pub(crate) const IMPORTING: &str = "os_glance_importing_to_stores";
/// The property that names the store into which the last import did not bring any.
pub(crate) const FAILED: &str = "os_glance_failed_import";

/// An image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// Its id.
    pub id: ImageId,
    /// Id of the project that owns it; administrators can make images that nobody owns.
    pub owner: Option<String>,
    /// Its name, not unique.
    pub name: Option<String>,
    /// Its state.
    pub status: Status,
    /// Who sees it.
    pub visibility: Visibility,
    /// It cannot be deleted.
    pub protected: bool,
    /// It is not in lists, unless asked for.
    pub hidden: bool,
    /// The disk format that its owner declared.
    pub disk_format: Option<String>,
    /// The container format that its owner declared.
    pub container_format: Option<String>,
    /// Smallest disk that boots it, in GiB.
    pub min_disk: i64,
    /// Least memory that boots it, in MiB.
    pub min_ram: i64,
    /// What its data are.
    pub data: Option<Data>,
    /// Data that wait for their import.
    pub staged: Option<Staged>,
    /// All further properties.
    pub properties: BTreeMap<String, String>,
    /// Tags.
    pub tags: BTreeSet<String>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

/// What is known of an image's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// Name of the file in the data directory.
    pub file: String,
    /// Length in bytes.
    pub size: i64,
    /// Size of the disk in bytes that a guest sees, where that is known.
    pub virtual_size: Option<i64>,
    /// MD5 in hex.
    pub checksum: String,
    /// SHA-512 in hex.
    pub sha512: String,
    /// The format that the bytes have.
    pub detected: String,
    /// Why no server may boot from it.
    pub unfit: Option<String>,
}

/// Data that were staged and are not yet the image's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Staged {
    /// Name of the file in the data directory.
    pub file: String,
    /// Length in bytes.
    pub size: i64,
}

impl Image {
    /// One that waits for its data, as it is where nobody says otherwise.
    pub(crate) fn queued(id: ImageId, owner: Option<String>, now: Timestamp) -> Self {
        Self {
            id,
            owner,
            name: None,
            status: Status::Queued,
            visibility: Visibility::Shared,
            protected: false,
            hidden: false,
            disk_format: None,
            container_format: None,
            min_disk: 0,
            min_ram: 0,
            data: None,
            staged: None,
            properties: BTreeMap::new(),
            tags: BTreeSet::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// The file in the data directory that belongs to it.
    pub(crate) fn file(&self) -> Option<&str> {
        let staged = self.staged.as_ref().map(|staged| staged.file.as_str());
        self.data.as_ref().map(|data| data.file.as_str()).or(staged)
    }

    /// Moves to another state.
    ///
    /// # Errors
    /// [`Error::Conflict`] where the state machine has no such step, [`Error::Invalid`] where data cannot come
    /// before the formats are set.
    pub(crate) fn become_(&mut self, next: Status) -> Result<(), Error> {
        if !self.status.may_become(next) {
            let because = format!("Image status transition from {} to {next} is not allowed", self.status);
            return Err(Error::Conflict(because));
        }
        if matches!(self.status, Status::Queued | Status::Uploading) && next != Status::Uploading {
            self.require_formats(next)?;
        }
        let importing = self.properties.remove(IMPORTING);
        match (next, importing) {
            (Status::Queued, Some(store)) => drop(self.properties.insert(FAILED.to_owned(), store)),
            (Status::Saving | Status::Uploading | Status::Importing, _) => {
                drop(self.properties.remove(FAILED))
            }
            _ => {}
        }
        if next == Status::Queued {
            self.data = None;
            self.staged = None;
        }
        self.status = next;
        Ok(())
    }

    fn require_formats(&self, next: Status) -> Result<(), Error> {
        let wanted = [("disk_format", &self.disk_format), ("container_format", &self.container_format)];
        let missing: Vec<&str> =
            wanted.iter().filter(|(_, set)| set.is_none()).map(|(name, _)| *name).collect();
        if missing.is_empty() || next == Status::Queued {
            return Ok(());
        }
        let (noun, names) = (if missing.len() == 1 { "Property" } else { "Properties" }, missing.join(", "));
        Err(Error::Invalid(format!("{noun} {names} must be set prior to saving data.")))
    }

    /// Whether a server may boot from it, or why not.
    pub(crate) fn fit_to_boot(&self) -> Result<(), String> {
        let disk = self.disk_format.as_deref().unwrap_or("none");
        let container = self.container_format.as_deref().unwrap_or("none");
        let Some(data) = self.data.as_ref().filter(|_| self.status == Status::Active) else {
            return Err(format!("Image {} is not active: its status is {}", self.id, self.status));
        };
        if container != "bare" {
            return Err(format!(
                "Image {} has the container format {container}; servers boot from bare",
                self.id
            ));
        }
        if !BOOTABLE_FORMATS.contains(&disk) {
            let formats = BOOTABLE_FORMATS.join(", ");
            return Err(format!("Image {} has the disk format {disk}; servers boot from {formats}", self.id));
        }
        match &data.unfit {
            Some(why) => Err(format!("Image {} must not be booted: {why}", self.id)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn image() -> Image {
        Image {
            disk_format: Some("raw".into()),
            container_format: Some("bare".into()),
            ..Image::queued(ImageId::random(), Some("p".into()), Timestamp::from_seconds(0))
        }
    }

    fn data() -> Data {
        Data {
            file: "f".into(),
            size: 1,
            virtual_size: None,
            checksum: String::new(),
            sha512: String::new(),
            detected: "raw".into(),
            unfit: None,
        }
    }

    #[test]
    fn data_need_formats_first() {
        let mut bare = Image { disk_format: None, container_format: None, ..image() };
        let refused = bare.become_(Status::Saving).unwrap_err().to_string();
        assert_eq!(refused, "Properties disk_format, container_format must be set prior to saving data.");
        bare.container_format = Some("bare".into());
        let refused = bare.become_(Status::Saving).unwrap_err().to_string();
        assert_eq!(refused, "Property disk_format must be set prior to saving data.");
        assert!(bare.become_(Status::Uploading).is_ok(), "staging does not need them yet");
        assert!(bare.become_(Status::Queued).is_ok());
    }

    #[test]
    fn an_active_image_takes_no_data() {
        let mut active = Image { status: Status::Active, ..image() };
        let refused = active.become_(Status::Saving).unwrap_err().to_string();
        assert_eq!(refused, "Image status transition from active to saving is not allowed");
    }

    #[test]
    fn going_back_to_queued_forgets_the_data() {
        let mut saving = Image { status: Status::Saving, data: Some(data()), ..image() };
        saving.become_(Status::Queued).unwrap();
        assert_eq!((saving.data, saving.staged), (None, None));
    }

    #[test]
    fn only_active_bare_inspected_images_boot() {
        let good = Image { status: Status::Active, data: Some(data()), ..image() };
        assert_eq!(good.fit_to_boot(), Ok(()));
        let why = |image: Image| image.fit_to_boot().unwrap_err();
        assert!(why(image()).contains("not active"));
        assert!(why(Image { status: Status::Deactivated, ..good.clone() }).contains("deactivated"));
        assert!(why(Image { container_format: Some("ova".into()), ..good.clone() }).contains("ova"));
        assert!(why(Image { disk_format: Some("aki".into()), ..good.clone() }).contains("aki"));
        let flagged = Data { unfit: Some("its content is qcow2".into()), ..data() };
        assert!(why(Image { data: Some(flagged), ..good }).contains("its content is qcow2"));
    }
}
