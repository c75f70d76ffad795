//! Agents and machines come and go; guests do not notice, or come back.

use kogge_node::Guests;
use kogge_node_api::{Epoch, InstanceState, Node, Power};

use crate::lab::{Lab, next};
use crate::tiny;

#[tokio::test]
async fn guests_do_not_notice_that_the_agent_was_killed() {
    let Some(mut lab) = Lab::open().await else { return };
    let (web, off) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&web).await;
    lab.make(&off).await;
    let stopped = next(&off, Power::Stopped);
    lab.make(&stopped).await;
    let before = lab.guests();
    lab.restart(|_| ()).await;
    assert_eq!(lab.reached(&web).await.state, InstanceState::Running);
    assert_eq!(lab.see(off.id).await.unwrap().state, InstanceState::Stopped);
    assert_eq!(lab.guests(), before);
    // and it is really held: it can be steered
    let paused = next(&web, Power::Paused);
    assert_eq!(lab.make(&paused).await.state, InstanceState::Paused);
    lab.restart(|_| ()).await;
    assert_eq!(lab.in_state(web.id, InstanceState::Paused).await.reached, paused.generation);
    assert_eq!(lab.guests(), before);
}

#[tokio::test]
async fn a_guest_whose_start_was_not_written_down_is_found_all_the_same() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let before = lab.guests();
    let forget = |lab: &Lab| edit(lab, &web, |record| record["run"] = serde_json::Value::Null);
    lab.restart(forget).await;
    lab.reached(&web).await;
    lab.in_state(web.id, InstanceState::Running).await;
    assert_eq!(lab.guests(), before);
}

#[tokio::test]
async fn after_a_restart_of_the_machine_what_ran_runs_again() {
    let Some(mut lab) = Lab::open().await else { return };
    let (web, off) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    lab.make(&off).await;
    lab.make(&next(&off, Power::Stopped)).await;
    lab.restart(kill_all).await;
    lab.says(web.id, "tiny login: ", 2).await;
    let seen = lab.in_state(web.id, InstanceState::Running).await;
    assert_eq!((seen.reached, seen.fault), (1, None));
    assert_eq!(lab.guests().len(), 1);
}

#[tokio::test]
async fn an_orderly_end_stops_guests_and_the_next_agent_starts_them() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.says(web.id, "tiny login: ", 1).await;
    lab.node().shut_down(Guests::Stop).await;
    assert!(lab.guests().is_empty());
    assert!(lab.apply(next(&web, Power::Stopped)).await.is_err());
    lab.restart(|_| ()).await;
    lab.says(web.id, "tiny login: ", 2).await;
    lab.in_state(web.id, InstanceState::Running).await;
    let before = lab.guests();
    lab.node().shut_down(Guests::Keep).await;
    assert_eq!(lab.guests(), before);
}

#[tokio::test]
async fn a_removal_that_was_cut_short_is_finished() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.restart(|lab| edit(lab, &web, |record| record["removing"] = true.into())).await;
    lab.gone(web.id).await;
    assert!(lab.guests().is_empty());
}

#[tokio::test]
async fn directories_without_a_record_are_cleared_and_unused_bases_too() {
    let Some(mut lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap();
    lab.gone(web.id).await;
    lab.restart(|lab| std::fs::create_dir(lab.instance_dir(web.id)).unwrap()).await;
    assert!(!lab.instance_dir(web.id).exists());
    assert_eq!(std::fs::read_dir(lab.path("data/bases")).unwrap().count(), 0);
    assert!(lab.node().observe().await.unwrap().is_empty());
}

pub(crate) fn kill_all(lab: &Lab) {
    for guest in lab.guests() {
        guest.process.kill();
        while guest.process.is_alive() {
            std::thread::yield_now();
        }
    }
}

pub(crate) fn edit(
    lab: &Lab,
    of: &kogge_node_api::DesiredInstance,
    change: impl FnOnce(&mut serde_json::Value),
) {
    let path = lab.instance_dir(of.id).join("record.json");
    let mut record = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    change(&mut record);
    std::fs::write(&path, record.to_string()).unwrap();
}
