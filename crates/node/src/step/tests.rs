//! The table of `next`, line by line.

use kogge_ids::ImageId;
use kogge_node_api::{DiskSource, Reboot};

use super::testing::{built, record, root};
use super::*;
use crate::record::Rest;

const ALIVE: [RunState; 5] =
    [RunState::Running, RunState::Paused, RunState::PoweredOff, RunState::Panicked, RunState::DiskFull];

fn with(power: Power) -> Record {
    let mut record = built();
    record.desired.power = power;
    record
}

fn rebooting(kind: RebootKind) -> Record {
    let mut record = built();
    record.desired.reboot = Some(Reboot { number: 1, kind });
    record
}

fn resting(generation: i64) -> Record {
    let mut record = built();
    record.rest = Some(Rest { generation, crash: None });
    record
}

#[test]
fn a_new_instance_gets_its_disks_then_a_process_then_rest() {
    assert_eq!(next(&record(), None, None), Step::Build);
    assert_eq!(next(&built(), None, None), Step::Start);
    assert_eq!(next(&built(), Some(RunState::Running), None), Step::Settled);
}

#[test]
fn removing_comes_first_whatever_is() {
    let mut removing = record();
    removing.removing = true;
    assert_eq!(next(&removing, None, None), Step::Destroy);
    for state in ALIVE {
        assert_eq!(next(&removing, Some(state), None), Step::Destroy);
    }
}

#[test]
fn stopping_asks_only_guests_that_can_hear() {
    let stop = |soft| Step::TakeDown { soft, why: Why::Stop };
    let record = with(Power::Stopped);
    assert_eq!(next(&record, Some(RunState::Running), None), stop(true));
    assert_eq!(next(&record, Some(RunState::Paused), None), stop(false));
    assert_eq!(next(&record, Some(RunState::PoweredOff), None), stop(false));
    assert_eq!(next(&record, None, None), Step::Settled);
}

#[test]
fn pausing_and_resuming() {
    assert_eq!(next(&with(Power::Paused), Some(RunState::Running), None), Step::Pause);
    assert_eq!(next(&with(Power::Paused), Some(RunState::Paused), None), Step::Settled);
    assert_eq!(next(&with(Power::Running), Some(RunState::Paused), None), Step::Resume);
    assert_eq!(next(&with(Power::Paused), None, None), Step::Start);
}

#[test]
fn a_guest_that_powered_itself_off_is_collected_and_stays_off() {
    let collected = Step::TakeDown { soft: false, why: Why::PoweredOff };
    assert_eq!(next(&built(), Some(RunState::PoweredOff), None), collected);
    assert_eq!(next(&resting(1), None, None), Step::AtRest);
}

#[test]
fn a_newer_generation_or_a_reboot_ends_the_rest() {
    let mut newer = resting(1);
    newer.desired.generation = 2;
    assert_eq!(next(&newer, None, None), Step::Start);
    let mut rebooted = resting(1);
    rebooted.desired.reboot = Some(Reboot { number: 1, kind: RebootKind::Hard });
    assert_eq!(next(&rebooted, None, None), Step::Start);
}

#[test]
fn a_reboot_is_soft_only_where_asked_and_possible() {
    let reboot = |soft| Step::TakeDown { soft, why: Why::Reboot };
    assert_eq!(next(&rebooting(RebootKind::Soft), Some(RunState::Running), None), reboot(true));
    assert_eq!(next(&rebooting(RebootKind::Soft), Some(RunState::Paused), None), reboot(false));
    assert_eq!(next(&rebooting(RebootKind::Soft), Some(RunState::PoweredOff), None), reboot(false));
    assert_eq!(next(&rebooting(RebootKind::Hard), Some(RunState::Running), None), reboot(false));
}

#[test]
fn a_reboot_that_was_counted_is_not_done_again() {
    let mut record = rebooting(RebootKind::Hard);
    record.count_reboots();
    assert_eq!(next(&record, Some(RunState::Running), None), Step::Settled);
}

#[test]
fn another_image_takes_the_guest_down_and_builds_anew() {
    let mut record = built();
    let DiskSource::Image(image) = &mut root(&mut record.desired).source else { panic!("it has an image") };
    image.image = ImageId::random();
    assert_eq!(
        next(&record, Some(RunState::Running), None),
        Step::TakeDown { soft: false, why: Why::Rebuild }
    );
    assert_eq!(next(&record, None, None), Step::Build);
}

#[test]
fn every_state_leads_to_settled_or_rest_in_a_few_steps() {
    for power in [Power::Running, Power::Paused, Power::Stopped] {
        for start in ALIVE.map(Some).into_iter().chain([None]) {
            for reboot in [None, Some(RebootKind::Soft), Some(RebootKind::Hard)] {
                let mut record = with(power);
                record.desired.reboot = reboot.map(|kind| Reboot { number: 1, kind });
                let mut state = start;
                let steps: Vec<Step> = std::iter::from_fn(|| {
                    let step = next(&record, state, None);
                    state = follow(&step, &mut record, state);
                    (!matches!(step, Step::Settled | Step::AtRest)).then_some(step)
                })
                .take(10)
                .collect();
                assert!(steps.len() < 5, "{power:?} {start:?} {reboot:?}: {steps:?}");
            }
        }
    }
}

/// What a step does when it works.
fn follow(step: &Step, record: &mut Record, state: Option<RunState>) -> Option<RunState> {
    match step {
        Step::Start => {
            record.count_reboots();
            let paused = record.desired.power == Power::Paused;
            Some(if paused { RunState::Paused } else { RunState::Running })
        }
        Step::TakeDown { why, .. } => {
            if matches!(why, Why::PoweredOff | Why::Panicked) {
                record.rest = Some(Rest { generation: record.desired.generation, crash: None });
            }
            None
        }
        Step::Pause => Some(RunState::Paused),
        Step::Resume => Some(RunState::Running),
        _ => state,
    }
}

#[test]
fn removal_gives_up_everything_and_a_hard_reboot_overtakes_a_soft_one() {
    let soft = Step::TakeDown { soft: true, why: Why::Reboot };
    let mut removing = built();
    removing.removing = true;
    for step in [Step::Build, Step::Start, soft.clone(), Step::Pause] {
        assert!(gives_up(&step, &removing));
    }
    assert!(!gives_up(&Step::Destroy, &removing));
    assert!(gives_up(&soft, &rebooting(RebootKind::Hard)));
    assert!(!gives_up(&soft, &rebooting(RebootKind::Soft)));
    assert!(gives_up(&soft, &with(Power::Stopped)));
    assert!(!gives_up(&Step::Build, &with(Power::Stopped)));
}

#[test]
fn what_is_to_be_plugged_comes_before_the_memory_is_put_away() {
    let away = with(Power::Suspended);
    let plug = Step::Nic(crate::nics::NicStep::Wait);
    for state in [RunState::Running, RunState::Paused] {
        assert_eq!(next(&away, Some(state), Some(plug.clone())), plug);
        assert_eq!(next(&away, Some(state), None), Step::Suspend);
    }
}
