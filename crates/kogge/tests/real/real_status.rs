//! What `kogge status` says in the first moments of a cloud, and after its end.

use crate::lab::{Lab, in_a_space};
use crate::real_databases::waiting;

#[test]
fn guests_are_counted_before_the_node_is_up_and_after_a_crash() {
    in_a_space(async |mut lab: Lab| {
        lab.up(&[]).await;
        lab.furnish(waiting()).await;
        lab.boot().await;
        let counted = |lab: &Lab| {
            let status = lab.json(&["status"]);
            (status["instances"].as_u64(), status["running"].as_u64())
        };
        assert_eq!(counted(&lab), (Some(1), Some(1)));
        lab.kill();
        let out = lab.kogge(&["status"]);
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.code() == Some(4) && told.contains("1 of its guests run on"), "{told}");
        lab.try_up(&[]).unwrap();
        // at once: the accelerator is still being tried
        assert_eq!(counted(&lab), (Some(1), Some(1)));
        // and ended at once, it ends the guests that it has not yet taken over
        let stopped = lab.kogge(&["down"]);
        assert!(stopped.status.success(), "{stopped:?}");
        let out = lab.kogge(&["status"]);
        let told = String::from_utf8_lossy(&out.stderr).into_owned();
        assert!(out.status.code() == Some(4) && !told.contains("run on"), "{told}");
    });
}
