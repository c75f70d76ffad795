//! A disk without room costs time, and nothing else.

use std::io::Write;

use kogge_node_api::{Node, NodeError, Slot};

use crate::lab::Lab;
use crate::tiny;

/// Room that is left for small files, in bytes: less than any disk takes.
const LEFT: u64 = 64 * 1024;

/// Fills the lab's disk but for a little.
fn fill(lab: &Lab) -> std::path::PathBuf {
    let path = lab.path("filler");
    let mut file = std::fs::File::create(&path).unwrap();
    while file.write_all(&[0; 4096]).is_ok() {}
    let size = file.metadata().unwrap().len();
    file.set_len(size.saturating_sub(LEFT)).unwrap();
    path
}

#[tokio::test]
async fn a_build_and_a_copy_that_find_no_room_are_faults_and_succeed_when_there_is_room() {
    let Some(lab) = Lab::open_on_small_disk(16).await else { return };
    let web = lab.server(&tiny::waiting());
    let filler = fill(&lab);
    lab.apply(web.clone()).await.unwrap();
    // first it waits for its image
    let full = |fault: &NodeError| fault.to_string().contains("No space left");
    let seen = lab.until(web.id, "a fault", |o| o.is_some_and(|o| o.fault.as_ref().is_some_and(full))).await;
    let fault = seen.unwrap().fault.unwrap();
    assert!(!fault.is_final(), "{fault}");
    std::fs::remove_file(filler).unwrap();
    // nobody has to ask again
    lab.reached(&web).await;
    let filler = fill(&lab);
    assert!(lab.node().export_disk(web.id, &Slot::root()).await.is_err());
    assert!(!lab.instance_dir(web.id).join("copy.qcow2").exists(), "half a copy takes no room");
    std::fs::remove_file(filler).unwrap();
    drop(lab.node().export_disk(web.id, &Slot::root()).await.unwrap());
}
