//! A cloud that passes everything, and the same cloud broken in one place: exactly the right checks change.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

#[path = "cloud/fixture.rs"]
mod fixture;

use std::sync::Arc;

use axum::http::Method;
use fixture::{Cloud, image};
use kogge_conform::{Journal, Report, Verdict};
use serde_json::{Value, json};

async fn check(cloud: Cloud, tests: &str) -> Report {
    cloud.start().await.check("v5.1", tests, Arc::new(Journal::in_memory())).await
}

/// Ids of all results with this verdict.
fn with(report: &Report, verdict: Verdict) -> Vec<&str> {
    report.results.iter().filter(|r| r.verdict == verdict).map(|r| r.id.as_str()).collect()
}

/// Recommended and retired testcases that the plain cloud does not pass, since it offers only what is mandatory.
fn optional(id: &str) -> bool {
    id.starts_with("scs-0104-image-") && id != "scs-0104-image-ubuntu-2404"
}

/// Runs all testcases on a changed cloud; exactly these end with this verdict, all others as before.
async fn only(change: impl FnOnce(&mut Cloud), verdict: Verdict, expected: &[&str]) -> Report {
    let mut cloud = Cloud::default();
    change(&mut cloud);
    let report = check(cloud, "scs-").await;
    for result in report.results.iter().filter(|r| !optional(&r.id)) {
        let wanted = if expected.contains(&result.id.as_str()) { verdict } else { Verdict::Pass };
        assert_eq!(result.verdict, wanted, "{}: {:?} {:?}", result.id, result.reason, result.findings);
    }
    for id in expected {
        assert!(report.result(id).is_some(), "{id} did not run");
    }
    report
}

async fn fails(change: impl FnOnce(&mut Cloud), expected: &[&str]) -> Report {
    only(change, Verdict::Fail, expected).await
}

#[tokio::test]
async fn a_cloud_that_does_everything_right_passes_every_mandatory_testcase_of_every_version() {
    let running = Cloud::default().start().await;
    for (version, count) in [("v5.1", 54), ("next", 55)] {
        let journal = Arc::new(Journal::in_memory());
        let report = running.check(version, "scs-", journal.clone()).await;
        let main = &report.plan.versions[0].targets["main"];
        assert_eq!(main.len(), count);
        assert_eq!(report.summary[0].targets["main"].word(), "PASS", "{:?}", with(&report, Verdict::Fail));
        assert!(journal.left().is_empty() && report.leftovers.is_empty());
    }
}

#[tokio::test]
async fn nothing_stays_behind_and_shared_lists_are_fetched_once() {
    let running = Cloud::default().start().await;
    running.check("v5.1", "scs-", Arc::new(Journal::in_memory())).await;
    for collection in
        ["servers", "routers", "subnets", "volumes", "backups", "secrets", "security-groups", "ports"]
    {
        assert!(running.names(collection).is_empty(), "{collection}: {:?}", running.names(collection));
    }
    assert_eq!(running.names("networks"), ["public"]);
    let count = |what: &str| running.seen().iter().filter(|s| *s == what).count();
    for what in [
        "POST /identity/v3/auth/tokens",
        "GET /compute/v2.1/flavors/detail",
        "GET /image/v2/images",
        "GET /volume/v3/p1/types",
        "POST /compute/v2.1/servers",
    ] {
        assert_eq!(count(what), 1, "{what}");
    }
}

#[tokio::test]
async fn flavors_broken_in_one_place_fail_their_own_testcases() {
    let report = fails(
        |c| c.flavor_mut("SCS-4V-16")["extra_specs"]["scs:cpu-type"] = json!("crowded-core"),
        &["scs-0103-flavor-4v-16"],
    )
    .await;
    let finding = &report.result("scs-0103-flavor-4v-16").unwrap().findings[0];
    assert_eq!(finding.object.id.as_deref(), Some("id-SCS-4V-16"));
    assert!(finding.fix.contains("scs:cpu-type=shared-core"), "{finding:?}");
    fails(|c| c.flavor_mut("SCS-2V-8")["ram"] = json!(8192 + 100), &["scs-0103-flavor-2v-8"]).await;
    fails(
        |c| c.flavor_mut("SCS-2V-8")["ram"] = json!(8000),
        &["scs-0100-semantics-check", "scs-0103-flavor-2v-8"],
    )
    .await;
    fails(|c| c.flavor_mut("SCS-1V-4")["disk"] = json!(20), &["scs-0103-flavor-1v-4"]).await;
    fails(|c| c.flavors.retain(|f| f["name"] != "SCS-1L-1"), &["scs-0103-flavor-1l-1"]).await;
    fails(
        |c| {
            c.flavor_mut("SCS-8V-32")["extra_specs"].as_object_mut().unwrap().remove("scs:name-v1");
        },
        &["scs-0103-flavor-8v-32"],
    )
    .await;
}

