//! `kogge report`: a report that is there is shown in other forms, compared, verified and redacted.

use kogge::test_cloud::TestCloud;

use crate::desk::Desk;

#[tokio::test]
async fn a_report_is_converted_redacted_and_compared() {
    let cloud = TestCloud::start().await;
    let desk = Desk::of(&cloud);
    desk.check(&["--tests", "scs-0100", "--report", "json=r.json", "--cloud", "kogge"]).await.expect(0);
    desk.kogge(&["report", "convert", "r.json", "--format", "markdown", "-o", "html=r.html"]).await.expect(0);
    assert!(desk.read("r.html").contains("scs-0100-syntax-check"));
    let redacted = desk.kogge(&["report", "redact", "r.json", "--format", "json"]).await.expect(0);
    let address = cloud.root().trim_start_matches("http://").to_owned();
    assert!(!redacted.out.contains(&address), "{}", redacted.out);
    assert_eq!(
        (&redacted.json()["redacted"], &redacted.json()["run"]["cloud"]),
        (&true.into(), &"cloud-2".into())
    );
    let same = desk.kogge(&["report", "diff", "r.json", "r.json"]).await.expect(0);
    assert!(same.out.contains("All verdicts are the same"), "{}", same.out);
    let worse = desk.read("r.json").replacen("\"verdict\": \"pass\"", "\"verdict\": \"fail\"", 1);
    desk.write("worse.json", &worse);
    let diff = desk.kogge(&["report", "diff", "r.json", "worse.json"]).await.expect(3);
    assert!(diff.out.contains("PASS          -> FAIL"), "{}", diff.out);
    desk.kogge(&["report", "diff", "worse.json", "r.json"]).await.expect(0);
    cloud.stop().await;
}

#[tokio::test]
async fn a_signature_is_good_bad_or_cannot_be_told() {
    let desk = Desk::bare();
    desk.write("r.yaml", "a: 1\n");
    for (kind, bits, code, word) in
        [("ed25519", "256", 0, "good"), ("ecdsa", "256", 0, "good"), ("ecdsa", "384", 4, "cannot say")]
    {
        let key = format!("{kind}-{bits}");
        desk.run("ssh-keygen", &["-q", "-t", kind, "-b", bits, "-N", "", "-f", &key]).await.expect(0);
        desk.run("ssh-keygen", &["-Y", "sign", "-n", "report", "-f", &key, "r.yaml"]).await.expect(0);
        let ended = desk.kogge(&["report", "verify", "r.yaml"]).await.expect(code);
        assert!(ended.out.contains(word), "{key}: {}", ended.out);
        std::fs::remove_file(desk.path("r.yaml.sig")).unwrap();
    }
    desk.kogge(&["report", "sign", "r.yaml", "--key", "ed25519-256"]).await.expect(0);
    desk.kogge(&["report", "verify", "r.yaml"]).await.expect(0);
    desk.write("r.yaml", "a: 2\n");
    let bad = desk.kogge(&["report", "verify", "r.yaml"]).await.expect(3);
    assert!(bad.out.contains("bad: the report was changed"), "{}", bad.out);
}
