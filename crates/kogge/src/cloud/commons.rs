//! What all processes of a cloud have in common beside the database: keys, first accounts and the data of images.
//!
//! They are files. One process has them in its data directory; several have them in one place that all of them see
//! (`storage.shared`), and links to it in their data directories. The place bears an id, which the database knows: a
//! process whose files are others is refused, for it could not read the others' tokens, passwords and images.

use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};

use kogge_db::{Db, Executor, Query};

use crate::data_dir::{self, DataDir};
use crate::exit::Failure;

/// What is in the place: folders, and files.
const FOLDERS: [&str; 6] = ["images", "volumes", "backups", "fernet-keys", "credential-keys", "server-keys"];
const FILES: [&str; 2] = ["accounts.toml", data_dir::SHARED_ID];

/// Lets the data directory lead to the place that all processes share.
///
/// # Errors
/// Where the place cannot be used, or the directory has files of its own.
pub(super) fn link(data: &DataDir, shared: &str) -> Result<(), Failure> {
    if shared.is_empty() {
        return Ok(());
    }
    let place = Path::new(shared);
    if !place.is_absolute() {
        return Err(Failure::Usage(format!("storage.shared `{shared}` is no absolute path")));
    }
    let failed = |error| Failure::outside(&format!("using {shared} (storage.shared)"), error);
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(place).map_err(failed)?;
    DataDir::chosen(Some(place))?.trusted()?;
    for name in FOLDERS {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(place.join(name)).map_err(failed)?;
    }
    for name in FOLDERS.iter().chain(&FILES) {
        link_one(&data.join(name), &place.join(name))?;
    }
    Ok(())
}

fn link_one(own: &Path, shared: &Path) -> Result<(), Failure> {
    let failed =
        |error| Failure::outside(&format!("linking {} to {}", own.display(), shared.display()), error);
    match own.symlink_metadata() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => symlink(shared, own).map_err(failed),
        Err(error) => Err(failed(error)),
        Ok(facts) if facts.is_symlink() && std::fs::read_link(own).map_err(failed)? == shared => Ok(()),
        Ok(_) => Err(Failure::Outside(format!(
            "{} is this directory's own, but storage.shared says that all processes have it in {}. Move it there, where \
             it is the cloud's first; otherwise put it aside",
            own.display(),
            shared.display()
        ))),
    }
}

/// Makes sure that the place is the one that the database knows.
///
/// # Errors
/// Where it is another one.
pub(super) async fn check(db: &Db, data: &DataDir, adopt: bool) -> Result<(), Failure> {
    let id = id(data).map_err(|error| Failure::outside("reading the id of the shared files", error))?;
    let failed = |error| Failure::outside("comparing the shared files with the database", error);
    let place = home(data).display().to_string();
    if adopt {
        let take = "INSERT INTO cloud_commons (one, id, place) VALUES (1, $1, $2) \
                    ON CONFLICT (one) DO UPDATE SET id = excluded.id, place = excluded.place";
        return db.execute(Query::new(take).bind(&id).bind(&place)).await.map(drop).map_err(failed);
    }
    let first = "INSERT INTO cloud_commons (one, id, place) VALUES (1, $1, $2) ON CONFLICT (one) DO NOTHING";
    db.execute(Query::new(first).bind(&id).bind(&place)).await.map_err(failed)?;
    let row =
        db.one(Query::new("SELECT id, place FROM cloud_commons WHERE one = 1")).await.map_err(failed)?;
    if row.text("id").map_err(failed)? == id {
        return Ok(());
    }
    let theirs = row.text("place").map_err(failed)?;
    Err(Failure::Outside(format!(
        "the keys, accounts and images of this cloud are in {theirs}, and those of {place} are others: tokens, passwords and \
         images of one process would be nothing to the other. Let all processes have them in one place that all machines \
         see: move them there from the first one, and name it in every configuration (storage.shared). Nothing was changed"
    )))
}

/// Where a file of the directory is, or is to be: behind its link, where it is one.
pub(super) fn place_of(data: &DataDir, name: &str) -> PathBuf {
    let own = data.join(name);
    std::fs::read_link(&own).unwrap_or(own)
}

/// Where the shared files are.
fn home(data: &DataDir) -> PathBuf {
    let file = data.join(data_dir::SHARED_ID);
    let real = std::fs::canonicalize(&file).unwrap_or(file);
    real.parent().map_or_else(|| data.path().to_owned(), Path::to_owned)
}

/// The id of the place; it gets one where it has none.
fn id(data: &DataDir) -> std::io::Result<String> {
    let file = data.join(data_dir::SHARED_ID);
    for _ in 0..2 {
        match std::fs::read_to_string(&file) {
            Ok(text) if !text.trim().is_empty() => return Ok(text.trim().to_owned()),
            Ok(_) => {}
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        make(&file)?;
    }
    let because = format!("{} is empty", file.display());
    Err(std::io::Error::new(std::io::ErrorKind::InvalidData, because))
}

/// Makes the id, unless another process is faster.
fn make(file: &Path) -> std::io::Result<()> {
    // a link leads to where the file is to be
    let target = std::fs::read_link(file).unwrap_or_else(|_| file.to_owned());
    let fresh = kogge_ids::HostId::random().to_string();
    let draft = target.with_extension(&fresh);
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&draft)?;
    file.write_all(format!("{fresh}\n").as_bytes())?;
    file.sync_all()?;
    let made = match std::fs::hard_link(&draft, &target) {
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    };
    std::fs::remove_file(&draft)?;
    made
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory(path: &Path) -> DataDir {
        std::fs::create_dir_all(path).unwrap();
        DataDir::chosen(Some(path)).unwrap()
    }

    #[test]
    fn several_directories_lead_to_one_place_and_its_id() {
        let dir = tempfile::tempdir().unwrap();
        let (one, two) = (directory(&dir.path().join("one")), directory(&dir.path().join("two")));
        let shared = dir.path().join("shared").display().to_string();
        for data in [&one, &two] {
            link(data, &shared).unwrap();
            link(data, &shared).unwrap();
        }
        assert_eq!(id(&one).unwrap(), id(&two).unwrap());
        assert_eq!(home(&one), std::fs::canonicalize(&shared).unwrap());
        std::fs::write(one.join("images/x"), "data").unwrap();
        assert_eq!(std::fs::read_to_string(two.join("images/x")).unwrap(), "data");
        let alone = directory(&dir.path().join("alone"));
        assert_ne!(id(&alone).unwrap(), id(&one).unwrap());
        std::fs::create_dir(alone.join("images")).unwrap();
        let refused = link(&alone, &shared).unwrap_err().to_string();
        assert!(refused.contains("Move it there"), "{refused}");
        assert!(link(&alone, "shared").is_err(), "a path that depends on where kogge was started");
    }
}