fn extra_flavor(name: &str, vcpus: u32, ram: u32, disk: u32) -> Value {
    json!({"id": name, "name": name, "vcpus": vcpus, "ram": ram, "disk": disk, "extra_specs": {}})
}

#[tokio::test]
async fn flavor_names_are_judged_beyond_the_standard_ones() {
    fails(|c| c.flavors.push(extra_flavor("SCS-2X-4", 2, 4096, 0)), &["scs-0100-syntax-check"]).await;
    fails(|c| c.flavors.push(extra_flavor("SCS-3V-6", 2, 6144, 0)), &["scs-0100-semantics-check"]).await;
    fails(|c| c.flavors.push(extra_flavor("m1.large", 2, 4096, 0)), &[]).await;
    only(
        |c| c.flavors.push(extra_flavor("SCS-2C-4-n", 2, 4096, 10)),
        Verdict::CouldNotRun,
        &["scs-0100-semantics-check"],
    )
    .await;
}

#[tokio::test]
async fn each_image_property_has_its_own_testcase() {
    for (key, value) in [
        ("architecture", json!("ppc64le")),
        ("min_disk", json!(0)),
        ("min_ram", json!(0)),
        ("os_version", json!("")),
        ("os_distro", Value::Null),
        ("os_purpose", json!("fun")),
        ("hw_disk_bus", json!("ide")),
        ("hypervisor_type", json!("vmware")),
        ("hw_rng_model", json!("x")),
        ("image_build_date", json!("2026-12-31")),
        ("image_original_user", json!("")),
        ("image_description", json!("")),
        ("replace_frequency", json!("often")),
        ("provided_until", json!("")),
        ("uuid_validity", json!("last")),
        ("hotfix_hours", json!("soon")),
    ] {
        let id = format!("scs-0102-prop-{key}");
        fails(|c| c.images[0][key] = value, &[&id]).await;
    }
    fails(|c| c.images[0]["os_hash_algo"] = json!("md5"), &["scs-0102-prop-hash_algo"]).await;
}

#[tokio::test]
async fn image_recency_uniqueness_and_source_fail_alone() {
    fails(
        |c| {
            c.images[0]["image_build_date"] = json!("2026-09-01");
            c.images[0]["provided_until"] = json!("2027-01-01");
        },
        &["scs-0102-image-recency"],
    )
    .await;
    fails(
        |c| c.images.push(image("Another", "ubuntu", "24.04", "https://x.example/")),
        &["scs-0102-os_purpose-uniqueness"],
    )
    .await;
    fails(
        |c| c.images[0]["image_source"] = json!("https://mirror.example/noble/"),
        &["scs-0104-source-ubuntu-2404"],
    )
    .await;
    fails(|c| c.images[0]["name"] = json!("Ubuntu 24.04 LTS"), &["scs-0104-image-ubuntu-2404"]).await;
    let debian = || image("Debian 12", "debian", "12", "https://cloud.debian.org/images/cloud/bookworm/x");
    fails(
        |c| {
            c.images[0]["visibility"] = json!("private");
            c.images.push(debian());
        },
        &["scs-0104-image-ubuntu-2404"],
    )
    .await;
}

#[tokio::test]
async fn an_overdue_image_without_an_end_leaves_recency_open_and_fails_its_property() {
    let mut cloud = Cloud::default();
    cloud.images[0]["image_build_date"] = json!("2026-09-01");
    cloud.images[0].as_object_mut().unwrap().remove("provided_until");
    let report = check(cloud, "scs-0102").await;
    assert_eq!(with(&report, Verdict::CouldNotRun), ["scs-0102-image-recency"]);
    assert_eq!(with(&report, Verdict::Fail), ["scs-0102-prop-provided_until"]);
}

#[tokio::test]
async fn volume_types_fail_alone() {
    fails(|c| c.types[0]["description"] = json!("[scs:replicated, encrypted] x"), &["scs-0114-syntax-check"])
        .await;
    fails(|c| c.types[0]["description"] = json!("[scs:replicated] x"), &["scs-0114-encrypted-type"]).await;
}

