//! What crashes leave behind, and what a wrong database would destroy.
//!
//! | a file that nobody wrote to for an hour      | goes                                                 |
//! |-----------------------------------------------|------------------------------------------------------|
//! | in `tmp`: an upload that was never accepted   | away                                                 |
//! | in `data`, of an image that was deleted       | away: its deletion was cut off half-way              |
//! | in `data`, unknown to the database            | into quarantine, a few at a time                     |
//! | in quarantine, needed by an image             | back                                                 |
//! | in quarantine, for longer than configured     | away, a few at a time                                |
//!
//! Where the database knows fewer files than it does not know, it is the database that is wrong: then nothing is
//! moved or removed at all.

use std::collections::BTreeSet;
use std::io;
use std::time::{Duration, SystemTime};

use kogge_clock::Timestamp;
use kogge_ids::ImageId;

use super::Files;
use super::presence::PREFIX;
use super::quarantine::image_of;

/// Younger files may still be somebody's work.
pub(super) const SETTLED: Duration = Duration::from_secs(3600);
/// Most files that one sweep moves into quarantine.
const MOVED_AT_ONCE: usize = 8;
/// Most files that one sweep removes from there.
const REMOVED_AT_ONCE: usize = 3;
/// Most images whose deletion one sweep asks the database for.
const ASKED_AT_ONCE: usize = 200;

/// What the database says of the files in the data directory.
#[derive(Debug, Default)]
pub(crate) struct Known {
    /// Files that images need.
    pub(crate) needed: BTreeSet<String>,
    /// Images that were deleted, of those that [`Strangers::images`] named.
    pub(crate) deleted: BTreeSet<ImageId>,
}

/// Settled files in the data directory that are named as ours are and that no image needs.
#[derive(Debug, Default)]
pub(crate) struct Strangers {
    files: Vec<(ImageId, String)>,
    /// Files that are there and needed.
    at_home: usize,
}

/// What a sweep did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Swept {
    /// Files that were removed.
    pub(crate) removed: u64,
    /// Files that went into quarantine.
    pub(crate) quarantined: u64,
    /// Files that came back from there.
    pub(crate) returned: u64,
    /// Unknown files that stay where they are.
    pub(crate) left: u64,
}

impl Strangers {
    /// The images that they may belong to, some of them where they are many.
    pub(crate) fn images(&self) -> Vec<ImageId> {
        self.files.iter().map(|(image, _)| *image).take(ASKED_AT_ONCE).collect()
    }

    /// Their names.
    pub(crate) fn into_names(self) -> Vec<String> {
        self.files.into_iter().map(|(_, name)| name).collect()
    }
}

