//! The step table, row by row, and the servers that other tests start from.

use std::collections::BTreeMap;

use kogge_ids::{ImageId, ProjectId, ServerId, UserId};
use kogge_node_api::InstanceState;

use super::*;
use crate::model::flavor::Shape;
use crate::model::server::{BootedImage, Doing, Intent, Observed, Placed, Power, Snapshot, Spec};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_000_000);

pub(crate) fn fresh() -> Server {
    Server {
        id: ServerId::random(),
        project: ProjectId::random(),
        user: UserId::random(),
        name: "web".into(),
        hostname: "web".into(),
        description: None,
        shape: Shape {
            id: "f1".parse().unwrap(),
            name: "small".into(),
            vcpus: 1,
            ram_mib: 512,
            disk_gib: 5,
            ephemeral_gib: 0,
            swap_mib: 0,
            extra_specs: BTreeMap::new(),
        },
        image: Some(BootedImage { id: ImageId::random(), properties: BTreeMap::new() }),
        volumes: Vec::new(),
        spec: Spec::default(),
        metadata: BTreeMap::new(),
        tags: Vec::new(),
        nics: Vec::new(),
        lock: None,
        access_v4: None,
        access_v6: None,
        intent: Intent::running(NOW),
        placed: Placed::default(),
        observed: Observed::default(),
        created_at: NOW,
        updated_at: NOW,
        deleted_at: None,
        version: 1,
    }
}

pub(crate) fn built() -> Server {
    let mut server = fresh();
    server.placed.host = Some("h".into());
    server.observed.reached = 1;
    server.observed.told = 1;
    server.observed.state = InstanceState::Running;
    server.observed.launched_at = Some(NOW.as_micros());
    server
}

fn step(server: &Server) -> Step {
    next_step(server, &Patience::default(), NOW)
}

fn fault(server: &Server) -> Fault {
    let generation = server.intent.generation;
    Fault { generation, code: 500, message: "no".into(), details: String::new(), at: NOW.as_micros() }
}

#[test]
fn a_server_is_placed_told_watched_and_left_alone() {
    let mut server = fresh();
    assert_eq!(step(&server), Step::Place);
    server.placed.host = Some("h".into());
    assert_eq!(step(&server), Step::Tell);
    server.observed.told = 1;
    server.observed.told_at = NOW.as_micros();
    assert_eq!(step(&server), Step::Watch);
    let later = NOW.plus(Duration::from_secs(10));
    assert_eq!(next_step(&server, &Patience::default(), later), Step::Tell, "told again now and then");
    assert_eq!(step(&built()), Step::Rest);
}

#[test]
fn what_found_no_host_is_left_alone_until_it_is_deleted() {
    let mut server = fresh();
    server.placed.fault = Some(fault(&server));
    let late = NOW.plus(Duration::from_secs(86_400));
    assert_eq!(next_step(&server, &Patience::default(), late), Step::Rest);
    server.intent.ask(Doing::Updating, NOW);
    assert_eq!(step(&server), Step::Rest, "whatever is asked of it");
    assert!(server.fault().is_some(), "and says why");
}

#[test]
fn deleting_goes_ahead_of_everything() {
    let mut server = fresh();
    server.intent.gone = true;
    assert_eq!(step(&server), Step::Bury, "nothing was ever placed");
    server.placed.fault = Some(fault(&server));
    assert_eq!(step(&server), Step::Bury, "a fault does not hold it up");
    for change in [0, 1, 2, 3] {
        let mut server = built();
        match change {
            0 => server.intent.ask(Doing::Rebooting, NOW),
            1 => server.intent.disk = 2,
            2 => server.intent.snapshot = Some(Snapshot { number: 1, image: ImageId::random() }),
            _ => server.observed.fault = Some(fault(&server)),
        }
        server.intent.gone = true;
        assert_eq!(step(&server), Step::Remove, "{change}");
        server.observed.removed = true;
        assert_eq!(step(&server), Step::Bury, "{change}");
        server.deleted_at = Some(NOW);
        assert_eq!(step(&server), Step::Rest, "{change}");
    }
}

