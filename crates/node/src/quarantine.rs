//! Instances that are kept though the cloud does not know them, as they lie on the disk.
//!
//! A note beside an instance's record says since when and why. It is a file of its own, so that it can be written and
//! read whatever state the record is in, and whether or not an agent runs.

use std::path::Path;

use kogge_ids::ServerId;
use kogge_node_api::{Quarantined, SetAside};
use kogge_qemu::find_guests;

use crate::layout::replace_file;
use crate::record::Record;

const FILE: &str = "quarantine.json";

/// The note in an instance's directory. One that cannot be read is none: the cloud writes it again, with a new date.
pub(crate) fn read(dir: &Path) -> Option<SetAside> {
    let text = std::fs::read(dir.join(FILE)).ok()?;
    let note = serde_json::from_slice(&text);
    if let Err(error) = &note {
        tracing::warn!(dir = %dir.display(), %error, "a note of quarantine cannot be read and does not count");
    }
    note.ok()
}

/// Writes the note, durably.
pub(crate) fn write(dir: &Path, note: &SetAside) -> std::io::Result<()> {
    replace_file(&dir.join(FILE), &serde_json::to_vec_pretty(note)?)
}

/// Takes the note away.
pub(crate) fn erase(dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_file(dir.join(FILE)) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Everything that is in quarantine in the data directory of a node, oldest first; whether or not an agent runs.
///
/// # Errors
/// Where the directory cannot be read. One that is not there has nothing in quarantine.
pub fn quarantined(data_dir: &Path) -> std::io::Result<Vec<Quarantined>> {
    let instances = data_dir.join("instances");
    let entries = match std::fs::read_dir(&instances) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let running = find_guests(&instances);
    let mut found = Vec::new();
    for entry in entries {
        let dir = entry?.path();
        let (Some(id), Some(note)) = (server_of(&dir), read(&dir)) else { continue };
        let metadata = Record::load(&dir).ok().map(|record| record.desired.metadata);
        let real = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        found.push(Quarantined {
            id,
            note,
            name: metadata.as_ref().map_or_else(String::new, |known| known.name.clone()),
            project_id: metadata.map_or_else(String::new, |known| known.project_id),
            running: running.iter().any(|guest| guest.dir == real),
            bytes: bytes(&dir),
            place: dir.display().to_string(),
        });
    }
    found.sort_by_key(|one| (one.note.since, one.id));
    Ok(found)
}

/// How many instances lie in the data directory of a node, whatever state they are in.
///
/// # Errors
/// Where the directory cannot be read. One that is not there has none.
pub fn instances(data_dir: &Path) -> std::io::Result<usize> {
    match std::fs::read_dir(data_dir.join("instances")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
        entries => Ok(entries?.flatten().filter(|entry| server_of(&entry.path()).is_some()).count()),
    }
}

/// How many guests of the data directory of a node run, as the processes of this machine tell; whether or not an agent
/// runs, and whatever records say.
#[must_use]
pub fn running(data_dir: &Path) -> usize {
    find_guests(&data_dir.join("instances")).iter().filter(|guest| server_of(&guest.dir).is_some()).count()
}

/// The server whose directory this is, by its name.
pub(crate) fn server_of(dir: &Path) -> Option<ServerId> {
    let name = dir.file_name()?.to_str()?;
    name.parse().ok().filter(|id: &ServerId| id.to_string() == name)
}

/// Room that the files of a directory take on the disk. Bases are shared and count for each.
fn bytes(dir: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.metadata().ok()).map(|file| file.blocks().saturating_mul(512)).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layout::Layout;
    use crate::step::testing::record;

    fn note(since: i64) -> SetAside {
        SetAside { since, because: "nobody knows it".to_owned() }
    }

    #[test]
    fn what_is_in_quarantine_is_found_oldest_first_whatever_its_record_is_like() {
        let data = tempfile::tempdir().unwrap();
        assert!(quarantined(&data.path().join("nowhere")).unwrap().is_empty());
        let layout = Layout::open(data.path()).unwrap();
        let (young, old, free) = (record(), record(), record());
        for one in [&young, &old, &free] {
            layout.make_instance(one.desired.id).unwrap();
            one.save(&layout.instance(one.desired.id)).unwrap();
        }
        write(&layout.instance(young.desired.id), &note(9)).unwrap();
        write(&layout.instance(old.desired.id), &note(3)).unwrap();
        std::fs::write(layout.instance(old.desired.id).join("record.json"), "{").unwrap();
        std::fs::create_dir(layout.instances().join("lost+found")).unwrap();
        let found = quarantined(data.path()).unwrap();
        let seen: Vec<_> = found.iter().map(|one| (one.id, one.note.since, one.name.as_str())).collect();
        assert_eq!(seen, [(old.desired.id, 3, ""), (young.desired.id, 9, "web")]);
        assert!(found.iter().all(|one| !one.running && one.bytes > 0));
        erase(&layout.instance(old.desired.id)).unwrap();
        erase(&layout.instance(old.desired.id)).unwrap();
        assert_eq!(quarantined(data.path()).unwrap().len(), 1);
        assert_eq!(instances(data.path()).unwrap(), 3);
    }

    #[test]
    fn a_note_that_cannot_be_read_makes_nothing_old() {
        let data = tempfile::tempdir().unwrap();
        std::fs::write(data.path().join(FILE), "{\"since\": 0").unwrap();
        assert_eq!(read(data.path()), None);
    }
}
