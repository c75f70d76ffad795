//! What an earlier life left: looked at before anything is done with it.
//!
//! An instance whose record cannot be read, is missing, or is of another cloud is *sealed*: its guest goes on, its files
//! stay, and whoever asks for it is told why. One such instance is no reason to leave the others alone.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use kogge_ids::{CloudId, ServerId};
use kogge_node_api::{InstanceState, NodeError, ObservedInstance};
use kogge_qemu::{FoundGuest, find_guests};

use crate::layout::Layout;
use crate::quarantine;
use crate::record::Record;

/// Instances that an earlier life left.
#[derive(Debug, Default)]
pub(crate) struct Survey {
    /// Those that are as they should be, with the process that runs.
    pub whole: Vec<(Record, Option<FoundGuest>)>,
    /// Those that nobody may touch.
    pub sealed: BTreeMap<ServerId, Sealed>,
    /// Those that are in quarantine, of both kinds.
    pub aside: BTreeSet<ServerId>,
}

/// An instance that is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sealed {
    /// Why, in words for its owner: without places of the host.
    pub because: &'static str,
    /// The process that runs.
    pub found: Option<FoundGuest>,
}

impl Sealed {
    /// What whoever asks for the instance is told.
    pub(crate) fn refusal(&self) -> NodeError {
        let because = format!(
            "{}; guest and disks are kept as they are, and an operator has to look at it",
            self.because
        );
        NodeError::Refused { because }
    }

    pub(crate) fn observed(&self, id: ServerId) -> ObservedInstance {
        let running = self.found.as_ref().is_some_and(|guest| guest.process.is_alive());
        ObservedInstance {
            id,
            reached: 0,
            state: if running { InstanceState::Running } else { InstanceState::Building },
            disks_built: false,
            reboots_done: 0,
            holds: Vec::new(),
            fault: Some(self.refusal()),
            deferred: None,
            lacks: Vec::new(),
            quarantined: false,
        }
    }
}

