//! Whether a directory can be trusted to hold what we put into it, and nothing that others did.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

use crate::exit::Failure;

const STICKY: u32 = 0o1000;
const WRITABLE_BY_OTHERS: u32 = 0o022;
const ROOT: u32 = 0;

/// Checks a directory for the user `me`, with all above it; one that is not there yet is judged by those above.
///
/// # Errors
/// Where it belongs to another user, or another user could put a different one in its place.
pub(super) fn check(directory: &Path, me: u32) -> Result<(), Failure> {
    // links on the way are resolved: what counts is where the files will be
    let existing = directory.ancestors().find(|place| place.symlink_metadata().is_ok());
    let Some(existing) = existing else { return Ok(()) };
    let real = std::fs::canonicalize(existing)
        .map_err(|error| Failure::outside(&format!("looking at {}", existing.display()), error))?;
    for place in real.ancestors() {
        let facts = std::fs::metadata(place)
            .map_err(|error| Failure::outside(&format!("looking at {}", place.display()), error))?;
        let itself = existing == directory && place == real;
        if let Some(because) = objection(&facts, me, itself) {
            return Err(refused(directory, place, &because));
        }
    }
    Ok(())
}

/// What speaks against a directory: `itself` is ours to close, and nobody else's; those above are ours or root's, and
/// others can rename nothing in them.
fn objection(facts: &std::fs::Metadata, me: u32, itself: bool) -> Option<String> {
    let (owner, mode) = (facts.uid(), facts.mode());
    if !facts.is_dir() {
        return Some("is no directory".to_owned());
    }
    if itself {
        return (owner != me).then(|| format!("belongs to user {owner}, not to user {me} who runs kogge"));
    }
    if owner != me && owner != ROOT {
        return Some(format!("belongs to user {owner}, who could exchange what is in it"));
    }
    let open = mode & WRITABLE_BY_OTHERS != 0 && mode & STICKY == 0;
    open.then(|| "lets other users exchange what is in it".to_owned())
}

fn refused(directory: &Path, place: &Path, because: &str) -> Failure {
    let (wanted, place) = (directory.display(), place.display());
    Failure::Outside(format!(
        "{wanted} is not used as data directory: {place} {because}. Choose another with --data DIR, or change the \
         owner or mode of {place}"
    ))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn me() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    fn mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_directory_of_ours_is_taken_and_one_that_is_not_there_yet() {
        let dir = tempfile::tempdir().unwrap();
        check(dir.path(), me()).unwrap();
        check(&dir.path().join("a/b/c"), me()).unwrap();
    }

    #[test]
    fn a_directory_of_another_user_is_refused_with_both_users() {
        let dir = tempfile::tempdir().unwrap();
        let refused = check(dir.path(), me() + 1).unwrap_err().to_string();
        assert!(refused.contains(&format!("belongs to user {}", me())), "{refused}");
        assert!(refused.contains("--data"), "{refused}");
    }

    #[test]
    fn a_directory_that_others_could_exchange_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let above = dir.path().join("above");
        let data = above.join("data");
        std::fs::create_dir_all(&data).unwrap();
        mode(&above, 0o777);
        let refused = check(&data, me()).unwrap_err().to_string();
        assert!(refused.contains("above lets other users exchange"), "{refused}");
        // as in /tmp: others write there, and cannot touch what is ours
        mode(&above, 0o1777);
        check(&data, me()).unwrap();
    }

    #[test]
    fn a_link_is_judged_by_where_it_leads() {
        let dir = tempfile::tempdir().unwrap();
        let (open, link) = (dir.path().join("open"), dir.path().join("link"));
        std::fs::create_dir_all(open.join("data")).unwrap();
        mode(&open, 0o777);
        std::os::unix::fs::symlink(open.join("data"), &link).unwrap();
        assert!(check(&link, me()).is_err());
    }

    #[test]
    fn a_file_is_no_directory() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("file");
        std::fs::write(&file, "").unwrap();
        let refused = check(&file, me()).unwrap_err().to_string();
        assert!(refused.contains("is no directory"), "{refused}");
    }
}
