//! Copies of disks.

use kogge_node_api::{DiskFormat, Epoch, Node, NodeError, Power, Slot};
use kogge_qemu::ImageTool;

use crate::lab::{Lab, next, root};
use crate::tiny;

#[tokio::test]
async fn a_copy_of_a_running_and_of_a_stopped_guest_boots_by_itself() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let live = lab.picture(web.id, "live.qcow2").await.unwrap();
    lab.picture(web.id, "live.qcow2").await.unwrap();
    lab.make(&next(&web, Power::Stopped)).await;
    let cold = lab.picture(web.id, "cold.qcow2").await.unwrap();
    for copy in [live, cold] {
        let info = ImageTool::default().info(&copy, DiskFormat::Qcow2).await.unwrap();
        assert!(!info.leans_on_another_file());
        let mut child = lab.server(b"");
        child.disks[0] = root(&copy, DiskFormat::Qcow2, 0);
        lab.make(&child).await;
        lab.says(child.id, "tiny login: ", 1).await;
    }
}

#[tokio::test]
async fn there_is_no_copy_of_what_is_not_there() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    assert!(matches!(lab.node().export_disk(web.id, &Slot::root()).await, Err(NodeError::NotFound { .. })));
    lab.node().apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(matches!(lab.node().export_disk(web.id, &Slot::root()).await, Err(NodeError::NotYet { .. })));
}

#[tokio::test]
async fn a_copy_that_nobody_reads_leaves_nothing_and_the_guest_goes_on() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    drop(lab.node().export_disk(web.id, &Slot::root()).await.unwrap());
    assert!(!lab.instance_dir(web.id).join("copy.qcow2").exists());
    let seen = lab.see(web.id).await.unwrap();
    assert_eq!((seen.fault, seen.reached), (None, 1));
    lab.picture(web.id, "copy").await.unwrap();
}
