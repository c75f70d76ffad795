//! Verdicts of SCS-0102, one broken property at a time.

use super::*;

const NOW: &str = "2026-11-24T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// An image that passes everything.
fn good(name: &str) -> SeenImage {
    let properties = [
        ("architecture", "x86_64"),
        ("os_hash_algo", "sha512"),
        ("os_distro", "ubuntu"),
        ("os_version", "24.04"),
        ("os_purpose", "generic"),
        ("hw_disk_bus", "scsi"),
        ("hypervisor_type", "qemu"),
        ("hw_rng_model", "virtio"),
        ("image_build_date", "2026-11-01"),
        ("image_original_user", "ubuntu"),
        ("image_source", "https://cloud-images.ubuntu.com/noble/"),
        ("image_description", "Ubuntu"),
        ("replace_frequency", "monthly"),
        ("provided_until", "2029-01-01"),
        ("uuid_validity", "none"),
        ("hotfix_hours", "0"),
    ];
    SeenImage {
        id: format!("id of {name}"),
        name: Some(name.to_owned()),
        visibility: "public".to_owned(),
        hidden: false,
        size: Some(600 << 20),
        min_disk: Some(8),
        min_ram: Some(512),
        created_at: Some("2026-11-02T00:00:00Z".to_owned()),
        properties: properties.map(|(k, v)| (k.to_owned(), v.to_owned())).into(),
    }
}

fn with(mut image: SeenImage, key: &str, value: Option<&str>) -> SeenImage {
    match value {
        Some(value) => drop(image.properties.insert(key.to_owned(), value.to_owned())),
        None => drop(image.properties.remove(key)),
    }
    image
}

/// An image that is overdue, named as given and provided for long.
fn overdue(name: &str) -> SeenImage {
    with(good(name), "image_build_date", Some("2026-08-01"))
}

fn judgement(testcase: &str, images: &[SeenImage]) -> Judgement {
    judge_0102(images, now()).into_iter().find(|judgement| judgement.testcase == testcase).unwrap()
}

fn verdict(testcase: &str, images: &[SeenImage]) -> Verdict {
    judgement(testcase, images).verdict
}

#[test]
fn a_good_image_and_no_image_pass_all_twenty_testcases() {
    for images in [vec![good("Ubuntu 24.04")], vec![]] {
        let judged = judge_0102(&images, now());
        assert_eq!(judged.len(), 20);
        for judgement in judged {
            assert_eq!(
                (judgement.verdict, judgement.findings),
                (Verdict::Pass, vec![]),
                "{}",
                judgement.testcase
            );
        }
    }
}

#[test]
fn each_wrong_value_fails_exactly_its_testcase() {
    for (key, value) in [
        ("architecture", None),
        ("architecture", Some("riscv64")),
        ("os_hash_algo", None),
        ("os_hash_algo", Some("md5")),
        ("os_version", None),
        ("os_version", Some("")),
        ("os_distro", None),
        ("os_purpose", None),
        ("os_purpose", Some("Generic")),
        ("hw_disk_bus", Some("ide")),
        ("hw_disk_bus", Some("")),
        ("hypervisor_type", Some("hyperv")),
        ("hw_rng_model", Some("none")),
        ("image_original_user", None),
        ("image_source", None),
        ("image_source", Some("HTTPS://example.org")),
        ("image_source", Some("file:///x")),
        ("image_source", Some("see https://example.org")),
        ("image_description", Some("")),
        ("replace_frequency", None),
        ("replace_frequency", Some("hourly")),
        ("provided_until", None),
        ("uuid_validity", Some("")),
        ("uuid_validity", Some("last-")),
        ("uuid_validity", Some("last-3x")),
        ("hotfix_hours", Some("1.5")),
        ("hotfix_hours", Some("-1")),
    ] {
        let images = [with(good("Ubuntu 24.04"), key, value)];
        let failed: Vec<_> =
            judge_0102(&images, now()).into_iter().filter(|j| j.verdict != Verdict::Pass).collect();
        let property = key.strip_prefix("os_hash").map_or(key.to_owned(), |rest| format!("hash{rest}"));
        assert_eq!(failed.len(), 1, "{key}={value:?}");
        assert_eq!(failed[0].testcase, format!("scs-0102-prop-{property}"));
        assert_eq!(failed[0].verdict, Verdict::Fail);
        assert!(!failed[0].findings[0].fix.is_empty());
    }
}

#[test]
fn lenient_values_pass_as_they_do_upstream() {
    for (key, value) in [
        ("architecture", Some("risc-v")),
        ("hw_disk_bus", None),
        ("hypervisor_type", None),
        ("hypervisor_type", Some("esxi")),
        ("hw_rng_model", None),
        ("image_source", Some("private")),
        ("image_source", Some("ftps://")),
        ("uuid_validity", None),
        ("uuid_validity", Some("last-3")),
        ("uuid_validity", Some("2027-01-01")),
        ("hotfix_hours", Some("")),
        ("hotfix_hours", None),
        ("provided_until", Some("whatever")),
        ("os_version", Some("noble")),
    ] {
        let images = [with(good("Ubuntu 24.04"), key, value)];
        assert!(judge_0102(&images, now()).iter().all(|j| j.verdict == Verdict::Pass), "{key}={value:?}");
    }
}

