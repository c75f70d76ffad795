//! Whose the data directory is, and who may look into it.

use std::os::unix::fs::{MetadataExt, PermissionsExt};

use crate::site::{Site, files};

const ANY_PORT: &[&str] = &["--listen", "127.0.0.1:0"];

#[test]
fn everything_that_a_cloud_writes_is_for_its_owner_only() {
    let site = Site::new();
    // it may have been there before, open to all
    std::fs::create_dir(site.data()).unwrap();
    std::fs::set_permissions(site.data(), std::fs::Permissions::from_mode(0o755)).unwrap();
    site.up(ANY_PORT).expect(0);
    let pid = site.status()["pid"].as_u64().unwrap();
    let memory: Vec<_> = std::fs::read_dir("/dev/shm")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.to_string_lossy().contains(&format!("kogge-sim-{pid}-")))
        .collect();
    let state: Vec<_> = memory.iter().flat_map(|place| files(place)).collect();
    assert!(state.iter().any(|file| file.ends_with("kogge.sqlite")), "{state:?}");
    let kept = files(&site.data());
    assert!(kept.iter().any(|file| file.ends_with("accounts.toml")), "{kept:?}");
    for path in state.iter().chain(&kept).chain(&memory).chain([&site.data()]) {
        let mode = std::fs::symlink_metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} is {mode:o}", path.display());
    }
}

#[test]
fn a_backup_would_take_whatever_cannot_be_made_again() {
    let site = Site::new();
    site.up(ANY_PORT).expect(0);
    // who adds something to the data directory says here, or in KEPT, whether a backup has to have it
    let passing = ["clouds.yaml", "check.toml", "control.sock", "kogge.lock", "kogge.log", "ballast"];
    for entry in std::fs::read_dir(site.data()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let kept = kogge::data_dir::KEPT.contains(&name.as_str());
        assert!(kept || passing.contains(&name.as_str()), "{name}: does a backup have to have it?");
    }
}

#[test]
fn a_directory_of_another_user_is_refused_and_nothing_in_it_is_followed() {
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped: giving a directory to another user needs root");
        return;
    }
    let site = Site::new();
    let target = site.path("target");
    std::fs::write(&target, "untouched").unwrap();
    std::fs::create_dir(site.data()).unwrap();
    for name in [
        "kogge.log",
        "kogge.lock",
        "process-name",
        "accounts.toml",
        "kogge.toml",
        "clouds.yaml",
        "check.toml",
    ] {
        std::os::unix::fs::symlink(&target, site.data().join(name)).unwrap();
    }
    std::os::unix::fs::chown(site.data(), Some(65_534), None).unwrap();
    let ended = site.up(ANY_PORT).expect(4);
    assert!(ended.err.contains("belongs to user 65534"), "{}", ended.err);
    assert_eq!(std::fs::read_to_string(&target).unwrap(), "untouched");
    assert_eq!(std::fs::metadata(site.data()).unwrap().uid(), 65_534);
    std::os::unix::fs::chown(site.data(), Some(0), None).unwrap();
}
