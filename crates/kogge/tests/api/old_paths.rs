//! Addresses of old of Nova: `/v2`, the project's id in the path, and what was removed.

use kogge::test_cloud::TestCloud;

#[tokio::test]
async fn a_path_may_name_the_project_of_its_caller() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    let admin = cloud.session("kogge-admin").await;
    let own = demo.project_id();
    for path in [format!("/compute/v2.1/{own}/servers?limit=1"), format!("/compute/v2/{own}/servers")] {
        let answer = demo.get(&path).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        assert!(answer.body["servers"].is_array(), "{path}: {}", answer.body);
    }
    let foreign = format!("/compute/v2.1/{own}/servers");
    let answer = admin.get(&foreign).await;
    assert_eq!(answer.status, 400, "{}", answer.body);
    let message = answer.body["badRequest"]["message"].as_str().unwrap_or_default();
    assert!(message.starts_with(&format!("Malformed request URL: URL's project_id '{own}'")), "{message}");
    assert_eq!(cloud.stranger().get(&foreign).await.status, 401);
    assert_eq!(demo.get(&format!("/compute/v2.1/{own}/nothing")).await.status, 404);
    cloud.stop().await;
}

#[tokio::test]
async fn the_old_version_knows_no_microversions() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await.speaking("compute 2.79");
    let present = demo.get("/compute/v2.1/limits").await;
    let old = demo.get("/compute/v2/limits").await;
    assert_eq!((present.status, old.status), (200, 200), "{}", old.body);
    assert!(present.body["limits"]["absolute"]["maxImageMeta"].is_null(), "{}", present.body);
    assert_eq!(old.body["limits"]["absolute"]["maxImageMeta"], 128, "{}", old.body);
    cloud.stop().await;
}

#[tokio::test]
async fn what_was_removed_is_gone() {
    let cloud = TestCloud::start().await;
    let demo = cloud.session("kogge").await;
    for path in ["/compute/v2.1/os-cells", "/compute/v2.1/os-agents", "/compute/v2/os-cells/1"] {
        assert_eq!(demo.get(path).await.status, 410, "{path}");
    }
    assert_eq!(cloud.stranger().get("/compute/v2.1/os-cells").await.status, 401);
    cloud.stop().await;
}