impl Files {
    /// Files in the data directory that no image needs and that nobody wrote to for an hour. The age is told by the
    /// file system's own clock, which other machines may share with us.
    ///
    /// # Errors
    /// Where the directory cannot be read.
    pub(crate) fn strangers(&self, needed: &BTreeSet<String>) -> io::Result<Strangers> {
        let now = self.file_time()?;
        let mut strangers = Strangers::default();
        for entry in std::fs::read_dir(&self.data)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if needed.contains(&name) {
                strangers.at_home += 1;
            } else if let Some(image) = image_of(&name).filter(|_| settled(&entry, now)) {
                strangers.files.push((image, name));
            }
        }
        Ok(strangers)
    }

    /// Puts everything where it belongs; see the top of this file. What is in quarantine for longer than `keep` goes,
    /// without `keep` all of it stays.
    ///
    /// # Errors
    /// Where a directory cannot be read or written.
    pub(crate) fn sweep(
        &self,
        strangers: Strangers,
        known: &Known,
        keep: Option<Duration>,
        now: Timestamp,
    ) -> io::Result<Swept> {
        let mut swept = Swept { removed: self.sweep_temporary()?, ..Swept::default() };
        swept.returned = self.quarantine.give_back(|file| known.needed.contains(file))?;
        let Strangers { files, at_home } = strangers;
        let (over, unknown): (Vec<_>, Vec<_>) =
            files.into_iter().partition(|(image, _)| known.deleted.contains(image));
        for (_, file) in over {
            swept.removed += u64::from(std::fs::remove_file(self.path(&file)).is_ok());
        }
        if unknown.len() + self.quarantine.list()?.len() > at_home {
            swept.left = unknown.len() as u64;
            return Ok(swept);
        }
        for (_, file) in unknown.iter().take(MOVED_AT_ONCE) {
            self.quarantine.take(file, now)?;
            swept.quarantined += 1;
            tracing::warn!(image.file = file, "data that the database does not know went into quarantine");
        }
        swept.left = unknown.len() as u64 - swept.quarantined;
        if let Some(keep) = keep {
            swept.removed += self.quarantine.expire(keep, REMOVED_AT_ONCE, now)?;
        }
        Ok(swept)
    }

    fn sweep_temporary(&self) -> io::Result<u64> {
        let now = self.file_time()?;
        let mut removed = 0;
        for entry in std::fs::read_dir(&self.tmp)? {
            let entry = entry?;
            let name = entry.file_name();
            let process = name.to_str().and_then(|name| name.strip_prefix(PREFIX));
            let over = settled(&entry, now) && process.is_none_or(|process| self.has_ended(process));
            removed += u64::from(over && std::fs::remove_file(entry.path()).is_ok());
        }
        Ok(removed)
    }

    /// What time it is for the file system.
    fn file_time(&self) -> io::Result<SystemTime> {
        let marker = self.temporary_named("clock");
        super::create(marker.path())?.metadata()?.modified()
    }
}