#[tokio::test]
async fn default_rules_fail_alone() {
    let id = &["scs-0115-default-rules"];
    fails(|c| c.templates[3]["used_in_non_default_sg"] = json!(true), id).await;
    fails(
        |c| {
            c.templates.remove(0);
        },
        id,
    )
    .await;
    fails(|c| c.templates.clear(), id).await;
}

#[tokio::test]
async fn without_templates_a_fresh_group_is_judged_and_removed() {
    let mut cloud = Cloud::default();
    let fault =
        r#"{"NeutronError": {"message": "The resource default-security-group-rules could not be found."}}"#;
    cloud.answer(Method::GET, "/network/v2.0/default-security-group-rules", 404, fault);
    let running = cloud.start().await;
    let report = running.check("v5.1", "scs-0115", Arc::new(Journal::in_memory())).await;
    assert_eq!(with(&report, Verdict::Pass), ["scs-0115-default-rules"], "{:?}", report.results);
    assert!(running.seen().iter().any(|s| s == "POST /network/v2.0/security-groups"));
    assert!(running.names("security-groups").is_empty());
}

#[tokio::test]
async fn missing_services_fail_alone() {
    for (kind, id) in [
        ("load-balancer", "scs-0123-service-load-balancer"),
        ("placement", "scs-0123-service-placement"),
        ("object-store-s3", "scs-0123-service-s3"),
    ] {
        fails(|c| c.without_service(kind), &[id]).await;
    }
    only(|c| c.without_service("object-store"), Verdict::NotApplicable, &["scs-0123-swift-s3"]).await;
}

#[tokio::test]
async fn swift_without_s3_beside_it_fails() {
    fails(|c| c.s3 = (404, "<html>not here</html>".into()), &["scs-0123-swift-s3"]).await;
    fails(
        |c| c.s3 = (403, "<Error><Code>SignatureDoesNotMatch</Code></Error>".into()),
        &["scs-0123-swift-s3"],
    )
    .await;
    only(|c| c.s3 = (200, "<ListAllMyBucketsResult/>".into()), Verdict::CouldNotRun, &["scs-0123-swift-s3"])
        .await;
}

#[tokio::test]
async fn a_key_manager_is_judged_by_what_it_lets_members_do() {
    let id = &["scs-0116-permissions"];
    fails(|c| c.answer(Method::POST, "/key-manager/v1/secrets", 403, "{}"), id).await;
    fails(|c| c.answer(Method::GET, "/key-manager/v1/secrets", 403, "{}"), id).await;
    only(|c| c.answer(Method::GET, "/key-manager/v1/secrets", 500, "{}"), Verdict::CouldNotRun, id).await;
    let mut cloud = Cloud::default();
    cloud.without_service("key-manager");
    let report = check(cloud, "scs-0116").await;
    assert_eq!(with(&report, Verdict::NotApplicable), ["scs-0116-permissions"]);
    assert_eq!(report.results[1].upstream.as_deref().or(report.results[0].upstream.as_deref()), Some("PASS"));
}

#[tokio::test]
async fn a_backup_that_does_not_work_fails_and_never_is_undecided() {
    let id = &["scs-0117-test-backup"];
    fails(|c| c.answer(Method::POST, "/volume/v3/p1/backups", 404, "no backup service"), id).await;
    fails(|c| c.volume_status = "error".into(), id).await;
    fails(
        |c| {
            c.stored.insert("volumes".into(), vec![json!({"id": "v", "name": null})]);
        },
        id,
    )
    .await;
}

#[tokio::test]
async fn what_others_made_is_never_touched() {
    let mut cloud = Cloud::default();
    for (collection, name) in [
        ("volumes", "scs-test-volume"),
        ("backups", "scs-test-x"),
        ("secrets", "scs-member-role-test-secret"),
        ("servers", "_scs-0101-server"),
        ("routers", "_scs-0101-router"),
    ] {
        cloud.stored.insert(collection.into(), vec![json!({"id": "theirs", "name": name})]);
    }
    let running = cloud.start().await;
    running.check("v5.1", "scs-", Arc::new(Journal::in_memory())).await;
    for collection in ["volumes", "backups", "secrets", "servers", "routers"] {
        assert_eq!(running.names(collection).len(), 1, "{collection}");
    }
    assert!(!running.seen().iter().any(|s| s.starts_with("DELETE") && s.ends_with("/theirs")));
}

