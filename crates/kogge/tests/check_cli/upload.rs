//! `--upload` and `kogge report upload`: signed, saved, sent; and sent again where that failed.

use kogge::test_cloud::TestCloud;

use crate::desk::Desk;
use crate::monitor::{Monitor, TOKEN};

/// A desk with a key, and a monitor that knows it.
async fn ready(cloud: &TestCloud) -> (Desk, Monitor) {
    let desk = Desk::of(cloud);
    desk.run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", "key"]).await.expect(0);
    let monitor = Monitor::start(desk.read("key.pub")).await;
    (desk, monitor)
}

fn words(place: &str) -> Vec<&str> {
    let wanted =
        ["--tests", "scs-0100-syntax", "--report", "yaml=r.yaml", "--sign", "key", "--subject", "monitor"];
    [&wanted[..], &["--upload", place]].concat()
}

#[tokio::test]
async fn a_report_is_signed_and_taken_by_the_monitor() {
    let cloud = TestCloud::start().await;
    let (desk, monitor) = ready(&cloud).await;
    let desk = desk.with("KOGGE_MONITOR_TOKEN", TOKEN);
    monitor.be_busy(2);
    let ended = desk.check(&words(&monitor.place)).await.expect(0);
    assert!(ended.err.contains("uploaded"), "{}", ended.err);
    assert_eq!(monitor.stored(), [desk.read("r.yaml")]);
    assert!(desk.read("r.yaml").contains("subject: monitor\n"));
    cloud.stop().await;
}

#[tokio::test]
async fn a_failed_upload_keeps_the_report_and_names_the_command_that_tries_again() {
    let cloud = TestCloud::start().await;
    let (desk, monitor) = ready(&cloud).await;
    let desk = desk.with("KOGGE_MONITOR_USER", "monitor").with("KOGGE_MONITOR_PASSWORD", "geheim");
    monitor.be_busy(100);
    let failed = desk.check(&words(&monitor.place)).await.expect(4);
    let command = format!("kogge report upload r.yaml --url {}", monitor.place);
    assert!(failed.err.contains(&command) && failed.err.contains("503"), "{}", failed.err);
    assert!(!failed.err.contains("geheim") && monitor.stored().is_empty(), "{}", failed.err);
    monitor.be_busy(0);
    let saved = desk.read("r.yaml");
    desk.kogge(&["report", "upload", "r.yaml", "--url", &monitor.place]).await.expect(0);
    assert_eq!(monitor.stored(), [saved]);
    cloud.stop().await;
}

#[tokio::test]
async fn the_account_comes_from_a_file_too_and_a_wrong_one_is_told() {
    let cloud = TestCloud::start().await;
    let (desk, monitor) = ready(&cloud).await;
    let signed = words(&monitor.place);
    let none = desk.check(&signed).await.expect(2);
    assert!(none.err.contains("--token-file") && none.out.is_empty(), "{}{}", none.out, none.err);
    desk.write("token", &format!("{TOKEN}\n"));
    desk.check(&[&signed[..], &["--token-file", "token"]].concat()).await.expect(0);
    assert_eq!(monitor.stored().len(), 1);
    // monitor:falsch
    desk.write("token", "bW9uaXRvcjpmYWxzY2g=\n");
    let refused = desk.check(&[&signed[..], &["--token-file", "token"]].concat()).await.expect(4);
    assert!(refused.err.contains("wrong credentials") && !refused.err.contains("falsch"), "{}", refused.err);
    cloud.stop().await;
}

#[tokio::test]
async fn what_was_changed_or_never_signed_is_not_sent() {
    let cloud = TestCloud::start().await;
    let (desk, monitor) = ready(&cloud).await;
    let desk = desk.with("KOGGE_MONITOR_TOKEN", TOKEN);
    let without = words(&monitor.place);
    desk.check(&without[..without.len() - 2]).await.expect(0);
    let report = desk.read("r.yaml");
    desk.write("r.yaml", &report.replace(": 1", ": 0"));
    let upload = ["report", "upload", "r.yaml", "--url", &monitor.place];
    let changed = desk.kogge(&upload).await.expect(2);
    assert!(changed.err.contains("changed after it was signed"), "{}", changed.err);
    std::fs::remove_file(desk.path("r.yaml.sig")).unwrap();
    let unsigned = desk.kogge(&upload).await.expect(2);
    assert!(unsigned.err.contains("r.yaml.sig"), "{}", unsigned.err);
    assert!(monitor.stored().is_empty());
    cloud.stop().await;
}

#[tokio::test]
async fn a_password_never_goes_over_plain_http_nor_stands_in_an_address() {
    let desk = Desk::bare().with("KOGGE_MONITOR_TOKEN", TOKEN);
    desk.write("r.yaml", "---\n");
    for (place, hint) in
        [("http://monitor.example/", "https"), ("https://a:geheim@monitor.example/", "--token-file")]
    {
        let ended = desk.kogge(&["report", "upload", "r.yaml", "--url", place]).await.expect(2);
        assert!(ended.err.contains(hint) && !ended.err.contains("geheim"), "{}", ended.err);
    }
}
