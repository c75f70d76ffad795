//! Disks that are none of ours: seen, taken over, let go.
//!
//! Whoever put a file here may want us to read others with it. So a file is known by its first bytes alone, and taken
//! only where it needs nothing else; a name is one word, and no link is followed.

use std::fs::File;
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use kogge_node_api::is_volume_file;

use super::Inner;
use super::names::{Kind, Side, disk_of, find, name};
use crate::draft::sync;
use crate::off::{failed, off};
use crate::sniff::{Content, sniff};
use crate::{Adopted, DiskId, Foreign, RELEASED, StorageError};

/// So many are listed.
const MOST: usize = 5_000;

/// What a foreign file is as a disk, or why it can be none.
enum Verdict {
    Disk { bytes: u64, kind: Kind },
    Obstacle { bytes: u64, because: String },
}

/// Disks in the directory that are none of ours.
pub(super) fn list(dir: &Path) -> io::Result<Vec<Foreign>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if !entry.file_type()?.is_file() || disk_of(&name).is_some() || !is_volume_file(&name) {
            continue;
        }
        let Some(verdict) = judge(&dir.join(&name))? else { continue };
        found.push(match verdict {
            Verdict::Disk { bytes, .. } => Foreign { name, bytes, obstacle: None },
            Verdict::Obstacle { bytes, because } => Foreign { name, bytes, obstacle: Some(because) },
        });
        if found.len() == MOST {
            break;
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

/// Looks at a file; nothing where there is none.
fn judge(path: &Path) -> io::Result<Option<Verdict>> {
    let flags = nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK;
    let file = match File::options().read(true).custom_flags(flags).open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if error.raw_os_error() == Some(nix::libc::ELOOP) => {
            return Ok(Some(Verdict::Obstacle { bytes: 0, because: "it is a link".to_owned() }));
        }
        opened => opened?,
    };
    let seen = file.metadata()?;
    let obstacle = |bytes, because: &str| Verdict::Obstacle { bytes, because: because.to_owned() };
    if !seen.is_file() {
        return Ok(Some(obstacle(0, "it is no plain file")));
    }
    if seen.nlink() != 1 {
        return Ok(Some(obstacle(seen.len(), "it has another name, by which it could be changed")));
    }
    let length = seen.len();
    Ok(Some(match sniff(&file)? {
        Content::Plain if length == 0 => obstacle(0, "it is empty"),
        Content::Plain if length % 512 != 0 => obstacle(length, "its length is no multiple of 512"),
        Content::Plain => Verdict::Disk { bytes: length, kind: Kind::Raw },
        Content::Qcow2 { bytes, backing: false, data_file: false } => {
            Verdict::Disk { bytes, kind: Kind::Qcow2 }
        }
        Content::Qcow2 { bytes, .. } => obstacle(bytes, "it leans on another file"),
        Content::Luks { offset } => {
            obstacle(length.saturating_sub(offset), "it is encrypted with an unknown passphrase")
        }
        Content::Other(what) => obstacle(length, &format!("its format is {what}; volumes are raw or qcow2")),
    }))
}

impl Inner {
    pub(super) async fn adopt(&self, from: &str, id: DiskId) -> Result<Adopted, StorageError> {
        const STEP: &str = "taking over the volume";
        let (dir, known) = (self.dir.clone(), id);
        if let Some(found) = off(STEP, move || find(&dir, known)).await? {
            // an earlier try did it
            return Ok(Adopted { bytes: self.size(&found).await? });
        }
        if disk_of(from).is_some() {
            return Err(StorageError::Refused {
                because: "that disk is a volume or snapshot already".to_owned(),
            });
        }
        if !is_volume_file(from) {
            let because = "a disk is named by one word of letters, digits, `-`, `_` and `.`, at most 200";
            return Err(StorageError::Refused { because: because.to_owned() });
        }
        let (dir, from) = (self.dir.clone(), from.to_owned());
        let judged = {
            let path = dir.join(&from);
            off(STEP, move || judge(&path)).await?
        };
        let (bytes, kind) = match judged {
            None => return Err(StorageError::NotFound { what: from }),
            Some(Verdict::Obstacle { because, .. }) => {
                let because = format!("the disk cannot be taken over: {because}");
                return Err(StorageError::Refused { because });
            }
            Some(Verdict::Disk { bytes, kind }) => (bytes, kind),
        };
        if kind == Kind::Qcow2 {
            // whether all of it is what its beginning says
            let info = self.tool.info(&dir.join(&from), kind.format()).await;
            let info = info.map_err(|error| failed(STEP, error))?;
            if info.leans_on_another_file() || info.virtual_size != bytes {
                return Err(StorageError::Refused { because: "the disk leans on another file".to_owned() });
            }
        }
        off(STEP, move || {
            let (from, to) = (dir.join(from), dir.join(name(id, Side::First, kind)));
            std::fs::set_permissions(&from, std::fs::Permissions::from_mode(0o600))?;
            std::fs::rename(from, to)?;
            sync(&dir)
        })
        .await?;
        Ok(Adopted { bytes })
    }

    /// Lets a disk go: what stood on an image stands by itself then.
    pub(super) async fn release(&self, id: DiskId) -> Result<(), StorageError> {
        const STEP: &str = "letting the volume go";
        let found = match self.found(id).await {
            Err(error @ StorageError::NotFound { .. }) => {
                let released = Kind::ALL.map(|kind| self.dir.join(released(id, kind)));
                let done = off(STEP, move || Ok(released.iter().any(|path| path.exists()))).await?;
                return if done { Ok(()) } else { Err(error) };
            }
            found => found?,
        };
        // what is left over first: it must not come to light
        let side = found.side;
        self.clear(id, side.other()).await?;
        let target = self.dir.join(released(id, found.kind));
        if found.base.is_some() {
            self.size(&found).await?;
            let draft = self.draft().await?;
            let whole = self.tool.convert(&found.layers(), draft.path(), "qcow2").await;
            whole.map_err(|error| failed(STEP, error))?;
            off(STEP, move || draft.keep(&target)).await?;
        } else {
            let dir = self.dir.clone();
            off(STEP, move || {
                std::fs::rename(found.path, target)?;
                sync(&dir)
            })
            .await?;
        }
        self.clear(id, side).await
    }
}

fn released(id: DiskId, kind: Kind) -> String {
    format!("{RELEASED}{id}.{}", kind.ending())
}
