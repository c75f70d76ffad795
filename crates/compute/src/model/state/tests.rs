//! The state table, row by row.

use kogge_node_api::InstanceState as Node;

use super::*;
use crate::model::server::{Doing, Fault, Power, Snapshot};
use crate::model::step::tests::{built, fresh};

fn seen(server: &Server) -> (&'static str, &'static str, Option<&'static str>, i64) {
    let view = view(server);
    (view.status, view.vm_state.as_str(), view.task_state, view.power_state)
}

#[test]
fn a_fresh_server_is_scheduled_then_spawned_then_active() {
    let mut server = fresh();
    assert_eq!(seen(&server), ("BUILD", "building", Some("scheduling"), 0));
    server.placed.host = Some("h".into());
    assert_eq!(seen(&server), ("BUILD", "building", Some("spawning"), 0));
    assert_eq!(seen(&built()), ("ACTIVE", "active", None, 1));
}

#[test]
fn every_change_shows_what_goes_on_until_it_is_reached() {
    for (doing, power, state, status, vm, task) in [
        (Doing::PoweringOff, Power::Stopped, Node::Running, "ACTIVE", "active", Some("powering-off")),
        (Doing::PoweringOn, Power::Running, Node::Stopped, "SHUTOFF", "stopped", Some("powering-on")),
        (Doing::Rebooting, Power::Running, Node::Running, "REBOOT", "active", Some("rebooting")),
        (
            Doing::RebootingHard,
            Power::Running,
            Node::Running,
            "HARD_REBOOT",
            "active",
            Some("rebooting_hard"),
        ),
        (Doing::Pausing, Power::Paused, Node::Running, "ACTIVE", "active", Some("pausing")),
        (Doing::Unpausing, Power::Running, Node::Paused, "PAUSED", "paused", Some("unpausing")),
        (Doing::Updating, Power::Running, Node::Running, "ACTIVE", "active", None),
        (Doing::Resizing, Power::Running, Node::Running, "RESIZE", "active", Some("resize_finish")),
        (
            Doing::Reverting,
            Power::Running,
            Node::Running,
            "REVERT_RESIZE",
            "resized",
            Some("resize_reverting"),
        ),
    ] {
        let mut server = built();
        server.intent.ask(doing, server.created_at);
        server.intent.power = power;
        server.observed.state = state;
        let (s, v, t, _) = seen(&server);
        assert_eq!((s, v, t), (status, vm, task), "{doing:?}");
    }
}

#[test]
fn power_states_are_novas_numbers() {
    for (state, status, number) in [
        (Node::Running, "ACTIVE", 1),
        (Node::Paused, "PAUSED", 3),
        (Node::Stopped, "SHUTOFF", 4),
        (Node::Crashed, "SHUTOFF", 6),
    ] {
        let mut server = built();
        server.observed.state = state;
        let view = view(&server);
        assert_eq!((view.status, view.power_state), (status, number));
    }
}

#[test]
fn a_rebuild_is_shown_over_both_of_its_steps() {
    let mut server = built();
    server.intent.ask(Doing::Rebuilding, server.created_at);
    server.intent.disk = 2;
    assert_eq!(view(&server).task_state, Some("rebuilding"));
    server.observed.disk = 2;
    server.observed.reached = 0;
    server.observed.state = Node::Building;
    assert_eq!(seen(&server), ("REBUILD", "active", Some("rebuild_spawning"), 0));
    server.intent.power = Power::Stopped;
    assert_eq!(view(&server).status, "REBUILD");
}

#[test]
fn a_resize_waits_to_be_confirmed() {
    let mut server = built();
    server.intent.ask(Doing::Resizing, server.created_at);
    server.intent.resized_from = Some(server.shape.clone());
    assert_eq!(view(&server).status, "RESIZE");
    server.observed.reached = server.intent.generation;
    assert_eq!(seen(&server), ("VERIFY_RESIZE", "resized", None, 1));
    server.intent.touch(server.created_at, true);
    assert_eq!(view(&server).status, "VERIFY_RESIZE", "other changes do not hide it");
}

#[test]
fn a_fault_is_an_error_until_something_else_is_asked() {
    let mut server = built();
    server.observed.fault = Some(Fault {
        generation: server.intent.generation,
        code: 500,
        message: "the disk is full".into(),
        details: String::new(),
        at: 0,
    });
    assert_eq!(seen(&server), ("ERROR", "error", None, 1));
    server.intent.ask(Doing::RebootingHard, server.created_at);
    assert_eq!(view(&server).status, "HARD_REBOOT");
}

#[test]
fn no_place_is_an_error_before_the_first_build() {
    let mut server = fresh();
    server.placed.fault = Some(Fault {
        generation: 1,
        code: 500,
        message: "No valid host was found.".into(),
        details: String::new(),
        at: 0,
    });
    assert_eq!(view(&server).status, "ERROR");
    server.placed.host = Some("h".into());
    assert_eq!(view(&server).status, "BUILD", "a place that was found later ends it");
}

#[test]
fn deleting_is_a_task_and_deleted_a_state() {
    let mut server = built();
    server.intent.gone = true;
    assert_eq!(seen(&server), ("ACTIVE", "active", Some("deleting"), 1));
    server.deleted_at = Some(server.created_at);
    assert_eq!(seen(&server), ("DELETED", "deleted", None, 0));
}

#[test]
fn a_snapshot_is_a_task() {
    let mut server = built();
    let image = kogge_ids::ImageId::random();
    server.intent.snapshot = Some(Snapshot { number: 1, image });
    assert_eq!(seen(&server), ("ACTIVE", "active", Some("image_uploading"), 1));
    server.observed.snapshots = 1;
    assert_eq!(view(&server).task_state, None);
}

#[test]
fn an_admin_may_call_it_broken() {
    let mut server = built();
    server.intent.called_broken = true;
    assert_eq!(view(&server).status, "ERROR");
    server.intent.ask(Doing::Updating, server.created_at);
    assert_eq!(view(&server).status, "ACTIVE");
}

#[test]
fn every_status_of_the_table_is_one_that_nova_knows() {
    for vm in [
        VmState::Building,
        VmState::Active,
        VmState::Paused,
        VmState::Stopped,
        VmState::Resized,
        VmState::Error,
        VmState::Deleted,
    ] {
        for task in
            [None, Some("rebooting"), Some("rebuilding"), Some("resize_reverting"), Some("resize_finish")]
        {
            assert!(STATUSES.contains(&status(vm, task)));
        }
    }
}