#[test]
fn only_public_and_community_images_are_judged() {
    for (visibility, expected) in [
        ("public", Verdict::Fail),
        ("community", Verdict::Fail),
        ("shared", Verdict::Pass),
        ("private", Verdict::Pass),
    ] {
        let mut image = with(good("x"), "os_distro", None);
        image.visibility = visibility.to_owned();
        assert_eq!(verdict("scs-0102-prop-os_distro", &[image]), expected, "{visibility}");
    }
}

#[test]
fn the_least_disk_is_compared_with_the_file_size() {
    let image = |min_disk, size| SeenImage { min_disk, size, ..good("x") };
    for (min_disk, size, expected) in [
        (Some(1), Some(1 << 30), Verdict::Pass),
        (Some(1), Some((1 << 30) + 1), Verdict::Fail),
        (Some(0), Some(1), Verdict::Fail),
        (None, None, Verdict::Fail),
        (Some(1), None, Verdict::Abort),
        (Some(u64::MAX), Some(u64::MAX), Verdict::Pass),
    ] {
        assert_eq!(
            verdict("scs-0102-prop-min_disk", &[image(min_disk, size)]),
            expected,
            "{min_disk:?} {size:?}"
        );
    }
    let fix = &judgement("scs-0102-prop-min_disk", &[image(Some(0), Some(1))]).findings[0].fix;
    assert!(fix.starts_with("openstack image set --min-disk GIB ") && fix.contains("virtual size"), "{fix}");
}

#[test]
fn little_ram_is_a_warning_and_none_a_violation() {
    let little = judgement("scs-0102-prop-min_ram", &[SeenImage { min_ram: Some(63), ..good("x") }]);
    assert_eq!((little.verdict, little.findings[0].severity), (Verdict::Pass, Severity::Warning));
    for min_ram in [None, Some(0)] {
        assert_eq!(verdict("scs-0102-prop-min_ram", &[SeenImage { min_ram, ..good("x") }]), Verdict::Fail);
    }
}

#[test]
fn the_build_date_lies_before_the_registration_and_before_now() {
    let testcase = "scs-0102-prop-image_build_date";
    for (built, created, expected) in [
        ("2026-11-02", Some("2026-11-02T00:00:00Z"), Verdict::Pass),
        ("2026-11-02 00:01", Some("2026-11-02T00:00:00Z"), Verdict::Fail),
        ("2026-11-25", Some("2026-11-26T00:00:00Z"), Verdict::Fail),
        ("2026-11-01", Some("2026-11-02 00:00:00"), Verdict::Fail),
        ("2026-11-01", None, Verdict::Abort),
        ("November", Some("2026-11-02T00:00:00Z"), Verdict::Fail),
    ] {
        let mut image = with(good("x"), "image_build_date", Some(built));
        image.created_at = created.map(str::to_owned);
        assert_eq!(verdict(testcase, &[image]), expected, "{built} {created:?}");
    }
}

#[test]
fn each_frequency_allows_a_tenth_more_than_its_period() {
    for (frequency, seconds) in [
        ("yearly", 34_689_600.0),
        ("quarterly", 8_743_680.0),
        ("monthly", 2_946_240.0),
        ("weekly", 693_000.0),
        ("daily", 99_000.0),
    ] {
        let image = with(good("x"), "replace_frequency", Some(frequency));
        let built = date::property("2026-11-01").unwrap();
        let at = |offset: f64| Timestamp::from_second(built + (seconds + offset) as i64).unwrap();
        let verdict = |now| {
            let judged = judge_0102(std::slice::from_ref(&image), now);
            judged.into_iter().find(|j| j.testcase == RECENCY).unwrap().verdict
        };
        assert_eq!((verdict(at(-1.0)), verdict(at(2.0))), (Verdict::Pass, Verdict::Fail), "{frequency}");
    }
}

#[test]
fn images_that_promise_nothing_never_get_too_old() {
    for frequency in [Some("never"), Some("critical_bug"), Some("hourly"), None] {
        assert_eq!(verdict(RECENCY, &[with(overdue("x"), "replace_frequency", frequency)]), Verdict::Pass);
    }
}

#[test]
fn provided_until_decides_about_an_overdue_image() {
    for (until, expected) in [
        (Some("none"), Verdict::Pass),
        (Some("notice"), Verdict::Pass),
        (Some("2026-11-24"), Verdict::Pass),
        (Some("2026-11-25"), Verdict::Fail),
        (Some("soon"), Verdict::Fail),
        (Some(""), Verdict::Fail),
        (None, Verdict::Abort),
    ] {
        let judgement = judgement(RECENCY, &[with(overdue("Ubuntu 24.04"), "provided_until", until)]);
        assert_eq!(judgement.verdict, expected, "{until:?}");
        if until.is_none() {
            assert_eq!(judgement.by_document, Some(Verdict::Fail));
        }
    }
}

