//! The key repository: a directory of numbered key files, as Keystone's.
//!
//! File `0` is the *staged* key, the highest number the *primary*, which seals; all of them open. A rotation makes the
//! staged key the new primary, writes a new staged key and removes the oldest ones beyond `max_active`. Because a key is
//! staged before it seals, several processes with copies of the directory never meet a text they cannot open.

use std::fs;
use std::io::{ErrorKind, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arc_swap::ArcSwap;
use kogge_clock::Timestamp;

use super::{Key, NotSealed, Opened, RawText};

/// The key directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// A file or directory could not be read or written.
    #[error("key repository {path}: cannot {action}")]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What was tried.
        action: &'static str,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// A key file does not hold a key.
    #[error("key file {0} is not 32 bytes in url-safe base64: restore it from a backup or remove it")]
    NotAKey(PathBuf),
    /// Others than its owner can read or write a key.
    #[error(
        "key {path} is open to others (mode {mode:o}, owner {owner}): whoever read it can make any token. Make it yours alone \
         (chown, chmod {wanted:o}); if others may have read it, remove it so that a new one is made"
    )]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its mode.
        mode: u32,
        /// Its owner's user id.
        owner: u32,
        /// The mode that it should have.
        wanted: u32,
    },
    /// A key is a link or the like.
    #[error("key {0} is no plain file: links are not followed; put the key itself there")]
    NotAFile(PathBuf),
    /// There is no key.
    #[error("key repository {0} holds no key")]
    Empty(PathBuf),
}

/// The keys of a repository, newest first.
#[derive(Debug)]
pub struct KeyRing {
    keys: Vec<Key>,
    numbers: Vec<u64>,
}

impl KeyRing {
    /// Seals with the primary key.
    #[must_use]
    pub fn seal(&self, content: &[u8], seconds: i64) -> String {
        self.keys[0].seal(content, seconds)
    }

    /// Opens with whichever key sealed it.
    ///
    /// # Errors
    /// [`NotSealed`] where none of the keys did.
    pub fn open(&self, text: &str) -> Result<Opened, NotSealed> {
        self.open_raw(&RawText::decode(text).ok_or(NotSealed)?)
    }

    /// As [`KeyRing::open`], for what we stored ourselves, of any length.
    ///
    /// # Errors
    /// [`NotSealed`] where none of the keys did.
    pub fn open_stored(&self, text: &str) -> Result<Opened, NotSealed> {
        self.open_raw(&RawText::decode_stored(text).ok_or(NotSealed)?)
    }

    fn open_raw(&self, raw: &RawText) -> Result<Opened, NotSealed> {
        self.keys.iter().find_map(|key| key.open(raw).ok()).ok_or(NotSealed)
    }
}

/// A directory of keys and the ring read from it. Cheap to clone; all clones see a reload.
#[derive(Debug, Clone)]
pub struct KeyRepository {
    directory: Arc<PathBuf>,
    max_active: usize,
    ring: Arc<ArcSwap<KeyRing>>,
}

impl KeyRepository {
    /// Opens the repository; makes it, with a staged and a primary key, where there is none.
    ///
    /// # Errors
    /// [`RepositoryError`], where the directory or a key file cannot be used.
    pub fn open(directory: impl Into<PathBuf>, max_active: usize) -> Result<Self, RepositoryError> {
        let directory = directory.into();
        let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
        made.map_err(io(&directory, "make the directory"))?;
        if numbers(&directory)?.is_empty() {
            // another process may be about to do the same: the first one's keys count for both
            write_new(&directory.join("0"), &Key::generate())?;
            write_new(&directory.join("1"), &Key::generate())?;
        }
        let ring = Arc::new(ArcSwap::from_pointee(read(&directory)?));
        Ok(Self { directory: Arc::new(directory), max_active: max_active.max(1), ring })
    }

    /// The keys as last read.
    #[must_use]
    pub fn ring(&self) -> Arc<KeyRing> {
        self.ring.load_full()
    }

    /// When the keys were last rotated (or made): the time of the staged key's file.
    ///
    /// # Errors
    /// [`RepositoryError`], where the staged key is missing or cannot be looked at.
    pub fn last_rotation(&self) -> Result<Timestamp, RepositoryError> {
        let path = self.directory.join("0");
        let modified = fs::metadata(&path).and_then(|meta| meta.modified()).map_err(io(&path, "look at"))?;
        let since = modified.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Ok(Timestamp::from_seconds(0).plus(since))
    }

