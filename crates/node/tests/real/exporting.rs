//! Copies of disks.

use kogge_node_api::{DiskFormat, Epoch, Node, NodeError, Power};
use kogge_qemu::ImageTool;

use crate::lab::{Lab, next};
use crate::tiny;

#[tokio::test]
async fn a_copy_of_a_running_and_of_a_stopped_guest_boots_by_itself() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    let live = lab.path("live.qcow2");
    std::fs::write(&live, "half-written").unwrap();
    let size = lab.node().export_disk(web.id, &live).await.unwrap();
    assert_eq!(std::fs::metadata(&live).unwrap().len(), size);
    lab.node().export_disk(web.id, &live).await.unwrap();
    lab.make(&next(&web, Power::Stopped)).await;
    let cold = lab.path("cold.qcow2");
    lab.node().export_disk(web.id, &cold).await.unwrap();
    for copy in [live, cold] {
        let info = ImageTool::default().info(&copy, DiskFormat::Qcow2).await.unwrap();
        assert!(!info.leans_on_another_file());
        let mut child = lab.server(b"");
        (child.root.source, child.root.format) = (Some(copy), DiskFormat::Qcow2);
        lab.make(&child).await;
        lab.says(child.id, "tiny login: ", 1).await;
    }
}

#[tokio::test]
async fn there_is_no_copy_of_what_is_not_there() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    let target = lab.path("copy");
    assert!(matches!(lab.node().export_disk(web.id, &target).await, Err(NodeError::NotFound { .. })));
    std::fs::remove_file(web.root.source.as_ref().unwrap()).unwrap();
    lab.node().apply(Epoch::FIRST, web.clone()).await.unwrap();
    assert!(matches!(lab.node().export_disk(web.id, &target).await, Err(NodeError::NotYet { .. })));
    assert!(!target.exists());
}

#[tokio::test]
async fn a_target_that_cannot_be_written_fails_and_the_guest_goes_on() {
    let Some(lab) = Lab::open().await else { return };
    let web = lab.server(&tiny::waiting());
    lab.make(&web).await;
    assert!(lab.node().export_disk(web.id, "/nowhere/copy".as_ref()).await.is_err());
    let seen = lab.see(web.id).await.unwrap();
    assert_eq!((seen.fault, seen.reached), (None, 1));
    lab.node().export_disk(web.id, &lab.path("copy")).await.unwrap();
}