/// Looks at every instance of `layout`. Records without a cloud are marked as `cloud`'s.
pub(crate) fn survey(layout: &Layout, cloud: Option<CloudId>) -> std::io::Result<Survey> {
    let mut running: BTreeMap<PathBuf, FoundGuest> =
        find_guests(&layout.instances()).into_iter().map(|guest| (guest.dir.clone(), guest)).collect();
    let mut survey = Survey::default();
    for entry in std::fs::read_dir(layout.instances())? {
        let entry = entry?;
        let dir = entry.path();
        let id = quarantine::server_of(&dir).filter(|_| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        let Some(id) = id else {
            tracing::warn!(dir = %dir.display(), "this is no instance's directory and is left alone");
            continue;
        };
        let found = running.remove(&dir);
        if found.is_none() && is_bare(&dir)? {
            // made, but nothing was written yet: nobody was told that it exists
            layout.discard(&dir)?;
            continue;
        }
        if quarantine::read(&dir).is_some() {
            survey.aside.insert(id);
        }
        match open(&dir, id, cloud) {
            Ok(record) => survey.whole.push((record, found)),
            Err(why) => {
                tracing::error!(server.id = %id, dir = %dir.display(), why.details, "an instance is left alone");
                survey.sealed.insert(id, Sealed { because: why.because, found });
            }
        }
    }
    Ok(survey)
}

/// Why an instance is left alone.
struct Why {
    /// For its owner.
    because: &'static str,
    /// For operators, with what to do.
    details: String,
}

const UNREADABLE: &str = "the host cannot read its record of this server";
const FOREIGN: &str = "the host has this server from another cloud";

/// The record of the instance in `dir`, or why it is left alone.
fn open(dir: &Path, id: ServerId, cloud: Option<CloudId>) -> Result<Record, Why> {
    let way_out =
        "mend record.json, or take it from a backup, and start Kogge again; the disks are beside it";
    let unreadable = |details: String| Why { because: UNREADABLE, details: format!("{details}; {way_out}") };
    let mut record =
        Record::load(dir).map_err(|error| unreadable(format!("record.json cannot be read: {error}")))?;
    if record.desired.id != id {
        return Err(unreadable(format!("record.json is of server {}", record.desired.id)));
    }
    let Some(cloud) = cloud else { return Ok(record) };
    match record.cloud {
        Some(other) if other != cloud => Err(Why {
            because: FOREIGN,
            details: format!(
                "it belongs to cloud {other}, not to {cloud}; move it away, or start with `kogge up --adopt-database`"
            ),
        }),
        Some(_) => Ok(record),
        None => {
            record.cloud = Some(cloud);
            record.save(dir).map_err(|error| unreadable(error.to_string()))?;
            Ok(record)
        }
    }
}

/// Whether an instance's directory has nothing of an instance in it yet.
fn is_bare(dir: &Path) -> std::io::Result<bool> {
    for entry in std::fs::read_dir(dir)? {
        if entry?.file_name() != "record.new" {
            return Ok(false);
        }
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::step::testing::record;

    fn place() -> (tempfile::TempDir, Layout) {
        let data = tempfile::tempdir().unwrap();
        let layout = Layout::open(data.path()).unwrap();
        (data, layout)
    }

    fn instance(layout: &Layout, cloud: Option<CloudId>) -> ServerId {
        let mut record = record();
        record.cloud = cloud;
        layout.make_instance(record.desired.id).unwrap();
        record.save(&layout.instance(record.desired.id)).unwrap();
        std::fs::write(layout.instance(record.desired.id).join("root.qcow2"), "disk").unwrap();
        record.desired.id
    }

    #[test]
    fn what_cannot_be_read_or_is_of_another_cloud_is_sealed_and_the_rest_is_taken_up() {
        let (_data, layout) = place();
        let cloud = CloudId::random();
        let (whole, before) = (instance(&layout, Some(cloud)), instance(&layout, None));
        let (foreign, cut) = (instance(&layout, Some(CloudId::random())), instance(&layout, Some(cloud)));
        let lost = instance(&layout, Some(cloud));
        std::fs::write(layout.instance(cut).join("record.json"), "{").unwrap();
        std::fs::remove_file(layout.instance(lost).join("record.json")).unwrap();
        // a copy that somebody made by hand
        let copy = ServerId::random();
        layout.make_instance(copy).unwrap();
        std::fs::copy(layout.instance(whole).join("record.json"), layout.instance(copy).join("record.json"))
            .unwrap();
        std::fs::create_dir(layout.instances().join("lost+found")).unwrap();
        let seen = survey(&layout, Some(cloud)).unwrap();
        let ids: BTreeSet<ServerId> = seen.whole.iter().map(|(record, _)| record.desired.id).collect();
        assert_eq!(ids, BTreeSet::from([whole, before]));
        assert!(seen.whole.iter().all(|(record, _)| record.cloud == Some(cloud)));
        let sealed: BTreeSet<ServerId> = seen.sealed.keys().copied().collect();
        assert_eq!(sealed, BTreeSet::from([foreign, cut, lost, copy]));
        assert_eq!((seen.sealed[&foreign].because, seen.sealed[&cut].because), (FOREIGN, UNREADABLE));
        for id in [whole, before, foreign, cut, lost] {
            assert_eq!(std::fs::read(layout.instance(id).join("root.qcow2")).unwrap(), b"disk");
        }
        assert!(layout.instances().join("lost+found").exists());
    }

    #[test]
    fn only_a_directory_without_anything_in_it_is_cleared_away() {
        let (_data, layout) = place();
        let (bare, disk) = (ServerId::random(), ServerId::random());
        for id in [bare, disk] {
            layout.make_instance(id).unwrap();
            std::fs::write(layout.instance(id).join("record.new"), "half").unwrap();
        }
        std::fs::write(layout.instance(disk).join("root.qcow2"), "disk").unwrap();
        let seen = survey(&layout, None).unwrap();
        assert!(!layout.instance(bare).exists() && layout.instance(disk).join("root.qcow2").exists());
        assert_eq!(seen.sealed.keys().collect::<Vec<_>>(), [&disk]);
    }
}