    /// Reads the directory again if another process rotated the keys.
    ///
    /// # Errors
    /// [`RepositoryError`]; the ring stays as it was then.
    pub fn reload_if_changed(&self) -> Result<(), RepositoryError> {
        if numbers(&self.directory)? == self.ring.load().numbers { Ok(()) } else { self.reload() }
    }

    /// Reads the directory again.
    ///
    /// # Errors
    /// [`RepositoryError`]; the ring stays as it was then.
    pub fn reload(&self) -> Result<(), RepositoryError> {
        self.ring.store(Arc::new(read(&self.directory)?));
        Ok(())
    }

    /// Makes the staged key the primary one, stages a new one and drops the oldest beyond `max_active`. At least the
    /// staged, the primary and one older key stay where `max_active` allows three.
    ///
    /// # Errors
    /// [`RepositoryError`] where a file cannot be written; texts sealed so far still open then.
    pub fn rotate(&self) -> Result<(), RepositoryError> {
        let present = numbers(&self.directory)?;
        let next = present.last().copied().unwrap_or(0) + 1;
        let staged = self.directory.join("0");
        match fs::rename(&staged, self.directory.join(next.to_string())) {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                write(&self.directory.join(next.to_string()), &Key::generate())?;
            }
            other => other.map_err(io(&staged, "promote the staged key"))?,
        }
        write(&staged, &Key::generate())?;
        let mut older: Vec<u64> = present.into_iter().filter(|number| *number != 0).collect();
        while older.len() + 2 > self.max_active.max(2) && !older.is_empty() {
            let path = self.directory.join(older.remove(0).to_string());
            fs::remove_file(&path).map_err(io(&path, "remove the oldest key"))?;
        }
        self.reload()
    }
}

fn io(path: &Path, action: &'static str) -> impl FnOnce(std::io::Error) -> RepositoryError {
    move |source| RepositoryError::Io { path: path.to_owned(), action, source }
}

