//! No database, however wrong, costs a guest or a disk.

use std::path::Path;

use crate::lab::{Lab, in_a_space};

/// A disk whose boot sector waits for ever.
pub(crate) fn waiting() -> Vec<u8> {
    let mut disk = vec![0xf4, 0xeb, 0xfd]; // hlt; jmp back
    disk.resize(510, 0);
    disk.extend([0x55, 0xaa]);
    disk.resize(1024 * 1024, 0);
    disk
}

const FILES: [&str; 3] = ["kogge.sqlite", "kogge.sqlite-wal", "kogge.sqlite-shm"];

/// Copies a database with what is beside it; nothing of what was there before stays.
fn put(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for name in FILES {
        let _ = std::fs::remove_file(to.join(name));
        if from.join(name).exists() {
            std::fs::copy(from.join(name), to.join(name)).unwrap();
        }
    }
}

fn remove(from: &Path) {
    for name in FILES {
        let _ = std::fs::remove_file(from.join(name));
    }
}

#[test]
fn wrong_lost_empty_and_corrupt_ones_are_refused_and_adopted_only_by_word() {
    in_a_space(async |mut lab: Lab| {
        let (data, right, wrong) = (lab.data(), lab.path("right"), lab.path("wrong"));
        // a database of another cloud
        lab.up(&[]).await;
        assert!(lab.kogge(&["down"]).status.success());
        put(&data, &wrong);
        std::fs::remove_dir_all(&data).unwrap();
        lab.up(&[]).await;
        lab.furnish(waiting()).await;
        let (one, two) = (lab.boot().await, lab.boot().await);
        no_secrets(&lab);
        let before = lab.identities();
        assert_eq!(before.keys().collect::<Vec<_>>().len(), 2);
        lab.kill();
        put(&data, &right);
        for bad in ["wrong", "lost", "empty", "corrupt"] {
            match bad {
                "wrong" => put(&wrong, &data),
                "lost" => remove(&data),
                "empty" => {
                    remove(&data);
                    std::fs::write(data.join("kogge.sqlite"), "").unwrap();
                }
                _ => {
                    put(&right, &data);
                    let _ = std::fs::remove_file(data.join("kogge.sqlite-wal"));
                    let mut bytes = std::fs::read(right.join("kogge.sqlite")).unwrap();
                    let half = bytes.len() / 2;
                    bytes[4096..half].fill(0x5a);
                    std::fs::write(data.join("kogge.sqlite"), bytes).unwrap();
                }
            }
            let refused = lab.try_up(&[]).unwrap_err();
            if bad != "corrupt" {
                assert!(
                    refused.contains("--adopt-database") && refused.contains("2 guests"),
                    "{bad}: {refused}"
                );
            }
            assert_eq!(lab.identities(), before, "{bad}");
            assert_eq!(bad == "lost", !data.join("kogge.sqlite").exists(), "{bad}: a refusal makes nothing");
        }
        // by an operator's word: nobody knows the guests, and they run on
        put(&wrong, &data);
        // not logged in: the passwords of this directory are not those of the wrong database
        lab.try_up(&["--adopt-database"]).unwrap();
        lab.until("both in quarantine", async || lab.quarantine().len() == 2).await;
        assert_eq!(lab.identities(), before);
        assert_eq!(lab.json(&["status"])["quarantined"], 2);
        let doctor = String::from_utf8(lab.kogge(&["doctor", "--sim"]).stdout).unwrap();
        assert!(doctor.contains("kogge quarantine list"), "{doctor}");
        let unknown = lab.kogge(&["quarantine", "remove", "00000000-0000-4000-8000-000000000000"]);
        assert!(!unknown.status.success());
        let removed = lab.kogge(&["quarantine", "remove", &two]);
        assert!(removed.status.success(), "{removed:?}");
        assert!(!data.join("node/instances").join(&two).exists());
        // the right one again
        lab.kill();
        put(&right, &data);
        assert!(lab.try_up(&[]).is_err(), "the directory is the other cloud's now");
        lab.up(&["--adopt-database"]).await;
        lab.until_status(&one, "ACTIVE").await;
        lab.until("an empty quarantine", async || lab.quarantine().is_empty()).await;
        let after = lab.identities();
        assert_eq!(after.get(&one), before.get(&one));
    });
}

#[test]
fn an_old_one_keeps_what_it_does_not_know_and_makes_no_disk_anew() {
    in_a_space(async |mut lab: Lab| {
        let (data, old, right) = (lab.data(), lab.path("old"), lab.path("right"));
        lab.up(&[]).await;
        lab.furnish(waiting()).await;
        let (stays, deleted) = (lab.boot().await, lab.boot().await);
        lab.kill();
        put(&data, &old);
        lab.up(&[]).await;
        let young = lab.boot().await;
        assert_eq!(
            lab.call("DELETE", &format!("/compute/v2.1/servers/{deleted}"), serde_json::Value::Null).await.0,
            204
        );
        lab.until("the deleted one to be gone", async || !lab.guests().contains_key(&deleted)).await;
        lab.until("its files too", async || !data.join("node/instances").join(&deleted).exists()).await;
        let before = lab.identities();
        lab.kill();
        put(&data, &right);
        put(&old, &data);
        lab.up(&[]).await;
        lab.until("the young one in quarantine", async || lab.quarantine() == [young.clone()]).await;
        lab.until_status(&stays, "ACTIVE").await;
        lab.until_status(&deleted, "ERROR").await;
        let fault = lab.server(&deleted).await["fault"]["message"].as_str().unwrap_or_default().to_owned();
        assert!(fault.contains("not made anew") && fault.contains("rebuild"), "{fault}");
        assert!(!data.join("node/instances").join(&deleted).join("root.qcow2").exists(), "no empty disk");
        assert_eq!(lab.identities(), before);
        lab.kill();
        put(&right, &data);
        lab.up(&[]).await;
        lab.until("an empty quarantine", async || lab.quarantine().is_empty()).await;
        for id in [&stays, &young] {
            lab.until_status(id, "ACTIVE").await;
        }
        assert_eq!(lab.server(&deleted).await, serde_json::Value::Null);
        assert_eq!(lab.identities(), before);
    });
}

/// No process of ours has the operator's environment, and no record the guest's password.
fn no_secrets(lab: &Lab) {
    for (id, guest) in lab.guests() {
        let environment = std::fs::read_to_string(format!("/proc/{}/environ", guest.process.pid)).unwrap();
        let mut names: Vec<&str> =
            environment.split('\0').filter_map(|one| Some(one.split_once('=')?.0)).collect();
        names.sort_unstable();
        assert_eq!(names, ["LANG", "LC_ALL", "PATH"]);
        let record = std::fs::read_to_string(guest.dir.join("record.json")).unwrap();
        assert!(!record.contains("very-secret"), "{id}");
        let drive = std::fs::read(guest.dir.join("config.iso")).unwrap();
        assert!(drive.windows(11).any(|part| part == b"very-secret"), "{id}: it is on the drive");
    }
}
