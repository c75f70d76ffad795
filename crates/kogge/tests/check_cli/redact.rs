//! `--redact`: what is private is in no file and not on the terminal.

use kogge::test_cloud::TestCloud;
use serde_json::json;

use crate::desk::Desk;

#[tokio::test]
async fn nothing_private_is_shown_or_written() {
    let cloud = TestCloud::start().await;
    let admin = cloud.session("kogge-admin").await;
    let flavor = json!({"flavor": {"name": "SCS-1X-1", "ram": 1024, "vcpus": 1, "disk": 0}});
    let made = admin.post("/compute/v2.1/flavors", flavor).await;
    let id = made.id("flavor");
    let desk = Desk::of(&cloud);
    let outputs = "json=r.json,yaml=r.yaml,junit=r.xml,markdown=r.md,html=r.html,sarif=r.sarif";
    let words = ["--tests", "scs-0100", "--advisory", "--redact", "--report", outputs];
    let ended = desk.check(&words).await.expect(3);
    let address = cloud.root().trim_start_matches("http://").to_owned();
    let member = cloud.session("kogge").await;
    let files = ["r.json", "r.yaml", "r.xml", "r.md", "r.html", "r.sarif"].map(|file| desk.read(file));
    for text in files.iter().chain([&ended.out]) {
        for private in [&*id, &address, member.project_id(), member.user_id(), &*desk.dir().to_string_lossy()]
        {
            assert!(!text.contains(private), "{private}: {text}");
        }
        assert!(text.contains("SCS-1X-1"), "names of flavors stay: {text}");
    }
    assert!(ended.out.contains("(id-") || ended.out.contains("place-"), "{}", ended.out);
    assert_eq!(desk.json("r.json")["redacted"], true);
    let refused = desk.check(&["--resume", "r.json"]).await.expect(2);
    assert!(refused.err.contains("redacted"), "{}", refused.err);
    cloud.stop().await;
}
