//! A data directory that is moved while its guests run.

use crate::lab::{Lab, in_a_space};
use crate::real_databases::waiting;

#[test]
fn guests_of_a_moved_directory_run_on_in_their_networks() {
    in_a_space(async |mut lab: Lab| {
        lab.up(&[]).await;
        lab.furnish(waiting()).await;
        let web = lab.boot().await;
        let before = lab.identities();
        assert!(lab.kogge(&["down", "--keep-guests"]).status.success());
        lab.move_to("elsewhere");
        lab.up(&[]).await;
        lab.until_status(&web, "ACTIVE").await;
        let port = format!("/network/v2.0/ports?device_id={web}&status=ACTIVE");
        lab.until("its port to be up", async || {
            let ports = lab.call("GET", &port, serde_json::Value::Null).await.1;
            ports["ports"].as_array().is_some_and(|ports| ports.len() == 1)
        })
        .await;
        // and the network takes another one
        lab.boot().await;
        let after = lab.identities();
        let processes =
            |(id, (guest, inode, _)): (&String, &crate::lab::Identity)| (id.clone(), guest.process, *inode);
        assert!(
            before.iter().map(processes).all(|one| after.iter().map(processes).any(|other| one == other))
        );
    });
}