const ENTROPY: &[&str] = &["scs-0101-entropy-avail", "scs-0101-fips-test"];

#[tokio::test]
async fn the_sample_machine_decides_about_entropy() {
    fails(|c| c.console = c.console.replace("256", "12"), &ENTROPY[..1]).await;
    fails(|c| c.console = c.console.replace("failures: 1", "failures: 6"), &ENTROPY[1..]).await;
    only(|c| c.console = c.console.replace("failures: 1", "no python3"), Verdict::CouldNotRun, &ENTROPY[1..])
        .await;
    let report = only(|c| c.server_status = "ERROR".into(), Verdict::CouldNotRun, ENTROPY).await;
    assert!(report.result(ENTROPY[0]).unwrap().reason.as_ref().unwrap().contains("No valid host"));
    only(
        |c| {
            c.stored.remove("networks");
        },
        Verdict::CouldNotRun,
        ENTROPY,
    )
    .await;
}

#[tokio::test]
async fn a_powerful_or_powerless_user_cannot_run_anything() {
    for roles in [&["member", "admin"][..], &["member", "manager"], &["reader"], &[]] {
        let cloud = Cloud { roles: roles.iter().map(|r| (*r).to_owned()).collect(), ..Cloud::default() };
        let report = check(cloud, "scs-").await;
        assert_eq!(with(&report, Verdict::CouldNotRun).len(), report.results.len(), "{roles:?}");
        assert!(
            report.results[0].reason.as_ref().unwrap().contains("member"),
            "{:?}",
            report.results[0].reason
        );
    }
}

#[tokio::test]
async fn a_list_that_fails_leaves_only_its_own_testcases_open() {
    let report = check(
        {
            let mut cloud = Cloud::default();
            cloud.answer(Method::GET, "/image/v2/images", 500, "{}");
            cloud
        },
        "scs-",
    )
    .await;
    for result in &report.results {
        let images = ["scs-0101", "scs-0102", "scs-0104"].iter().any(|p| result.id.starts_with(p));
        assert_eq!(result.verdict == Verdict::CouldNotRun, images, "{}", result.id);
        if images {
            assert!(result.reason.as_ref().unwrap().contains("GET"), "{:?}", result.reason);
        }
    }
}

#[tokio::test]
async fn an_old_cloud_without_embedded_extra_specs_is_asked_for_each() {
    let mut cloud = Cloud::default();
    for flavor in &mut cloud.flavors {
        flavor.as_object_mut().unwrap().remove("extra_specs");
    }
    cloud.answer(Method::GET, "/compute/v2.1/flavors/id-", 200, r#"{"extra_specs": {"scs:name-v2": "x"}}"#);
    let running = cloud.start().await;
    let report = running.check("v5.1", "scs-0103-flavor-1v-4$", Arc::new(Journal::in_memory())).await;
    assert_eq!(with(&report, Verdict::Fail), ["scs-0103-flavor-1v-4"]);
    assert_eq!(running.seen().iter().filter(|s| s.ends_with("/os-extra_specs")).count(), 31);
}

#[tokio::test]
async fn a_cloud_that_answers_nonsense_never_passes() {
    for body in [
        "",
        "[]",
        "{}",
        "<html>",
        r#"{"flavors": [{}]}"#,
        r#"{"flavors": [{"id": "a", "vcpus": "4"}]}"#,
        r#"{"flavors": null}"#,
    ] {
        let mut cloud = Cloud::default();
        cloud.answer(Method::GET, "/compute/v2.1/flavors/detail", 200, body);
        let report = check(cloud, "scs-010[03]").await;
        assert_eq!(with(&report, Verdict::CouldNotRun).len(), report.results.len(), "{body}");
    }
}

#[tokio::test]
async fn an_empty_cloud_passes_what_has_nothing_to_judge_and_fails_what_must_be_there() {
    let cloud = Cloud { flavors: vec![], images: vec![], ..Cloud::default() };
    let report = check(cloud, "scs-010[0234]").await;
    assert_eq!(report.result("scs-0100-syntax-check").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0102-image-recency").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0104-source-ubuntu-2404").unwrap().verdict, Verdict::Pass);
    assert_eq!(report.result("scs-0104-image-ubuntu-2404").unwrap().verdict, Verdict::Fail);
    assert_eq!(with(&report, Verdict::Fail).iter().filter(|id| id.starts_with("scs-0103")).count(), 31);
}
