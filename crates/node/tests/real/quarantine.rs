//! What nobody asks for, or cannot be understood, is kept: guests go on with their own disks.

use kogge_node::quarantined;
use kogge_node_api::{Epoch, InstanceState, Node, NodeError, Quarantined, SetAside};

use crate::lab::{Lab, identity, next};
use crate::tiny;

fn note() -> SetAside {
    SetAside { since: 7, because: "the database does not know this server".to_owned() }
}

#[tokio::test]
async fn a_guest_in_quarantine_runs_on_over_restarts_until_it_is_taken_back_or_discarded() {
    let Some(mut lab) = Lab::open().await else { return };
    let (web, db) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&web).await;
    lab.make(&db).await;
    let (guests, disk) = (lab.guests(), identity(&lab, web.id));
    assert!(lab.node().discard(Epoch::FIRST, web.id).await.unwrap_err().is_final());
    lab.node().set_aside(Epoch::FIRST, web.id, note()).await.unwrap();
    lab.node().set_aside(Epoch::FIRST, db.id, note()).await.unwrap();
    lab.restart(|_| ()).await;
    for id in [web.id, db.id] {
        let seen = lab.in_state(id, InstanceState::Running).await;
        assert!(seen.quarantined, "the quarantine outlives the agent");
    }
    assert_eq!(lab.guests(), guests);
    let listed = lab.node().quarantine().await.unwrap();
    // a guest that runs on writes between two looks
    let lasting = |list: &[Quarantined]| -> Vec<Quarantined> {
        list.iter().map(|one| Quarantined { bytes: 0, ..one.clone() }).collect()
    };
    let without_node = quarantined(&lab.path("data").canonicalize().unwrap()).unwrap();
    assert_eq!(lasting(&listed), lasting(&without_node));
    assert!(listed.iter().all(|one| one.bytes > 0));
    assert!(listed.iter().all(|one| one.running && one.name == "Web 1" && one.note == note()));
    lab.node().take_back(Epoch::FIRST, web.id).await.unwrap();
    lab.node().discard(Epoch::FIRST, db.id).await.unwrap();
    lab.gone(db.id).await;
    assert!(
        !lab.see(web.id).await.unwrap().quarantined
            && lab.node().discard(Epoch::FIRST, web.id).await.is_err()
    );
    assert_eq!((identity(&lab, web.id), lab.guests().len()), (disk, 1));
    lab.restart(|_| ()).await;
    assert!(!lab.see(web.id).await.unwrap().quarantined);
}

#[tokio::test]
async fn an_instance_whose_record_is_damaged_runs_on_and_disturbs_no_other() {
    let Some(mut lab) = Lab::open().await else { return };
    let (web, db) = (lab.server(&tiny::waiting()), lab.server(&tiny::waiting()));
    lab.make(&web).await;
    lab.make(&db).await;
    let (guests, disk) = (lab.guests(), identity(&lab, web.id));
    let record = lab.instance_dir(web.id).join("record.json");
    let whole = std::fs::read(&record).unwrap();
    lab.restart(|_| std::fs::write(&record, "{ half").unwrap()).await;
    assert_eq!(lab.in_state(db.id, InstanceState::Running).await.fault, None);
    let seen = lab.see(web.id).await.unwrap();
    let told = seen.fault.unwrap().to_string();
    assert!(told.contains("record of this server") && !told.contains('/'), "its owner is told: {told}");
    let refused = lab.apply(next(&web, kogge_node_api::Power::Stopped)).await.unwrap_err();
    assert!(
        matches!(&refused, NodeError::Refused { because } if because.contains("an operator")),
        "{refused}"
    );
    assert_eq!((identity(&lab, web.id), lab.guests()), (disk, guests.clone()));
    // mended by hand
    lab.restart(|_| std::fs::write(&record, &whole).unwrap()).await;
    assert_eq!(lab.in_state(web.id, InstanceState::Running).await.fault, None);
    assert_eq!((identity(&lab, web.id), lab.guests()), (disk, guests));
    // and one that its owner deletes goes, damaged or not
    lab.restart(|_| std::fs::remove_file(&record).unwrap()).await;
    assert!(lab.node().remove(Epoch::FIRST, web.id, i64::MAX).await.unwrap());
    lab.gone(web.id).await;
    assert_eq!(lab.guests().len(), 1);
}

#[tokio::test]
async fn another_cloud_gets_no_hold_of_a_node_or_of_its_guests() {
    let Some(mut lab) = Lab::open().await else { return };
    let (mine, other) = (kogge_ids::CloudId::random(), kogge_ids::CloudId::random());
    lab.cloud = Some(mine);
    lab.restart(|_| ()).await;
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let (guests, disk) = (lab.guests(), identity(&lab, web.id));
    lab.close();
    lab.cloud = Some(other);
    let refused = lab.try_open().await.err().unwrap().to_string();
    assert!(refused.contains(&mine.to_string()) && refused.contains("--adopt-database"), "{refused}");
    assert_eq!((identity(&lab, web.id), lab.guests()), (disk, guests.clone()));
    // a node that was cleared, with an instance of the other cloud in it
    std::fs::write(lab.path("data/cloud-id"), format!("{other}\n")).unwrap();
    lab.restart(|_| ()).await;
    let seen = lab.see(web.id).await.unwrap();
    assert!(seen.fault.unwrap().to_string().contains("another cloud"));
    lab.restart(|lab| kogge_node::adopt(&lab.path("data"), other).unwrap()).await;
    assert_eq!(lab.in_state(web.id, InstanceState::Running).await.fault, None);
    assert_eq!((identity(&lab, web.id), lab.guests()), (disk, guests));
}
