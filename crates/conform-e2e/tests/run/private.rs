//! What Tempest attaches to its results may be private, and is in no redacted report.

use kogge_conform::redact::{Names, redacted};
use kogge_conform::render::Format;

use super::*;

/// Whether a text has this word, as one of its own.
fn is_there(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        ![before, after].into_iter().flatten().any(char::is_alphanumeric)
    })
}

#[tokio::test]
async fn addresses_ids_tokens_and_names_are_in_no_redacted_report() {
    let (cloud, dir) = (Cloud::start().await, tempfile::tempdir().unwrap());
    let private = [
        "0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
        "a5b4c3d2e1f00f1e2d3c4b5a69788796",
        "203.0.113.77",
        "2001:db8::77",
        "compute.secret-place.example",
        "fa:16:3e:01:02:03",
        "gAAAAABmZ0xA-b2_QkF3Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA",
        "ben",
    ];
    let text = format!("Traceback:\n  File x\nServerFault: {}\n", private.join(" and "));
    let reason = format!("skipped at {}", private.join(" , "));
    let class = "setUpClass (tempest.api.compute.test_quotas.QuotasTestJSON)";
    let first = list::tests().iter().find(|test| test.class() == FLAVORS).unwrap();
    let stream = [
        packet(first.name, 6, Some(("traceback", text.as_bytes()))),
        packet(class, 6, Some(("traceback", text.as_bytes()))),
        packet(&format!("tearDownClass ({FLAVORS})"), 6, Some(("traceback", text.as_bytes()))),
        packet(
            "tempest.api.compute.test_versions.TestVersions.test_list_api_versions",
            5,
            Some(("reason", reason.as_bytes())),
        ),
    ];
    std::fs::write(dir.path().join("stream"), stream.concat()).unwrap();
    let tests = "compute.(flavors|test_quotas|test_versions)";
    let report = ran(&cloud, dir.path(), tests, "cat $HERE/stream", &options()).await;
    let accounts = cloud.accounts(dir.path());
    let names: Names = accounts.configs().flat_map(Names::named).collect();
    let shown = redacted(&report, names);
    let address = cloud.base.trim_start_matches("http://");
    let open = render(&report, Format::Json);
    for word in private {
        assert!(is_there(&open, word), "what is looked for is there without redaction: {word}");
        for (name, format) in NAMES {
            let closed = render(&shown, format);
            assert!(!is_there(&closed, word) && !is_there(&closed, address), "{word} in {name}: {closed}");
        }
    }
    assert!(render(&shown, Format::Json).contains(first.name));
    assert_eq!(report.run.users.len(), 4);
    for user in ["ann", "ben", "cem", "dea"] {
        assert!(shown.run.users.iter().all(|one| !one.contains(user)), "{:?}", shown.run.users);
    }
}