fn numbers(directory: &Path) -> Result<Vec<u64>, RepositoryError> {
    let mut numbers = Vec::new();
    for entry in fs::read_dir(directory).map_err(io(directory, "list"))? {
        let entry = entry.map_err(io(directory, "list"))?;
        numbers.extend(entry.file_name().to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Refuses what others than the owner can use: `bits` of the mode.
fn refuse_exposed(path: &Path, found: &fs::Metadata, bits: u32, wanted: u32) -> Result<(), RepositoryError> {
    let (mode, owner) = (found.mode() & 0o777, found.uid());
    if mode & bits == 0 {
        return Ok(());
    }
    Err(RepositoryError::Exposed { path: path.to_owned(), mode, owner, wanted })
}

/// Reads one key: a plain file of the directory's owner that nobody else can read.
fn read_key(path: &Path, owner: u32) -> Result<Key, RepositoryError> {
    const LONGEST: u64 = 1024;
    let found = fs::symlink_metadata(path).map_err(io(path, "look at"))?;
    if !found.is_file() {
        return Err(RepositoryError::NotAFile(path.to_owned()));
    }
    let file = fs::File::open(path).map_err(io(path, "read"))?;
    let found = file.metadata().map_err(io(path, "look at"))?;
    refuse_exposed(path, &found, if found.uid() == owner { 0o077 } else { 0o777 }, 0o600)?;
    let mut text = zeroize::Zeroizing::new(String::new());
    file.take(LONGEST).read_to_string(&mut text).map_err(io(path, "read"))?;
    Key::parse(&text).ok_or_else(|| RepositoryError::NotAKey(path.to_owned()))
}

fn read(directory: &Path) -> Result<KeyRing, RepositoryError> {
    let mut keys = Vec::new();
    let found = fs::metadata(directory).map_err(io(directory, "look at"))?;
    refuse_exposed(directory, &found, 0o022, 0o700)?;
    let owner = found.uid();
    let numbers = numbers(directory)?;
    for number in numbers.iter().rev() {
        keys.push(read_key(&directory.join(number.to_string()), owner)?);
    }
    if keys.is_empty() {
        Err(RepositoryError::Empty(directory.to_owned()))
    } else {
        Ok(KeyRing { keys, numbers })
    }
}

/// Written beside and renamed, so that no reader ever sees half a key.
fn write(path: &Path, text: &str) -> Result<(), RepositoryError> {
    let beside = write_beside(path, text)?;
    fs::rename(&beside, path).map_err(io(path, "put in place"))
}

/// As [`write`], where there is none; one that is there stays.
fn write_new(path: &Path, text: &str) -> Result<(), RepositoryError> {
    let beside = write_beside(path, text)?;
    let linked = fs::hard_link(&beside, path);
    fs::remove_file(&beside).map_err(io(&beside, "remove"))?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(io(path, "put in place")(error)),
        _ => Ok(()),
    }
}

fn write_beside(path: &Path, text: &str) -> Result<PathBuf, RepositoryError> {
    let beside = path.with_extension(format!("{:016x}.new", rand::random::<u64>()));
    let opened = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&beside);
    let mut file = opened.map_err(io(&beside, "create"))?;
    file.write_all(text.as_bytes()).map_err(io(&beside, "write"))?;
    file.sync_all().map_err(io(&beside, "sync"))?;
    Ok(beside)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    fn names(directory: &Path) -> Vec<u64> {
        numbers(directory).unwrap()
    }

    #[test]
    fn a_new_repository_has_a_staged_and_a_primary_key_that_only_the_owner_reads() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("fernet-keys");
        KeyRepository::open(&path, 3).unwrap();
        assert_eq!(names(&path), [0, 1]);
        for name in ["0", "1"] {
            assert_eq!(fs::metadata(path.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_rotation_promotes_the_staged_key_and_keeps_max_active() {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyRepository::open(dir.path(), 3).unwrap();
        let staged = fs::read_to_string(dir.path().join("0")).unwrap();
        keys.rotate().unwrap();
        assert_eq!(names(dir.path()), [0, 1, 2]);
        assert_eq!(fs::read_to_string(dir.path().join("2")).unwrap(), staged);
        keys.rotate().unwrap();
        assert_eq!(names(dir.path()), [0, 2, 3]);
    }

    #[test]
    fn texts_survive_as_many_rotations_as_there_are_older_keys() {
        let dir = tempfile::tempdir().unwrap();
        let keys = KeyRepository::open(dir.path(), 3).unwrap();
        let text = keys.ring().seal(b"x", 1);
        keys.rotate().unwrap();
        assert!(keys.ring().open(&text).is_ok());
        keys.rotate().unwrap();
        assert!(keys.ring().open(&text).is_err());
    }

    #[test]
    fn another_process_opens_after_a_reload_what_the_rotated_one_seals() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) =
            (KeyRepository::open(dir.path(), 3).unwrap(), KeyRepository::open(dir.path(), 3).unwrap());
        one.rotate().unwrap();
        let text = one.ring().seal(b"x", 1);
        assert!(two.ring().open(&text).is_ok(), "the staged key was already known");
        one.rotate().unwrap();
        let text = one.ring().seal(b"x", 1);
        assert!(two.ring().open(&text).is_err());
        two.reload_if_changed().unwrap();
        assert!(two.ring().open(&text).is_ok());
    }

    #[test]
    fn keys_that_others_can_use_are_refused_with_the_way_out() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        KeyRepository::open(&path, 3).unwrap();
        let set = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        for mode in [0o644, 0o640, 0o604, 0o620, 0o602] {
            set(&path.join("1"), mode);
            let error = KeyRepository::open(&path, 3).unwrap_err().to_string();
            assert!(error.contains("/keys/1") && error.contains("chmod 600"), "{error}");
        }
        set(&path.join("1"), 0o400);
        KeyRepository::open(&path, 3).unwrap();
        for mode in [0o777, 0o770, 0o702] {
            set(&path, mode);
            let error = KeyRepository::open(&path, 3).unwrap_err().to_string();
            assert!(error.contains("chmod 700"), "{error}");
        }
    }

    #[test]
    fn a_link_is_no_key() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        KeyRepository::open(&path, 3).unwrap();
        fs::rename(path.join("1"), dir.path().join("elsewhere")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("elsewhere"), path.join("1")).unwrap();
        assert!(matches!(KeyRepository::open(&path, 3), Err(RepositoryError::NotAFile(_))));
    }

    #[test]
    fn processes_that_start_together_have_the_same_keys() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        let open = || KeyRepository::open(&path, 3).unwrap();
        let all: Vec<KeyRepository> = std::thread::scope(|scope| {
            let started: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
            started.into_iter().map(|one| one.join().unwrap()).collect()
        });
        // who read between the two keys of another reads again, as the task does every second
        all.iter().for_each(|keys| keys.reload_if_changed().unwrap());
        let text = all[0].ring().seal(b"x", 1);
        assert!(all.iter().all(|keys| keys.ring().open(&text).is_ok()));
        assert_eq!(names(&path), [0, 1]);
    }

    #[test]
    fn a_broken_key_file_is_named() {
        let dir = tempfile::tempdir().unwrap();
        KeyRepository::open(dir.path(), 3).unwrap();
        write(&dir.path().join("1"), "garbage").unwrap();
        let error = KeyRepository::open(dir.path(), 3).unwrap_err();
        assert!(error.to_string().contains("/1"), "{error}");
    }
}