#[test]
fn an_overdue_image_needs_a_fresh_one_under_the_name_without_its_last_word() {
    for (name, expected) in [
        ("Ubuntu 24.04 20260801", Verdict::Pass),
        ("Ubuntu 24.04 2026-08-01", Verdict::Pass),
        ("Ubuntu 24.04 old", Verdict::Pass),
        ("Ubuntu 24.04  prev", Verdict::Pass),
        ("Ubuntu 24.04 whatever", Verdict::Pass),
        ("Ubuntu 24.04-20260801", Verdict::Fail),
        ("Ubuntu 22.04 20260801", Verdict::Fail),
        ("Ubuntu", Verdict::Fail),
    ] {
        let images = [with(good("Ubuntu 24.04"), "os_purpose", Some("custom")), overdue(name)];
        assert_eq!(verdict(RECENCY, &images), expected, "{name}");
    }
}

#[test]
fn an_unmarked_overdue_image_is_warned_about_and_a_marked_one_noted() {
    for (name, hidden, severity) in [
        ("Ubuntu 24.04 20260801", false, Severity::Info),
        ("Ubuntu 24.04 LTS", false, Severity::Warning),
        ("Ubuntu 24.04 LTS", true, Severity::Info),
    ] {
        let images = [good("Ubuntu 24.04"), SeenImage { hidden, ..overdue(name) }];
        assert_eq!(judgement(RECENCY, &images).findings[0].severity, severity, "{name}");
    }
}

#[test]
fn a_replacement_that_is_overdue_itself_does_not_count() {
    let judgement = judgement(RECENCY, &[overdue("Ubuntu 24.04"), overdue("Ubuntu 24.04 old")]);
    assert_eq!(judgement.with_severity(Severity::Violation).count(), 2);
}

#[test]
fn of_equal_names_the_last_one_listed_is_the_replacement() {
    let old = || overdue("Ubuntu 24.04 old");
    let stale = || with(overdue("Ubuntu 24.04"), "provided_until", Some("2020-01-01"));
    assert_eq!(verdict(RECENCY, &[old(), overdue("Ubuntu 24.04"), good("Ubuntu 24.04")]), Verdict::Fail);
    let judgement = judgement(RECENCY, &[old(), stale(), good("Ubuntu 24.04")]);
    assert_eq!(judgement.verdict, Verdict::Pass);
    assert_eq!(judgement.findings[0].severity, Severity::Warning);
}

#[test]
fn without_a_build_date_the_registration_counts() {
    let image = |created: Option<&str>| {
        let mut image = with(good("x"), "image_build_date", None);
        image.created_at = created.map(str::to_owned);
        image
    };
    assert_eq!(verdict(RECENCY, &[image(Some("2026-11-20T00:00:00Z"))]), Verdict::Pass);
    assert_eq!(verdict(RECENCY, &[image(Some("2026-01-20T00:00:00Z"))]), Verdict::Fail);
    assert_eq!(verdict(RECENCY, &[image(Some("unreadable"))]), Verdict::Fail);
    assert_eq!(verdict(RECENCY, &[image(None)]), Verdict::Abort);
}

#[test]
fn two_generic_images_of_one_kind_fail_unless_one_is_hidden_old_or_not_public() {
    let second = || good("Ubuntu 24.04 LTS");
    assert_eq!(verdict(UNIQUENESS, &[good("Ubuntu 24.04"), second()]), Verdict::Fail);
    for other in [
        SeenImage { hidden: true, ..second() },
        SeenImage { visibility: "community".to_owned(), ..second() },
        with(second(), "os_purpose", Some("oldgeneric")),
        with(second(), "os_version", Some("22.04")),
        with(second(), "os_version", None),
        with(second(), "os_distro", Some("Ubuntu")),
        with(second(), "architecture", Some("aarch64")),
    ] {
        assert_eq!(verdict(UNIQUENESS, &[good("Ubuntu 24.04"), other]), Verdict::Pass);
    }
}

#[test]
fn an_offender_without_a_name_keeps_upstream_undecided_but_not_the_document() {
    let nameless = |key, value| SeenImage { name: None, ..with(good("x"), key, value) };
    let judged = judgement("scs-0102-prop-os_distro", &[nameless("os_distro", None)]);
    assert_eq!((judged.verdict, judged.by_document), (Verdict::Abort, Some(Verdict::Fail)));
    let reported_alone = verdict("scs-0102-prop-hotfix_hours", &[nameless("hotfix_hours", Some("x"))]);
    assert_eq!(reported_alone, Verdict::Fail);
    let tiny = SeenImage { name: None, min_ram: Some(1), ..good("x") };
    let judged = judgement("scs-0102-prop-min_ram", &[tiny]);
    assert_eq!((judged.verdict, judged.by_document), (Verdict::Abort, Some(Verdict::Pass)));
    let overdue_nameless = SeenImage { name: None, ..overdue("x") };
    assert_eq!(verdict(RECENCY, &[overdue_nameless]), Verdict::Abort);
    let two = [SeenImage { name: None, ..good("x") }, SeenImage { name: None, ..good("y") }];
    assert_eq!(verdict(RECENCY, &two), Verdict::Abort);
    assert_eq!(verdict(UNIQUENESS, &two), Verdict::Abort);
}
