//! Guests run as users of their own, and reach nothing of each other.

use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use kogge_ids::ServerId;
use kogge_node::UserRange;
use kogge_node_api::{Epoch, InstanceState, Node, Power, Reboot, RebootKind, Slot};

use crate::lab::{Lab, next};
use crate::tiny;

/// Users, groups and rights of a guest's process, as the kernel says.
struct Credentials {
    uids: Vec<u32>,
    gids: Vec<u32>,
    groups: Vec<u32>,
    capabilities: String,
    no_new_privileges: bool,
}

fn credentials(lab: &Lab, id: ServerId) -> Credentials {
    let dir = lab.instance_dir(id).canonicalize().unwrap();
    let guest = lab.guests().into_iter().find(|guest| guest.dir == dir).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", guest.process.pid)).unwrap();
    let line =
        |name: &str| status.lines().find_map(|line| line.strip_prefix(name)).unwrap().trim().to_owned();
    let numbers = |name: &str| line(name).split_ascii_whitespace().map(|n| n.parse().unwrap()).collect();
    Credentials {
        uids: numbers("Uid:"),
        gids: numbers("Gid:"),
        groups: numbers("Groups:"),
        capabilities: line("CapEff:"),
        no_new_privileges: line("NoNewPrivs:") == "1",
    }
}

fn is_root() -> bool {
    let root = nix::unistd::geteuid().is_root();
    if !root {
        println!("skipped: users for guests need root");
    }
    root
}

/// Whether a process with the user and the place of a guest's QEMU can do `what` in a shell.
fn can(uid: u32, place: &Path, what: &str) -> bool {
    let (user, group) = (format!("--reuid={uid}"), format!("--regid={uid}"));
    let shell = ["--clear-groups", "--no-new-privs", "--", "sh", "-c", what];
    Command::new("setpriv")
        .args([user, group])
        .args(shell)
        .current_dir(place)
        .output()
        .unwrap()
        .status
        .success()
}

#[tokio::test]
async fn each_guest_is_a_user_of_its_own_who_reaches_nothing_of_another_or_of_the_host() {
    if !is_root() {
        return;
    }
    let Some(lab) = Lab::open().await else { return };
    let (one, other) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&one).await;
    lab.make(&other).await;
    lab.says(one.id, "tiny login: ", 1).await;
    let (mine, theirs) = (credentials(&lab, one.id), credentials(&lab, other.id));
    for its in [&mine, &theirs] {
        assert!(its.uids.iter().all(|uid| *uid == its.uids[0] && *uid >= 1_900_000_000), "{:?}", its.uids);
        assert_eq!((&its.gids, its.groups.contains(&0)), (&its.uids, false));
        assert_eq!((its.capabilities.trim_start_matches('0'), its.no_new_privileges), ("", true));
    }
    assert_ne!(mine.uids[0], theirs.uids[0]);
    let (place, uid) = (lab.instance_dir(one.id), mine.uids[0]);
    let there = lab.instance_dir(other.id);
    assert!(can(uid, &place, "cat root.qcow2 base.raw console.log > /dev/null && : >> root.qcow2"));
    for forbidden in [
        format!("cat {}/root.qcow2", there.display()),
        format!("cat ../{}/root.qcow2", other.id),
        format!("ls {}", there.display()),
        format!("cat {}", lab.path("data/bases").display()),
        "ls ..".to_owned(),
        "ls .".to_owned(),
        "cat record.json".to_owned(),
        "cat qemu.log".to_owned(),
        ": >> base.raw".to_owned(),
        "ln -s /etc/passwd console.log.1".to_owned(),
        "rm root.qcow2".to_owned(),
        "mv root.qcow2 record.json".to_owned(),
        format!(
            "kill -0 {}",
            lab.guests().iter().find(|g| g.dir.ends_with(other.id.to_string())).unwrap().process.pid
        ),
    ] {
        assert!(!can(uid, &place, &forbidden), "user {uid} can: {forbidden}");
    }
    // stopped, started: the same user
    lab.make(&next(&one, Power::Stopped)).await;
    let on = next(&next(&one, Power::Stopped), Power::Running);
    lab.make(&on).await;
    assert_eq!(credentials(&lab, one.id).uids, mine.uids);
    lab.says(one.id, "tiny login: ", 2).await;
}

#[tokio::test]
async fn a_picture_is_ours_alone_whoever_wrote_the_disk() {
    if !is_root() {
        return;
    }
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    for generation in [1, 2] {
        let copy = lab.node().export_disk(web.id, &Slot::root()).await.unwrap();
        let kogge_node_api::Data::File(file) = copy.data else { panic!("on one machine it is a file") };
        assert_eq!(file.metadata().unwrap().nlink(), 0, "and nobody finds it, generation {generation}");
        assert!(!lab.instance_dir(web.id).join("copy.qcow2").exists());
        lab.make(&next(&web, Power::Stopped)).await;
    }
}

/// As after an upgrade from a version without users for guests.
#[tokio::test]
async fn a_guest_that_runs_as_root_is_taken_over_and_gets_its_user_with_its_next_start() {
    if !is_root() {
        return;
    }
    let Some(mut lab) = Lab::open().await else { return };
    let on = lab.users;
    lab.users = UserRange { count: 0, ..on };
    lab.restart(|_| ()).await;
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    assert_eq!(credentials(&lab, web.id).uids[0], 0);
    // its disk names its base as those versions did
    let dir = lab.instance_dir(web.id);
    let base =
        lab.path("data/bases").join(format!("{}.raw", web.image().unwrap().digest.as_deref().unwrap()));
    lab.make(&next(&web, Power::Stopped)).await;
    let rebased = Command::new("qemu-img")
        .args(["rebase", "-u", "-f", "qcow2", "-F", "raw", "-b"])
        .args([base, dir.join("root.qcow2")])
        .status();
    assert!(rebased.unwrap().success());
    std::fs::remove_file(dir.join("base.raw")).unwrap();
    let mut running = next(&next(&web, Power::Stopped), Power::Running);
    lab.make(&running).await;
    lab.users = on;
    let before = lab.guests();
    // and its socket lies where those versions had it
    let socket = kogge_qemu::qmp_socket(before[0].launch);
    let beside = dir.join(socket.rsplit('/').next().unwrap());
    lab.restart(|_| std::fs::rename(dir.join(&socket), beside).unwrap()).await;
    assert_eq!(lab.in_state(web.id, InstanceState::Running).await.fault, None);
    assert_eq!(lab.guests(), before);
    assert_eq!(credentials(&lab, web.id).uids[0], 0, "a running process keeps its user");
    running = next(&running, Power::Running);
    running.disks[0].size_mib = 1024;
    running.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    lab.make(&running).await;
    assert_ne!(credentials(&lab, web.id).uids[0], 0);
    lab.says(web.id, "tiny login: ", 3).await;
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
}
