//! What goes, what stays, and that nothing private survives in any form of a report.

use proptest::prelude::*;

use super::*;
use crate::finding::{ObjectRef, Severity};
use crate::render::{NAMES, render};
use crate::verdict::Verdict;

fn scrubbed(text: &str) -> String {
    Redactor::default().text(text)
}

fn knowing(names: &[(&'static str, &str)]) -> Redactor {
    Redactor::new(names.iter().map(|(kind, name)| (*kind, (*name).to_owned())).collect())
}

#[test]
fn ids_and_addresses_go() {
    for (text, expected) in [
        ("volume 01234567-89ab-cdef-0123-456789abcdef gone", "volume id-1 gone"),
        ("project 0123456789abcdef0123456789abcdef", "project id-1"),
        ("/v1/AUTH_0123456789abcdef0123456789abcdef/c", "/v1/AUTH_id-1/c"),
        ("at 192.0.2.17:5000", "at ip-1:5000"),
        ("at 2001:db8::1", "at ip-1"),
        ("at [2001:db8::1]:5000", "at [ip-1]:5000"),
        ("address:2001:db8::1", "addressip-1"),
        ("net ::ffff:192.0.2.7/128", "net ip-1/128"),
        ("port fa:16:3e:00:11:22", "port mac-1"),
        ("GET https://cloud.example:8776/v3/types (volume)", "GET place-1/v3/types (volume)"),
        ("GET http://[2001:db8::1]:5000/v3", "GET place-1/v3"),
        ("s3://user:pass@store/bucket", "place-1/bucket"),
        ("cannot resolve api.cloud.example", "cannot resolve host-1"),
        ("mail bob@cloud.example now", "mail user-1 now"),
        ("cannot read /home/bob/x.pem", "cannot read /home/user-1/x.pem"),
    ] {
        assert_eq!(scrubbed(text), expected);
    }
}

#[test]
fn keys_go() {
    for (text, expected) in [
        ("password=hunter2 and", "password=key-1 and"),
        (r#"{"secret": "a \"b c", "x": 1}"#, r#"{"secret": key-1, "x": 1}"#),
        ("X-Auth-Token: abc", "X-Auth-Token: key-1"),
        ("gAAAAABmZ0xA-b2_QkF3Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MA", "key-1"),
        ("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJx5 bob", "key-1 bob"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\nbnNz\n-----END OPENSSH PRIVATE KEY-----", "key-1"),
        ("key AKIAIOSFODNN7EXAMPLE", "key key-1"),
    ] {
        assert_eq!(scrubbed(text), expected);
    }
}

#[test]
fn what_is_public_stays() {
    for text in [
        "flavor \"SCS-2V-4-20s\"",
        "flavor \"m1.small\"",
        "08:15:30",
        "0.0.0.0/0 and ::/0",
        "Ubuntu 24.04",
        "scs:name-v2",
        "os_compute_api:servers:create:zero_disk_flavor",
        "https://cloud-images.ubuntu.com/noble/x",
        "see docs.scs.community",
        "name it in clouds.yaml",
        "scs-0104-w1-standard-images-implementation",
    ] {
        assert_eq!(scrubbed(text), text);
    }
}

#[test]
fn the_same_text_gets_the_same_number_in_every_part_of_a_run() {
    let mut redactor = Redactor::default();
    let id = "0123456789abcdef0123456789abcdef";
    assert_eq!(redactor.text(&format!("{id} and {id}")), "id-1 and id-1");
    assert_eq!(redactor.text("192.0.2.1"), "ip-2");
    assert_eq!(redactor.text(id), "id-1");
}

#[test]
fn names_of_the_configuration_go_where_they_are_words() {
    let mut redactor = knowing(&[("user", "bob"), ("project", "bob's lab"), ("domain", "Default")]);
    assert_eq!(redactor.text("user \"Bob\" of bob's lab"), "user \"user-1\" of project-2");
    assert_eq!(redactor.text("bobsleigh, Default"), "bobsleigh, Default");
}

#[test]
fn the_configuration_gives_its_names() {
    use kogge_client::Environment;
    use kogge_client::config::Selection;
    let vars = [
        ("OS_AUTH_URL", "https://keystone.lab:5000/v3"),
        ("OS_USERNAME", "alice"),
        ("OS_USER_DOMAIN_NAME", "seamen"),
        ("OS_PASSWORD", "geheim"),
        ("OS_PROJECT_NAME", "cargo"),
        ("OS_PROJECT_DOMAIN_NAME", "seamen"),
    ];
    let env = Environment::new(vars, "/nonexistent");
    let config = kogge_client::CloudConfig::load(&env, &Selection::default()).unwrap();
    let text = Redactor::new(Names::of(&config)).text("alice of seamen in cargo at keystone.lab");
    for name in ["alice", "seamen", "cargo", "keystone"] {
        assert!(!text.contains(name), "{text}");
    }
}

#[test]
fn the_command_line_shows_no_folders() {
    let mut redactor = Redactor::default();
    for (argument, expected) in [
        ("--tests", "--tests"),
        ("yaml=/home/bob/out/r.yaml,html=/srv/x/r.html", "yaml=r.yaml,html=r.html"),
        ("--sign=/home/bob/.ssh/key", "--sign=key"),
        ("scs-compatible-iaas@v5.1", "scs-compatible-iaas@v5.1"),
    ] {
        assert_eq!(redactor.argument(argument, "", ""), expected);
    }
}

#[test]
fn nothing_in_the_head_tells_which_cloud_it_was() {
    const CLOUD: &str = "acme-prod";
    let argv = ["--cloud", CLOUD, "--cloud=acme-prod", "--domain-manager-cloud", "acme-prod-manager"];
    let head = RunHead {
        uuid: "0f4a3b6e-1111-4222-8333-000000000000".into(),
        subject: CLOUD.into(),
        cloud: CLOUD.into(),
        auth_url: "https://acme-prod.example:5000/v3".into(),
        project: "project acme-prod of domain acme-prod".into(),
        region: Some("acme-north".into()),
        api_versions: [("compute".to_owned(), "2.96".to_owned())].into(),
        clock_offset_ms: Some(12),
        users: vec!["reader ann of cloud acme-prod".into()],
        started_at: "2026-11-24T08:00:00Z".into(),
        ended_at: Some("2026-11-24T08:01:00Z".into()),
        stopped: Some("the run was stopped".into()),
        program: "kogge 0.1.0".into(),
        argv: argv.map(str::to_owned).into(),
    };
    // every field there is: a new one has to be thought of here
    let fields = serde_json::to_value(&head).unwrap();
    let named: Vec<&str> = fields.as_object().unwrap().keys().map(String::as_str).collect();
    let known = [
        "api_versions",
        "argv",
        "auth_url",
        "clock_offset_ms",
        "cloud",
        "ended_at",
        "program",
        "project",
        "region",
        "started_at",
        "stopped",
        "subject",
        "users",
        "uuid",
    ];
    assert_eq!(named.len(), known.len());
    assert!(known.iter().all(|field| named.contains(field)), "{named:?}");
    let names = [("cloud", CLOUD), ("cloud", "acme-prod-manager"), ("project", CLOUD)];
    let after = knowing(&names).report(&Report { run: head, ..Report::default() });
    for (field, value) in serde_json::to_value(&after.run).unwrap().as_object().unwrap() {
        assert!(!value.to_string().contains("acme"), "{field}: {value}");
    }
    assert_eq!(after.run.argv[1], after.run.cloud);
    assert_eq!(
        (after.run.uuid.as_str(), after.run.program.as_str()),
        ("0f4a3b6e-1111-4222-8333-000000000000", "kogge 0.1.0")
    );
}

#[test]
fn a_subject_that_was_chosen_stays() {
    let head = RunHead { subject: "Acme Cloud".into(), cloud: "prod1".into(), ..RunHead::default() };
    let after = redacted(&Report { run: head, ..Report::default() }, Names::default());
    assert_eq!(after.run.subject, "Acme Cloud");
    assert!(!after.run.cloud.contains("prod1"));
}

fn report(text: &str) -> Report {
    let finding = Finding {
        severity: Severity::Violation,
        rule: "r".into(),
        url: "https://docs.scs.community/x".into(),
        object: ObjectRef { name: text.into(), id: Some(text.into()) },
        expected: text.into(),
        found: text.into(),
        fix: text.into(),
    };
    let of = |verdict| CheckResult {
        id: "t-1".into(),
        url: "https://docs.scs.community/x".into(),
        verdict,
        reason: Some(text.into()),
        findings: vec![finding.clone()],
        ..CheckResult::default()
    };
    let mut report = Report {
        results: vec![of(Verdict::Fail), of(Verdict::CouldNotRun), of(Verdict::Pass)],
        leftovers: vec![text.into()],
        unsettled: vec![text.into()],
        ..Report::default()
    };
    report.run.cloud = text.into();
    report.run.subject = text.into();
    report.run.auth_url = text.into();
    report.run.project = text.into();
    report.run.users = vec![text.into()];
    report.run.argv = vec![text.into()];
    report
}

#[test]
fn verdicts_testcases_and_addresses_of_standards_stay() {
    let before = report("x");
    let after = redacted(&before, Names::default());
    let seen = |report: &Report| -> Vec<(String, Verdict, String)> {
        report.results.iter().map(|r| (r.id.clone(), r.verdict, r.url.clone())).collect()
    };
    assert_eq!(seen(&before), seen(&after));
    assert!(after.redacted && !before.redacted);
}

/// Something private, and the name by which the configuration knows it, where it takes one to know.
fn private() -> impl Strategy<Value = (String, bool)> {
    let hex = |n: usize| proptest::string::string_regex(&format!("[0-9a-f]{{{n}}}")).unwrap();
    prop_oneof![
        any::<u128>().prop_map(|n| (uuid::Uuid::from_u128(n | 1 << 127).to_string(), false)),
        hex(32).prop_map(|text| (text, false)),
        any::<[u8; 4]>()
            .prop_filter("not the address of nobody", |ip| *ip != [0; 4])
            .prop_map(|ip| (std::net::Ipv4Addr::from(ip).to_string(), false)),
        any::<[u16; 8]>()
            .prop_filter("not the address of nobody", |ip| *ip != [0; 8])
            .prop_map(|ip| (std::net::Ipv6Addr::from(ip).to_string(), false)),
        "[a-z][a-z0-9-]{0,8}[a-z0-9]\\.[a-z]{3,9}\\.(example|net|de|cloud)".prop_map(|host| (host, false)),
        "[A-Za-z][a-z0-9_]{4,12}9".prop_map(|name| (name, true)),
        "[a-z]{3}[0-9]{3}[A-Z]{3}[A-Za-z0-9_-]{31,60}z".prop_map(|token| (token, false)),
    ]
}

proptest! {
    #[test]
    fn nothing_private_is_left_in_any_form(
        (private, named) in private(),
        before in "([a-z]{0,5}[ \"'(\\[,/\n]|[a-z ]{0,5} (at|user)[:=])?",
        after in "([ \"')\\],/:\n][a-z]{0,5})?",
    ) {
        let names = named.then(|| ("user", private.clone())).into_iter().collect();
        let report = redacted(&report(&format!("{before}{private}{after}")), names);
        for (name, format) in NAMES {
            let text = render(&report, format).to_lowercase();
            prop_assert!(!text.contains(&private.to_lowercase()), "{name}: {text}");
        }
    }

    #[test]
    fn any_text_can_be_redacted(text in any::<String>(), name in any::<String>()) {
        let names = std::iter::once(("user", name)).collect();
        let _ = redacted(&report(&text), names);
    }
}