fn settled(entry: &std::fs::DirEntry, now: SystemTime) -> bool {
    let modified = entry.metadata().and_then(|data| data.modified());
    let file = entry.file_type().is_ok_and(|kind| kind.is_file());
    file && modified.is_ok_and(|modified| now.duration_since(modified).is_ok_and(|age| age > SETTLED))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
    const KEEP: Option<Duration> = Some(Duration::from_secs(86_400));

    /// Makes a file look as if nobody had written to it for long.
    fn age(path: &std::path::Path) {
        let file = std::fs::File::options().write(true).open(path).unwrap();
        let modified = file.metadata().unwrap().modified().unwrap();
        file.set_modified(modified - SETTLED * 2).unwrap();
    }

    struct Store {
        files: Files,
        _dir: tempfile::TempDir,
        known: Known,
    }

    impl Store {
        fn new() -> Self {
            let dir = tempfile::tempdir().unwrap();
            Self { files: Files::open(dir.path()).unwrap(), _dir: dir, known: Known::default() }
        }

        /// A file that nobody wrote to for long.
        fn old_file(&self) -> (ImageId, String) {
            let id = ImageId::random();
            let name = self.young_file(id);
            age(&self.files.path(&name));
            (id, name)
        }

        fn young_file(&self, id: ImageId) -> String {
            let name = format!("{id}.0f");
            std::fs::write(self.files.path(&name), b"data").unwrap();
            name
        }

        fn needed(&mut self, count: usize) -> Vec<String> {
            let names: Vec<String> = (0..count).map(|_| self.old_file().1).collect();
            self.known.needed.extend(names.iter().cloned());
            names
        }

        fn sweep(&self, now: Timestamp) -> Swept {
            let strangers = self.files.strangers(&self.known.needed).unwrap();
            self.files.sweep(strangers, &self.known, KEEP, now).unwrap()
        }

        fn quarantined(&self) -> Vec<String> {
            self.files.quarantine.list().unwrap().into_iter().map(|one| one.file).collect()
        }
    }

    #[test]
    fn what_the_database_does_not_know_is_moved_and_never_deleted() {
        let mut store = Store::new();
        let needed = store.needed(3);
        let (image, stranger) = store.old_file();
        let young = store.young_file(ImageId::random());
        std::fs::write(store.files.path("lost+found"), b"").unwrap();
        assert_eq!(store.sweep(NOW), Swept { quarantined: 1, ..Swept::default() });
        assert!(needed.iter().chain([&young]).all(|name| store.files.path(name).exists()));
        let [one] = store.files.quarantine.list().unwrap().try_into().unwrap();
        assert_eq!((one.image, one.size, one.since, one.file), (image, 4, NOW, stranger));
        assert_eq!(store.sweep(NOW), Swept::default(), "once");
    }

    #[test]
    fn the_right_database_finds_its_files_again() {
        let mut store = Store::new();
        store.needed(3);
        let (_, stranger) = store.old_file();
        store.sweep(NOW);
        store.known.needed.insert(stranger.clone());
        assert_eq!(store.sweep(NOW), Swept { returned: 1, ..Swept::default() });
        assert_eq!(std::fs::read(store.files.path(&stranger)).unwrap(), b"data");
    }

    #[test]
    fn nothing_moves_where_most_files_are_unknown_and_few_move_at_once() {
        let mut store = Store::new();
        let mut all: Vec<String> = (0..20).map(|_| store.old_file().1).collect();
        all.extend(store.needed(19));
        assert_eq!(store.sweep(NOW), Swept { left: 20, ..Swept::default() });
        assert!(all.iter().all(|name| store.files.path(name).exists()));
        store.needed(1);
        assert_eq!(store.sweep(NOW), Swept { quarantined: 8, left: 12, ..Swept::default() });
        assert_eq!(store.quarantined().len(), 8);
    }

    #[test]
    fn a_wrong_database_removes_nothing_from_quarantine_either() {
        let mut store = Store::new();
        store.needed(1);
        store.old_file();
        store.sweep(NOW);
        store.known = Known::default();
        let late = NOW.plus(Duration::from_secs(86_400 * 100));
        store.sweep(late);
        assert_eq!(store.quarantined().len(), 1);
    }

    #[test]
    fn what_stays_unknown_goes_after_the_configured_time_a_few_at_once() {
        let mut store = Store::new();
        store.needed(10);
        for _ in 0..5 {
            store.old_file();
        }
        store.sweep(NOW);
        assert_eq!(store.quarantined().len(), 5);
        assert_eq!(store.sweep(NOW.plus(Duration::from_secs(86_400))), Swept::default(), "not yet");
        let late = NOW.plus(Duration::from_secs(86_401));
        assert_eq!(store.sweep(late).removed, 3);
        assert_eq!(store.sweep(late).removed, 2);
        assert_eq!(store.quarantined().len(), 0);
    }

    #[test]
    fn a_deletion_that_was_cut_off_is_finished() {
        let mut store = Store::new();
        let (image, stranger) = store.old_file();
        store.known.deleted.insert(image);
        assert_eq!(store.sweep(NOW), Swept { removed: 1, ..Swept::default() });
        assert!(!store.files.path(&stranger).exists());
    }

    #[test]
    fn what_was_never_accepted_goes_and_a_living_process_stays() {
        let store = Store::new();
        let (living, dead) = (store.files.presence().unwrap(), store.files.presence().unwrap());
        drop(dead);
        let upload = store.files.temporary(ImageId::random());
        std::fs::write(upload.path(), b"half").unwrap();
        assert_eq!(store.sweep(NOW), Swept::default(), "too young");
        for entry in std::fs::read_dir(&store.files.tmp).unwrap() {
            age(&entry.unwrap().path());
        }
        assert_eq!(store.sweep(NOW), Swept { removed: 2, ..Swept::default() });
        assert!(!upload.path().exists());
        assert!(!store.files.has_ended(living.name()));
    }

    #[test]
    fn an_operator_removes_one_by_its_name_and_nothing_else() {
        let mut store = Store::new();
        let [needed] = store.needed(1).try_into().unwrap();
        store.old_file();
        store.sweep(NOW);
        let quarantine = &store.files.quarantine;
        let name = quarantine.list().unwrap()[0].name.clone();
        assert!(!quarantine.remove(&format!("../data/{needed}")).unwrap());
        assert!(store.files.path(&needed).exists());
        assert!(quarantine.remove(&name).unwrap());
        assert!(!quarantine.remove(&name).unwrap());
        assert_eq!(quarantine.list().unwrap(), []);
    }
}
