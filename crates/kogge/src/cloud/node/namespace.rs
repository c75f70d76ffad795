//! The name under which a data directory's networks live on this host.
//!
//! It begins the names of all network namespaces, so that several clouds can live on one host. It is kept in the data
//! directory itself: a directory that is moved while its guests run finds their networks again. A copy of a directory
//! is another cloud and takes another name; the directory's inode, which a move keeps, tells the two apart.

use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::Path;

use crate::data_dir::{DataDir, write_private};

/// In the node's part of the data directory: the name, and the directory that it was given to.
const FILE: &str = "namespace";
/// Where named network namespaces are, as `ip netns` has them.
const NAMESPACES: &str = "/run/netns";

/// What the names of this directory's namespaces begin with; given now where it has none.
///
/// # Errors
/// Those of the file system, and where the file with the name is damaged.
pub(super) fn prefix(data: &DataDir) -> io::Result<String> {
    named(data, Path::new(NAMESPACES))
}

fn named(data: &DataDir, namespaces: &Path) -> io::Result<String> {
    let folder = data.join("node");
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    let home = home(&folder)?;
    let file = folder.join(FILE);
    let name = match std::fs::read_to_string(&file) {
        Ok(text) => {
            let (name, given_to) = parsed(&text).ok_or_else(|| damaged(&file))?;
            if given_to == home {
                return Ok(name);
            }
            renamed(name, namespaces)
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => first(data, namespaces),
        Err(error) => return Err(error),
    };
    write_private(&file, &format!("{name} {home}\n"))?;
    Ok(name)
}

/// The name of a directory that `name` was not given to.
fn renamed(name: String, namespaces: &Path) -> String {
    if !namespaces.join(&name).exists() {
        return name; // moved to another file system, or restored: nothing of it is here
    }
    let fresh = fresh(namespaces);
    tracing::warn!(
        taken = name,
        fresh,
        "this data directory is a copy of one whose networks are on this host; it takes a name of its own"
    );
    fresh
}

/// The name for a directory that has none in writing. Before names were written, they followed from the path.
fn first(data: &DataDir, namespaces: &Path) -> String {
    let had_networks = data.join("node").join("network").join("networking.json").exists();
    if had_networks { of_path(data.path()) } else { fresh(namespaces) }
}

fn of_path(path: &Path) -> String {
    let id = kogge_ids::derive(uuid::Uuid::NAMESPACE_URL, &path.to_string_lossy());
    format!("kogge-{}", &id.simple().to_string()[..8])
}

/// A name that nobody has here.
fn fresh(namespaces: &Path) -> String {
    loop {
        let name = format!("kogge-{}", &kogge_ids::HostId::random().uuid().simple().to_string()[..8]);
        if !namespaces.join(&name).exists() {
            return name;
        }
    }
}

/// The file system and inode of a directory.
fn home(path: &Path) -> io::Result<String> {
    let about = std::fs::metadata(path)?;
    Ok(format!("{}:{}", about.dev(), about.ino()))
}

fn parsed(text: &str) -> Option<(String, String)> {
    let (name, home) = text.trim_end().split_once(' ')?;
    let digits = name.strip_prefix("kogge-")?;
    let good = digits.len() == 8 && digits.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
    good.then(|| (name.to_owned(), home.to_owned()))
}

fn damaged(file: &Path) -> io::Error {
    let because = format!(
        "{} is damaged: it names the network namespaces of this cloud. Where `ip netns` still shows them, write \
         `kogge-XXXXXXXX 0:0` with their first part into it; where none of its guests runs, remove it",
        file.display()
    );
    io::Error::other(because)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Host(tempfile::TempDir);

    impl Host {
        fn new() -> Self {
            let host = Self(tempfile::tempdir().unwrap());
            std::fs::create_dir(host.namespaces()).unwrap();
            host
        }

        fn namespaces(&self) -> std::path::PathBuf {
            self.0.path().join("netns")
        }

        fn data(&self, name: &str) -> DataDir {
            let path = self.0.path().join(name);
            std::fs::create_dir_all(&path).unwrap();
            DataDir::chosen(Some(&path)).unwrap()
        }

        fn name(&self, data: &DataDir) -> String {
            let name = named(data, &self.namespaces()).unwrap();
            std::fs::write(self.namespaces().join(&name), "").unwrap(); // it runs
            name
        }
    }

    #[test]
    fn a_directory_keeps_its_name_when_it_is_moved_while_its_guests_run() {
        let host = Host::new();
        let name = host.name(&host.data("a"));
        assert_eq!(host.name(&host.data("a")), name);
        std::fs::rename(host.0.path().join("a"), host.0.path().join("b")).unwrap();
        assert_eq!(host.name(&host.data("b")), name);
        assert_ne!(host.name(&host.data("a")), name, "a new one at the old place is another cloud");
        assert!(name.len() <= 32);
    }

    #[test]
    fn a_copy_takes_another_name_while_the_first_has_networks_here() {
        let host = Host::new();
        let (one, copy) = (host.data("a"), host.data("copy"));
        let name = host.name(&one);
        std::fs::create_dir_all(copy.join("node")).unwrap();
        std::fs::copy(one.join("node").join(FILE), copy.join("node").join(FILE)).unwrap();
        let other = host.name(&copy);
        assert_ne!(other, name);
        assert_eq!((host.name(&one), host.name(&copy)), (name.clone(), other), "and both keep theirs");

        let restored = host.data("restored");
        std::fs::create_dir_all(restored.join("node")).unwrap();
        std::fs::copy(one.join("node").join(FILE), restored.join("node").join(FILE)).unwrap();
        std::fs::remove_file(host.namespaces().join(&name)).unwrap();
        assert_eq!(host.name(&restored), name, "nothing of it is here: the name goes on");
    }

    #[test]
    fn data_from_before_names_were_written_keeps_the_one_of_its_path() {
        let host = Host::new();
        let old = host.data("old");
        std::fs::create_dir_all(old.join("node").join("network")).unwrap();
        std::fs::write(old.join("node").join("network").join("networking.json"), "{}").unwrap();
        let name = host.name(&old);
        assert_eq!(name, of_path(old.path()));
        std::fs::rename(old.path(), host.0.path().join("new")).unwrap();
        assert_eq!(host.name(&host.data("new")), name);
    }

    #[test]
    fn a_damaged_name_is_refused_with_the_way_out() {
        let host = Host::new();
        let data = host.data("a");
        host.name(&data);
        for text in ["", "kogge-1234567", "kogge-1234567x 1:2", "../../etc 1:2"] {
            std::fs::write(data.join("node").join(FILE), text).unwrap();
            let refused = named(&data, &host.namespaces()).unwrap_err().to_string();
            assert!(refused.contains("ip netns") && refused.contains("remove it"), "{refused}");
        }
    }
}
