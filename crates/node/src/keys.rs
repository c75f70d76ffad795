//! Passphrases of encrypted volumes: in memory only.
//!
//! Whoever orders a guest tells them. The record notes which volumes have one, so that an agent that starts anew waits
//! until it is told again, and never opens a container as if it were a plain disk.

use std::collections::BTreeMap;

use kogge_ids::AttachmentId;
use kogge_node_api::{DesiredInstance, DiskSource, NodeError, VolumeSource};

/// The passphrases of an instance's volumes.
#[derive(Default)]
pub(crate) struct Keys(BTreeMap<AttachmentId, String>);

impl Keys {
    /// Takes the passphrases out of a desired state, and notes which volumes have one. True where one was not known.
    pub(crate) fn take(&mut self, desired: &mut DesiredInstance, encrypted: &mut Vec<AttachmentId>) -> bool {
        let mut new = false;
        for disk in &mut desired.disks {
            let DiskSource::Volume(volume) = &mut disk.source else { continue };
            let Some(secret) = volume.passphrase.take() else { continue };
            if !encrypted.contains(&volume.attachment) {
                encrypted.push(volume.attachment);
            }
            new |= self.0.insert(volume.attachment, secret.clone()).is_none_or(|before| before != secret);
        }
        new
    }

    /// Forgets what is of volumes that are not desired any more.
    pub(crate) fn forget(&mut self, desired: &DesiredInstance, encrypted: &mut Vec<AttachmentId>) {
        let volumes = desired.disks.iter().filter_map(|disk| disk.volume());
        let wanted: Vec<AttachmentId> = volumes.map(|volume| volume.attachment).collect();
        encrypted.retain(|attachment| wanted.contains(attachment));
        self.0.retain(|attachment, _| wanted.contains(attachment));
    }

    /// The passphrase of a volume, where it has one.
    ///
    /// # Errors
    /// [`NodeError::NotYet`] until it was told.
    pub(crate) fn of(
        &self,
        encrypted: &[AttachmentId],
        volume: &VolumeSource,
    ) -> Result<Option<String>, NodeError> {
        if !encrypted.contains(&volume.attachment) {
            return Ok(None);
        }
        let what = || format!("the passphrase of volume {} to be told", volume.volume);
        self.0.get(&volume.attachment).cloned().map(Some).ok_or_else(|| NodeError::NotYet { what: what() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Record;
    use crate::step::testing::desired;
    use crate::volumes::testing::volume;

    #[test]
    fn a_passphrase_is_waited_for_where_there_was_one_and_goes_with_its_volume() {
        let mut wanted = desired();
        wanted.disks.extend([volume(1), volume(2)]);
        let DiskSource::Volume(locked) = &mut wanted.disks[1].source else { panic!("it is one") };
        locked.passphrase = Some("secret".to_owned());
        let told = wanted.clone();
        let mut record = Record::new(wanted, None);
        let [locked, plain] = [1, 2].map(|number| record.desired.disks[number].volume().unwrap().clone());
        let mut keys = Keys::default();
        assert!(matches!(keys.of(&record.encrypted, &locked), Err(NodeError::NotYet { .. })));
        assert_eq!(keys.of(&record.encrypted, &plain), Ok(None));
        assert!(keys.take(&mut told.clone(), &mut record.encrypted));
        assert!(!keys.take(&mut told.clone(), &mut record.encrypted));
        assert_eq!(keys.of(&record.encrypted, &locked), Ok(Some("secret".to_owned())));
        record.desired.disks.truncate(1);
        keys.forget(&record.desired, &mut record.encrypted);
        assert!(record.encrypted.is_empty() && keys.0.is_empty());
    }
}
