//! On a good day.

#[path = "crowd.rs"]
mod crowd;
#[path = "../api/faults.rs"]
mod faults;
#[path = "../api/scene.rs"]
mod scene;
#[path = "../api/server_groups.rs"]
mod server_groups;
#[path = "../api/walk.rs"]
mod walk;

async fn cloud() -> kogge::test_cloud::TestCloud {
    kogge::test_cloud::TestCloud::over_the_wire(None).await
}