#[test]
fn an_old_disk_is_thrown_away_before_a_new_one_is_made() {
    let mut server = built();
    server.intent.ask(Doing::Rebuilding, NOW);
    server.intent.disk = 2;
    assert_eq!(step(&server), Step::Wipe);
    server.observed.disk = 2;
    server.observed.reached = 0;
    assert_eq!(step(&server), Step::Tell);
}

#[test]
fn a_snapshot_waits_until_the_server_is_as_it_should_be() {
    let mut server = built();
    server.intent.snapshot = Some(Snapshot { number: 1, image: ImageId::random() });
    assert_eq!(step(&server), Step::Snapshot);
    server.intent.ask(Doing::Updating, NOW);
    assert_eq!(step(&server), Step::Tell);
    server.observed.snapshots = 1;
    server.observed.reached = server.intent.generation;
    assert_eq!(step(&server), Step::Rest);
}

#[test]
fn failures_slow_it_down() {
    let patience = Patience::default();
    let pauses: Vec<u64> = (1..6).map(|n| patience.pause_after(n).as_secs()).collect();
    assert_eq!(pauses, [1, 2, 60, 60, 60]);
    let mut server = built();
    server.intent.ask(Doing::PoweringOff, NOW);
    server.observed.failed_at = NOW.as_micros();
    server.observed.retry_at = NOW.plus(Duration::from_secs(2)).as_micros();
    assert_eq!(step(&server), Step::Wait(NOW.plus(Duration::from_secs(2))));
    server.intent.gone = true;
    assert_eq!(
        step(&server),
        Step::Wait(NOW.plus(Duration::from_secs(2))),
        "a node is not flooded with removes"
    );
}

#[test]
fn what_takes_too_long_says_what_it_waits_for() {
    let patience = Patience::default();
    let mut server = fresh();
    server.placed.host = Some("h".into());
    let late = NOW.plus(patience.deadline);
    assert_eq!(overdue(&server, &patience, NOW, "x", "y"), None);
    let fault = overdue(&server, &patience, late, "waiting for the image", "on h").unwrap();
    assert!(fault.message.contains("waiting for the image") && fault.message.contains("600 seconds"));
    server.intent.gone = true;
    assert_eq!(overdue(&server, &patience, late, "x", "y"), None, "what is to be deleted needs no fault");
    assert_eq!(overdue(&built(), &patience, late, "x", "y"), None);
}

#[test]
fn a_guest_that_powered_itself_down_stays_down_until_it_is_started() {
    let mut server = built();
    server.observed.stopped_itself = true;
    assert_eq!(server.power_to_tell(), Power::Stopped);
    server.intent.touch(NOW, true);
    assert_eq!(server.power_to_tell(), Power::Stopped, "new metadata does not start it");
    server.intent.ask(Doing::PoweringOn, NOW);
    assert_eq!(server.power_to_tell(), Power::Running);
}

proptest::proptest! {
    /// From every state, a server that should be gone gets there by steps that only remove.
    #[test]
    fn a_delete_is_never_blocked(
        host: bool, reached in 0_i64..3, generation in 1_i64..3, disk in 1_i64..3, removed: bool, failed: bool,
    ) {
        let mut server = built();
        server.placed.host = host.then(|| "h".to_owned());
        server.intent.generation = generation;
        server.intent.disk = disk;
        server.observed.reached = reached;
        server.observed.removed = removed;
        server.observed.fault = failed.then(|| fault(&server));
        server.intent.gone = true;
        let step = step(&server);
        assert!(matches!(step, Step::Remove | Step::Bury), "{step:?}");
        assert_eq!(step == Step::Bury, !host || removed);
    }
}

#[test]
fn failures_of_an_older_wish_do_not_hold_up_a_deletion() {
    let mut server = built();
    server.observed.failures = 3;
    server.observed.failed_at = NOW.minus(Duration::from_secs(1)).as_micros();
    server.observed.retry_at = NOW.plus(Duration::from_secs(59)).as_micros();
    server.intent.asked_at = NOW.minus(Duration::from_secs(5)).as_micros();
    server.intent.gone = true;
    assert!(matches!(step(&server), Step::Wait(_)), "it failed since it was asked");
    server.intent.asked_at = NOW.as_micros();
    assert_eq!(step(&server), Step::Remove);
}
